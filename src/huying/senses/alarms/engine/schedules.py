"""Weekly windows in the wall time of Asia/Shanghai (UTC+8, no summer time since 1991), asked by the millisecond. Pure."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Final

from .grammar import Window

AHEAD_OF_UTC: Final = 8 * 3_600_000
MINUTE: Final = 60_000
DAY_MINUTES: Final = 1_440
WEEK_MINUTES: Final = 7 * DAY_MINUTES
_MONDAY: Final = 3 * DAY_MINUTES
"""1970-01-01 was a Thursday."""


class Schedule:
    """When a rule is in force. Milliseconds since 1970 in, answers out; one table of the week's minutes."""

    __slots__ = ("_since",)

    def __init__(self, windows: tuple[Window, ...]) -> None:
        opened = bytearray(WEEK_MINUTES)
        for window in windows:
            lasts = (window.ends - window.begins) % DAY_MINUTES or DAY_MINUTES
            for day in window.days:
                for minute in range(window.begins, window.begins + lasts):
                    opened[(day * DAY_MINUTES + minute) % WEEK_MINUTES] = 1
        self._since = _minutes_since_opening(opened)

    def is_open(self, ms: int) -> bool:
        """Whether the rule is in force at this moment."""
        return self._since[_minute_of_week(ms)] >= 0

    def opened_at(self, ms: int) -> int:
        """When the window around this moment began; the moment itself when none is open."""
        minute = (ms + AHEAD_OF_UTC) // MINUTE
        since = self._since[(minute + _MONDAY) % WEEK_MINUTES]
        return ms if since < 0 else (minute - since) * MINUTE - AHEAD_OF_UTC

    def next_change(self, ms: int) -> int | None:
        """The first moment after this one at which it opens or shuts; None when it never does."""
        minute = (ms + AHEAD_OF_UTC) // MINUTE
        now = self.is_open(ms)
        for ahead in range(1, WEEK_MINUTES + 1):
            if (self._since[(minute + ahead + _MONDAY) % WEEK_MINUTES] >= 0) != now:
                return (minute + ahead) * MINUTE - AHEAD_OF_UTC
        return None


@lru_cache(maxsize=256)
def schedule_of(windows: tuple[Window, ...]) -> Schedule | None:
    """The schedule of a rule; None: always in force."""
    return Schedule(windows) if windows else None


def _minute_of_week(ms: int) -> int:
    return ((ms + AHEAD_OF_UTC) // MINUTE + _MONDAY) % WEEK_MINUTES


def _minutes_since_opening(opened: bytearray) -> array[int]:
    """For each minute of the week: how long it has been open, -1 where it is shut, across the end of the week too."""
    since = array("h", [-1]) * WEEK_MINUTES
    run = -1
    for minute in range(2 * WEEK_MINUTES):  # the second round knows what Sunday night carried over
        here = minute % WEEK_MINUTES
        run = min(run + 1, WEEK_MINUTES) if opened[here] else -1
        since[here] = run
    return since
