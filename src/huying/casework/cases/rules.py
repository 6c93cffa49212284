"""What may happen to a case: one table, state × action → who may, what it needs, where it leads.

Pure: plain values in, a decision out. Every other module asks :func:`decide`; nothing else in the house knows
which step may follow which. Sources: domain sheet §3.1, §3.2 and §3.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .vocabulary import Action, Party, State

__all__ = [
    "ENDED_STATES",
    "LEVELS",
    "LIFECYCLE",
    "MAX_RETURNS",
    "OPEN_STATES",
    "QUIET_DAYS_BEFORE_ARCHIVE",
    "UNASSIGNED_STATES",
    "UNREACHED_CALLS_BEFORE_ARCHIVE",
    "Action",
    "Circumstance",
    "Guard",
    "Party",
    "Refusal",
    "Rule",
    "State",
    "decide",
    "merge_target",
    "open_to",
    "rank",
    "refuse_escalation",
    "refuse_target",
]

LEVELS = ("L1", "L2", "L3", "L4", "L5")
MAX_RETURNS = 2
UNREACHED_CALLS_BEFORE_ARCHIVE = 3
QUIET_DAYS_BEFORE_ARCHIVE = 7

ENDED_STATES = frozenset({State.DECLINED, State.MERGED, State.ARCHIVED})
OPEN_STATES = frozenset(State) - ENDED_STATES - {State.CLOSED, State.TRANSFERRED}
# What a unit still owes: states in which somebody's clock runs or is paused.
UNASSIGNED_STATES = frozenset({State.PENDING, State.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Circumstance:
    """The facts of a case the table's guards look at; all of them known before anything is written."""

    returns: int = 0
    urgent: bool = False
    locked: bool = False
    escalated_level: int = 0  # rank in LEVELS below which the case may never be sent again; 0 = not escalated
    lead_rank: int = 0
    extensions: int = 0
    max_extensions: int = 2
    can_suspend: bool = True
    answer_closes: bool = True  # the item's closing condition asks for no more than an answer
    extension_pending: bool = False
    suspension_pending: bool = False
    parts_owed: int = 0  # co-units that have not delivered, or whose part is not yet accepted
    meeting_pending: bool = False
    actor_handled: bool = False  # the actor handled this case or belongs to the unit that did
    called: bool = False  # a return call reached the reporter, or nobody can be called
    unreached_calls: int = 0
    rated: bool = False
    quiet_days: int = 0  # whole days since the case was closed
    handed_over: bool = False  # to a line or body outside: the whole case once transferred, before that an emergency
    receipt: bool = False  # of what was handed over
    followed_up: bool = False
    stages: tuple[str, ...] = ()  # stages of the limit that are not yet reached
    waiting: bool = False  # for the reporter to add something; the clock stands still
    waited: bool = False  # this assignment has waited before
    target_state: State | None = None  # where the case it was merged into stands


