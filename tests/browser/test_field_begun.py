"""What was begun on the phone stays what it was: the record a report is about, the version a form was filled in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from huying.casework.cases.factories import GRID_1, Cast, account_of
from huying.casework.cases.models import Case
from huying.ground.registry.models import Premises
from huying.senses.forms.models import Submission
from huying.senses.sync.models import Operation
from tests.browser.stage import OpenPage
from tests.browser.test_field import QUESTION, SAID, address, begin, cast, reach, renew_form, shop, unlock

__all__ = ["address", "cast", "shop"]
pytestmark = pytest.mark.slow
ELSEWHERE = "420106002001001"


def from_its_file(page: Page) -> None:
    page.get_by_role("link", name="查找").click()
    page.get_by_label("查找").fill("副食")
    reach(page, "柳岸副食店", "报告情况")


def test_a_record_taken_off_a_report_stays_off(open_page: OpenPage, cast: Cast, shop: Premises) -> None:
    page = open_page("/field", size="phone", user=account_of(cast.tang_grid))
    begin(page)
    from_its_file(page)
    page.get_by_label("发生了什么").fill(SAID)
    page.get_by_role("button", name="与它无关").click()
    page.wait_for_timeout(700)  # it is kept as it is written
    page.reload()
    unlock(page)
    for again in (False, True):
        if again:
            from_its_file(page)
        expect(page.get_by_label("发生了什么")).to_have_value(SAID)
        expect(page.get_by_role("button", name="与它无关")).to_have_count(0)
    page.get_by_role("button", name="报告", exact=True).click()
    expect(page.get_by_label("发生了什么")).to_have_value("")
    expect(page.get_by_role("link", name="已同步")).to_be_visible(timeout=20_000)
    assert not Case.objects.get().subjects


def test_a_refused_form_is_mended_in_the_version_it_was_filled_in(
    open_page: OpenPage, cast: Cast, shop: Premises
) -> None:
    """The shop stood in another community by mistake; meanwhile the form asks something else altogether."""
    page = open_page("/field", size="phone", user=account_of(cast.tang_grid))
    begin(page)
    page.get_by_role("link", name="柳岸副食店").click()
    page.get_by_role("link", name="开始").click()
    page.get_by_role("group", name=QUESTION).get_by_text("是").click()
    page.context.set_offline(True)
    page.get_by_role("button", name="填好了").click()
    Premises.objects.filter(pk=shop.pk).update(area=ELSEWHERE)
    renew_form()
    page.context.set_offline(False)
    page.get_by_role("link", name="1 件要看看").click(timeout=20_000)
    assert (Operation.objects.get(kind="submission").state, Submission.objects.count()) == ("refused", 0)
    Premises.objects.filter(pk=shop.pk).update(area=GRID_1)
    page.get_by_role("link", name="消防快查").click()
    page.get_by_role("button", name="改一改再送").click()
    expect(page.get_by_text("这一份按开始填时的那一版填完，照样收下。")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("group", name=QUESTION).get_by_role("radio", name="是")).to_be_checked()
    page.get_by_role("button", name="填好了").click()
    expect(page.get_by_role("link", name="已同步")).to_be_visible(timeout=20_000)
    sent = Submission.objects.select_related("version").get()
    assert (sent.version.version, sent.answers) == ("1", {"exit": "yes"})
