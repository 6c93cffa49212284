"""Recalled, merged, transferred and sent again: the same unit goes on where it stood, and wins no time by the detour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Assignment, Case
from huying.casework.clocks import factories, queries
from huying.casework.clocks.models import Clock

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
HOUR = timedelta(hours=1)


@pytest.fixture
def who() -> factories.Cast:
    return factories.cast()


def running(case: Case) -> dict[str, Clock]:
    return {clock.kind: clock for clock in Clock.objects.filter(case=case, stopped_at__isnull=True)}


def recall(who: factories.Cast, case: Case, at: Any) -> None:
    cases.recall_case(case.pk, reason="派错了", actor=who.actor("dispatcher"), now=at)


def send(who: factories.Cast, case: Case, at: Any, **more: Any) -> None:
    cases.dispatch_case(case.pk, factories.sending(who, at, **more), actor=who.actor("dispatcher"), now=at)
    case.refresh_from_db()


def lead(case: Case) -> Assignment:
    return Assignment.objects.get(case=case, role="lead", state__in=Assignment.LIVE)


def test_recalled_and_sent_again_to_the_same_unit_is_no_new_limit(who) -> None:
    case = factories.open_case(who)
    before = running(case)
    recall(who, case, MONDAY + HOUR)
    again = MONDAY + 2 * HOUR
    send(who, case, again)
    now = running(case)
    assert set(now) == {"respond", "close"}
    for kind in now:
        assert now[kind].continues_id == before[kind].pk and now[kind].started_at == MONDAY
    assert now["close"].due_at == before["close"].due_at + HOUR  # the hour at the centre is the centre's
    assert now["respond"].due_at == before["respond"].due_at + 3 * HOUR  # half of it before lunch, half after
    assert case.due_at == now["close"].due_at == lead(case).due_at
    assert lead(case).respond_due == now["respond"].due_at
    assert now["close"].main and now["close"].assignment_id == lead(case).pk


def test_again_and_again_is_still_one_limit(who) -> None:
    case = factories.open_case(who)
    due_at = case.due_at
    for hour in (1, 3, 5):
        recall(who, case, MONDAY + hour * HOUR / 4)
        send(who, case, MONDAY + hour * HOUR / 4)
    assert case.due_at == due_at == lead(case).due_at


def test_another_unit_gets_the_whole_limit(who) -> None:
    case = factories.open_case(who)
    recall(who, case, MONDAY + HOUR)
    again = MONDAY + 2 * HOUR
    send(who, case, again, where=who.other_team)
    clock = running(case)["close"]
    assert clock.continues is None and clock.started_at == again


def test_and_the_first_unit_goes_on_when_it_comes_back(who) -> None:
    case = factories.open_case(who)
    first = running(case)["close"]
    recall(who, case, MONDAY + HOUR)
    send(who, case, MONDAY + HOUR, where=who.other_team)
    recall(who, case, MONDAY + 2 * HOUR)
    send(who, case, MONDAY + 2 * HOUR)
    assert running(case)["close"].continues_id == first.pk
    assert running(case)["close"].due_at == first.due_at + HOUR


def test_another_limit_is_another_clock(who) -> None:
    """Corrected to another kind of matter meanwhile: the old limit says nothing about it."""
    case = factories.open_case(who)
    recall(who, case, MONDAY + HOUR)
    who.item = factories.item("0201", close="2wd")
    again = MONDAY + 2 * HOUR
    send(who, case, again)
    clocks = running(case)
    assert clocks["close"].continues is None and clocks["close"].started_at == again
    assert clocks["respond"].continues is not None


def test_merged_and_taken_apart_goes_on_and_a_reached_stage_stays_reached(who) -> None:
    into = factories.open_case(who)
    who.item = factories.item("0301", respond="1wh", close="4wh stop-work; 7wd penalty; 20wd removal")
    case = factories.open_case(who)
    cases.sign_case(case.pk, actor=who.actor("handler"), now=MONDAY)
    cases.reach_stage(case.pk, "stop_work", actor=who.actor("handler"), now=MONDAY + HOUR)
    before = running(case)
    dispatcher = who.actor("dispatcher")
    cases.merge_case(case.pk, into_id=into.pk, actor=dispatcher, now=MONDAY + HOUR)
    cases.unmerge_case(case.pk, reason="不是一件事", actor=dispatcher, now=MONDAY + 2 * HOUR)
    send(who, case, MONDAY + 2 * HOUR)
    now = running(case)
    assert set(now) == {"respond", "stage:penalty", "close"}
    assert now["close"].continues_id == before["close"].pk
    assert now["stage:penalty"].continues_id == before["stage:penalty"].pk
    assert now["respond"].continues is None  # it was signed, and must be signed again
    assert case.due_at == before["close"].due_at + HOUR == lead(case).due_at


def test_a_returned_case_that_comes_back_has_its_whole_limit(who) -> None:
    """The objection was upheld: sending it there was wrong, and that time was not the unit's."""
    case = factories.open_case(who)
    cases.object_to_case(case.pk, reason="不是我们的", actor=who.actor("handler"), now=MONDAY + HOUR)
    cases.decide_objection(case.pk, uphold=True, reason="是", actor=who.actor("dispatcher"), now=MONDAY + HOUR)
    send(who, case, MONDAY + 2 * HOUR)
    assert running(case)["close"].continues is None


def test_what_will_be_written_is_known_before(who) -> None:
    """The dispatch says the same due time as the clock, so that the history and the residents read the right one."""
    case = factories.open_case(who)
    at = MONDAY + 2 * HOUR
    recall(who, case, MONDAY + HOUR)
    planned = factories.sending(who, at)
    first = {"respond": planned.respond_due, "close": planned.due_at}
    told = queries.due_again(case.pk, who.team.pk, planned.limits, at, first)
    assert queries.due_again(case.pk, who.other_team.pk, planned.limits, at, first) == first
    send(who, case, at)
    assert told == {kind: running(case)[kind].due_at for kind in ("respond", "close")} != first
