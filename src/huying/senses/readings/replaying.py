"""The past as rules are tried on it, offered to the room of alarms below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from huying.senses.devices.models import Device

from . import queries

MOST: Final = 100_000  # readings of a device in a week: one every six seconds


def past(device: Device, since: datetime, until: datetime) -> Iterable[tuple[datetime, Mapping[str, Any]]]:
    """The readings of a device by its own time, oldest first."""
    return ((at, values) for at, _seq, values in queries.readings(device, since, until, most=MOST))
