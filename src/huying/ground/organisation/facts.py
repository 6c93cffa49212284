"""What the organisation tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanged(Fact):
    """A unit was created, changed, moved or closed."""

    unit_id: int
    code: str
    what: str  # "created" | "changed" | "moved" | "closed"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAppointed(Fact):
    appointment_id: int
    person_id: int
    unit_id: int
    role: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEnded(Fact):
    appointment_id: int
    person_id: int
    unit_id: int
    role: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DutiesHandedOver(Fact):
    """Everything somebody held in a unit now belongs to somebody else; open work should follow."""

    unit_id: int
    from_person_id: int
    to_person_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaChanged(Fact):
    unit_id: int
    role: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibilityChanged(Fact):
    item_code: str
    area: str
    lead_unit_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionChanged(Fact):
    item_code: str
    area: str
    admitted: bool
    at: datetime
