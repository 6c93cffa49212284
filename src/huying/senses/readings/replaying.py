"""The past as rules are tried on it, and what they remember of a device, offered to the room of alarms below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from huying.kernel.stream import READINGS
from huying.senses.alarms.engine import State
from huying.senses.devices.models import Device

from . import actions, queries

MOST: Final = 100_000  # readings of a device in a week: one every six seconds


def past(device: Device, since: datetime, until: datetime) -> Iterable[tuple[datetime, Mapping[str, Any]]]:
    """The readings of a device by its own time, oldest first."""
    return ((at, values) for at, _seq, values in queries.readings(device, since, until, most=MOST))


def remembered(device: Device) -> State | None:
    """The state of the rules about what a device says on the stream of all it says."""
    last = getattr(device, "last", None)
    mine = last.state.get(actions.mark_of(READINGS)) if last is not None else None
    return mine.get("rules") if mine else None
