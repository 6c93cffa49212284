"""Working time: which minutes of which days count, and arithmetic on them.

Pure: no Django, no wall clock. A :class:`WorkCalendar` is an immutable table made once from the national calendar
(``chinesecalendar``: statutory holidays and 调休 working days as the State Council publishes them each autumn), the local
overrides and the local working hours. Every day carries the working time that came before it (a prefix sum), so each
question is one or two binary searches, whatever the length of the limit.

Years the national calendar does not cover yet are taken as Monday to Friday; :meth:`WorkCalendar.assumed` says when an
answer rests on that, so that it can be computed again once the calendar is published.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from chinese_calendar import constants

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2079, 12, 31)
MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
_FIRST = FIRST_DAY.toordinal()
_SIZE = LAST_DAY.toordinal() - _FIRST + 1

Spans = tuple[tuple[int, int], ...]  # opening and closing in minutes of the day, ascending, not touching
DEFAULT_SPANS: Spans = ((8 * 60 + 30, 12 * 60), (14 * 60, 18 * 60))


class OutsideCalendar(ValueError):
    """The moment lies outside the years a calendar is built for (2000 to 2079)."""


@lru_cache(maxsize=1)
def national_years() -> tuple[int, int]:
    """First and last year for which holidays and 调休 are known."""
    days = [*constants.holidays, *constants.workdays]
    return min(days).year, max(days).year


@lru_cache(maxsize=1)
def _national_days() -> bytes:
    """One byte a day of the window: 1 working, 0 not."""
    first, last = national_years()
    table = bytearray(_SIZE)
    for index in range(_SIZE):
        day = date.fromordinal(_FIRST + index)
        working = day.weekday() < 5
        if first <= day.year <= last:
            working = day in constants.workdays or (working and day not in constants.holidays)
        table[index] = working
    return bytes(table)


@dataclass(frozen=True, slots=True)
class Hours:
    """Daily working hours from ``valid_from`` on: spans of minutes of the day, e.g. ``((510, 720), (840, 1080))``."""

    valid_from: date
    spans: Spans

    def __post_init__(self) -> None:
        edges = [minute for span in self.spans for minute in span]
        if not edges or edges != sorted(set(edges)) or edges[0] < 0 or edges[-1] > 24 * 60:
            raise ValueError("working hours must be ascending spans inside one day")

    @property
    def minutes(self) -> int:
        return sum(closing - opening for opening, closing in self.spans)


DEFAULT_HOURS = Hours(FIRST_DAY, DEFAULT_SPANS)


class WorkCalendar:
    """Working days and hours of one place. ``overrides``: day → works or not; ``hours``: versions by ``valid_from``."""

    __slots__ = ("_assumed_from", "_before", "_days", "_hours", "_rank", "_spans", "_starts", "_working", "zone")

    def __init__(
        self, overrides: Mapping[date, bool] | None = None, hours: Sequence[Hours] = (), zone: tzinfo = SHANGHAI
    ) -> None:
        self.zone = zone
        versions = sorted(hours, key=lambda version: version.valid_from)
        if not versions or versions[0].valid_from > FIRST_DAY:
            versions.insert(0, DEFAULT_HOURS)
        self._hours = versions
        self._starts = [max(version.valid_from.toordinal() - _FIRST, 0) for version in versions]
        self._spans = [tuple((a * MINUTE_US, b * MINUTE_US) for a, b in version.spans) for version in versions]
        table = bytearray(_national_days())
        for day, works in (overrides or {}).items():
            index = day.toordinal() - _FIRST
            if 0 <= index < _SIZE:
                table[index] = works
        self._working = bytes(table)
        self._rank = [0, *accumulate(table)]  # working days before the day
        self._days = [index for index in range(_SIZE) if table[index]]
        lengths: list[int] = []
        for number, version in enumerate(versions):
            end = self._starts[number + 1] if number + 1 < len(versions) else _SIZE
            length = version.minutes * MINUTE_US
            lengths.extend(length * works for works in table[self._starts[number] : end])
        self._before = [0, *accumulate(lengths)]  # working time before the day, in microseconds
        self._assumed_from = date(national_years()[1] + 1, 1, 1)

    # -- questions -----------------------------------------------------------------------------------------------

    def is_working_day(self, day: date) -> bool:
        return bool(self._working[self._index(day)])

    def spans(self, day: date) -> Spans:
        """Opening and closing minutes of ``day``; empty on a day off."""
        return self._hours[self._version(self._index(day))].spans if self.is_working_day(day) else ()

    def day_length(self, moment: datetime) -> timedelta:
        """Working time of one whole working day under the hours in force at ``moment``."""
        index, _ = self._split(moment)
        return timedelta(minutes=self._hours[self._version(index)].minutes)

    def assumed(self, start: datetime, end: datetime) -> bool:
        """Whether any day from ``start`` to ``end`` is in a year whose holidays are not published yet."""
        first, _ = national_years()
        return end.astimezone(self.zone).date() >= self._assumed_from or start.astimezone(self.zone).year < first

    def guessed(self, day: date) -> bool:
        """Whether ``day`` is in a year whose holidays are not published yet."""
        first, last = national_years()
        return not first <= day.year <= last

    def work_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from ``start`` to ``end``; zero when ``end`` is not later."""
        return timedelta(microseconds=max(self._worked(end) - self._worked(start), 0))

    def opening(self, moment: datetime) -> datetime:
        """``moment`` itself during working hours, else the next opening. Hours are half-open: 18:00 is outside."""
        index, offset = self._split(moment)
        if self._working[index]:
            for opening, closing in self._spans[self._version(index)]:
                if offset < opening:
                    return self._join(index, opening)
                if offset < closing:
                    return moment
        index = self._nth_day(self._rank[index + 1])
        return self._join(index, self._spans[self._version(index)][0][0])

    def point(self, start: datetime, end: datetime, percent: int, floor: timedelta, day_percent: timedelta) -> datetime:
        """The moment at which the lesser of two parts of the working time from ``start`` to ``end`` has passed:
        ``percent`` of it, or the greater of all but ``floor`` and ``day_percent``."""
        began = self._worked(start)
        whole = max(self._worked(end) - began, 0)
        span = min(whole * percent // 100, max(whole - _us(floor), _us(day_percent)))
        return self._reached(began + span) if span > 0 else start

    def end_of_day(self, moment: datetime) -> datetime:
        """Midnight at the end of the local day of ``moment``."""
        index, _ = self._split(moment)
        return self._join(index + 1, 0)

    def add_work(self, moment: datetime, work: timedelta) -> datetime:
        """The earliest moment at which ``work`` of working time has passed since ``moment``."""
        span = _us(work)
        return self._reached(self._worked(moment) + span) if span > 0 else moment

    def add_days(self, moment: datetime, days: int) -> datetime:
        """The same time of day ``days`` working days after the opening at or after ``moment``."""
        start = self.opening(moment)
        if days <= 0:
            return start
        index, offset = self._split(start)
        landed = self._nth_day(self._rank[index] + days)
        return self.opening(self._join(landed, offset))

    # -- the table -----------------------------------------------------------------------------------------------

    def _index(self, day: date) -> int:
        index = day.toordinal() - _FIRST
        if not 0 <= index < _SIZE:
            raise OutsideCalendar(f"{day} is outside {FIRST_DAY} to {LAST_DAY}")
        return index

    def _split(self, moment: datetime) -> tuple[int, int]:
        local = moment.astimezone(self.zone)
        index = local.toordinal() - _FIRST
        if not 0 <= index < _SIZE:
            raise OutsideCalendar(f"{local.date()} is outside {FIRST_DAY} to {LAST_DAY}")
        seconds = (local.hour * 60 + local.minute) * 60 + local.second
        return index, seconds * 1_000_000 + local.microsecond

    def _join(self, index: int, offset: int) -> datetime:
        midnight = datetime.fromordinal(_FIRST + index)
        return (midnight + timedelta(microseconds=offset)).replace(tzinfo=self.zone)

    def _version(self, index: int) -> int:
        return bisect_right(self._starts, index) - 1 if len(self._starts) > 1 else 0

    def _nth_day(self, number: int) -> int:
        if number >= len(self._days):
            raise OutsideCalendar(f"the limit reaches beyond {LAST_DAY}")
        return self._days[number]

    def _worked(self, moment: datetime) -> int:
        index, offset = self._split(moment)
        total = self._before[index]
        if self._working[index]:
            for opening, closing in self._spans[self._version(index)]:
                if offset <= opening:
                    break
                total += min(offset, closing) - opening
        return total

    def _reached(self, total: int) -> datetime:
        after = bisect_left(self._before, total)
        if after > _SIZE:
            raise OutsideCalendar(f"the limit reaches beyond {LAST_DAY}")
        index = after - 1
        left = total - self._before[index]
        for opening, closing in self._spans[self._version(index)]:
            if left <= closing - opening:
                return self._join(index, opening + left)
            left -= closing - opening
        raise AssertionError("prefix sums and spans disagree")


def _us(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


@dataclass(frozen=True, slots=True)
class DayRow:
    """A local override: ``day`` works (or not) in every area whose code starts with ``area`` ("" is everywhere)."""

    day: date
    working: bool
    area: str = ""


@dataclass(frozen=True, slots=True)
class HoursRow:
    area: str
    hours: Hours


class CalendarBook:
    """All calendars of the platform. The longest matching area prefix wins, for days and for hours alike."""

    __slots__ = ("_calendars", "_days", "_hours", "_prefixes", "zone")

    def __init__(self, days: Iterable[DayRow] = (), hours: Iterable[HoursRow] = (), zone: tzinfo = SHANGHAI) -> None:
        self._days = tuple(days)
        self._hours = tuple(hours)
        prefixes = {day.area for day in self._days} | {row.area for row in self._hours}
        self._prefixes = sorted(prefixes, key=len)
        self._calendars: dict[tuple[str, ...], WorkCalendar] = {}
        self.zone = zone

    def calendar(self, area: str = "") -> WorkCalendar:
        """The calendar of an area code; areas under the same overrides share one."""
        key = tuple(prefix for prefix in self._prefixes if area.startswith(prefix))
        found = self._calendars.get(key)
        if found is None:
            found = self._calendars[key] = self._make(key)
        return found

    def with_days(self, rows: Iterable[DayRow]) -> CalendarBook:
        """A book in which ``rows`` replace the overrides of the same day and area: what a correction would give."""
        new = {(row.day, row.area): row for row in (*self._days, *rows)}
        return CalendarBook(new.values(), self._hours, self.zone)

    def without(self, keys: Iterable[tuple[date, str]]) -> CalendarBook:
        gone = set(keys)
        return CalendarBook([row for row in self._days if (row.day, row.area) not in gone], self._hours, self.zone)

    def _make(self, prefixes: tuple[str, ...]) -> WorkCalendar:
        overrides: dict[date, bool] = {}
        hours: list[Hours] = []
        for prefix in prefixes:  # shortest first, so that the nearest place has the last word
            overrides.update({row.day: row.working for row in self._days if row.area == prefix})
            near = sorted((row.hours for row in self._hours if row.area == prefix), key=lambda h: h.valid_from)
            if near:
                hours = [version for version in hours if version.valid_from < near[0].valid_from] + near
        return WorkCalendar(overrides, hours, self.zone)


__all__ = [
    "DEFAULT_HOURS",
    "DEFAULT_SPANS",
    "SHANGHAI",
    "CalendarBook",
    "DayRow",
    "Hours",
    "HoursRow",
    "OutsideCalendar",
    "WorkCalendar",
    "national_years",
]
