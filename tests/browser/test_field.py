"""A grid worker's day without a network: everything is done on the phone, kept through a reload, and arrives once."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from PIL import Image
from playwright.sync_api import Page, expect

from huying.casework.cases import factories
from huying.casework.cases.factories import GRID_1, IN_GRID_1, Cast, account_of
from huying.casework.cases.models import Attachment, Case
from huying.ground.organisation.models import Appointment
from huying.ground.registry.actions import change as registry_change
from huying.ground.registry.models import Premises, Proposal
from huying.kernel import clock
from huying.kernel.actor import SYSTEM
from huying.senses.field import actions as field
from huying.senses.field.actions.patrolling import Spot
from huying.senses.field.factories import make_plan, make_shop
from huying.senses.field.models import CheckIn, Finding, Task
from huying.senses.forms.models import Form, FormVersion, Submission, SubmissionRevision
from huying.senses.sync.actions import revoke_device
from huying.senses.sync.models import Device, Operation

pytestmark = pytest.mark.slow
OpenPage = Callable[..., Page]
Axe = Callable[[Page], list[str]]
PIN = "482913"
SAID = "路口的暴露垃圾好几天没人清运了"
QUESTION = "疏散通道畅通"


@pytest.fixture
def address(site: str) -> str:
    """The real web server."""
    return site


@pytest.fixture
def cast(site: str) -> Iterator[Cast]:
    cache.clear()
    caches["near"].clear()
    yield factories.make_cast()
    cache.clear()
    caches["near"].clear()


@pytest.fixture
def shop(cast: Cast) -> Premises:
    """A shop that is to be inspected today, on a round with one check-point."""
    now = clock.now()
    made = make_shop("柳岸副食店", now=now)
    make_form()
    make_plan(now=now, form="fire-quick")
    field.derive_tasks(actor=SYSTEM, now=now)
    field.save_round(
        "dawn",
        name="柳岸早巡",
        area=GRID_1,
        spots=[Spot(name="东门", lon=IN_GRID_1[0], lat=IN_GRID_1[1])],
        actor=SYSTEM,
        now=now,
    )
    return made


def make_form() -> None:
    """One question; where the answer is no, a case follows."""
    now = clock.now()
    choices = [{"name": "yes", "label": {"zh": "是", "en": "Yes"}}, {"name": "no", "label": {"zh": "否", "en": "No"}}]
    finding = {"fails": ["no"], "item": "0514", "severity": "serious", "days": 3, "on_spot": True, "reinspect": False}
    question = {
        "name": "exit",
        "path": "exit",
        "type": "select_one",
        "label": {"zh": QUESTION, "en": "The way out is clear"},
        "required": True,
        "choices": choices,
        "finding": finding,
    }
    definition = {
        "code": "fire-quick",
        "version": "1",
        "post": "fire",
        "kind": "inspection",
        "subject": "premises",
        "title": {"zh": "消防快查", "en": "Quick fire check"},
        "items": [question],
    }
    form = Form.objects.create(
        code="fire-quick", post="fire", kind="inspection", subject="premises", created_at=now, created_by="system:test"
    )
    form.current = FormVersion.objects.create(
        form=form, number=1, version="1", definition=definition, source=b"", imported_at=now, imported_by="system:test",
        published_at=now, published_by="system:test",
    )  # fmt: skip
    form.save(update_fields=["current"])


def photo(colour: str) -> dict[str, object]:
    drawn = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(drawn, "JPEG")
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": drawn.getvalue()}


def begin(page: Page) -> None:
    """Set the PIN, let the first sync end and the app's files be kept."""
    for button in ("下一步", "开始使用"):
        page.locator("#pin").fill(PIN)
        page.get_by_role("button", name=button).click()
    expect(page.get_by_role("link", name="柳岸副食店")).to_be_visible(timeout=30_000)
    page.wait_for_function("navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)")


