"""Opening, dispatch, return, designation, escalation: who must do it — and that a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from huying.casework.cases import actions
from huying.casework.cases.factories import BEGAN, NOW, QIAODONG, Cast
from huying.casework.cases.models import (
    Case,
)
from huying.ground.organisation.models import Admission
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Conflict
from huying.kernel.facts import collected

from .conftest import HOUR, Bring, entries, opening, sending, untouched

LATER = NOW + 2 * HOUR
REPORTER = Actor("reporter", "report:1", "居民")
STRANGER = Actor("staff", "person:999", "路人")


def test_opening_dispatches_sets_first_asked_and_writes_two_entries(cast: Cast) -> None:
    one = opening(cast, unit="sanitation")
    with collected() as told:
        (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    case = Case.objects.get(pk=case_id)
    assert case.state == "dispatched"
    assert case.open
    assert case.number == f"20260310-{case_id:07d}"
    assert case.lead_unit == case.first_asked_unit == cast.units["sanitation"]
    assert (case.grid, case.town, case.county) == ("990101001001001", "990101001", "990101")
    assert entries(case) == ["open", "dispatch"]
    assert [type(fact).__name__ for fact in told][:2] == ["CaseOpened", "AssignmentMade"]


def test_bulk_opening_takes_the_same_number_of_queries_for_two_hundred(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    def count(n: int) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            actions.open_cases([opening(cast, unit="sanitation")] * n, actor=system("portal"), now=NOW)
        return len(captured)

    count(1)
    few, many = count(30), count(200)
    assert few == many
    assert Case.objects.count() == 231


def test_a_community_is_protected_by_its_own_list_wherever_the_matter_lies(cast: Cast, bring: Bring) -> None:
    """What 柳岸 has admitted says nothing about 桥东, even for a matter that lies in 柳岸."""
    case = bring("accepted", item="0101")
    send = sending(cast, "qiaodong")
    untouched(case, lambda: actions.dispatch_case(case.pk, send, actor=cast.li_dispatcher, now=LATER), "not_admitted")
    Case.objects.filter(pk=case.pk).update(community=QIAODONG, grid=f"{QIAODONG}001")
    untouched(
        case := Case.objects.get(pk=case.pk),
        lambda: actions.dispatch_case(case.pk, send, actor=cast.li_dispatcher, now=LATER),
        "not_admitted",
    )
    actions.dispatch_case(case.pk, sending(cast, "liuan"), actor=cast.li_dispatcher, now=LATER)
    assert Case.objects.get(pk=case.pk).lead_unit == cast.units["liuan"]


def test_sign_puts_the_case_in_hand(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert case.lead_person_id == cast.he_sanitation.person_id
    assert case.assignments.get().state == "signed"
    assert entries(case) == ["open", "dispatch", "sign"]


def test_another_unit_cannot_sign_and_a_stranger_finds_nothing(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    untouched(case, lambda: actions.sign_case(case.pk, actor=cast.deng_enforcement, now=LATER), "case_not_found")
    untouched(case, lambda: actions.sign_case(case.pk, actor=cast.li_dispatcher, now=LATER), "not_yours")
    untouched(case, lambda: actions.sign_case(case.pk, actor=STRANGER, now=LATER), "case_not_found")


def test_two_people_who_saw_the_same_version_only_one_acts(cast: Cast, bring: Bring) -> None:
    case = bring("accepted")
    actions.dispatch_case(
        case.pk, sending(cast, "sanitation"), actor=cast.li_dispatcher, now=LATER, expected=case.version
    )
    with pytest.raises(Conflict):
        actions.dispatch_case(
            case.pk, sending(cast, "housing"), actor=cast.zhou_dispatcher, now=LATER, expected=case.version
        )
    assert Case.objects.get(pk=case.pk).lead_unit == cast.units["sanitation"]


def test_accept_decline_and_reconsider(cast: Cast, bring: Bring) -> None:
    case = bring("pending")
    untouched(case, lambda: actions.accept_case(case.pk, actor=cast.he_sanitation, now=NOW), "case_not_found")
    actions.accept_case(case.pk, actor=cast.li_dispatcher, now=NOW)
    untouched(
        case,
        lambda: actions.decline_case(case.pk, channel="", reason="已判决", actor=cast.li_dispatcher, now=NOW),
        "missing_channel",
    )
    actions.decline_case(case.pk, channel="court", reason="已由法院判决", actor=cast.li_dispatcher, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.open, case.due_at) == ("declined", False, None)
    actions.reconsider_case(case.pk, reason="尚未判决", actor=cast.zhao_centre, now=NOW)
    case.refresh_from_db()
    assert (case.state, case.closed_at) == ("pending", None)
    assert entries(case) == ["open", "accept", "decline", "reconsider"]


def test_a_community_is_never_sent_what_is_not_on_its_list(cast: Cast, bring: Bring) -> None:
    case = bring("accepted", item="1605")
    send = sending(cast, "liuan")
    untouched(case, lambda: actions.dispatch_case(case.pk, send, actor=cast.li_dispatcher, now=LATER), "not_admitted")
    listed = bring("accepted", item="0514")
    actions.dispatch_case(listed.pk, send, actor=cast.li_dispatcher, now=LATER)
    assert Case.objects.get(pk=listed.pk).lead_unit == cast.units["liuan"]


def test_two_returns_then_designated_and_locked(cast: Cast, bring: Bring) -> None:
    case = bring("dispatched")
    first_asked = case.first_asked_unit
    for unit, hands in (("sanitation", cast.he_sanitation), ("enforcement", cast.deng_enforcement)):
        if Case.objects.get(pk=case.pk).state == "accepted":
            actions.dispatch_case(case.pk, sending(cast, unit), actor=cast.li_dispatcher, now=LATER)
        actions.object_to_case(case.pk, reason="职责以外", actor=hands, now=LATER)
        untouched(
            case,
            lambda: actions.decide_objection(case.pk, uphold=True, reason="是", actor=cast.sun_checker, now=LATER),
            "not_yours",
        )
        actions.decide_objection(case.pk, uphold=True, reason="确不属实", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.returns, case.state, case.lead_unit) == (2, "accepted", None)
    assert case.first_asked_unit == first_asked, "first asked stays answerable"
    send = sending(cast, "housing")
    untouched(case, lambda: actions.dispatch_case(case.pk, send, actor=cast.li_dispatcher, now=LATER), "must_designate")
    untouched(
        case,
        lambda: actions.designate_case(case.pk, send, reason="指定", actor=cast.li_dispatcher, now=LATER),
        "not_yours",
    )
    actions.designate_case(case.pk, send, reason="按三定方案", actor=cast.zhao_centre, now=LATER)
    untouched(case, lambda: actions.object_to_case(case.pk, reason="不", actor=cast.xu_housing, now=LATER), "locked")


def test_a_rejected_objection_leaves_it_with_the_unit_for_good(cast: Cast, bring: Bring) -> None:
    case = bring("objected")
    actions.decide_objection(case.pk, uphold=False, reason="属于你队职责", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.locked, case.returns) == ("dispatched", True, 0)
    untouched(
        case, lambda: actions.object_to_case(case.pk, reason="再议", actor=cast.he_sanitation, now=LATER), "locked"
    )


def test_escalated_once_never_sent_down_again(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0514", unit="liuan", by="ma_liuan")
    up = sending(cast, "enforcement")
    Admission.objects.create(area=QIAODONG, item_code="0514", basis="桥东社区清单", valid_from=BEGAN)
    untouched(
        case,
        lambda: actions.escalate_case(case.pk, sending(cast, "qiaodong"), reason="推", actor=cast.ma_liuan, now=LATER),
        "only_upwards",
    )
    actions.escalate_case(case.pk, up, reason="社区无执法权", actor=cast.ma_liuan, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.lead_unit) == ("dispatched", cast.units["enforcement"])
    assert case.first_asked_unit == cast.units["liuan"]
    assert case.assignments.get(unit=cast.units["liuan"]).state == "passed_up"
    actions.recall_case(case.pk, reason="换一家", actor=cast.li_dispatcher, now=LATER)
    untouched(
        case,
        lambda: actions.dispatch_case(case.pk, sending(cast, "liuan"), actor=cast.li_dispatcher, now=LATER),
        "never_back_down",
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(escalated_level=0)
