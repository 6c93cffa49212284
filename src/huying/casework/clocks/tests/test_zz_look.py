"""Live server in pytest with screenshots."""
import os
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
from datetime import timedelta
import pytest
from django.test import Client
from django.utils import timezone
from huying.casework.clocks import actions as clocks, factories
from huying.casework.supervision import actions
from huying.casework.cases.models import Case
from huying.ground.accounts.factories import make_staff

@pytest.mark.django_db(transaction=True)
def test_look(live_server, settings):
    settings.HUYING_REQUIRE_TOTP=False
    from playwright.sync_api import sync_playwright
    who=factories.cast()
    now=timezone.now()
    start=now-timedelta(days=16)
    factories.open_many(who,7,at=start)
    factories.open_many(who,3,at=now-timedelta(days=4))
    factories.open_many(who,2,at=start,sent=False)
    clocks.turn_lights(now=now-timedelta(hours=2))
    c=Case.objects.order_by("id").first()
    Case.objects.filter(pk=c.pk).update(returns=1,redos=1)
    actions.raise_order(c.pk,reason="群众多次反映，请说明原因并限期整改。",actor=who.actor("supervisor"),now=now)
    from huying.casework.supervision.models import SupervisionOrder
    o=SupervisionOrder.objects.filter(case=c,cause="manual").get()
    actions.answer_order(o.pk,reply="清运车辆故障，已调车，今天下午五点前清完。",actor=who.actor("unit_lead"),now=now)
    shots=[]
    with sync_playwright() as p:
        b=p.chromium.launch(executable_path="/usr/bin/chromium",args=["--no-sandbox"])
        for role in ("supervisor","centre_lead","unit_lead","discipline"):
            person=who.people[role]
            u=make_staff(username=role); person.user=u; person.save()
            cl=Client(); cl.force_login(u, backend="huying.ground.accounts.backends.StaffBackend")
            from django.conf import settings as S; sname=S.SESSION_COOKIE_NAME; sid=cl.cookies[sname].value
            for lang in ("zh-hans","en"):
                for size in ((1440,900),(390,844)):
                    ctx=b.new_context(viewport={"width":size[0],"height":size[1]},locale="zh-CN")
                    ctx.add_cookies([{"name":sname,"value":sid,"url":live_server.url},{"name":"huying_language","value":lang,"url":live_server.url}])
                    page=ctx.new_page()
                    page.on("console", lambda m: print("console", m.type, m.text[:200]) if m.type=="error" else None)
                    urls={"supervisor":["/desk/supervision","/desk/supervision/matters?what=overdue","/desk/supervision/matters?what=bad",f"/desk/supervision/orders/{o.pk}","/desk/supervision/orders?state=all","/desk/notices","/desk/calendar"],
                          "centre_lead":["/desk/calendar?month=2026-10","/desk/calendar/thresholds"],"unit_lead":["/desk/supervision/orders","/desk/notices",f"/desk/supervision/orders/{o.pk-1}"],"discipline":["/desk/supervision",f"/desk/supervision/orders/{o.pk}"]}[role]
                    if lang=="en" and role!="supervisor" and size[0]==390: continue
                    for i,url in enumerate(urls):
                        r=page.goto(live_server.url+url,wait_until="domcontentloaded")
                        print(role,lang,size[0],url,r.status)
                        assert r.status==200,page.content()[:3000]
                        if size[0]==390:
                            w=page.evaluate("document.documentElement.scrollWidth"); print("width",w) if w>390 else None
                        page.screenshot(path=f"/tmp/E/{role}-{lang}-{size[0]}-{i}.png",full_page=True)
                    if role=="centre_lead" and size[0]==1440 and lang=="zh-hans":
                        page.goto(live_server.url+"/desk/calendar")
                        d=(now-timedelta(days=3)).date().isoformat()
                        page.fill("[name=since]",d); page.check("[name=working][value=no]"); page.fill("[name=source]","台风停工通知")
                        page.click("button[value=preview]"); page.wait_for_load_state()
                        page.screenshot(path=f"/tmp/E/preview.png",full_page=True)
                        page.click("button[value=apply]"); page.wait_for_load_state()
                        page.screenshot(path=f"/tmp/E/applied.png",full_page=True)
                    ctx.close()
        b.close()