def unlock(page: Page) -> None:
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="打开").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def inspect(page: Page) -> None:
    page.get_by_role("link", name="柳岸副食店").click()
    page.get_by_role("link", name="开始").click()
    page.get_by_role("group", name=QUESTION).get_by_text("否").click()
    page.locator("hy-photos input[type=file]").first.set_input_files([photo("maroon")])
    expect(page.locator("hy-photos img")).to_have_count(1)
    page.get_by_text("转办").click()
    page.get_by_role("button", name="填好了").click()
    expect(page.get_by_text("今天的事都做完了")).to_be_visible()


def report(page: Page) -> None:
    page.get_by_role("link", name="报告").click()
    page.get_by_label("发生了什么").fill(SAID)
    page.locator("input[name=photos]").set_input_files([photo("olive")])
    expect(page.locator(".photos img")).to_have_count(1)
    expect(page.get_by_text("已取得位置")).to_be_visible()
    page.get_by_role("button", name="报告").click()
    expect(page.get_by_label("发生了什么")).to_have_value("")


def change(page: Page) -> None:
    page.get_by_role("link", name="查找").click()
    page.get_by_label("查找").fill("副食")
    page.get_by_role("link", name="柳岸副食店").click()
    page.get_by_role("link", name="登记变动").click()
    page.get_by_label("备注").fill("店主每天六点开门")
    page.get_by_role("button", name="存好并送出").click()
    expect(page.get_by_text("有改动等着送出")).to_be_visible()


def check_in(page: Page) -> None:
    page.get_by_role("link", name="巡查").click()
    page.get_by_role("button", name="到了").click()
    expect(page.get_by_text("1 / 1")).to_be_visible()


def test_a_day_without_a_network(open_page: OpenPage, cast: Cast, shop: Premises, axe: Axe) -> None:
    lon, lat = IN_GRID_1
    here = {"longitude": lon, "latitude": lat, "accuracy": 8}
    user = account_of(cast.tang_grid)
    page = open_page("/field", size="phone", user=user, geolocation=here, permissions=["geolocation"])
    begin(page)
    assert axe(page) == []
    page.context.set_offline(True)
    for step in (inspect, report, change, check_in):
        step(page)
        assert axe(page) == []
    page.reload()
    unlock(page)
    page.get_by_role("link", name="4 件待送").click()
    expect(page.locator(".line", has_text="待送")).to_have_count(4)
    assert axe(page) == []
    assert not Operation.objects.exists()

    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.method) if "/field/uploads" in one.url else None)
    page.context.set_offline(False)
    expect(page.get_by_text("都送到了")).to_be_visible(timeout=20_000)
    assert asked == ["POST"], "both photos in one request"
    arrived(shop, cast)
    corrected_and_answered(page, cast, axe)
    assert page.problems == []  # type: ignore[attr-defined]


def arrived(shop: Premises, cast: Cast) -> None:
    """Each of the four came once, and what follows from it is there."""
    kinds = ("submission", "report", "record", "check_in")
    sent = Operation.objects.filter(kind__in=kinds)
    assert sorted(sent.values_list("kind", "state")) == sorted((kind, "applied") for kind in kinds)
    shop.refresh_from_db()
    assert shop.value("note") == "店主每天六点开门"
    assert CheckIn.objects.count() == Submission.objects.count() == 1
    task = Task.objects.get(kind="inspect", state="done")
    assert task.done_by_id == cast.tang_grid.person_id
    finding = Finding.objects.get()
    said = Case.objects.exclude(pk=finding.case_id).get()
    assert finding.case.item_code == "0514" and SAID in f"{said.title}{said.summary}"
    assert [Attachment.objects.filter(case=case).count() for case in (finding.case, said)] == [1, 1]


