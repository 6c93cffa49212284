import os, time, pytest
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
from datetime import date
@pytest.mark.django_db(transaction=True)
def test_shots(live_server, client):
    from huying.ground.territory import actions
    from huying.ground.territory.fictional import make
    from huying.kernel.actor import system
    from huying.kernel.clock import now
    t=time.time(); place=make("district"); print("make",time.time()-t)
    t=time.time(); r=actions.load_place(actor=system("demo"), now=now(), place=place); print("load",time.time()-t, r.added, r.problems[:2])
    from huying.ground.territory import queries
    t=time.time(); queries.locate_texts(["x"],on=date.today()); print("snapshot",time.time()-t)
    t=time.time(); d=queries.geojson("grid","990101",on=date.today(),zoom=13); print("geojson",time.time()-t,len(d.body))
    t=time.time(); d=queries.geojson("grid","990101",on=date.today()); print("geojson full",time.time()-t,len(d.body))
    from huying.ground.organisation.factories import make_unit, make_person, make_appointment
    u=make_unit("grid-office", area="990101"); p=make_person("网格办小陈", username="chen"); make_appointment(p,u,"territory_editor",area="990101")
    client.force_login(p.user)
    cookie=client.cookies[__import__("django.conf").conf.settings.SESSION_COOKIE_NAME].value
    from playwright.sync_api import sync_playwright
    exe=os.environ.get("HUYING_CHROMIUM") or __import__("shutil").which("chromium")
    g="990101003004"
    with sync_playwright() as pw:
        b=pw.chromium.launch(executable_path=exe, args=["--no-sandbox","--use-gl=swiftshader","--enable-webgl","--ignore-gpu-blocklist"])
        for w,h,lang in ((1440,900,"zh-hans"),(390,844,"en")):
            c=b.new_context(viewport={"width":w,"height":h})
            c.add_cookies([{"name":__import__("django.conf").conf.settings.SESSION_COOKIE_NAME,"value":cookie,"url":live_server.url},{"name":"huying_language","value":lang,"url":live_server.url}])
            pg=c.new_page(); logs=[]
            pg.on("console", lambda m: logs.append(m.text)); pg.on("requestfailed", lambda r: logs.append("FAILED "+r.url)); pg.on("response", lambda r: r.status>=400 and logs.append(f"{r.status} {r.url}"))
            for n,u in (("overview","/desk/areas"),("area","/desk/areas/"+g),("grid","/desk/areas/"+g+"001"),("split","/desk/areas/"+g+"001/split"),("merge","/desk/areas/"+g+"001/merge"),("import","/desk/areas/import"),("draw","/desk/areas/"+g+"/draw")):
                t=time.time(); resp=pg.goto(live_server.url+u); dt=time.time()-t
                pg.wait_for_timeout(2500)
                pg.screenshot(path=f"/tmp/terr/{n}_{w}.png", full_page=w==390)
                print(n,w,resp.status,round(dt,2),logs[:4]); logs.clear()
        # split preview
        pg=b.new_context(viewport={"width":1440,"height":900}).new_page()
        pg.context.add_cookies([{"name":__import__("django.conf").conf.settings.SESSION_COOKIE_NAME,"value":cookie,"url":live_server.url}])
        pg.goto(live_server.url+"/desk/areas/"+g+"001/split")
        a=queries.get_area(g+"001"); pg.fill("#id_line", f"{a.lon-0.02},{a.lat+0.0003}\n{a.lon+0.02},{a.lat-0.0003}")
        pg.keyboard.press("Tab"); pg.get_by_role("button",name="预览",exact=True).click(); pg.wait_for_timeout(2500); pg.screenshot(path="/tmp/terr/preview_1440.png", full_page=True)
        pg.get_by_role("button",name="确认拆分").click(); pg.wait_for_timeout(2500); pg.screenshot(path="/tmp/terr/done_1440.png"); print(pg.url)
        b.close()
