"""What the case room tells the rooms above it. Published in the transaction that made it so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFact(Fact):
    case_id: int
    at: datetime
    by: str  # actor.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(CaseFact):
    number: str
    item_code: str
    area: str  # the most exact area code known
    assigned: bool
    due_at: datetime | None  # by when it must be dispatched, while nobody is asked yet


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentMade(CaseFact):
    """A unit was asked. ``limits`` = {"respond": [stage…], "close": [stage…]}; due times as given by the dispatcher."""

    assignment_id: int
    unit_id: int
    person_id: int | None
    role: str  # lead | assist
    area: str
    limits: dict[str, object]
    respond_due: datetime | None
    due_at: datetime | None
    opening: bool = False  # made together with its case: no clock runs yet, and no report points to it


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccepted(CaseFact):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnassigned(CaseFact):
    """It is back with the dispatcher: recalled, objection upheld, taken back, reconsidered, merge undone."""

    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentSigned(CaseFact):
    assignment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEnded(CaseFact):
    """An assignment ended without feedback: returned, recalled, passed up, dropped."""

    assignment_id: int
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionRaised(CaseFact):
    assignment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionDecided(CaseFact):
    assignment_id: int
    upheld: bool
    returns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEscalated(CaseFact):
    from_unit_id: int
    to_unit_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDelivered(CaseFact):
    assignment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRefused(CaseFact):
    assignment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionGranted(CaseFact):
    until: datetime
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMade(CaseFact):
    """Somebody waits for a decision about more time. ``what``: extension, suspension."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDecided(CaseFact):
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReached(CaseFact):
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitBegan(CaseFact):
    """等反映人补充: nobody but the reporter can say what is missing."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(CaseFact):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneReached(CaseFact):
    milestone_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSuspended(CaseFact):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResumed(CaseFact):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven(CaseFact):
    assignment_id: int
    feedback_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSentBack(CaseFact):
    """The check failed, or the reporter says it is not solved: the same unit does it again."""

    assignment_id: int
    redos: int
    why: str  # check | reporter | call | supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(CaseFact):
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRated(CaseFact):
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDeclined(CaseFact):
    channel: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMerged(CaseFact):
    into_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnmerged(CaseFact):
    from_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTransferred(CaseFact):
    channel: str
    whole: bool
    transfer_id: int
    follow_up_due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFollowed(CaseFact):
    """The other side was asked how far it is."""

    transfer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseArchived(CaseFact):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReminded(CaseFact):
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMadeUrgent(CaseFact):
    """It is graver than was thought; no clock moves by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCorrected(CaseFact):
    item_code: str
    area: str
    was_item: str
    was_area: str
