"""Clocks start, stop, stand still, go on, and are given more time — in bulk, inside the caller's transaction.

The caller holds the rows of the cases concerned: the cases room locks a case before it publishes a fact about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from huying.casework.catalogue.limits import Limit
from huying.kernel.bulk import insert_rows

from ..almanac import Almanac
from ..lights import RANK, first_turn, light, next_turn
from ..measures import elapsed, moved
from ..models import Clock, ClockChange
from ..owed import going_on
from ..queries import almanac
from ..store import Move, copy_due_to_assignments, copy_to_cases, write_changes, write_moves

_MICROSECOND = timedelta(microseconds=1)
_COLUMNS = (
    *("case_id", "assignment_id", "kind", "main", "limit", "area", "fixed", "started_at", "due_at", "assumed"),
    *("edition", "light", "next_light_at", "paused_why", "paused_us", "stopped_why"),
)
_PLACES = {"case": "case_id", "assignment": "assignment_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A clock to be started. ``due_at`` is given when somebody else worked it out or set it; else the limit decides."""

    case_id: int
    kind: str
    limit: Limit
    at: datetime
    area: str = ""
    assignment_id: int | None = None
    main: bool = False
    due_at: datetime | None = None


def start_clocks(starts: Sequence[Start], book: Almanac | None = None) -> None:
    """Start clocks; two queries however many, one with the almanac given. A clock that already runs is an error."""
    if not starts:
        return
    book = book or almanac()
    memo: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    rows = []
    for one in starts:
        key = (one.at, one.due_at, one.limit, id(book.calendar(one.area)))  # places under the same overrides share one
        known = memo.get(key)
        if known is None:
            known = memo[key] = (*timed(one, book), one.limit.as_json())
        due_at, fixed, assumed, following, limit = known
        rows.append(
            (
                *(one.case_id, one.assignment_id, one.kind, one.main, limit, one.area, fixed, one.at),
                *(due_at, assumed, book.edition, "none", following, "", 0, ""),
            )
        )
    insert_rows(Clock, _COLUMNS, rows)


def timed(one: Start, book: Almanac) -> tuple[datetime | None, bool, bool, datetime | None]:
    """Due time, whether a person set it, whether it rests on an unpublished calendar, the first light. Writes nothing."""
    calendar = book.calendar(one.area)
    ruled = book.due(one.at, one.limit, one.area)
    due_at = one.due_at or ruled
    if due_at is None:
        return None, False, False, None
    due_at = max(due_at, one.at)
    following = first_turn(one.at, due_at, one.limit, calendar, book.thresholds_on(one.at))
    return due_at, due_at != ruled, calendar.assumed(one.at, due_at), following


def stop_clocks(
    ids: Iterable[int], *, at: datetime, why: str, of: str = "case", kinds: Sequence[str] = (), like: str = ""
) -> None:
    """Stop running clocks of cases (or assignments: ``of="assignment"``), all or some kinds; at most four queries."""
    wanted = sorted(set(ids))
    if not wanted:
        return
    column = _PLACES[of]
    some = " AND (kind = ANY(%s) OR (%s <> '' AND kind LIKE %s))" if kinds or like else ""
    values: list[Any] = [at, why[:16], wanted]
    if some:
        values += [list(kinds), like, like]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clocks_clock SET stopped_at = GREATEST(%s, started_at), stopped_why = %s, next_light_at = NULL,"
            f" resume_by = NULL WHERE {column} = ANY(%s) AND stopped_at IS NULL{some} RETURNING case_id, light",
            values,
        )
        lit = {case_id for case_id, shown in cursor.fetchall() if shown != "none"}
    copy_to_cases(lit)


def pause_clocks(clocks: QuerySet[Clock], *, at: datetime, by: str, why: str, resume_by: datetime | None = None) -> int:
    """Let running clocks stand still; one already paused is only paused for another reason. Returns how many."""
    moves = [paused(clock, at, why, resume_by) for clock in _locked(clocks)]
    write_changes("pause", moves, at=at, by=by, why=why)
    write_moves(moves)
    return len(moves)


def paused(clock: Clock, at: datetime, why: str, resume_by: datetime | None = None) -> Move:
    """Where a clock stands when it stops at ``at`` for a while; nothing is written."""
    return Move(
        clock=clock,
        due_at=clock.due_at,
        paused_us=clock.paused_us,
        light=clock.light,
        next_light_at=None,
        assumed=clock.assumed,
        edition=clock.edition,
        paused_at=clock.paused_at or max(at, clock.started_at),
        paused_why=why,
        resume_by=resume_by,
    )


def resume_clocks(clocks: QuerySet[Clock], *, at: datetime, by: str, why: str) -> int:
    """Let paused clocks go on; their due times move by the time of the limit that passed meanwhile."""
    book = almanac()
    moves = [resumed(clock, at, book) for clock in _locked(clocks.filter(paused_at__isnull=False))]
    write_changes("resume", moves, at=at, by=by, why=why)
    _settle(moves)
    return len(moves)


