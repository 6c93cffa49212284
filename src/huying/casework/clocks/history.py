"""The due time of a clock worked out again from what was recorded about it. Pure; used when a calendar is corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .measures import ZERO, LimitLike, due, elapsed, moved
from .worktime import WorkCalendar


@dataclass(frozen=True, slots=True)
class Step:
    """``kind``: pause, resume or extension (to ``until``)."""

    kind: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a clock stands: its due time and the finished pauses, in the limit's own time."""

    due_at: datetime | None
    paused: timedelta


def replay(start: datetime, limit: LimitLike, steps: Iterable[Step], calendar: WorkCalendar) -> Standing:
    """Due time and paused time of a clock under ``calendar``, after the recorded steps, in order.

    An extension is a date that was promised to somebody and stays; a pause moves the due time by its own length.
    A pause that has not ended moves nothing yet.
    """
    due_at = due(start, limit, calendar)
    paused, since = ZERO, None
    for step in steps:
        if step.kind == "pause":
            since = since or step.at
        elif step.kind == "resume" and since is not None:
            span = elapsed(since, step.at, limit, calendar)
            paused += span
            due_at = None if due_at is None else moved(due_at, span, limit, calendar)
            since = None
        elif step.kind == "extension" and step.until is not None:
            due_at = step.until
    return Standing(due_at, paused)
