"""Milestones, requests and what was handed over raise orders like any clock, apart from what was done on time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.casework.clocks import actions, factories
from huying.casework.clocks.models import Clock
from huying.casework.supervision.models import SupervisionOrder
from huying.casework.supervision.queries import Narrowing, overdue_clocks
from huying.casework.supervision.rates import by_unit

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
DAY = timedelta(days=1)


@pytest.fixture
def who() -> factories.Cast:
    return factories.cast()


def signed(who: factories.Cast) -> Case:
    case = factories.open_case(who)
    cases.sign_case(case.pk, actor=who.actor("handler"), now=MONDAY)
    return case


def black(case: Case, kind: str) -> SupervisionOrder:
    """The order raised when that clock is late beyond excuse; sweeping again raises no other."""
    clock = Clock.objects.get(case=case, kind__startswith=kind, stopped_at__isnull=True)
    assert clock.due_at is not None
    for _again in range(2):
        actions.turn_lights(now=clock.due_at + 3 * DAY)
    found: SupervisionOrder = SupervisionOrder.objects.get(clock=clock)
    return found


def test_a_milestone_is_ordered_from_the_unit_and_counts_in_no_rate(who) -> None:
    case, plan = signed(who), [("完成招标", date(2026, 3, 12))]
    cases.ask_suspension(case.pk, reason="要工程", milestones=plan, actor=who.actor("handler"), now=MONDAY)
    cases.grant_suspension(case.pk, actor=who.actor("centre_lead"), now=MONDAY)
    order = black(case, "milestone:")
    assert (order.cause, order.unit_id) == ("overdue", who.team.pk)
    now = datetime(2026, 3, 20, tzinfo=UTC)
    (rates,) = [one for one in by_unit(who.actor("supervisor"), days=30, now=now) if one.unit_id]
    assert (rates.on_time, rates.overdue, rates.late, rates.suspended) == (0, 0, 0, 1)


def test_an_undecided_request_is_ordered_from_the_centre(who) -> None:
    case = signed(who)
    until = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
    cases.ask_extension(case.pk, reason="等料", until=until, actor=who.actor("handler"), now=MONDAY)
    order = black(case, "request:extension")
    assert (order.cause, order.unit_id) == ("overdue", who.centre.pk)


def test_a_forgotten_transfer_is_ordered_from_the_centre_and_lies_with_the_dispatchers(who) -> None:
    case = factories.open_case(who, sent=False)
    cases.transfer_out(case.pk, channel="court", reason="已起诉", actor=who.actor("dispatcher"), now=MONDAY)
    assert black(case, "follow_up:").unit_id == who.centre.pk
    supervisor = who.actor("supervisor")
    assert overdue_clocks(supervisor, Narrowing(post="dispatcher")).get().kind.startswith("follow_up:")
    assert not overdue_clocks(supervisor, Narrowing(post="checker")).exists()