def corrected_and_answered(page: Page, cast: Cast, axe: Axe) -> None:
    """Without a network: a verdict is answered, a form corrected, shown as waiting; with it both arrive, and what follows."""
    row = CheckIn.objects.get()
    field.judge_check_in(row.pk, verdict="wrong", words="人不在那里", actor=cast.qian_supervisor, now=clock.now())
    page.get_by_role("button", name="现在同步").click()
    reach(page, "我的", "我的记录")
    expect(page.get_by_text("请您看看")).to_be_visible()
    assert axe(page) == []
    page.context.set_offline(True)
    reach(page, "东门")
    page.get_by_label("我的说明").fill("门口在修路，在对面打的")
    assert axe(page) == []
    page.get_by_role("button", name="交给核实的人").click()
    expect(page.get_by_text("您的说明等着送出")).to_be_visible()
    reach(page, "我的", "我的记录", "消防快查", "填错了，更正")
    expect(page.get_by_text("现在没有网络")).to_be_visible()
    page.get_by_role("group", name=QUESTION).get_by_text("是").click()
    page.get_by_role("button", name="填好了").click()
    expect(page.get_by_text("请写明为什么更正")).to_be_visible()
    page.get_by_label("为什么更正").fill("看错了楼层")
    assert axe(page) == []
    page.get_by_role("button", name="填好了").click()
    expect(page.get_by_text("更正待送")).to_be_visible()
    assert axe(page) == [] and Submission.objects.get().state == "received"
    page.context.set_offline(False)
    expect(page.get_by_text("您更正过")).to_be_visible(timeout=20_000)
    row.refresh_from_db()
    assert (row.answer, Finding.objects.get().state) == ("门口在修路，在对面打的", "withdrawn")
    assert SubmissionRevision.objects.get().reason == "看错了楼层"


def reach(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("link", name=name).click()


def say(page: Page, field: str, value: str) -> None:
    page.get_by_label(field).fill(value)
    page.get_by_role("button", name="存好并送出").click()


def refused_and_mended(page: Page, shop: Premises) -> None:
    """The server does not take a telephone of two digits; the worker reads why, mends it, and it arrives."""
    reach(page, "查找")
    page.get_by_label("查找").fill("lafs")  # initials of 柳岸副食店
    reach(page, "柳岸副食店", "登记变动")
    say(page, "负责人电话", "12")
    page.get_by_role("link", name="1 件要看看").click()
    page.get_by_role("link", name="改动：柳岸副食店").click()
    expect(page.get_by_text("没有被收下").first).to_be_visible()
    first = Operation.objects.get(kind="record")
    page.get_by_role("button", name="改一改再送").click()
    say(page, "负责人电话", "13800138000")
    expect(page.get_by_role("link", name="已同步")).to_be_visible()
    first.refresh_from_db()
    shop.refresh_from_db()
    assert (first.state, shop.value("keeper_phone")) == ("removed", "13800138000")


def both_values(page: Page, shop: Premises, axe: Axe) -> None:
    """Somebody else was quicker: the phone shows both values, and the worker lets the other one stand."""
    page.context.set_offline(True)
    page.get_by_role("link", name="登记变动").click()
    say(page, "备注", "早上六点开门")
    shop.refresh_from_db()
    base = shop.version
    changes = {"note": "晚上才开门"}
    registry_change(
        actor=SYSTEM, now=clock.now(), kind="premises", uid=shop.uid, base=base, changes=changes, source="desk"
    )
    page.context.set_offline(False)
    page.get_by_role("link", name="1 件要看看").click(timeout=20_000)
    page.get_by_role("link", name="改动：柳岸副食店").click()
    for value in ("早上六点开门", "晚上才开门"):
        expect(page.locator(".both").get_by_text(value)).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="现在登记的对").click()
    expect(page.get_by_text("都送到了")).to_be_visible()
    expect(page.get_by_role("link", name="已同步")).to_be_visible()
    shop.refresh_from_db()
    assert (shop.value("note"), Proposal.objects.get().state) == ("晚上才开门", "declined")


def held_too_long(page: Page) -> None:
    """Left alone it locks; without the server for more than the days allowed the records go, and come back with it."""
    page.clock.fast_forward("06:00")
    expect(page.get_by_role("heading", name="已上锁")).to_be_visible()
    page.context.set_offline(True)
    page.clock.fast_forward(15 * 24 * 3600 * 1000)
    unlock(page)
    expect(page.get_by_text("资料已收起")).to_be_visible()
    reach(page, "今天")
    expect(page.get_by_role("link", name="柳岸副食店")).to_have_count(0)
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="柳岸副食店")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("资料已收起")).to_have_count(0)


