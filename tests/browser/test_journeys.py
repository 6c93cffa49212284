"""Whole ways through the house in a real browser against the real web server, each as the people in it see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast, account_of
from huying.casework.cases.models import Assignment, PartnerRating
from huying.casework.clocks.actions.sweeping import turn_lights
from huying.casework.clocks.models import Clock, Notice
from huying.casework.supervision.models import SupervisionOrder
from huying.ground.accounts.factories import PASSWORD
from huying.kernel import clock
from huying.kernel.trace import verify
from huying.kernel.trace.keys import ensure_private_key
from huying.senses.reports.models import Report

from .stage import GARBAGE, PLACE, OpenPage, open_step, photo, press_step, send_step, told

pytestmark = pytest.mark.slow


@pytest.fixture
def address(site: str) -> str:
    """Journeys go through the program's own web server."""
    return site


@pytest.fixture
def cast(site: str) -> Iterator[Cast]:
    ensure_private_key()
    yield factories.make_cast()
    assert verify().ok, "the trace of the journey cannot be proved"


@pytest.fixture
def enter(open_page: OpenPage, cast: Cast) -> Any:
    """``enter("he_sanitation", "/desk/")`` → a page of somebody of the cast."""

    def as_somebody(key: str, path: str = "/desk/", **options: Any) -> Page:
        return open_page(path, user=account_of(cast.people[key]), **options)

    return as_somebody


