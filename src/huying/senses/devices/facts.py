"""What devices tell the rooms above. What they measure is no fact: the readings' worker passes that on in batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Fact):
    """A device was registered; it may report from now on."""

    device_id: int
    code: str
    kind: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePaused(Fact):
    """Nothing a device sends counts any more. ``state``: paused (it may come back) or retired."""

    device_id: int
    code: str
    area: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceResumed(Fact):
    """A paused device counts again."""

    device_id: int
    code: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHandedOn(Fact):
    """A device no longer watches over whom it did: what is remembered of that person is not the next one's."""

    device_id: int
    code: str
    area: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReturned(Fact):
    """A device watches over somebody again whom it had watched over before: what is remembered of them is theirs again."""

    device_id: int
    code: str
    area: str
    resident: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswered(Fact):
    """A device said what became of a command."""

    command_id: int
    device_id: int
    device_code: str
    code: str
    ok: bool
    at: datetime