def own_day(page: Page, axe: Axe) -> None:
    """On duty it notes where it is and says so; my day shows the time and the place to me."""
    reach(page, "我的")
    page.get_by_role("button", name="上岗").click()
    expect(page.locator(".on-duty")).to_be_visible()
    lon, lat = IN_GRID_1
    page.context.set_geolocation({"longitude": lon + 0.001, "latitude": lat, "accuracy": 8})
    reach(page, "我的一天")
    expect(page.get_by_text("只有您本人和在岗的管理人员能看")).to_be_visible()
    expect(page.locator("#track.is-ready")).to_be_visible()
    assert axe(page) == []


def seen_after_a_warning(page: Page, shop: Premises, axe: Axe) -> None:
    """A warning has no form: what was seen is said, and the task is done."""
    field.ask_warnings([(shop.uid, "2026-03-10")], actor=SYSTEM, now=clock.now())
    reach(page, "我的", "看看每一件")
    page.get_by_role("button", name="现在同步").click()
    reach(page, "今天", "风险升为红色", "记下看到的")
    page.get_by_label("看到的情况").fill("门已锁，店主在外地")
    assert axe(page) == []
    page.get_by_role("button", name="记下，任务完成").click()
    expect(page.get_by_text("这件任务做完了")).to_be_visible()
    expect(page.get_by_role("link", name="已同步")).to_be_visible()
    assert Task.objects.get(kind="warning").state == "done"


def kept_here(page: Page) -> list[str]:
    names: list[str] = page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))")
    return names


def revoked(page: Page, cast: Cast) -> None:
    device = Device.objects.get()
    page.context.set_offline(True)
    revoke_device(device.pk, actor=cast.tang_grid, now=clock.now(), why="手机丢了")
    page.context.set_offline(False)  # a phone that comes back asks at once
    expect(page.get_by_text("这部设备已被停用")).to_be_visible()
    assert kept_here(page) == []
    must_sign_in(page)


def must_sign_in(page: Page) -> None:
    """A PIN of one's own opens an empty phone: to hold anything one has to sign in."""
    page.get_by_role("button", name="重新设置").click()
    for button in ("下一步", "开始使用"):
        page.locator("#pin").fill("593817")
        page.get_by_role("button", name=button).click()
    page.get_by_role("link", name="去登录").click()
    expect(page).to_have_url(re.compile("/accounts/"))


def lost(page: Page, cast: Cast) -> None:
    """Locked, and long signed out: a phone that was lost still hears that it was stopped, and forgets all."""
    begin(page)
    page.clock.fast_forward("06:00")
    expect(page.get_by_role("heading", name="已上锁")).to_be_visible()
    page.context.clear_cookies()
    (device,) = Device.objects.filter(revoked_at=None)
    revoke_device(device.pk, actor=cast.tang_grid, now=clock.now(), why="手机丢了")
    page.clock.fast_forward("02:00")
    expect(page.get_by_text("这部设备已被停用")).to_be_visible()
    assert kept_here(page) == []


def forgotten(page: Page) -> None:
    """Erasing a locked phone and setting another PIN gives nothing to whoever found it: they are to sign in."""
    begin(page)
    page.reload()
    page.get_by_role("button", name="忘了密码").click()
    page.get_by_role("button", name="清除", exact=True).click()
    must_sign_in(page)


def guessed(page: Page) -> None:
    """Nine wrong PINs wait longer and longer; the tenth erases."""
    begin(page)
    page.reload()
    for turn in range(10):
        page.locator("#pin").fill(f"77777{turn}")
        page.get_by_role("button", name="打开").click()
        if turn == 9:
            break
        expect(page.get_by_text("密码不对")).to_be_visible()
        page.clock.fast_forward("31:00")
        expect(page.get_by_role("button", name="打开")).to_be_enabled()
    expect(page.get_by_text("密码错了十次")).to_be_visible()
    assert kept_here(page) == []