def test_from_a_resident_to_the_archive(open_page: OpenPage, enter: Any, cast: Cast, settings: Any) -> None:
    now = clock.now()
    resident = open_page("/", size="phone")
    resident.get_by_role("link", name="我要反映").first.click()
    resident.get_by_label("发生了什么").fill(GARBAGE)
    resident.get_by_label("在哪里").fill(PLACE)
    resident.set_input_files("input[name=photos]", [photo("路口", now - timedelta(hours=2))])
    resident.get_by_role("button", name="下一步").click()
    resident.locator("label", has_text="都不像，或说不准").click()
    resident.get_by_role("button", name="送出", exact=True).click()
    expect(resident.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    report = Report.objects.select_related("case").get()
    case = report.case
    assert (case.state, case.community) == ("pending", factories.LIUAN)

    dispatcher = sign_in_by_form(open_page, cast, "li_dispatcher", settings)
    dispatcher.goto("/desk/")
    dispatcher.get_by_role("complementary").get_by_role("link", name="分拨台").click()
    expect(dispatcher.locator("#focus")).to_contain_text(GARBAGE)
    expect(dispatcher.locator("#focus")).to_contain_text("望湖街道市政环卫队")
    dispatcher.locator("#focus").get_by_role("button", name="派给望湖街道市政环卫队").first.click()
    expect(dispatcher.get_by_text("已派给望湖街道市政环卫队").first).to_be_visible()

    handler = enter("he_sanitation")
    row = handler.get_by_role("row").filter(has_text=case.number)
    expect(row).to_contain_text("待签收")
    row.get_by_role("button", name="签收").click()
    expect(row).to_contain_text("处置中")
    row.get_by_role("link", name=re.compile("柳岸路口")).click()
    open_step(handler, "反馈结果")
    handler.get_by_label("办理情况").fill("已经清运干净，并加了一次保洁。")
    expect(handler.locator("#advice-said")).to_contain_text("满分 100", timeout=20_000)
    handler.set_input_files("input[name=photos_before]", [photo("之前", now - timedelta(hours=1), "brown")])
    handler.set_input_files("input[name=photos_after]", [photo("之后", now - timedelta(minutes=5), "silver")])
    send_step(handler, "反馈结果")

    checker = enter("sun_checker", "/desk/checks/")
    expect(checker.get_by_text("已经清运干净，并加了一次保洁。")).to_be_visible()
    expect(checker.get_by_text("拍摄位置相距 0 米")).to_be_visible()
    checker.get_by_role("button", name="通过，结案").click()
    expect(checker.get_by_text("没有等待核查的结果")).to_be_visible()

    resident.get_by_role("link", name="看进展").click()
    expect(resident.locator("#reply")).to_have_text("已经清运干净，并加了一次保洁。")
    expect(resident.get_by_role("img", name="办好后")).to_be_visible()
    resident.locator("label", has_text=re.compile("^\\s*很满意")).click()
    resident.get_by_role("button", name="送出评价").click()
    expect(resident.get_by_text("您评了：很满意")).to_be_visible()

    seat = enter("wang_seat", f"/desk/cases/{case.pk}/")
    press_or_confirm_archive(seat)
    case.refresh_from_db()
    assert (case.state, case.open, case.closed_late) == ("archived", False, False)
    for page in (resident, dispatcher, handler, checker, seat):
        assert page.problems == []  # type: ignore[attr-defined]


def sign_in_by_form(open_page: OpenPage, cast: Cast, key: str, settings: Any) -> Page:
    """With user name and password, as everybody else would."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]  # what the web server knows
    user = account_of(cast.people[key])
    page = open_page("/desk/")
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("事件")
    return page


def press_or_confirm_archive(page: Page) -> None:
    page.locator("#next").get_by_role("button", name="归档", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="归档").click()
    expect(page.get_by_text("已办：归档")).to_be_visible()


def test_a_whistle(enter: Any, cast: Cast) -> None:
    now = clock.now()
    case = told(GARBAGE, now - timedelta(minutes=30), item="0101")
    assert case.lead_unit_id == cast.units["sanitation"].pk
    where = f"/desk/cases/{case.pk}/"

    lead = enter("he_sanitation", where)
    press_step(lead, "签收")
    open_step(lead, "吹哨")
    call(lead, "1", "望湖街道综合执法队", "4 个工作小时", "查占道摊贩")
    lead.get_by_text("再请几家单位").click()
    call(lead, "2", "区住房和建设局", "2 个工作日", "清运工地弃土")
    lead.get_by_label("为什么吹哨").fill("摊贩和工地都往这里倒，一家管不住")
    send_step(lead, "吹哨")
    parts = dict(Assignment.objects.filter(case=case, role="assist").values_list("unit__code", "due_at"))
    assert parts["enforcement"] < parts["housing"]
    expect(lead.locator("#next")).to_contain_text("还有协办单位的结果没有提交或没有认可")

    helpers = [enter(key, where) for key in ("deng_enforcement", "xu_housing")]
    for helper, result in zip(helpers, ("三处摊贩已劝离并立牌。", "工地弃土已清运。"), strict=True):
        press_step(helper, "到场签到")
        open_step(helper, "提交协办结果")
        helper.get_by_role("textbox", name="协办结果").fill(result)
        send_step(helper, "提交协办结果")

    for unit in ("望湖街道综合执法队", "区住房和建设局"):
        lead.goto(where)
        open_step(lead, "认可协办结果")
        lead.locator("#do").get_by_label("单位").select_option(label=unit)
        send_step(lead, "认可协办结果")
    open_step(lead, "反馈结果")
    lead.get_by_label("办理情况").fill("三家一起办完，路口已干净。")
    lead.set_input_files("input[name=photos_before]", [photo("之前", now - timedelta(minutes=20), "brown")])
    lead.set_input_files("input[name=photos_after]", [photo("之后", now - timedelta(minutes=2), "silver")])
    send_step(lead, "反馈结果")

    rate(lead, where, "望湖街道综合执法队", "5")
    rate(lead, where, "区住房和建设局", "4")
    rate(helpers[0], where, "望湖街道市政环卫队", "5")
    given = PartnerRating.objects.values_list("by_unit__code", "of_unit__code", "score")
    assert set(given) == {
        ("sanitation", "enforcement", 5),
        ("sanitation", "housing", 4),
        ("enforcement", "sanitation", 5),
    }
    expect(lead.locator("#timeline")).to_contain_text("摊贩和工地都往这里倒，一家管不住")
    case.refresh_from_db()
    assert (case.state, case.lead_unit_id) == ("checking", cast.units["sanitation"].pk)


def call(page: Page, row: str, unit: str, limit: str, task: str) -> None:
    called = page.get_by_role("group", name=f"协办单位 {row}")
    called.get_by_label("单位", exact=True).fill(unit)
    called.get_by_label("时限").select_option(label=limit)
    called.get_by_label("请它做什么").fill(task)


def rate(page: Page, where: str, unit: str, score: str) -> None:
    page.goto(where)
    open_step(page, "互评")
    page.locator("#do").get_by_label("单位").select_option(label=unit)
    page.get_by_role("group", name="配合得怎样").locator("label", has_text=score).click()
    send_step(page, "互评")


def test_an_escalation_never_comes_back_down(enter: Any, cast: Cast) -> None:
    now = clock.now()
    case = told("柳岸小区三栋楼道堆放杂物，堵住消防通道", now - timedelta(minutes=20), item="0514")
    assert case.lead_unit_id == cast.units["liuan"].pk
    where = f"/desk/cases/{case.pk}/"

    community = enter("ma_liuan", where)
    open_step(community, "上报升级")
    expect(community.get_by_label("交给哪个单位")).to_have_value("望湖街道办事处（street）")
    community.get_by_label("理由").fill("涉及消防通道执法，社区没有权限")
    send_step(community, "上报升级")
    expect(community.locator("#next")).not_to_be_attached()  # their turn is over; they may still read
    case.refresh_from_db()
    assert (case.lead_unit_id, case.first_asked_unit_id) == (cast.units["street"].pk, cast.units["liuan"].pk)

    dispatcher = enter("li_dispatcher", where)
    open_step(dispatcher, "撤回分拨")
    dispatcher.get_by_label("理由").fill("想请社区再办")
    send_step(dispatcher, "撤回分拨")
    dispatcher.goto(f"/desk/dispatch/?case={case.pk}")
    by_hand(dispatcher, "柳岸社区居委会")
    expect(dispatcher.get_by_text("已上报升级的事件不能再往下派")).to_be_visible()
    case.refresh_from_db()
    assert (case.state, case.lead_unit_id) == ("accepted", None)
    by_hand(dispatcher, "望湖街道办事处")
    expect(dispatcher.get_by_text("已派给望湖街道办事处").first).to_be_visible()

    street = enter("bai_street", where)
    press_step(street, "签收")
    open_step(street, "反馈结果")
    street.get_by_label("办理情况").fill("联合消防清走杂物，已张贴告示。")
    street.set_input_files("input[name=photos_before]", [photo("之前", now - timedelta(minutes=15), "brown")])
    street.set_input_files("input[name=photos_after]", [photo("之后", now - timedelta(minutes=1), "silver")])
    send_step(street, "反馈结果")
    case.refresh_from_db()
    assert (case.state, case.lead_unit_id) == ("checking", cast.units["street"].pk)


def by_hand(page: Page, unit: str) -> None:
    box = page.locator("details", has_text="另选事项、位置或单位")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    box.get_by_label("承办单位").fill(unit)
    box.get_by_role("button", name="按所选分拨").click()


def test_a_late_case_turns_and_is_supervised(enter: Any, cast: Cast) -> None:
    case = told(GARBAGE, clock.now(), item="0101")
    where = f"/desk/cases/{case.pk}/"
    handler = enter("he_sanitation", where)
    press_step(handler, "签收")
    running = Clock.objects.get(case=case, stopped_at=None)
    assert running.kind == "close"
    he, lin = cast.he_sanitation.person_id, cast.lin_sanitation_head.person_id
    qian, ji = cast.qian_supervisor.person_id, cast.ji_discipline.person_id

    said = {"yellow": "黄色预警", "red": "红色超期", "black": "黑色严重超期"}
    told_so_far: set[tuple[int | None, str]] = set()
    expected = {
        "blue": {(he, "blue")},
        "yellow": {(he, "yellow"), (lin, "yellow")},
        "red": {(he, "remind"), (lin, "red"), (qian, "red")},
        "black": {(lin, "black"), (qian, "black"), (ji, "black")},
    }
    for light, warnings in expected.items():
        running.refresh_from_db()
        assert running.next_light_at is not None
        for _twice in range(2):  # a second sweep at the same moment says nothing again
            turn_lights(now=running.next_light_at)
        told_so_far |= warnings
        warned = list(Notice.objects.exclude(kind="order").values_list("person_id", "kind"))
        assert sorted(warned) == sorted(told_so_far), light
        handler.goto("/desk/?light=" + light)
        if light in said:
            expect(handler.get_by_role("row").filter(has_text=case.number)).to_contain_text(said[light])

    handler.goto("/desk/notices")
    expect(handler.get_by_role("table")).to_contain_text("催办")
    expect(handler.get_by_role("table")).to_contain_text("督办")
    order = SupervisionOrder.objects.get()
    assert (order.case_id, order.cause) == (case.pk, "overdue")

    supervisor = enter("qian_supervisor", "/desk/supervision")
    expect(supervisor.locator("#units")).to_contain_text("望湖街道市政环卫队")
    supervisor.get_by_role("link", name=re.compile("督办待回复")).click()
    expect(supervisor.get_by_role("row").filter(has_text=case.title)).to_contain_text("望湖街道市政环卫队")

    head = enter("lin_sanitation_head")
    head.get_by_role("complementary").get_by_role("link", name=re.compile("督办单")).click()
    head.get_by_role("link", name=f"#{order.pk}").click()
    head.get_by_label("为什么这样，现在怎么办").fill("清运车故障，已借车，今晚八点前清完。")
    head.get_by_role("button", name="回复", exact=True).click()
    expect(head.get_by_text("已记录")).to_be_visible()

    watched = f"/desk/supervision/orders/{order.pk}"
    discipline = enter("ji_discipline", watched)
    expect(discipline.get_by_role("main")).to_contain_text("清运车故障，已借车，今晚八点前清完。")
    expect(discipline.get_by_text("您可以查看这张督办单")).to_be_visible()
    for path in (watched, where, "/desk/supervision"):
        discipline.goto(path)
        expect(discipline.get_by_role("heading", level=1)).to_be_visible()
        expect(discipline.get_by_role("main").locator("form[method=post]")).to_have_count(0)
    assert refused(discipline, f"{watched}/act", do="close", text="算了")
    assert refused(discipline, f"{where}do/note", text="记一笔")

    supervisor.goto(watched)
    supervisor.get_by_label("处理意见").fill("按时清完，了结。")
    supervisor.get_by_role("button", name="了结", exact=True).click()
    expect(supervisor.get_by_text("已了结").first).to_be_visible()
    order.refresh_from_db()
    assert order.state == "closed"


def refused(page: Page, path: str, **form: str) -> bool:
    """Whether a step sent past the page is refused too."""
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin is not None
    answer = page.request.post(
        path, form={**form, "csrfmiddlewaretoken": token}, headers={"Referer": page.url, "Origin": origin[0]}
    )
    return answer.status in (403, 404, 409)


class Keys:
    """A page used by the keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str) -> None:
        """Tab until the field or button of this name has the focus."""
        for _press in range(60):
            if self.page.evaluate("document.activeElement.name || ''") == name:
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"{name} cannot be reached by the Tab key")

    def type(self, name: str, text: str) -> None:
        self.to(name)
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        """One key of the page's own, once the page's script listens."""
        self.page.wait_for_selector("html.js")
        self.page.keyboard.press(key)

    def alt(self, key: str) -> None:
        """Alt and a key at once, as a keyboard sends it: Playwright's own press leaves out what access keys are found by."""
        code = {"text": key, "unmodifiedText": key, "windowsVirtualKeyCode": ord(key.upper())}
        pressed = {"modifiers": 1, "key": key, **code}
        keyboard = self.page.context.new_cdp_session(self.page)
        for kind in ("keyDown", "keyUp"):
            keyboard.send("Input.dispatchKeyEvent", {"type": kind, **pressed})


