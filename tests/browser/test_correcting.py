"""A supervisor corrects a filled form in the browser, and a doubtful check-in is judged, answered and judged again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast, account_of
from huying.kernel import clock
from huying.senses.field.models import CheckIn, Finding, SpotCheck
from huying.senses.forms.models import Submission
from tests.browser import peopled
from tests.browser.stage import Axe, OpenPage, photo

pytestmark = pytest.mark.slow


@pytest.fixture
def cast(site: str) -> Cast:
    return factories.make_cast()


@pytest.fixture
def address(site: str) -> str:
    return site


def test_a_form_is_corrected_and_what_followed_is_shown(cast: Cast, open_page: OpenPage, axe: Axe) -> None:
    now = clock.now()
    peopled.field_pages(cast, now - timedelta(minutes=10))
    made = Submission.objects.exclude(findings=[]).get()
    page = open_page(f"/desk/forms/submissions/{made.uid}", user=account_of(cast.qian_supervisor))
    page.get_by_role("link", name="更正这份填报").click()
    page.get_by_label("更正的理由").fill("现场复核，照片拍错了地方")
    page.get_by_role("button", name="打开表单来改").click()
    form = page.locator("hy-form")
    expect(form.get_by_role("radio", name="否")).to_be_checked()
    form.locator("label", has_text="是").first.click()
    assert not axe(page)
    form.get_by_role("button", name="填好了").click()
    expect(page.get_by_text("已更正，原来的内容也留着")).to_be_visible()
    expect(page.locator("#consequences")).to_contain_text("不再算不合格")
    assert Finding.objects.get(submission=made.uid).state == "withdrawn" and not page.problems  # type: ignore[attr-defined]

    page.goto(f"/desk/forms/submissions/{made.uid}/amend")
    page.get_by_label("更正的理由").fill("又看了一次，确实堵着")
    page.get_by_role("button", name="打开表单来改").click()
    form.locator("label", has_text="否").first.click()
    form.locator("input[type=file]").first.set_input_files([photo("堵着", now)])  # type: ignore[list-item]
    expect(form.locator("img").first).to_be_visible()
    form.locator("label", has_text="提交后生成事件").click()
    form.get_by_role("button", name="填好了").click()
    expect(page.get_by_text("已更正，原来的内容也留着")).to_be_visible()
    assert Finding.objects.get(submission=made.uid).state == "open_case"
    assert not page.problems  # type: ignore[attr-defined]


def test_a_verdict_is_answered_and_looked_at_again(cast: Cast, open_page: OpenPage, axe: Axe) -> None:
    peopled.field_pages(cast, clock.now() - timedelta(minutes=10))
    row = CheckIn.objects.exclude(doubts=[]).filter(verdict="").order_by("id")[0]
    lead: Any = account_of(cast.qian_supervisor)
    page = open_page(f"/desk/field/checks/{row.pk}/", user=lead)
    page.get_by_label("了解到的情况").fill("定位飘得厉害")
    page.get_by_role("button", name="无法判断").click()
    expect(page.get_by_text("已记录，本人看得到")).to_be_visible()
    assert not axe(page)
    mine = open_page("/desk/field/mine/", size="phone", user=account_of(cast.tang_grid))
    expect(mine.locator("main")).to_contain_text("定位飘得厉害")
    panel = mine.locator("form").filter(has=mine.locator(f"input[name=id][value='{row.pk}']")).first
    panel.get_by_label("我的说明").fill("院子锁了，在门口打的")
    panel.get_by_role("button", name="交给核实的人").click()
    expect(mine.get_by_text("已交给核实的人看")).to_be_visible()
    assert not axe(mine)
    page.goto("/desk/field/checks/?show=answered")
    expect(page.locator("main")).to_contain_text("院子锁了")
    page.goto(f"/desk/field/checks/{row.pk}/")
    page.get_by_role("button", name="属实", exact=True).click()
    expect(page.locator("main")).to_contain_text("院子锁了")
    row.refresh_from_db()
    assert row.verdict == "fine" and not page.problems and SpotCheck.objects.exists()  # type: ignore[attr-defined]
