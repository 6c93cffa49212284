"""What the clocks tell the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class LightTurned(Fact):
    """A running clock turned a warning light; published once for each clock and light."""

    case_id: int
    clock_id: int
    clock_kind: str
    light: str
    assignment_id: int | None
    unit_id: int | None
    person_id: int | None
    area: str
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCorrected(Fact):
    """A calendar correction moved a due time."""

    case_id: int
    clock_id: int
    old_due: datetime
    new_due: datetime
    at: datetime
