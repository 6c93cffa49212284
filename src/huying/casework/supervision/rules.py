"""Supervision 督办: why an order is raised, how grave it is, what may happen to it. Pure.

Causes and grades: domain sheet §3.2 (Jinan 28, Weifang 26): overdue, returned again, done again, refusal; routine by the
centre, listed 挂牌 and interview 约谈 by whoever stands above.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    OVERDUE = "overdue"
    REPEATED_RETURNS = "repeated_returns"
    REPEATED_REDO = "repeated_redo"
    REFUSAL = "refusal"
    MANUAL = "manual"


class Grade(StrEnum):
    ROUTINE = "routine"
    LISTED = "listed"
    INTERVIEW = "interview"


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Action(StrEnum):
    ANSWER = "answer"
    SEND_BACK = "send_back"
    CLOSE = "close"
    ESCALATE = "escalate"
    REMIND = "remind"


class Party(StrEnum):
    """What somebody is to an order."""

    SYSTEM = "system"
    SUPERVISOR = "supervisor"
    CENTRE = "centre"
    UNIT = "unit"


RETURNS_BEFORE_ORDER = 2
REDOS_BEFORE_ORDER = 2

_WATCH = frozenset({Party.SUPERVISOR, Party.CENTRE, Party.SYSTEM})
_ABOVE: dict[Grade, frozenset[Party]] = {
    Grade.LISTED: frozenset({Party.SUPERVISOR, Party.CENTRE, Party.SYSTEM}),
    Grade.INTERVIEW: frozenset({Party.CENTRE}),
}


@dataclass(frozen=True, slots=True)
class Rule:
    to: State | None
    parties: frozenset[Party]


LIFECYCLE: dict[tuple[State, Action], Rule] = {
    (State.OPEN, Action.ANSWER): Rule(State.ANSWERED, frozenset({Party.UNIT})),
    (State.OPEN, Action.ESCALATE): Rule(None, _WATCH),
    (State.OPEN, Action.REMIND): Rule(None, _WATCH),
    (State.OPEN, Action.CLOSE): Rule(State.CLOSED, _WATCH),
    (State.ANSWERED, Action.SEND_BACK): Rule(State.OPEN, _WATCH),
    (State.ANSWERED, Action.ESCALATE): Rule(None, _WATCH),
    (State.ANSWERED, Action.CLOSE): Rule(State.CLOSED, _WATCH),
}
"""A pair that is not here may never happen."""


def refusal(state: State, action: Action, parties: frozenset[Party]) -> str | None:
    """Why not, as a stable code; None when it may happen."""
    rule = LIFECYCLE.get((state, action))
    if rule is None:
        return "not_in_this_state"
    return None if rule.parties & parties else "not_yours"


def refuse_grade(present: Grade, wanted: Grade, parties: frozenset[Party]) -> str | None:
    """Grades only rise, and an interview is for the centre's lead to call."""
    order = list(Grade)
    if order.index(wanted) <= order.index(present):
        return "only_upwards"
    return None if _ABOVE[wanted] & parties else "not_yours"


def cause_of_clock(kind: str) -> Cause:
    """A unit that never even signed refuses; any other clock beyond excuse is overdue."""
    return Cause.REFUSAL if kind == "respond" else Cause.OVERDUE
