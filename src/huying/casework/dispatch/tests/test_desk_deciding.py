"""Objections, requests and transfers: decided with reasons by those who may, and nothing happens when refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case, Extension, Suspension
from huying.casework.cases.tests.conftest import HOUR, Bring
from huying.casework.dispatch import desk_queries
from huying.kernel.trace import Entry

from .conftest import Desk, said, state_of

TABS = ("objections", "requests", "transfers")


def decide(client: Any, case: Case, do: str, reason: str = "") -> Any:
    return client.post(f"/desk/dispatch/cases/{case.pk}/decide", {"do": do, "reason": reason})


@pytest.mark.parametrize("tab", TABS)
def test_the_tabs_are_for_dispatchers(cast: Cast, desk: Desk, tab: str) -> None:
    assert desk("he_sanitation").get(f"/desk/dispatch/{tab}/").status_code == 404
    answer = desk("zhao_centre", "en").get(f"/desk/dispatch/{tab}/")
    assert answer.status_code == 200
    assert "No " in said(answer)


def test_an_objection_upheld_brings_the_case_back(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("objected"), desk("li_dispatcher")
    page = said(client.get("/desk/dispatch/objections/"))
    assert "不归我们管" in page
    assert "望湖街道市政环卫队" in page
    assert decide(client, case, "uphold").status_code == 409
    assert state_of(case) == "objected"
    assert decide(client, case, "uphold", "确属市政道路")["Location"] == "/desk/dispatch/objections/"
    assert state_of(case) == "accepted"
    assert case.returns == 1


def test_an_objection_rejected_stays_for_good(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("objected")
    decide(desk("zhao_centre"), case, "reject", "在权责清单内")
    assert state_of(case) == "dispatched"
    assert case.locked


def ask_extension(case: Case, cast: Cast) -> None:
    until = case.due_at + 2 * HOUR  # type: ignore[operator]
    cases.ask_extension(case.pk, reason="等备件", until=until, actor=cast.he_sanitation, now=NOW + 2 * HOUR)


def test_an_extension_is_granted_with_words_for_the_resident(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("handling"), desk("li_dispatcher")
    ask_extension(case, cast)
    assert "等备件" in said(client.get("/desk/dispatch/requests/"))
    refused = decide(client, case, "grant_extension", " ")
    assert refused.status_code == 409
    assert not Extension.objects.filter(state="granted").exists()
    decide(client, case, "grant_extension", "备件后天到，到货即换。")
    assert Extension.objects.get().state == "granted"


def test_an_extension_refused_leaves_the_clock(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("handling"), desk("li_dispatcher")
    ask_extension(case, cast)
    case.refresh_from_db()
    due = case.due_at
    decide(client, case, "refuse_extension", "理由不足")
    case.refresh_from_db()
    assert (case.due_at, Extension.objects.get().state) == (due, "refused")


def test_only_the_centre_lead_grants_a_suspension(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("handling")
    plan = [("完成设计", (NOW + timedelta(days=20)).date())]
    cases.ask_suspension(case.pk, reason="需要立项", milestones=plan, actor=cast.he_sanitation, now=NOW + 2 * HOUR)
    page = said(desk("li_dispatcher").get("/desk/dispatch/requests/"))
    assert "完成设计" in page
    assert 'value="grant_suspension"' not in page
    assert decide(desk("li_dispatcher"), case, "grant_suspension").status_code == 409
    assert Suspension.objects.get().state == "asked"
    decide(desk("zhao_centre"), case, "grant_suspension")
    assert state_of(case) == "suspended"


def test_a_transfer_is_followed_until_it_is_finished(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("transferred"), desk("li_dispatcher")
    assert "110" in said(client.get("/desk/dispatch/transfers/"))
    early = decide(client, case, "follow_up", "还在处理")
    assert early.status_code == 409
    assert "回执" in said(early)
    decide(client, case, "receipt", "J-17")
    decide(client, case, "follow_up", "已出警处置")
    assert "J-17" in said(client.get("/desk/dispatch/transfers/"))
    decide(client, case, "finish")
    assert state_of(case) == "closed"


def test_a_transfer_is_taken_back_with_a_reason(cast: Cast, desk: Desk, bring: Bring) -> None:
    case, client = bring("transferred"), desk("li_dispatcher")
    assert decide(client, case, "take_back").status_code == 409
    assert state_of(case) == "transferred"
    decide(client, case, "take_back", "对方不予接收")
    assert state_of(case) == "accepted"


def test_strangers_decide_nothing(cast: Cast, desk: Desk, bring: Bring) -> None:
    case = bring("objected")
    entries = Entry.objects.count()
    for name in ("he_sanitation", "wang_seat", "ji_discipline"):
        assert decide(desk(name), case, "uphold", "同意").status_code == 404
    assert decide(desk("li_dispatcher"), case, "explode").status_code == 422
    assert (state_of(case), Entry.objects.count()) == ("objected", entries)


def test_lists_cost_the_same_for_one_row_and_for_many(cast: Cast, bring: Bring, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        bring("objected")
        bring("transferred")
        ask_extension(bring("handling"), cast)
    with django_assert_num_queries(1):
        assert len(desk_queries.objections_page(cast.li_dispatcher).rows) == 3
    with django_assert_num_queries(1):
        assert len(desk_queries.transfers_page(cast.li_dispatcher).rows) == 3
    with django_assert_num_queries(3):
        assert len(desk_queries.requests_page(cast.li_dispatcher).rows) == 3
