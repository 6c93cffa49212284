"""A form is corrected on the phone while a supervisor corrects the same answer: both values stand until somebody decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from huying.casework.cases.factories import IN_GRID_1, Cast, account_of
from huying.ground.registry.models import Premises
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.senses.field import actions as field
from huying.senses.field.models import Dispute
from huying.senses.forms import actions as forms
from huying.senses.forms import factories
from huying.senses.forms.models import Submission
from tests.browser.stage import Axe, OpenPage
from tests.browser.test_field import QUESTION, address, begin, cast, reach, shop

__all__ = ["address", "cast", "shop"]
pytestmark = pytest.mark.slow


def failed(actor: Actor, days: int) -> tuple[dict[str, Any], dict[UUID, Any]]:
    files = factories.pictures(1, actor=actor, now=clock.now())
    return factories.failing([*files], days=days), files


def sent_from_another_phone(cast: Cast, shop: Premises) -> Submission:
    decided, files = failed(cast.tang_grid, 3)
    now = clock.now()
    return forms.receive(
        op_id=uuid4(), form="fire-quick", version="1", subject=("premises", shop.uid), begun_at=now, ended_at=now,
        answers={"exit": "no", "_findings": {"exit": decided}}, files=files, position=(*IN_GRID_1, 5.0),
        actor=cast.tang_grid, now=now,
    )  # fmt: skip


def meanwhile(cast: Cast, made: Submission) -> None:
    """The supervisor says nine days."""
    decided, files = failed(cast.qian_supervisor, 9)
    field.correct_answers(
        made.uid, changes={"_findings/exit": decided}, reason="和店主说好了", files=files, actor=cast.qian_supervisor,
        now=clock.now(),
    )  # fmt: skip


def correct(page: Page, cast: Cast, made: Submission) -> None:
    reach(page, "我的", "我的记录", "消防快查", "填错了，更正")
    page.get_by_label("为什么更正").fill("当天就改好了")
    meanwhile(cast, made)
    page.get_by_role("group", name=QUESTION).get_by_text("是").click()
    page.get_by_role("button", name="填好了").click()


def test_two_corrections_of_one_answer(open_page: OpenPage, cast: Cast, shop: Premises, axe: Axe) -> None:
    page = open_page("/field", size="phone", user=account_of(cast.tang_grid))
    begin(page)
    made = sent_from_another_phone(cast, shop)
    reach(page, "已同步")
    page.get_by_role("button", name="现在同步").click()
    correct(page, cast, made)
    page.get_by_role("link", name="1 件要看看").click(timeout=20_000)
    reach(page, "更正：消防快查")
    expect(page.get_by_text("别人也更正了同一题")).to_be_visible()
    assert axe(page) == []
    reach(page, "看看这份表")
    expect(page.get_by_text("等负责人定")).to_be_visible()
    assert axe(page) == []

    desk = open_page(f"/desk/forms/submissions/{made.uid}", user=account_of(cast.zhao_centre))
    panel = desk.locator("#disputes")
    expect(panel).to_contain_text("当天就改好了")
    assert axe(desk) == []
    panel.get_by_role("button", name="采用手机上改的").click()
    expect(desk.get_by_text("已采用，本人看得到")).to_be_visible()
    made.refresh_from_db()
    assert made.answers == {"exit": "yes"} and Dispute.objects.get().state == "taken"
    assert page.problems == desk.problems == []  # type: ignore[attr-defined]
