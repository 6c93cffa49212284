"""A slow second opinion: walks every minute, knows no prefix sums. It shares no code with the rules it judges."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache

import chinese_calendar

MINUTE = timedelta(minutes=1)


class SlowCalendar:
    def __init__(self, overrides: dict[date, bool], hours: list[tuple[date, tuple[tuple[int, int], ...]]]) -> None:
        self.overrides = overrides
        self.hours = hours  # ascending by date; the first holds since ever
        self.is_working_day = cache(self._is_working_day)
        self.spans = cache(self._spans)

    def _is_working_day(self, day: date) -> bool:
        if day in self.overrides:
            return self.overrides[day]
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5

    def _spans(self, day: date) -> tuple[tuple[int, int], ...]:
        found = self.hours[0][1]
        for since, spans in self.hours:
            if since <= day:
                found = spans
        return found

    def works(self, local: datetime) -> bool:
        """Whether the minute that begins at ``local`` is a working minute."""
        minute = local.hour * 60 + local.minute
        return self.is_working_day(local.date()) and any(a <= minute < b for a, b in self.spans(local.date()))

    def opening(self, local: datetime) -> datetime:
        while not self.works(local):
            local += MINUTE
        return local

    def add_minutes(self, local: datetime, minutes: int) -> datetime:
        while minutes > 0:
            minutes -= self.works(local)
            local += MINUTE
        return local

    def add_days(self, local: datetime, days: int) -> datetime:
        local = self.opening(local)
        while days > 0:
            local += timedelta(days=1)
            days -= self.is_working_day(local.date())
        return self.opening(local)

    def minutes_between(self, start: datetime, end: datetime) -> int:
        count = 0
        while start < end:
            count += self.works(start)
            start += MINUTE
        return count
