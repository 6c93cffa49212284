"""Calendars, hours, thresholds and standing limits are data. Changing them makes a new edition, and every running clock of
an older edition is worked out again, batch by batch, each moved due time with its old and new value in the case's trace.

A run cut off in the middle is finished by the next sweep: a clock says which edition it stands by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue.limits import Limit, LimitError, parse_limit
from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid
from huying.kernel.locks import lock_name

from .. import access
from ..almanac import STANDING_DEFAULTS, Almanac
from ..facts import DueCorrected
from ..history import Step, replay
from ..lights import Thresholds
from ..models import (
    CalendarDay,
    Clock,
    Edition,
    LightThresholds,
    StandingLimit,
    WorkingHours,
)
from ..queries import almanac, steps_of
from ..store import Move, copy_due_to_assignments, copy_to_cases, write_changes, write_moves
from ..worktime import SHANGHAI, Hours, national_years
from .running import placed, still

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedDay:
    """``working`` None withdraws the local rule, so that the national calendar holds again."""

    day: date
    working: bool | None
    area: str = ""
    source: str = ""


def correct_calendar(days: Sequence[CorrectedDay], *, actor: Actor, now: datetime, reason: str = "") -> Edition:
    """Set or withdraw local working days and days off, and work out every running clock again.

    Each day must name its source. Raises Forbidden outside the actor's area, Invalid when nothing or too much is given.
    """
    for one in days:
        access.must_edit(actor, one.area)
    if not days or len(days) > 400:
        raise Invalid(_("请选择 1 到 400 个日期"), field="days")
    for one in days:
        if one.working is not None and not one.source.strip():
            raise Invalid(_("请写明依据，例如文号"), field="source")
        if not one.area.isdigit() and one.area:
            raise Invalid(_("范围要用区划代码"), field="area")
    with transaction.atomic():
        edition = _new_edition(actor, now, reason or "; ".join(sorted({one.source for one in days})))
        for one in days:
            in_force = CalendarDay.objects.filter(day=one.day, area=one.area, withdrawn_at__isnull=True)
            in_force.update(withdrawn_at=now)
            if one.working is not None:
                _record_day(one, actor, now, edition)
        trace.record([_entry("correct_calendar", actor, now, {"days": [_day_body(one) for one in days]}, edition)])
    continue_corrections(now=now)
    return edition


def _record_day(one: CorrectedDay, actor: Actor, now: datetime, edition: Edition) -> None:
    CalendarDay.objects.create(
        day=one.day,
        working=bool(one.working),
        area=one.area,
        source=one.source.strip()[:200],
        valid_from=local_day(now),
        recorded_at=now,
        recorded_by=actor.ref,
        edition=edition,
    )


def set_working_hours(
    *, area: str, valid_from: date, spans: Sequence[tuple[int, int]], source: str, actor: Actor, now: datetime
) -> Edition:
    """Daily working hours of an area from a day on; setting the same day again replaces them."""
    access.must_edit(actor, area)
    try:
        Hours(valid_from, tuple(spans))
    except ValueError as error:
        raise Invalid(_("工作时段要从早到晚，互不重叠"), field="spans") from error
    _need_source(source)
    with transaction.atomic():
        edition = _new_edition(actor, now, source)
        WorkingHours.objects.update_or_create(
            area=area,
            valid_from=valid_from,
            defaults={"spans": [list(span) for span in spans], "source": source, "edition": edition},
        )
        body = {"area": area, "valid_from": valid_from.isoformat(), "spans": [list(span) for span in spans]}
        trace.record([_entry("set_working_hours", actor, now, body, edition)])
    continue_corrections(now=now)
    return edition


def set_thresholds(thresholds: Thresholds, *, valid_from: date, source: str, actor: Actor, now: datetime) -> Edition:
    """When warnings turn for clocks started from a day on."""
    access.must_edit(actor)
    _need_source(source)
    values = {
        "blue_percent": thresholds.blue_percent,
        "yellow_percent": thresholds.yellow_percent,
        "yellow_days_left": thresholds.yellow_days_left,
        "black_percent": thresholds.black_percent,
        "black_days_over": thresholds.black_days_over,
    }
    with transaction.atomic():
        edition = _new_edition(actor, now, source)
        LightThresholds.objects.update_or_create(
            valid_from=valid_from, defaults={**values, "source": source, "edition": edition}
        )
        body = {"valid_from": valid_from.isoformat(), **values}
        trace.record([_entry("set_thresholds", actor, now, body, edition)])
    continue_corrections(now=now)
    return edition


def set_standing_limit(kind: str, text: str, *, valid_from: date, source: str, actor: Actor, now: datetime) -> Edition:
    """A limit the catalogue does not give, in its notation (``2wh``, ``3wd``); for clocks started from a day on."""
    access.must_edit(actor)
    _need_source(source)
    if kind not in STANDING_DEFAULTS:
        raise Invalid(_("没有这种常设时限"), field="kind")
    try:
        (stage,) = parse_limit(text)
    except (LimitError, ValueError) as error:
        raise Invalid(_("时限写法不对，例如 2wh、3wd、30m"), field="limit") from error
    with transaction.atomic():
        edition = _new_edition(actor, now, source)
        StandingLimit.objects.update_or_create(
            kind=kind,
            valid_from=valid_from,
            defaults={"limit": stage.limit.as_json(), "source": source, "edition": edition},
        )
        body = {"kind": kind, "valid_from": valid_from.isoformat(), "limit": stage.limit.label}
        trace.record([_entry("set_standing_limit", actor, now, body, edition)])
    return edition


def renew_calendar(*, now: datetime) -> Edition | None:
    """When the holidays of a year have been published since, clocks that only assumed them are worked out again."""
    _first, last = national_years()
    known = datetime(last + 1, 1, 1, tzinfo=SHANGHAI)
    guessed = Clock.objects.filter(stopped_at__isnull=True, assumed=True, started_at__lt=known, due_at__lt=known)
    if not guessed.exists():
        return None
    with transaction.atomic():
        edition = _new_edition(system("clock"), now, f"{last} 年放假安排已公布")
        trace.record([_entry("renew_calendar", system("clock"), now, {"year": last}, edition)])
    continue_corrections(now=now)
    return edition


def continue_corrections(*, now: datetime, batch: int = BATCH) -> int:
    """Work out running clocks of an older edition again, batch by batch; returns how many due times moved."""
    moved = 0
    while True:
        with transaction.atomic():
            looked, changed = _correct_batch(now, batch)
        moved += changed
        if not looked:
            return moved


def _correct_batch(now: datetime, batch: int) -> tuple[int, int]:
    book = almanac()
    if book.edition == 0:
        return 0, 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM cases_case c WHERE c.id IN (SELECT k.case_id FROM clocks_clock k WHERE"
            " k.stopped_at IS NULL AND k.edition < %s ORDER BY k.edition, k.id LIMIT %s)"
            " ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED",
            [book.edition, batch],
        )
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return 0, 0
    rows = Clock.objects.filter(case_id__in=ids, stopped_at__isnull=True, edition__lt=book.edition)
    clocks = list(rows.select_for_update(of=("self",)).order_by("case_id", "pk"))
    steps = steps_of([clock.pk for clock in clocks])
    moves = [_corrected(clock, steps.get(clock.pk, ()), now, book) for clock in clocks]
    changed = [move for move in moves if move.due_at != move.clock.due_at or move.paused_us != move.clock.paused_us]
    edition = Edition.objects.get(number=book.edition)
    _tell(changed, edition, now)
    write_moves(moves)
    copy_due_to_assignments(changed)
    copy_to_cases(move.clock.case_id for move in moves)
    return len(ids), len(changed)


def _corrected(clock: Clock, steps: Sequence[Step], now: datetime, book: Almanac) -> Move:
    if clock.fixed or clock.due_at is None:
        due_at, paused_us = clock.due_at, clock.paused_us
    else:
        standing = replay(clock.started_at, Limit.from_json(clock.limit), steps, book.calendar(clock.area))
        due_at, paused_us = standing.due_at, standing.paused // timedelta(microseconds=1)
    return still(placed(clock, due_at, paused_us, clock.paused_at or now, book))


def _tell(changed: Sequence[Move], edition: Edition, now: datetime) -> None:
    """The record each moved clock needs, one entry in each case's trace, the facts."""
    if not changed:
        return
    write_changes("correction", changed, at=now, by=edition.by, why=edition.reason)
    entries: dict[int, list[dict[str, object]]] = {}
    for move in changed:
        entries.setdefault(move.clock.case_id, []).append(
            {"clock": move.clock.kind, "old_due": move.clock.due_at, "new_due": move.due_at}
        )
    actor = Actor("system" if edition.by.startswith("system:") else "staff", edition.by, edition.by_name)
    trace.record(
        [
            trace.Draft(
                chain=f"case:{case_id}",
                verb="correct_due",
                actor=actor,
                at=now,
                body={"edition": edition.number, "reason": edition.reason, "clocks": moved},
            )
            for case_id, moved in entries.items()
        ]
    )
    facts.publish(
        *(
            DueCorrected(
                case_id=move.clock.case_id,
                clock_id=move.clock.pk,
                old_due=move.clock.due_at,
                new_due=move.due_at,
                at=now,
            )
            for move in changed
            if move.clock.due_at is not None and move.due_at is not None
        )
    )
    live.announce("lights", {"cases": len(entries)})


def _new_edition(actor: Actor, now: datetime, reason: str) -> Edition:
    """One at a time, so that a higher number always means a later commit and no cache misses one."""
    lock_name("clocks:edition")
    return Edition.objects.create(at=now, by=actor.ref, by_name=actor.name[:80], reason=reason.strip()[:200])


def _entry(verb: str, actor: Actor, now: datetime, body: Mapping[str, object], edition: Edition) -> trace.Draft:
    return trace.Draft(chain="calendar", verb=verb, actor=actor, at=now, body={"edition": edition.number, **body})


def _day_body(one: CorrectedDay) -> dict[str, object]:
    return {"day": one.day.isoformat(), "working": one.working, "area": one.area, "source": one.source}


def _need_source(source: str) -> None:
    if not source.strip():
        raise Invalid(_("请写明依据，例如文号"), field="source")
