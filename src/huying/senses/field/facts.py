"""What the field tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClosed(Fact):
    """A task was done or skipped. ``at`` is when the work was done."""

    task_uid: UUID
    kind: str
    area: str
    state: str  # done | skipped
    late: bool
    person_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMade(Fact):
    """An item of a form failed. ``case_id`` is empty when it was solved on the spot."""

    finding_id: int
    item: str
    severity: str
    area: str
    case_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSolved(Fact):
    finding_id: int
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingWithdrawn(Fact):
    """The form was corrected: there was no such thing. Its case, if any, has a note and goes its own way."""

    finding_id: int
    item: str
    area: str
    case_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningSeen(Fact):
    """Somebody went and looked because of a warning. ``source`` and ``source_key`` are those it was asked for with;
    ``queries_checks.sightings_of`` says what was seen."""

    task_uid: UUID
    source: str
    source_key: str
    area: str
    at: datetime
