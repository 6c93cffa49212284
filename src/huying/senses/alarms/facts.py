"""What the alarms tell the rooms above. Tests and silences explained by a dead gateway are told nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmFact(Fact):
    """``at`` is the device's own time for what the device said, ours for what people did."""

    uid: UUID
    device_id: int
    kind: str
    area: str
    severity: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(AlarmFact):
    """A new alarm, or the same one again after it was normal (``count`` above 1)."""

    urgent: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStepped(AlarmFact):
    """It became graver or less grave; ``was`` is the severity before."""

    was: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared(AlarmFact):
    """The device is normal again. ``count``: how often it had come."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsLetGo(Fact):
    """Calls of these devices were ended here, not by what the devices say: the next call is a new one."""

    calls: tuple[tuple[int, str, str], ...]  # device, alarm, rule


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged(AlarmFact):
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmClosed(AlarmFact):
    by: str
    cause: str
