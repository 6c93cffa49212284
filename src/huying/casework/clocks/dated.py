"""Clocks for days somebody promised: the milestones of a suspension 挂账, the follow-up of a transfer 转出.

They are nobody's close clock: ``main`` stays false, so no rate of what was done on time counts them. But they have
lights, and a black one raises an order, like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from huying.casework.cases.access import area_of
from huying.casework.cases.facts import CaseSuspended, CaseTransferred, TransferFollowed
from huying.casework.cases.models import Assignment, Milestone, Suspension
from huying.casework.catalogue.limits import Limit

from .actions.running import Start
from .almanac import FOLLOW_UP_AGAIN, Almanac
from .worktime import SHANGHAI

MILESTONE, FOLLOW_UP = "milestone:", "follow_up:"


def milestone_starts(facts: Sequence[CaseSuspended]) -> list[Start]:
    """A clock for each milestone of the plans granted, against the leading units; two queries."""
    granted = {fact.case_id: fact.at for fact in facts}
    leads = Assignment.objects.filter(case__in=granted, role="lead", state__in=Assignment.LIVE).select_related("case")
    plans = plans_of(granted)
    return [
        start
        for lead in leads
        for start in plan_starts(
            plans.get(lead.case_id, ()), lead.case_id, lead.pk, granted[lead.case_id], area_of(lead.case)
        )
    ]


def plans_of(case_ids: Iterable[int]) -> dict[int, list[Milestone]]:
    """The running plans of suspended cases, each in order; one query."""
    found: dict[int, list[Milestone]] = {}
    running = Suspension.State.RUNNING
    rows = Milestone.objects.filter(suspension__case__in=list(case_ids), suspension__state=running)
    for one in rows.select_related("suspension"):
        found.setdefault(one.suspension.case_id, []).append(one)
    return found


def plan_starts(plan: Iterable[Milestone], case_id: int, lead_id: int, at: datetime, area: str) -> list[Start]:
    """The clocks of one plan, each due at the end of its day."""
    return [
        Start(
            case_id=case_id,
            assignment_id=lead_id,
            kind=f"{MILESTONE}{number}",
            limit=_until(at, due_at := end_of(one.due_on), one.name),
            at=at,
            area=area,
            due_at=due_at,
        )
        for number, one in enumerate(_in_order(plan), 1)
    ]


def milestone_kind(milestone_id: int, plan: Iterable[Milestone]) -> str:
    """The kind of the clock that runs for one milestone of a plan: its number, in order of days."""
    return f"{MILESTONE}{[one.pk for one in _in_order(plan)].index(milestone_id) + 1}"


def _in_order(plan: Iterable[Milestone]) -> list[Milestone]:
    return sorted(plan, key=lambda one: (one.due_on, one.pk))


def follow_up_starts(facts: Iterable[CaseTransferred], areas: Mapping[int, str]) -> list[Start]:
    """A clock for each hand-over, until somebody has asked the other side."""
    return [
        Start(
            case_id=fact.case_id,
            kind=f"{FOLLOW_UP}{fact.transfer_id}",
            limit=_until(fact.at, fact.follow_up_due),
            at=fact.at,
            area=areas.get(fact.case_id, ""),
            due_at=fact.follow_up_due,
        )
        for fact in facts
    ]


def next_follow_up(fact: TransferFollowed, areas: Mapping[int, str], book: Almanac) -> Start:
    """By when the other side is asked again; a standing limit, so that a place may set its own."""
    return Start(
        case_id=fact.case_id,
        kind=f"{FOLLOW_UP}{fact.transfer_id}",
        limit=book.standing_limit(FOLLOW_UP_AGAIN, fact.at),
        at=fact.at,
        area=areas.get(fact.case_id, ""),
    )


def end_of(day: date) -> datetime:
    """Midnight at the end of a day: until then it is that day."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=SHANGHAI)


def _until(at: datetime, due_at: datetime, label: str = "") -> Limit:
    """A promised day as a limit, so that lights have a share of something; a milestone is labelled with its name."""
    days = max((due_at - at).days, 1)
    return Limit("calendar_days", days, label or f"{days}d")