def test_what_a_phone_may_come_to(open_page: OpenPage, cast: Cast, shop: Premises, axe: Axe) -> None:
    lon, lat = IN_GRID_1
    here = {"longitude": lon, "latitude": lat, "accuracy": 8}
    user = account_of(cast.tang_grid)
    page = open_page(size="phone", user=user, geolocation=here, permissions=["geolocation"])
    page.clock.install()
    page.goto("/field")
    begin(page)
    refused_and_mended(page, shop)
    both_values(page, shop, axe)
    own_day(page, axe)
    seen_after_a_warning(page, shop, axe)
    held_too_long(page)
    revoked(page, cast)
    for after in (lambda page: lost(page, cast), forgotten, guessed):
        fresh = open_page(size="phone", user=user, geolocation=here, permissions=["geolocation"])
        fresh.clock.install()
        fresh.goto("/field")
        after(fresh)


def test_what_was_begun_in_a_version_is_finished_in_it(open_page: OpenPage, cast: Cast, shop: Premises) -> None:
    """A form is changed and retired while somebody is half through: nothing written is lost, and it arrives."""
    page = open_page("/field", size="phone", user=account_of(cast.tang_grid))
    begin(page)
    page.get_by_role("link", name="柳岸副食店").click()
    page.get_by_role("link", name="开始").click()
    page.get_by_role("group", name=QUESTION).get_by_text("是").click()
    page.get_by_role("link", name="返回").click()
    renew_form()
    for retired in (False, True):
        if retired:
            Form.objects.update(retired_at=clock.now())
        page.get_by_role("link", name="今天").click()
        reach(page, "我的", "看看每一件")
        page.get_by_role("button", name="现在同步").click()
        expect(page.get_by_role("button", name="现在同步")).to_be_enabled()
        page.locator(".lines a", has_text="消防快查").click()
        expect(page.get_by_text("这张表有了新版")).to_be_visible(timeout=20_000)
        expect(page.get_by_role("group", name=QUESTION).get_by_role("radio", name="是")).to_be_checked()
    page.get_by_role("button", name="填好了").click()
    for _turn in range(200):  # the sign still says of before that all is there
        if Submission.objects.exists():
            break
        page.wait_for_timeout(100)
    expect(page.get_by_role("link", name="已同步")).to_be_visible(timeout=20_000)
    sent = Submission.objects.select_related("version").get()
    assert (sent.version.version, sent.answers) == ("1", {"exit": "yes"})
    assert Task.objects.get(kind="inspect", state="done").submission == sent.uid


def renew_form() -> None:
    """Version 2 asks something else altogether."""
    old = FormVersion.objects.get()
    question = {"name": "alarm", "path": "alarm", "type": "text", "label": {"zh": "报警器", "en": "Alarm"}}
    new = FormVersion.objects.create(
        form=old.form, number=2, version="2", definition={**old.definition, "version": "2", "items": [question]},
        source=b"", imported_at=clock.now(), imported_by="system:test", published_at=clock.now(),
    )  # fmt: skip
    Form.objects.update(current=new)


def test_who_leaves_hands_in_the_last_day_and_keeps_nothing(open_page: OpenPage, cast: Cast, shop: Premises) -> None:
    lon, lat = IN_GRID_1
    here = {"longitude": lon, "latitude": lat, "accuracy": 8}
    page = open_page(size="phone", user=account_of(cast.tang_grid), geolocation=here, permissions=["geolocation"])
    page.clock.install(time=clock.now() - timedelta(days=1))  # the work is of yesterday, the last day
    page.goto("/field")
    begin(page)
    page.context.set_offline(True)
    report(page)
    page.clock.fast_forward(24 * 3600 * 1000)
    expect(page.get_by_role("heading", name="已上锁")).to_be_visible()
    Appointment.objects.filter(person_id=cast.tang_grid.person_id).update(valid_to=clock.local_day(clock.now()))
    unlock(page)
    page.context.set_offline(False)
    expect(page.get_by_text("您的网格岗位已经结束，手机上的资料已清除")).to_be_visible(timeout=20_000)
    assert kept_here(page) == []
    assert Operation.objects.get(kind="report").state == "applied"
    said = Case.objects.get()
    assert SAID in f"{said.title}{said.summary}" and Attachment.objects.filter(case=said).count() == 1
