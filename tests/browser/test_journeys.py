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
from huying.casework.cases.models import Case
from huying.ground.accounts.factories import PASSWORD
from huying.kernel import clock
from huying.kernel.trace import verify
from huying.senses.reports.models import Report

from .stage import GARBAGE, PLACE, OpenPage, open_step, photo, press_step, send_step, told

pytestmark = pytest.mark.browser


@pytest.fixture
def address(site: str) -> str:
    """Journeys go through the program's own web server."""
    return site


@pytest.fixture
def cast(site: str) -> Iterator[Cast]:
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
    resident.get_by_role("radio", name="都不像，或说不准").check(force=True)
    resident.get_by_role("button", name="送出", exact=True).click()
    expect(resident.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    report = Report.objects.select_related("case").get()
    case = report.case
    assert (case.state, case.grid) == ("pending", factories.GRID_1)

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
    resident.get_by_role("radio", name="很满意").check(force=True)
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
