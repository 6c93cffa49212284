"""Transfer, feedback, check, rating, redo, archive, merge — and who sees what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from huying.casework.cases import access, actions
from huying.casework.cases.actions.answering import archive_quiet
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import (
    Assignment,
    Case,
    Transfer,
)
from huying.casework.cases.turns import allowed
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Invalid, NotFound

from .conftest import ANSWER, HOUR, Bring, entries, untouched

LATER = NOW + 2 * HOUR
REPORTER = Actor("reporter", "report:1", "居民")
STRANGER = Actor("staff", "person:999", "路人")


def test_transfer_out_is_tracked_and_never_closes_itself(cast: Cast, bring: Bring) -> None:
    case = bring("transferred")
    assert case.lead_unit is None
    assert Assignment.objects.get().state == "dropped"
    untouched(case, lambda: actions.finish_transfer(case.pk, actor=cast.li_dispatcher, now=LATER), "no_receipt")
    untouched(
        case,
        lambda: actions.follow_up_transfer(case.pk, outcome="已出警", actor=cast.wang_seat, now=LATER),
        "no_receipt",
    )
    actions.record_receipt(case.pk, receipt="JQ20260310001", actor=cast.wang_seat, now=LATER)
    untouched(case, lambda: actions.finish_transfer(case.pk, actor=cast.li_dispatcher, now=LATER), "not_followed_up")
    actions.follow_up_transfer(case.pk, outcome="双方已调解", actor=cast.wang_seat, now=LATER + 24 * HOUR)
    actions.finish_transfer(case.pk, actor=cast.li_dispatcher, now=LATER + 25 * HOUR)
    assert Case.objects.get(pk=case.pk).state == "closed"


def test_what_the_other_side_refuses_comes_back(cast: Cast, bring: Bring) -> None:
    case = bring("transferred")
    actions.take_back_transfer(case.pk, reason="110 认为不属警情", actor=cast.li_dispatcher, now=LATER)
    case.refresh_from_db()
    assert (case.state, Transfer.objects.get().taken_back_at) == ("accepted", LATER)


def test_an_emergency_call_leaves_the_case_in_hand(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    with pytest.raises(Invalid):
        actions.call_emergency(case.pk, channel="court", actor=cast.he_sanitation, now=LATER)
    actions.call_emergency(case.pk, channel="119", actor=cast.he_sanitation, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.urgent, Transfer.objects.get().whole) == ("handling", True, False)


def test_feedback_needs_what_the_closing_condition_demands(cast: Cast, bring: Bring) -> None:
    case = bring("handling", item="0101")
    with pytest.raises(Invalid) as caught:
        actions.give_feedback(case.pk, text="清了", evidence={}, actor=cast.he_sanitation, now=LATER)
    assert set(caught.value.fields) == {"photos_before", "photos_after"}
    case.refresh_from_db()
    assert case.state == "handling"
    here = {"lon": 120.005, "lat": 30.005}
    far = {"lon": 120.007, "lat": 30.005}
    before = [{"at": NOW.isoformat(), **here}]
    wrong = {"photos_before": before, "photos_after": [{"at": LATER.isoformat(), **far}]}
    with pytest.raises(Invalid):
        actions.give_feedback(case.pk, text="清了", evidence=wrong, actor=cast.he_sanitation, now=LATER)
    right = {"photos_before": before, "photos_after": [{"at": LATER.isoformat(), **here}]}
    actions.give_feedback(case.pk, text="清了", evidence=right, actor=cast.he_sanitation, now=LATER)
    assert Case.objects.get(pk=case.pk).state == "checking"


def test_the_handler_cannot_check_his_own_work(cast: Cast, bring: Bring) -> None:
    case = bring("checking")
    hands = cast.he_sanitation
    both = Actor(
        hands.kind, hands.ref, hands.name, hands.unit_id, hands.person_id, (*hands.duties, *cast.sun_checker.duties)
    )
    untouched(case, lambda: actions.pass_check(case.pk, actor=both, now=LATER), "own_work")
    untouched(case, lambda: actions.pass_check(case.pk, actor=hands, now=LATER), "not_yours")


def test_failed_check_sends_it_back_and_counts(cast: Cast, bring: Bring) -> None:
    case = bring("checking")
    untouched(
        case, lambda: actions.fail_check(case.pk, reason=" ", actor=cast.sun_checker, now=LATER), "missing_reason"
    )
    actions.fail_check(case.pk, reason="照片不是同一处", actor=cast.sun_checker, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.redos, case.assignments.get().state) == ("handling", 1, "signed")


def test_late_is_measured_by_the_feedback(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert case.due_at is not None
    late = case.due_at + HOUR
    actions.give_feedback(case.pk, text="晚了", evidence=ANSWER, actor=cast.he_sanitation, now=late)
    actions.pass_check(case.pk, actor=cast.sun_checker, now=late + HOUR)
    assert Case.objects.get(pk=case.pk).closed_late is True


def test_not_solved_brings_it_back_and_rating_keeps_the_worst(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    actions.rate_case(case.pk, score=4, actor=REPORTER, now=LATER, solved=True)
    actions.rate_case(case.pk, score=2, actor=REPORTER, now=LATER, solved=False)
    case.refresh_from_db()
    assert (case.rating, case.solved) == (2, False)
    with pytest.raises(Invalid):
        actions.rate_case(case.pk, score=6, actor=REPORTER, now=LATER)
    actions.order_redo(case.pk, reason="还是臭", actor=REPORTER, now=LATER)
    case.refresh_from_db()
    assert (case.state, case.redos, case.closed_at) == ("handling", 1, None)


def test_archive_waits_until_somebody_was_heard(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    untouched(case, lambda: actions.archive_case(case.pk, actor=cast.wang_seat, now=LATER), "not_called_back")
    untouched(
        case,
        lambda: actions.record_return_call(case.pk, reached=True, actor=cast.he_sanitation, now=LATER),
        "not_yours",
    )
    for hour in range(3):
        actions.record_return_call(case.pk, reached=False, actor=cast.wang_seat, now=LATER + hour * HOUR)
    actions.archive_case(case.pk, actor=cast.wang_seat, now=LATER + 4 * HOUR)
    assert Case.objects.get(pk=case.pk).state == "archived"


def test_quiet_cases_are_archived_after_a_week(cast: Cast, bring: Bring) -> None:
    case = bring("closed")
    week = timedelta(days=7)
    assert case.closed_at is not None
    assert archive_quiet(actor=system("archive"), now=case.closed_at + week - HOUR) == 0
    assert archive_quiet(actor=system("archive"), now=case.closed_at + week + HOUR) == 1
    assert Case.objects.get(pk=case.pk).state == "archived"


def test_an_archived_case_is_closed_to_everybody_even_to_sql(cast: Cast, bring: Bring) -> None:
    case = bring("archived")
    for actor in cast.people.values():
        assert allowed(case, actor, LATER) == []
    untouched(
        case,
        lambda: actions.note_case(case.pk, text="补一句", actor=cast.li_dispatcher, now=LATER),
        "not_in_this_state",
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="handling")
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).delete()


def test_merge_and_unmerge(cast: Cast, bring: Bring) -> None:
    main, other = bring("handling"), bring("pending")
    untouched(
        other,
        lambda: actions.merge_case(other.pk, into_id=other.pk, actor=cast.li_dispatcher, now=LATER),
        "same_case",
    )
    actions.merge_case(other.pk, into_id=main.pk, actor=cast.li_dispatcher, now=LATER)
    main.refresh_from_db()
    other.refresh_from_db()
    assert (other.state, other.merged_into_id, main.reports) == ("merged", main.pk, 2)
    assert entries(main)[-1] == "absorb"
    actions.unmerge_case(other.pk, reason="是另一处", actor=cast.li_dispatcher, now=LATER)
    other.refresh_from_db()
    assert (other.state, other.merged_into_id) == ("pending", None)
    closed = bring("closed")
    untouched(
        other,
        lambda: actions.merge_case(other.pk, into_id=closed.pk, actor=cast.li_dispatcher, now=LATER),
        "target_not_open",
    )


def test_discipline_sees_everything_in_scope_and_does_nothing(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    assert access.get_case(cast.ji_discipline, case.pk) == case
    assert allowed(case, cast.ji_discipline, LATER) == []
    untouched(case, lambda: actions.note_case(case.pk, text="看过", actor=cast.ji_discipline, now=LATER), "not_yours")


SEES = {
    "wang_seat": True,
    "li_dispatcher": True,
    "ji_discipline": True,
    "he_sanitation": True,
    "lin_sanitation_head": True,
    "tang_grid": True,
    "bai_street": True,
    "deng_enforcement": False,
    "xu_housing": False,
    "ma_liuan": False,
    "fang_qiaodong": False,
}


@pytest.mark.parametrize(("name", "sees"), SEES.items())
def test_who_sees_a_case_of_the_sanitation_team(cast: Cast, bring: Bring, name: str, sees: bool) -> None:
    case = bring("handling")
    assert access.visible(cast.people[name]).filter(pk=case.pk).exists() is sees
    if not sees:
        with pytest.raises(NotFound):
            access.get_case(cast.people[name], case.pk)
