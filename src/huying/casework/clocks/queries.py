"""Every read of clocks a screen, the dispatch room or the API needs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet, prefetch_related_objects
from django.utils.functional import Promise

from huying.casework.catalogue.limits import Limit
from huying.kernel.paging import Page, page
from huying.kernel.remembering import stamp, watch

from .almanac import Almanac
from .history import Step, replay
from .lights import Thresholds
from .models import (
    CalendarDay,
    Clock,
    ClockChange,
    Edition,
    LightThresholds,
    Notice,
    StandingLimit,
    WorkingHours,
)
from .owed import goes_on, going_on, kinds, left_off
from .words import notice_words
from .worktime import CalendarBook, DayRow, Hours, HoursRow

_cache: dict[str, Almanac] = {}
_guard = threading.Lock()
watch("almanac", f"SELECT coalesce(max(number), 0) FROM {Edition._meta.db_table}")


def almanac() -> Almanac:
    """Calendars, thresholds and standing limits in force; one small query when nothing has changed. Once for a batch."""
    number: int = stamp("almanac")
    name = str(connection.settings_dict["NAME"])
    held = _cache.get(name)
    if held is not None and held.edition == number:
        return held
    fresh = _build(number)
    with _guard:
        _cache[name] = fresh
    return fresh


def _build(number: int) -> Almanac:
    standing: dict[str, list[tuple[date, Limit]]] = {}
    for kind, since, limit in StandingLimit.objects.order_by("valid_from").values_list("kind", "valid_from", "limit"):
        standing.setdefault(kind, []).append((since, Limit.from_json(limit)))
    thresholds = [
        (
            row.valid_from,
            Thresholds(
                row.blue_percent,
                row.yellow_percent,
                row.yellow_days_left,
                row.black_percent,
                row.black_days_over,
            ),
        )
        for row in LightThresholds.objects.order_by("valid_from")
    ]
    return Almanac(number, book(), thresholds, standing)


def book() -> CalendarBook:
    """The calendars as recorded now, without any cache."""
    days = CalendarDay.objects.filter(withdrawn_at__isnull=True).values_list("day", "working", "area")
    hours = WorkingHours.objects.values_list("area", "valid_from", "spans")
    return CalendarBook(
        [DayRow(*row) for row in days],
        [HoursRow(area, Hours(since, tuple((a, b) for a, b in spans))) for area, since, spans in hours],
    )


def due_for_dispatch(at: datetime, area: str) -> datetime | None:
    """By when a matter nobody is asked yet must be dispatched."""
    return almanac().standing_due("dispatch", at, area)


def due_again(
    case_id: int, unit_id: int, limits: Mapping[str, Any], at: datetime, first: Mapping[str, datetime | None]
) -> dict[str, datetime | None]:
    """``first`` (respond, close), or where a unit that is asked again goes on from an earlier assignment cut short."""
    before = left_off({case_id: unit_id}).get(case_id, {})
    if not before:
        return dict(first)
    book, found = almanac(), dict(first)
    for kind, limit in kinds(limits):
        clock = goes_on(kind, limit, before)
        if clock is not None and kind in found:
            found[kind] = going_on(clock, at, book)[0]
    return found


# --- clocks of a case ------------------------------------------------------------------------------------------


def clocks_of(case_id: int) -> list[Clock]:
    """Every clock of a case in the order started, with its changes. One query, two where a clock was changed."""
    rows = Clock.objects.filter(case_id=case_id).select_related("assignment__unit").order_by("started_at", "id")
    clocks: list[Clock] = list(rows.annotate(changed=Exists(ClockChange.objects.filter(clock=OuterRef("pk")))))
    prefetch_related_objects([one for one in clocks if one.changed], "changes")  # type: ignore[attr-defined]
    return clocks


def running(case_ids: Iterable[int]) -> QuerySet[Clock]:
    return Clock.objects.filter(case_id__in=list(case_ids), stopped_at__isnull=True)


# --- the calendar on screen ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayView:
    """One cell of the month: what the nation says, what the place says, and why."""

    day: date
    working: bool
    national: bool
    override: CalendarDay | None
    assumed: bool


def month(first: date, area: str = "") -> list[DayView]:
    """Every day of the month of ``first`` as it counts in ``area``. Three queries at most."""
    last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    local, nation = almanac().calendar(area), CalendarBook().calendar("")
    rows = CalendarDay.objects.filter(withdrawn_at__isnull=True, day__gte=first, day__lt=last).order_by("area")
    overrides = {row.day: row for row in rows if area.startswith(row.area)}
    days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal())]
    return [
        DayView(day, local.is_working_day(day), nation.is_working_day(day), overrides.get(day), nation.guessed(day))
        for day in days
    ]


def overrides(*, size: int = 50, cursor: str | None = None) -> Page[CalendarDay]:
    return page(CalendarDay.objects.filter(withdrawn_at__isnull=True), ("-day", "-id"), cursor, size)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction would do: clocks looked at, due times moved, the first few of them."""

    looked_at: int
    moved: int
    later: int
    earlier: int
    examples: Sequence[tuple[Clock, datetime | None]]


