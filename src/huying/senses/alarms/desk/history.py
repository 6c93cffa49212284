"""Where the readings of the past come from. The room above that keeps them registers itself in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from huying.senses.devices.models import Device

Reader = Callable[[Device, datetime, datetime], Iterable[tuple[datetime, Mapping[str, Any]]]]
"""(device, since, until) → its readings by its own time, oldest first."""

_reader: list[Reader] = []


def provide(reader: Reader) -> None:
    """Called once by the room that keeps history."""
    _reader[:] = [reader]


def readings(device: Device, since: datetime, until: datetime) -> Iterable[tuple[datetime, Mapping[str, Any]]]:
    """What a device said; nothing where no history is kept."""
    return _reader[0](device, since, until) if _reader else ()