def resumed(clock: Clock, at: datetime, book: Almanac) -> Move:
    """Where a paused clock stands when it goes on at ``at``; nothing is written."""
    limit, calendar = Limit.from_json(clock.limit), book.calendar(clock.area)
    assert clock.paused_at is not None
    span = elapsed(clock.paused_at, at, limit, calendar)
    due_at = None if clock.due_at is None else moved(clock.due_at, span, limit, calendar)
    return placed(clock, due_at, clock.paused_us + span // _MICROSECOND, at, book)


def placed(clock: Clock, due_at: datetime | None, paused_us: int, at: datetime, book: Almanac) -> Move:
    """Where a clock stands at ``at`` with a new due time. A light it has not been warned of is left to the sweep."""
    limit = Limit.from_json(clock.limit)
    turning = book.turns(clock.started_at, due_at, limit, clock.area, timedelta(microseconds=paused_us))
    shown, following = light(at, turning), next_turn(at, turning)
    if RANK[shown] > RANK[clock.light]:
        shown, following = clock.light, at
    return Move(
        clock=clock,
        due_at=due_at,
        paused_us=paused_us,
        light=shown,
        next_light_at=following,
        assumed=due_at is not None and book.calendar(clock.area).assumed(clock.started_at, due_at),
        edition=book.edition,
    )


def still(move: Move) -> Move:
    """A move of a clock that stands still leaves it standing still, with the light it shows."""
    clock = move.clock
    if clock.paused_at is None:
        return move
    return replace(
        move,
        light=clock.light,
        next_light_at=None,
        paused_at=clock.paused_at,
        paused_why=clock.paused_why,
        resume_by=clock.resume_by,
    )


def extended(clock: Clock, until: datetime, at: datetime, book: Almanac) -> Move:
    """Where a clock stands when it is given until then; nothing is written. One that waits goes on waiting."""
    return still(placed(clock, until, clock.paused_us, clock.paused_at or at, book))


def extend_clocks(clocks: QuerySet[Clock], untils: Mapping[int, datetime], *, at: datetime, by: str, why: str) -> int:
    """Give the clocks of cases until the moments granted (by case id). Never earlier than they are due already."""
    book = almanac()
    moves = []
    for clock in _locked(clocks):
        until = untils[clock.case_id]
        if clock.due_at is not None and until > clock.due_at:
            moves.append(extended(clock, until, at, book))
    write_changes("extension", moves, at=at, by=by, why=why)
    _settle(moves)
    return len(moves)


def continue_clocks(
    ended: Sequence[Clock], *, at: datetime, by: str, why: str, assignments: Mapping[int, int] | None = None
) -> list[Clock]:
    """Go on where stopped clocks stood, as new clocks: the time between does not count, the time before does.

    ``assignments``, by the id of the stopped clock, when it goes on for another assignment (of the same unit).
    What moved the old clock is copied to the new one, so that its due time can still be worked out from its own record.
    """
    if not ended:
        return []
    book = almanac()
    owed = assignments or {}
    made = [continued(clock, at, book, owed.get(clock.pk, clock.assignment_id)) for clock in ended]
    Clock.objects.bulk_create(made)
    old: dict[int, list[ClockChange]] = {}
    for change in ClockChange.objects.filter(clock__in=[clock.pk for clock in ended]).order_by("id"):
        old.setdefault(change.clock_id, []).append(change)
    rows: list[tuple[Any, ...]] = []
    for before, clock in zip(ended, made, strict=True):
        rows.extend(
            (clock.pk, change.kind, change.at, change.by, change.why, change.old_due, change.new_due)
            for change in old.get(before.pk, ())
        )
        rows.append((clock.pk, "pause", before.stopped_at, by, why, before.due_at, before.due_at))
        rows.append((clock.pk, "resume", at, by, why, before.due_at, clock.due_at))
    insert_rows(ClockChange, ("clock_id", "kind", "at", "by", "why", "old_due", "new_due"), rows)
    moves = [placed(clock, clock.due_at, clock.paused_us, at, book) for clock in made]
    copy_due_to_assignments(moves)
    copy_to_cases(clock.case_id for clock in made)
    return made


def continued(before: Clock, at: datetime, book: Almanac, assignment_id: int | None) -> Clock:
    """The new clock that goes on at ``at`` where a stopped one stood; nothing is written."""
    due_at, span = going_on(before, at, book)
    stand = placed(before, due_at, before.paused_us + span // _MICROSECOND, at, book)
    return Clock(
        case_id=before.case_id,
        assignment_id=assignment_id,
        kind=before.kind,
        main=before.main,
        limit=before.limit,
        area=before.area,
        fixed=before.fixed,
        started_at=before.started_at,
        due_at=due_at,
        assumed=stand.assumed,
        edition=stand.edition,
        light=stand.light,
        next_light_at=stand.next_light_at,
        paused_us=stand.paused_us,
        continues=before,
    )


def _settle(moves: Sequence[Move]) -> None:
    write_moves(moves)
    copy_due_to_assignments(moves)
    copy_to_cases(move.clock.case_id for move in moves)


def _locked(clocks: QuerySet[Clock]) -> list[Clock]:
    return list(clocks.filter(stopped_at__isnull=True).select_for_update(of=("self",)).order_by("pk"))


def of_case(case_ids: Iterable[int]) -> QuerySet[Clock]:
    return Clock.objects.filter(case_id__in=sorted(set(case_ids)))


def of_assignment(assignment_ids: Iterable[int]) -> QuerySet[Clock]:
    return Clock.objects.filter(assignment_id__in=sorted(set(assignment_ids)))


def last_stopped(condition: Q) -> list[Clock]:
    """The last stopped clock of each case, assignment and kind that matches."""
    return list(
        Clock.objects.filter(condition, stopped_at__isnull=False)
        .order_by("case_id", "assignment_id", "kind", "-id")
        .distinct("case_id", "assignment_id", "kind")
    )