def preview_correction(
    changes: Sequence[DayRow], withdrawn: Sequence[tuple[date, str]] = (), *, examples: int = 10
) -> Preview:
    """How many running clocks would be due at another time, before anything is written."""
    proposed = book().without(withdrawn).with_days(changes)
    areas = [row.area for row in changes] + [area for _, area in withdrawn]
    looked = moved = later = 0
    shown: list[tuple[Clock, datetime | None]] = []
    rows = touched_by(areas).select_related("case").order_by("id")
    for batch in _batches(rows, 2000):
        steps = steps_of([clock.pk for clock in batch])
        for clock in batch:
            looked += 1
            limit = Limit.from_json(clock.limit)
            standing = replay(clock.started_at, limit, steps.get(clock.pk, ()), proposed.calendar(clock.area))
            if standing.due_at == clock.due_at or clock.due_at is None or standing.due_at is None:
                continue
            moved += 1
            later += standing.due_at > clock.due_at
            if len(shown) < examples:
                shown.append((clock, standing.due_at))
    return Preview(looked, moved, later, moved - later, shown)


def touched_by(areas: Iterable[str]) -> QuerySet[Clock]:
    """Running clocks whose due time rests on the calendar of one of the area prefixes."""
    prefixes = sorted({*areas})
    rows = Clock.objects.filter(stopped_at__isnull=True, fixed=False, limit__kind__in=("working_days", "working_hours"))
    if "" not in prefixes:
        rows = rows.filter(area__regex="^(" + "|".join(prefix for prefix in prefixes if prefix.isdecimal()) + ")")
    return rows


def steps_of(clock_ids: Sequence[int]) -> dict[int, list[Step]]:
    """The recorded steps of clocks, oldest first; one query."""
    found: dict[int, list[Step]] = {}
    rows = ClockChange.objects.filter(clock_id__in=clock_ids).exclude(kind="correction").order_by("id")
    for clock_id, kind, at, until in rows.values_list("clock_id", "kind", "at", "new_due"):
        found.setdefault(clock_id, []).append(Step(kind, at, until))
    return found


def _batches(rows: QuerySet[Clock], size: int) -> Iterable[list[Clock]]:
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:size]):
        yield batch
        last = batch[-1].pk


# --- notices ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoticeGroup:
    """Unread notices of one kind: how many, the nearest due time, and the words of the newest."""

    kind: str
    count: int
    nearest_due: datetime | None
    newest: Notice
    words: str | Promise


def unread_count(person_id: int) -> int:
    return Notice.objects.filter(person_id=person_id, read_at__isnull=True).count()


def unread_groups(person_id: int) -> list[NoticeGroup]:
    """The bell of the desk: unread notices, grouped by kind, the gravest first. Two queries."""
    groups = (
        Notice.objects.filter(person_id=person_id, read_at__isnull=True)
        .values("kind")
        .annotate(count=Count("id"), nearest=Min("due_at"), newest=Max("id"))
        .order_by()
    )
    found = list(groups)
    newest = Notice.objects.select_related("case").in_bulk([row["newest"] for row in found])
    made = [
        NoticeGroup(
            row["kind"], row["count"], row["nearest"], newest[row["newest"]], notice_words(newest[row["newest"]])
        )
        for row in found
    ]
    order = ("urgent", "black", "red", "order", "remind", "yellow", "blue")
    return sorted(made, key=lambda group: order.index(group.kind) if group.kind in order else len(order))


def notices(
    person_id: int, *, kind: str = "", unread: bool = False, cursor: str | None = None, size: int = 50
) -> Page[Notice]:
    """Notices of one person, newest first."""
    rows = Notice.objects.filter(person_id=person_id).select_related("case")
    if kind:
        rows = rows.filter(kind=kind)
    if unread:
        rows = rows.filter(read_at__isnull=True)
    return page(rows, ("-id",), cursor, size)
