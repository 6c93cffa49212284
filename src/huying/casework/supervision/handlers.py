"""When an order is raised by itself: a black light, a second return, a second redo. Lists cost as much as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from huying.casework.cases.facts import CaseDeclined, CaseMerged, CaseSentBack, ObjectionDecided
from huying.casework.cases.models import Assignment, Case
from huying.casework.clocks.facts import LightTurned
from huying.kernel.facts import subscribe

from .access import area_of
from .actions import SUPERVISION, Raising, close_with_case, raise_orders
from .rules import REDOS_BEFORE_ORDER, RETURNS_BEFORE_ORDER, Cause, cause_of_clock


@subscribe(LightTurned)
def order_for_black(facts: Sequence[LightTurned]) -> None:
    """Overdue beyond excuse: the unit is asked, and no longer only reminded."""
    black = [fact for fact in facts if fact.light == "black"]
    if not black:
        return
    raise_orders(
        [
            Raising(
                case_id=fact.case_id,
                cause=cause_of_clock(fact.clock_kind),
                area=fact.area,
                unit_id=fact.unit_id,
                person_id=fact.person_id,
                clock_id=fact.clock_id,
            )
            for fact in black
        ],
        actor=SUPERVISION,
        now=max(fact.at for fact in black),
    )


@subscribe(ObjectionDecided)
def order_for_returns(facts: Sequence[ObjectionDecided]) -> None:
    """Returned a second time: who keeps sending it to the wrong place, or pushing it away?"""
    again = [fact for fact in facts if fact.upheld and fact.returns >= RETURNS_BEFORE_ORDER]
    _raise(again, Cause.REPEATED_RETURNS)


@subscribe(CaseSentBack)
def order_for_redo(facts: Sequence[CaseSentBack]) -> None:
    """Sent back to be done again a second time."""
    _raise([fact for fact in facts if fact.redos >= REDOS_BEFORE_ORDER], Cause.REPEATED_REDO)


def _raise(facts: Iterable[ObjectionDecided | CaseSentBack], cause: Cause) -> None:
    told = list(facts)
    if not told:
        return
    cases = Case.objects.in_bulk([fact.case_id for fact in told])
    owed = Assignment.objects.in_bulk([fact.assignment_id for fact in told])
    raisings = [
        Raising(
            case_id=fact.case_id,
            cause=cause,
            area=area_of(cases[fact.case_id]),
            unit_id=owed[fact.assignment_id].unit_id,
            person_id=owed[fact.assignment_id].person_id,
        )
        for fact in told
    ]
    raise_orders(raisings, actor=SUPERVISION, now=max(fact.at for fact in told))


@subscribe(CaseMerged)
def close_merged(facts: Sequence[CaseMerged]) -> None:
    _close(facts, "事件已合并")


@subscribe(CaseDeclined)
def close_declined(facts: Sequence[CaseDeclined]) -> None:
    _close(facts, "事件不予受理")


def _close(facts: Sequence[CaseMerged] | Sequence[CaseDeclined], result: str) -> None:
    now: datetime = max(fact.at for fact in facts)
    close_with_case([fact.case_id for fact in facts], result=result, actor=SUPERVISION, now=now)
