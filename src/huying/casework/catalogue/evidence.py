"""The evidence a handling unit hands in, as plain values.

Pure: no Django, no clock. ``Evidence.from_json`` takes what a case stores; unknown keys are ignored so that an
old case still reads after a new kind of evidence has been added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any

#: How a resident was told (C4). Local additions come with the catalogue, not with the code.
NOTICE_KINDS = ("call", "sms", "app_read", "letter", "in_person")
#: Who may confirm a delivered service (C6).
CONFIRMERS = ("beneficiary", "guardian", "family")
#: Lines a matter can be handed to (C7). 96333 is the lift-rescue line.
EMERGENCY_LINES = ("110", "119", "120", "122", "96333")

_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture with where and when it was taken (WGS-84 degrees; None = not known)."""

    at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    ref: str = ""

    def metres_to(self, other: Photo) -> float | None:
        """Distance between the two standpoints in metres; None when one of them is not known."""
        if self.lon is None or self.lat is None or other.lon is None or other.lat is None:
            return None
        lat1, lat2 = math.radians(self.lat), math.radians(other.lat)
        half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.lon - self.lon) / 2
        part = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
        return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(part)))


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One milestone of an engineering plan."""

    name: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything C1–C12 may ask for. An empty value means "not handed in"."""

    # C1 and photographs anywhere
    photos_before: tuple[Photo, ...] = ()
    photos_after: tuple[Photo, ...] = ()
    # C2 hazard removed, signed re-inspection
    reinspected_by: str = ""
    reinspected_at: datetime | None = None
    hazard_removed: bool = False
    # C3 enforcement document
    document_no: str = ""
    document_at: datetime | None = None
    # C4 lawful answer and proof of notification
    answer: str = ""
    notice_kind: str = ""
    notice_ref: str = ""
    notice_at: datetime | None = None
    # C5 agreement, or termination with the next remedy
    agreement_no: str = ""
    termination_no: str = ""
    next_remedy: str = ""
    # C6 delivered and confirmed
    service: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    # C7 handed to an emergency line, followed up
    emergency_line: str = ""
    emergency_ref: str = ""
    handed_at: datetime | None = None
    follow_up: str = ""
    follow_up_at: datetime | None = None
    # C8 base library
    record_ref: str = ""
    record_verified: bool = False
    # C9 engineering plan, acceptance
    plan_ref: str = ""
    plan_approver: str = ""
    milestones: tuple[PlanStep, ...] = ()
    accepted_at: datetime | None = None
    # C10 device alarm
    alarm_reset_at: datetime | None = None
    cause_code: str = ""
    # C11 test or appraisal
    report_ref: str = ""
    report_action: str = ""
    # C12 deliberation
    deliberation_ref: str = ""
    deliberation_result: str = ""
    tracking_note: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Evidence:
        """Read what ``as_json`` wrote; also accepts text from a form. Raises ValueError on a malformed time."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: _read(name, v) for name, v in value.items() if name in known and v not in (None, "")})

    def as_json(self) -> dict[str, Any]:
        """Plain values for storing; empty ones are left out."""
        found = {field.name: _write(getattr(self, field.name)) for field in fields(self)}
        return {name: value for name, value in found.items() if value not in ("", None, False, [])}


_LISTS: dict[str, type[Photo] | type[PlanStep]] = {
    "photos_before": Photo, "photos_after": Photo, "milestones": PlanStep,
}  # fmt: skip


def _read(name: str, value: Any) -> Any:
    if name in _LISTS:
        return tuple(_read_row(_LISTS[name], row) for row in value)
    if name.endswith("_at") and isinstance(value, str):
        return datetime.fromisoformat(value)
    if name in ("hazard_removed", "record_verified"):
        return value in (True, "true", "on", "1", 1)
    return value


def _read_row(kind: type[Photo] | type[PlanStep], row: Any) -> Photo | PlanStep:
    if isinstance(row, kind):
        return row
    row = dict(row)
    if isinstance(row.get("at"), str):
        row["at"] = datetime.fromisoformat(row["at"])
    if isinstance(row.get("due"), str):
        row["due"] = date.fromisoformat(row["due"])
    return kind(**{field.name: row[field.name] for field in fields(kind) if field.name in row})


def _write(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_write(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _write(getattr(value, field.name)) for field in fields(value)}
    return value
