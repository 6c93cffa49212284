"""What the REST interface of cases takes and gives, as documented in its OpenAPI description."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Field, Schema

from . import queries


class CaseOut(Schema):
    """One case in a list. ``light`` is the warning: "", blue, yellow, red, black. Times are ISO 8601."""

    id: int
    number: str
    title: str
    state: str
    light: str
    item: str
    item_name: str
    area: str
    place: str
    lon: float | None
    lat: float | None
    channel: str
    urgent: bool
    reports: int
    unit: str | None
    unit_name: str | None
    person: str | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    version: int


class CasePage(Schema):
    """One page; pass ``next`` or ``prev`` as ``cursor`` to go on."""

    items: list[CaseOut]
    next: str | None
    prev: str | None


class AssignmentOut(Schema):
    """What one unit owes to the case."""

    unit: str
    unit_name: str
    person: str | None
    role: str
    state: str
    sent_at: datetime
    respond_due: datetime | None
    due_at: datetime | None
    signed_at: datetime | None
    arrived_at: datetime | None
    delivered_at: datetime | None
    ended_at: datetime | None


class CaseDetail(CaseOut):
    """One case with everything that decides about it; ``allowed`` names the steps this caller may take now."""

    summary: str
    first_asked_unit: str | None
    returns: int
    locked: bool
    redos: int
    extensions: int
    suspended_at: datetime | None
    rating: int | None
    solved: bool | None
    merged_into: str | None
    assignments: list[AssignmentOut]
    allowed: list[str]


class EntryOut(Schema):
    """One line of the history, as traced."""

    seq: int
    at: datetime
    verb: str
    actor: str
    unit: int | None
    body: dict[str, Any]
    texts: dict[str, str]


class ListQuery(Schema):
    """Filters of the list; all must hold. ``order``: newest, due (open cases, most urgent first)."""

    q: str = ""
    state: str = ""
    open: bool | None = None
    light: str = ""
    item: str = ""
    class_code: str = ""
    area: str = ""
    unit: int | None = None
    first_asked: int | None = None
    person: int | None = None
    channel: str = ""
    urgent: bool | None = None
    returned: bool | None = None
    late: bool | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    order: str = Field("newest", pattern="^(newest|due)$")
    cursor: str | None = None
    size: int = Field(queries.PAGE_SIZE, ge=1, le=queries.MAX_PAGE_SIZE)


class Nothing(Schema):
    """A step that needs no input. ``expected`` is the case version the caller saw; another one is answered with 409."""

    expected: int | None = None


class Reason(Nothing):
    reason: str


class Decline(Reason):
    channel: str


class Sign(Nothing):
    person_id: int | None = None


class Objecting(Reason):
    suggested_unit_id: int | None = None


class Deciding(Reason):
    uphold: bool


class Arriving(Schema):
    unit_id: int | None = None
    lon: float | None = None
    lat: float | None = None


class Part(Schema):
    text: str
    unit_id: int | None = None


class OfUnit(Schema):
    unit_id: int


class RefusedPart(OfUnit):
    reason: str


class PartnerScore(OfUnit):
    score: Annotated[int, Field(ge=1, le=5)]
    note: str = ""


class CalledMeeting(Schema):
    purpose: str
    unit_ids: list[int]
    planned_at: datetime | None = None


class Decision(Schema):
    decision: str


class MoreTime(Reason):
    until: datetime


class Telling(Schema):
    told: str


class PlainReason(Schema):
    reason: str


class PlannedStep(Schema):
    name: str
    due: date


class Plan(Reason):
    milestones: list[PlannedStep]


class Note(Schema):
    note: str = ""


class ReachedStep(Note):
    milestone_id: int


class Transferring(Schema):
    channel: str
    reason: str
    receipt: str = ""


class Emergency(Schema):
    channel: str
    reason: str = ""
    receipt: str = ""


class Receipt(Schema):
    receipt: str
    transfer_id: int | None = None


class Outcome(Schema):
    outcome: str
    transfer_id: int | None = None


class Answering(Nothing):
    text: str
    notice: str = "call"


class FeedbackIn(Nothing):
    """``evidence`` holds what the item's closing condition demands, by field name (see the catalogue)."""

    text: str
    evidence: dict[str, Any] = Field(default_factory=dict)


class Passing(Nothing):
    note: str = ""


class Calling(Schema):
    reached: bool
    responded: bool | None = None
    solved: bool | None = None
    satisfied: Annotated[int, Field(ge=1, le=5)] | None = None
    note: str = ""


class Merging(Nothing):
    into_id: int


class Text(Schema):
    text: str = ""


class Empty(Schema):
    pass
