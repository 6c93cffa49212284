"""Everything clocks are worked out with at one moment, as plain immutable values: calendars, thresholds, standing limits.

Pure; :func:`huying.casework.clocks.queries.almanac` builds it from the tables and keeps it until the edition changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from huying.casework.catalogue.limits import Limit

from .lights import DEFAULT_THRESHOLDS, Thresholds, Turns, turns
from .measures import ZERO, due
from .worktime import SHANGHAI, CalendarBook, WorkCalendar

T = TypeVar("T")
DISPATCH, OBJECTION, CHECK, ORDER_REPLY, WAITING = "dispatch", "objection", "check", "order_reply", "waiting"
REQUEST, FOLLOW_UP_AGAIN, EMERGENCY = "request", "follow_up", "emergency"

#: Used until a place sets its own. Domain sheet §3.2–3.4: return within 2 wd (Shandong 2020), waiting for the citizen at
#: most 2 wd; the others, ten minutes until a person has looked at an emergency among them, are the sheet's own proposals.
STANDING_DEFAULTS: Mapping[str, Limit] = {
    DISPATCH: Limit("working_hours", 2, "2wh"),
    OBJECTION: Limit("working_days", 1, "1wd"),
    CHECK: Limit("working_days", 2, "2wd"),
    ORDER_REPLY: Limit("working_days", 3, "3wd"),
    WAITING: Limit("working_days", 2, "2wd"),
    REQUEST: Limit("working_days", 1, "1wd"),
    FOLLOW_UP_AGAIN: Limit("working_days", 5, "5wd"),
    EMERGENCY: Limit("24x7", 10, "10m"),
}


@dataclass(frozen=True, slots=True)
class Almanac:
    """``thresholds`` and each list of ``standing`` are ordered by the day they hold from."""

    edition: int = 0
    book: CalendarBook = field(default_factory=CalendarBook)
    thresholds: Sequence[tuple[date, Thresholds]] = ()
    standing: Mapping[str, Sequence[tuple[date, Limit]]] = field(default_factory=dict)

    def calendar(self, area: str) -> WorkCalendar:
        return self.book.calendar(area)

    def thresholds_on(self, moment: datetime) -> Thresholds:
        """Thresholds of a clock that started then."""
        return _in_force(self.thresholds, moment) or DEFAULT_THRESHOLDS

    def standing_limit(self, kind: str, moment: datetime) -> Limit:
        """The limit that is not the catalogue's, e.g. ``"dispatch"``. KeyError for an unknown kind."""
        return _in_force(self.standing.get(kind, ()), moment) or STANDING_DEFAULTS[kind]

    def due(self, start: datetime, limit: Limit, area: str = "") -> datetime | None:
        """When a limit started then and there ends."""
        return due(start, limit, self.calendar(area))

    def standing_due(self, kind: str, start: datetime, area: str = "") -> datetime | None:
        return self.due(start, self.standing_limit(kind, start), area)

    def turns(
        self, start: datetime, due_at: datetime | None, limit: Limit, area: str, paused: timedelta = ZERO
    ) -> Turns | None:
        return turns(start, due_at, limit, self.calendar(area), self.thresholds_on(start), paused)


def _in_force(versions: Sequence[tuple[date, T]], moment: datetime) -> T | None:
    if not versions:
        return None
    day = moment.astimezone(SHANGHAI).date()
    index = bisect_right(versions, day, key=lambda version: version[0]) - 1
    return versions[index][1] if index >= 0 else None