Guard = Callable[[Circumstance], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One allowed step. ``to`` is the state it leads to (``None``: it stays); ``needs`` names what must be given."""

    to: State | None
    parties: frozenset[Party]
    needs: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step may not be taken: ``code`` is stable, words are made from it elsewhere."""

    code: str


def _answer_closes(c: Circumstance) -> str | None:
    return None if c.answer_closes else "answer_not_enough"


def _not_urgent(c: Circumstance) -> str | None:
    return "already_urgent" if c.urgent else None


def _may_return(c: Circumstance) -> str | None:
    if c.locked:
        return "locked"
    return "too_many_returns" if c.returns >= MAX_RETURNS else None


def _not_yet_two_returns(c: Circumstance) -> str | None:
    return "must_designate" if c.returns >= MAX_RETURNS else None


def _two_returns(c: Circumstance) -> str | None:
    return None if c.returns >= MAX_RETURNS else "not_yet_designated"


def _extension_left(c: Circumstance) -> str | None:
    if c.extension_pending:
        return "extension_pending"
    return "extensions_used" if c.extensions >= c.max_extensions else None


def _extension_asked(c: Circumstance) -> str | None:
    return None if c.extension_pending else "no_extension_asked"


def _may_suspend(c: Circumstance) -> str | None:
    if not c.can_suspend:
        return "item_not_suspendable"
    return "suspension_pending" if c.suspension_pending else None


def _suspension_asked(c: Circumstance) -> str | None:
    return None if c.suspension_pending else "no_suspension_asked"


def _parts_accepted(c: Circumstance) -> str | None:
    return "parts_owed" if c.parts_owed else None


def _nothing_asked(c: Circumstance) -> str | None:
    return "request_pending" if c.extension_pending or c.suspension_pending else None


def _meeting_called(c: Circumstance) -> str | None:
    return None if c.meeting_pending else "no_meeting_called"


def _not_own_work(c: Circumstance) -> str | None:
    return "own_work" if c.actor_handled else None


def _not_at_top(c: Circumstance) -> str | None:
    return "already_at_top" if c.lead_rank >= len(LEVELS) - 1 else None


def _handed_over(c: Circumstance) -> str | None:
    return None if c.handed_over else "not_handed_over"


def _receipt_and_follow_up(c: Circumstance) -> str | None:
    if not c.receipt:
        return "no_receipt"
    return None if c.followed_up else "not_followed_up"


def _stage_left(c: Circumstance) -> str | None:
    return None if c.stages else "no_stage_left"


def _may_wait(c: Circumstance) -> str | None:
    if c.waiting:
        return "already_waiting"
    return "waited_already" if c.waited else None


def _waits(c: Circumstance) -> str | None:
    return None if c.waiting else "not_waiting"


def _target_stands(c: Circumstance) -> str | None:
    if c.target_state == State.MERGED:
        return "target_merged"
    return "target_archived" if c.target_state == State.ARCHIVED else None


def _has_receipt(c: Circumstance) -> str | None:
    return None if c.receipt else "no_receipt"


def _heard(c: Circumstance) -> str | None:
    heard = (
        c.called
        or c.rated
        or c.unreached_calls >= UNREACHED_CALLS_BEFORE_ARCHIVE
        or c.quiet_days >= QUIET_DAYS_BEFORE_ARCHIVE
    )
    return None if heard else "not_called_back"


_P = Party
_DISPATCH = frozenset({_P.DISPATCHER, _P.CENTRE, _P.SYSTEM})
_CENTRE = frozenset({_P.CENTRE})
_INTAKE = frozenset({_P.DISPATCHER, _P.CENTRE, _P.SEAT, _P.SYSTEM})
_LEAD = frozenset({_P.LEAD, _P.LEAD_HEAD})
_HEAD = frozenset({_P.LEAD_HEAD})
_DECIDE = frozenset({_P.DISPATCHER, _P.CENTRE})
_CHECK = frozenset({_P.CHECKER})
_CALL = frozenset({_P.SEAT, _P.CHECKER, _P.DISPATCHER, _P.CENTRE})
_WATCH = frozenset({_P.SUPERVISOR, _P.CENTRE, _P.DISPATCHER, _P.SEAT})
_ASSIST = frozenset({_P.ASSIST})
_ANY_STAFF = frozenset(Party) - {_P.REPORTER}

_BEFORE_DISPATCH: dict[Action, Rule] = {
    Action.DECLINE: Rule(State.DECLINED, _DECIDE, ("reason", "channel")),
    Action.CORRECT: Rule(None, _DISPATCH),
    Action.ANSWER: Rule(State.CLOSED, _INTAKE - {_P.SYSTEM}, ("text",), (_answer_closes,)),
    Action.DISPATCH: Rule(State.DISPATCHED, _DISPATCH, ("unit",), (_not_yet_two_returns,)),
    Action.MERGE: Rule(State.MERGED, _DISPATCH | {_P.SEAT}, ("into",)),
    Action.TRANSFER_OUT: Rule(State.TRANSFERRED, _INTAKE, ("channel", "reason")),
    Action.CALL_EMERGENCY: Rule(None, _INTAKE, ("channel",)),
}
_JOIN = Rule(None, frozenset({_P.REPORTER}))  # whoever brings the words, they are a reporter's
_ATTACH = Rule(None, frozenset(Party))
_EVERYWHERE_OPEN: dict[Action, Rule] = {
    Action.ATTACH: _ATTACH,
    Action.NOTE: Rule(None, _ANY_STAFF, ("text",)),
    Action.REMIND: Rule(None, _WATCH | {_P.REPORTER, _P.SYSTEM}),
    Action.RECORD_RECEIPT: Rule(None, _INTAKE | _LEAD, ("receipt",), (_handed_over,)),
    Action.FOLLOW_UP: Rule(None, _INTAKE | _LEAD, ("outcome",), (_handed_over, _has_receipt)),
}
_PARTNERS = Rule(None, _LEAD | _ASSIST, ("unit", "score"))
_MEETING: dict[Action, Rule] = {
    Action.CALL_MEETING: Rule(None, _LEAD | _DECIDE | {_P.SUPERVISOR}, ("purpose", "units")),
    Action.RECORD_MEETING: Rule(None, _LEAD | _DECIDE | {_P.SUPERVISOR}, ("decision",), (_meeting_called,)),
}
_PARTS: dict[Action, Rule] = {
    Action.ARRIVE: Rule(None, _ASSIST),
    Action.DELIVER_PART: Rule(None, _ASSIST, ("text",)),
    Action.ACCEPT_PART: Rule(None, _LEAD, ("unit",)),
    Action.REFUSE_PART: Rule(None, _LEAD, ("unit", "reason")),
    Action.RATE_PARTNER: _PARTNERS,
}

_TABLE: dict[State, dict[Action, Rule]] = {
    State.PENDING: {
        **_BEFORE_DISPATCH,
        **_EVERYWHERE_OPEN,
        Action.ACCEPT: Rule(State.ACCEPTED, _DISPATCH),
    },
    State.ACCEPTED: {
        **_BEFORE_DISPATCH,
        **_EVERYWHERE_OPEN,
        Action.DESIGNATE: Rule(State.DISPATCHED, _CENTRE, ("unit", "reason"), (_two_returns,)),
    },
    State.DISPATCHED: {
        **_EVERYWHERE_OPEN,
        Action.SIGN: Rule(State.HANDLING, _LEAD),
        Action.OBJECT: Rule(State.OBJECTED, _LEAD, ("reason",), (_may_return,)),
        Action.RECALL: Rule(State.ACCEPTED, _DECIDE, ("reason",)),
        Action.ESCALATE: Rule(State.DISPATCHED, _LEAD | {_P.SYSTEM}, ("reason", "unit"), (_not_at_top,)),
        Action.MERGE: Rule(State.MERGED, _DISPATCH, ("into",)),
        Action.TRANSFER_OUT: Rule(State.TRANSFERRED, _DECIDE, ("channel", "reason")),
        Action.CALL_EMERGENCY: Rule(None, _INTAKE | _LEAD, ("channel",)),
    },
    State.OBJECTED: {
        **_EVERYWHERE_OPEN,
        Action.UPHOLD_OBJECTION: Rule(State.ACCEPTED, _DECIDE, ("reason",)),
        Action.REJECT_OBJECTION: Rule(State.DISPATCHED, _DECIDE, ("reason",)),
    },
    State.HANDLING: {
        **_EVERYWHERE_OPEN,
        **_MEETING,
        **_PARTS,
        Action.ESCALATE: Rule(State.DISPATCHED, _LEAD | {_P.SYSTEM}, ("reason", "unit"), (_not_at_top, _nothing_asked)),
        Action.WHISTLE: Rule(None, _LEAD | _DECIDE, ("units", "reason")),
        Action.ASK_EXTENSION: Rule(None, _LEAD, ("reason", "until"), (_extension_left,)),
        Action.GRANT_EXTENSION: Rule(None, _DECIDE, ("told",), (_extension_asked,)),
        Action.REFUSE_EXTENSION: Rule(None, _DECIDE, ("reason",), (_extension_asked,)),
        Action.ASK_SUSPENSION: Rule(None, _LEAD, ("reason", "milestones"), (_may_suspend,)),
        Action.GRANT_SUSPENSION: Rule(State.SUSPENDED, _CENTRE, (), (_suspension_asked,)),
        Action.REFUSE_SUSPENSION: Rule(None, _DECIDE, ("reason",), (_suspension_asked,)),
        Action.REACH_STAGE: Rule(None, _LEAD, ("stage",), (_stage_left,)),
        Action.WAIT_FOR_REPORTER: Rule(None, _LEAD, ("reason",), (_may_wait,)),
        Action.END_WAIT: Rule(None, _LEAD, (), (_waits,)),
        Action.TRANSFER_OUT: Rule(State.TRANSFERRED, _DECIDE, ("channel", "reason"), (_nothing_asked,)),
        Action.CALL_EMERGENCY: Rule(None, _INTAKE | _LEAD, ("channel",)),
        Action.GIVE_FEEDBACK: Rule(State.CHECKING, _LEAD, ("text", "evidence"), (_parts_accepted, _nothing_asked)),
        Action.MERGE: Rule(State.MERGED, _DISPATCH, ("into",), (_nothing_asked,)),
    },
    State.SUSPENDED: {
        **_EVERYWHERE_OPEN,
        **_MEETING,
        Action.REACH_MILESTONE: Rule(None, _LEAD, ("milestone",)),
        Action.RESUME: Rule(State.HANDLING, _LEAD | _DECIDE | {_P.SYSTEM}),
    },
    State.CHECKING: {
        **_EVERYWHERE_OPEN,
        Action.PASS_CHECK: Rule(State.CLOSED, _CHECK, (), (_not_own_work,)),
        Action.FAIL_CHECK: Rule(State.HANDLING, _CHECK, ("reason",), (_not_own_work,)),
        Action.RATE_PARTNER: _PARTNERS,
    },
    State.CLOSED: {
        Action.ATTACH: _ATTACH,
        Action.NOTE: Rule(None, _ANY_STAFF, ("text",)),
        Action.RATE_PARTNER: _PARTNERS,
        Action.RETURN_CALL: Rule(None, _CALL, ("reached",), (_not_own_work,)),
        Action.RATE: Rule(None, frozenset({_P.REPORTER}), ("score",)),
        Action.ORDER_REDO: Rule(State.HANDLING, _CALL | {_P.REPORTER, _P.SUPERVISOR}, ("reason",), (_not_own_work,)),
        Action.ARCHIVE: Rule(State.ARCHIVED, _CALL | {_P.SYSTEM}, (), (_heard,)),
    },
    State.TRANSFERRED: {
        **_EVERYWHERE_OPEN,
        Action.TAKE_BACK: Rule(State.ACCEPTED, _DECIDE, ("reason",)),
        Action.FINISH_TRANSFER: Rule(State.CLOSED, _DECIDE, (), (_receipt_and_follow_up,)),
    },
    State.DECLINED: {Action.RECONSIDER: Rule(State.PENDING, _CENTRE | {_P.SUPERVISOR}, ("reason",))},
    State.MERGED: {Action.UNMERGE: Rule(State.PENDING, _DECIDE, ("reason",), (_target_stands,))},
    State.ARCHIVED: {},
}

_URGENT = Rule(None, _INTAKE | {_P.SUPERVISOR}, ("reason",), (_not_urgent,))
for _state in OPEN_STATES:
    _TABLE[_state] |= {Action.JOIN: _JOIN, Action.MAKE_URGENT: _URGENT}

LIFECYCLE: dict[tuple[State, Action], Rule] = {
    (state, action): rule for state, steps in _TABLE.items() for action, rule in steps.items()
}
"""The whole lifecycle. A pair that is not here may never happen."""


def decide(
    state: State,
    action: Action,
    parties: Iterable[Party],
    circumstance: Circumstance,
    given: Iterable[str] = (),
) -> Rule | Refusal:
    """Say whether ``action`` may be taken now.

    ``parties`` is what the actor is to the case, ``given`` the names of the inputs that were filled in.
    Returns the rule to follow, or the first reason against it: the state, the person, a guard, a missing input.
    """
    rule = LIFECYCLE.get((state, action))
    if rule is None:
        return Refusal("not_in_this_state")
    if not rule.parties & frozenset(parties):
        return Refusal("not_yours")
    for guard in rule.guards:
        code = guard(circumstance)
        if code is not None:
            return Refusal(code)
    missing = [name for name in rule.needs if name not in frozenset(given)]
    return Refusal(f"missing_{missing[0]}") if missing else rule


def open_to(state: State, parties: Iterable[Party], circumstance: Circumstance) -> list[Action]:
    """The actions somebody may start now, in the table's order; inputs are not looked at."""
    return [
        action
        for action in Action
        if (rule := LIFECYCLE.get((state, action))) is not None
        and not isinstance(decide(state, action, parties, circumstance, rule.needs), Refusal)
    ]


def rank(level: str) -> int:
    """Rank of a level name: L1 → 0 … L5 → 4. Raises ``ValueError`` for an unknown one."""
    return LEVELS.index(level)


def refuse_target(*, target_rank: int, escalated_level: int, may_receive: bool) -> Refusal | None:
    """Whether a unit may be sent this case at all, whoever sends it.

    A case once escalated is never sent below the level it was escalated to; a community is never sent work
    outside its admission list 准入清单 (``may_receive`` is false for such a unit).
    """
    if target_rank < escalated_level:
        return Refusal("never_back_down")
    if not may_receive:
        return Refusal("not_admitted")
    return None


def refuse_escalation(*, from_rank: int, to_rank: int) -> Refusal | None:
    """Escalation only goes up."""
    return None if to_rank > from_rank else Refusal("only_upwards")


def merge_target(states: Iterable[State]) -> Refusal | None:
    """A matter is merged only into one that is still being worked on or waits for it."""
    return None if all(state in OPEN_STATES for state in states) else Refusal("target_not_open")
