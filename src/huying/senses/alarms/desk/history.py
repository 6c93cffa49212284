"""What a device said and what its rules remember of it. The room above that keeps both registers itself in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from huying.senses.devices.models import Device

from ..engine import State

Reader = Callable[[Device, datetime, datetime], Iterable[tuple[datetime, Mapping[str, Any]]]]
"""(device, since, until) → its readings by its own time, oldest first."""
Remembered = Callable[[Device], State | None]
"""device (with its last value) → the state of the rules about what it says; None: nothing yet."""

_reader: list[Reader] = []
_remembered: list[Remembered] = []


def provide(reader: Reader, remembered: Remembered) -> None:
    """Called once by the room that keeps history."""
    _reader[:] = [reader]
    _remembered[:] = [remembered]


def readings(device: Device, since: datetime, until: datetime) -> Iterable[tuple[datetime, Mapping[str, Any]]]:
    """What a device said; nothing where no history is kept."""
    return _reader[0](device, since, until) if _reader else ()


def remembered(device: Device) -> State | None:
    """What its rules remember; None where nobody keeps it."""
    return _remembered[0](device) if _remembered else None