def test_a_seat_takes_calls_by_keyboard(enter: Any, cast: Cast) -> None:
    phone = "13900001234"
    before = told(GARBAGE, clock.now() - timedelta(hours=1), item="0101", phone=phone)
    page = enter("wang_seat", "/desk/seat/")
    keys = Keys(page)

    expect(page.get_by_label("来电号码")).to_be_focused()
    keys.type("phone", phone)
    expect(page.locator("#past")).to_contain_text("来电人反映过 1 件")
    expect(page.locator("#past")).to_contain_text("柳岸路口")
    keys.type("text", "柳岸路口的垃圾还是没人清运")
    keys.type("place_text", PLACE)
    expect(page.locator("#similar")).to_contain_text(before.title)
    expect(page.locator("#script")).to_contain_text("查询码")
    keys.type("item", "暴露")
    expect(page.locator("#item-options option[value^='暴露垃圾']")).to_be_attached()
    keys.alt("j")
    expect(page.get_by_text("已加到正在办理的这件事里")).to_be_visible()
    before.refresh_from_db()
    assert before.reports == 2

    keys.press("n")
    expect(page.get_by_label("来电号码")).to_be_focused()
    keys.type("phone", "13900005678")
    keys.type("text", "柳岸小区门口有人打架，拿着棍子")
    keys.type("place_text", "柳岸社区")
    keys.alt("z")
    expect(page.get_by_role("heading", level=1)).to_have_text("请把查询码念给来电人")
    expect(page.get_by_text("已转")).to_contain_text("110")
    urgent = Report.objects.select_related("case").order_by("-pk")[0].case
    assert [one.channel for one in urgent.transfers.all()] == ["110"]
    assert urgent.urgent

    keys.press("n")
    expect(page.get_by_label("来电号码")).to_be_focused()
    keys.type("text", "建议在柳岸社区加装路灯和座椅")
    keys.alt("s")
    expect(page.get_by_role("heading", level=1)).to_have_text("请把查询码念给来电人")
    assert Report.objects.count() == 4
    assert page.problems == []  # type: ignore[attr-defined]
