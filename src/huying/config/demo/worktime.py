"""Working time for the demo's own plans (08:30–12:00, 14:00–18:00 on Chinese working days)."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from functools import cache

import chinese_calendar

DAY = 450  # working minutes: 510–720 and 840–1080 of the day


@cache
def is_workday(on: date) -> bool:
    """A working day with 调休; years not yet announced fall back to Monday–Friday."""
    try:
        return bool(chinese_calendar.is_workday(on))
    except NotImplementedError:
        return on.weekday() < 5


class WorkTime:
    """Moves instants by working minutes; one table for the span given, so that each step is a look-up."""

    def __init__(self, first: date, days: int) -> None:
        self._first, self._origin = first, first.toordinal()
        self._midnight: datetime | None = None
        self._before = [0]
        for offset in range(days):
            self._before.append(self._before[-1] + (DAY if is_workday(first + timedelta(days=offset)) else 0))

    def minutes(self, at: datetime) -> int:
        """Working minutes from the start of the table to ``at``."""
        day = at.toordinal() - self._origin
        if day < 0 or day > len(self._before) - 2:
            day = 0 if day < 0 else len(self._before) - 2
        if self._before[day + 1] == self._before[day]:
            return self._before[day]
        clock = at.hour * 60 + at.minute
        if clock >= 1080:
            return self._before[day] + DAY
        morning = 0 if clock < 510 else min(clock, 720) - 510
        return self._before[day] + morning + (clock - 840 if clock > 840 else 0)

    def after(self, at: datetime, minutes: float) -> datetime:
        """The instant that many working minutes later."""
        target = self.minutes(at) + max(minutes, 0.0)
        day = max(0, min(bisect_left(self._before, target) - 1, len(self._before) - 2))
        left = target - self._before[day]
        clock = 510 + left if left <= 210 else 630 + left
        midnight = self._midnight
        if midnight is None or midnight.tzinfo is not at.tzinfo:
            midnight = self._midnight = datetime.combine(self._first, time(), at.tzinfo)
        instant = midnight + timedelta(days=day, minutes=clock)
        return instant if instant > at else at
