"""The stretch of time a board is asked for: the last so many days, or from one day to another. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

USUAL: Final = 30
OFFERED: Final = (7, 30, 90, 365)  # days
LONGEST: Final = 3660  # days, ten years
_BY_DAY, _BY_WEEK = 45, 400  # days that are still shown day by day, week by week


class NoPeriod(ValueError):
    """What was asked for is no period; ``field`` is the part that is wrong, ``code`` why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field, self.code = field, code


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the place, both included. ``days`` is set when the last so many days were asked for."""

    first: date
    last: date
    zone: ZoneInfo
    days: int | None = None

    @property
    def since(self) -> datetime:
        """The moment it begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        """The moment it is over; heat is as of then, so that it stays the same all day."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    @property
    def length(self) -> int:
        """Its days."""
        return (self.last - self.first).days + 1

    @property
    def step(self) -> str:
        """Into what its time line is cut: ``day``, ``week`` or ``month``."""
        return "day" if self.length <= _BY_DAY else "week" if self.length <= _BY_WEEK else "month"

    def begins(self) -> list[date]:
        """The first day of each part of the time line; weeks begin on Monday, and the first part may be cut short."""
        if self.step == "day":
            return [self.first + timedelta(days=n) for n in range(self.length)]
        if self.step == "week":
            monday = self.first - timedelta(days=self.first.weekday())
            return [monday + timedelta(days=n) for n in range(0, (self.last - monday).days + 1, 7)]
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        start = self.first.year * 12 + self.first.month - 1
        return [date(n // 12, n % 12 + 1, 1) for n in range(start, start + months + 1)]


def last_days(days: int, today: date, zone: ZoneInfo) -> Period:
    """The last so many days, today included."""
    if not 1 <= days <= LONGEST:
        raise NoPeriod("days", "too_long")
    return Period(today - timedelta(days=days - 1), today, zone, days)


def between(first: date | None, last: date | None, today: date, zone: ZoneInfo) -> Period:
    """From one day to another; an end that is missing or ahead of today is today."""
    if first is None:
        raise NoPeriod("from", "missing")
    end = min(last or today, today)
    if first > end:
        raise NoPeriod("from", "backwards")
    if (end - first).days >= LONGEST:
        raise NoPeriod("from", "too_long")
    return Period(first, end, zone)
