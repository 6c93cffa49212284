"""What keeps coming back is raised: the same kind in the same grid, again after it was closed, several times in half a year.

Cases are counted as they are now, so what was raised is settled anew when one of them turns out to be something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.casework.clocks.actions import Note, send_notices
from huying.casework.clocks.recipients import People
from huying.ground.organisation.queries import directory
from huying.kernel.clock import local_day
from huying.kernel.locks import lock_name

from .models import LookAgain, LookedAt, Recurrence
from .repeats.likeness import ChronicRule, is_chronic

AT_ONCE: Final = 5_000
_PURPOSE: Final = "recurring"
_LATE: Final = 2_000  # numbers below the last one looked at that may have been written after it
_TOLD: Final = ("centre_lead", "supervisor")
_STILL_NEW: Final = timedelta(days=7)  # an older case is shown, and nobody is called for it
_QUIET: Final = timedelta(days=30)  # before the same people are told of the same place and kind again
_CASES: Final = Case._meta.db_table
# Cases of a known grid with the closings of their kind there before them; those merged away or declined count for nothing.
_FOUND: Final = f"""
    SELECT new.id, new.grid, new.item_code, new.title, new.opened_at, new.open, new.recurs,
        array_agg(old.closed_at ORDER BY old.closed_at, old.id), array_agg(old.id ORDER BY old.closed_at, old.id)
    FROM {_CASES} new JOIN {_CASES} old ON old.grid = new.grid AND old.item_code = new.item_code AND old.id < new.id
    WHERE {{which}} AND new.grid <> '' AND new.state NOT IN ('merged', 'declined')
        AND old.state IN ('closed', 'archived') AND old.closed_at <= new.opened_at
        AND old.closed_at > new.opened_at - %s::interval
    GROUP BY new.id HAVING count(*) >= %s ORDER BY new.id
"""
_NUMBERED: Final = _FOUND.format(which="new.id > %s AND new.id <= %s")
_OF_KINDS: Final = _FOUND.format(which="(new.grid, new.item_code) IN (SELECT * FROM unnest(%s::text[], %s::text[]))")
# What was raised of cases that are no longer what they were counted as.
_UNTRUE: Final = f"""
    SELECT raised.grid, raised.item_code
    FROM {Recurrence._meta.db_table} raised JOIN {_CASES} latest ON latest.id = raised.case_id
    WHERE latest.grid <> raised.grid OR latest.item_code <> raised.item_code OR latest.state IN ('merged', 'declined')
        OR cardinality(raised.counted) <> cardinality(raised.closings)
        OR EXISTS (
            SELECT FROM unnest(raised.counted, raised.closings) AS was(id, at)
            LEFT JOIN {_CASES} old ON old.id = was.id AND old.closed_at = was.at AND old.grid = raised.grid
                AND old.item_code = raised.item_code AND old.state IN ('closed', 'archived')
            WHERE old.id IS NULL
        )
    ORDER BY raised.id LIMIT %s
"""
Kind = tuple[str, str]  # grid and item


class _Found(NamedTuple):
    case_id: int
    grid: str
    item_code: str
    title: str
    opened_at: datetime
    open: bool
    recurs: int
    closings: list[datetime]
    counted: list[int]

    @property
    def kind(self) -> Kind:
        return self.grid, self.item_code


@transaction.atomic
def raise_recurring(*, now: datetime, rule: ChronicRule | None = None, limit: int = AT_ONCE) -> int | None:
    """Look at the cases opened since the last time and raise those that keep coming back.

    Returns how many were raised, ``None`` when there was nothing new to look at. A repeated call changes nothing.
    """
    lock_name(_PURPOSE)
    rule = rule or ChronicRule()
    last = LookedAt.objects.filter(purpose=_PURPOSE).values_list("number", flat=True).first() or 0
    upto = Case.objects.filter(pk__gt=last).order_by("pk")[:limit].aggregate(to=Max("pk"))["to"]
    if upto is None:
        return None
    found = _came_back(_NUMBERED, [max(0, last - _LATE), upto], rule)
    newest = {one.kind: one for one in found}
    before = _known(newest)
    fresh = _later([*newest.values()], before)
    _keep(fresh, {}, now)
    _say_of_cases(found)
    LookedAt.objects.update_or_create(purpose=_PURPOSE, defaults={"number": upto})
    _tell(fresh, before, rule, now)
    return len(fresh)


@transaction.atomic
def settle_recurring(*, now: datetime, rule: ChronicRule | None = None, limit: int = AT_ONCE) -> int:
    """Make true again what was raised of cases that were corrected, merged, declined or taken up again since.

    A recurrence that lost too many of its closings is gone, one whose latest case left it falls back to the one before,
    and a case that came to a place and kind where the like was closed before is raised. Returns how many kinds and
    places were looked at. A repeated call changes nothing.
    """
    lock_name(_PURPOSE)
    rule = rule or ChronicRule()
    again = list(LookAgain.objects.order_by("pk").values_list("pk", "case__grid", "case__item_code")[:limit])
    kinds = {(grid, item) for _pk, grid, item in again} | _untrue(limit)
    if kinds:
        found = _came_back(_OF_KINDS, [[grid for grid, _item in kinds], [item for _grid, item in kinds]], rule)
        newest = {one.kind: one for one in found}
        before = _known(kinds)
        Recurrence.objects.filter(pk__in=[row.pk for kind, row in before.items() if kind not in newest]).delete()
        _keep([one for kind, one in newest.items() if not _holds(before.get(kind), one)], before, now)
        _say_of_cases(found, kinds)
        _tell(_later([*newest.values()], before), before, rule, now)
        LookAgain.objects.filter(pk__in=[pk for pk, _grid, _item in again]).delete()
    return len(kinds)


def _came_back(sql: str, which: list[Any], rule: ChronicRule) -> list[_Found]:
    """Cases whose kind keeps coming back to their grid, oldest first, with the closings that count."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [*which, timedelta(days=rule.days), rule.times])
        rows = [_Found(*row) for row in cursor.fetchall()]
    judged = [(one, is_chronic(one.closings, one.opened_at, rule)) for one in rows]
    return [_counting(one, told.closings) for one, told in judged if told.chronic]


def _counting(one: _Found, closings: Sequence[datetime]) -> _Found:
    """With the closings that count only, and of each the first case that was closed then."""
    whose = dict(zip(reversed(one.closings), reversed(one.counted), strict=True))
    return one._replace(closings=list(closings), counted=[whose[closed] for closed in closings])


def _untrue(limit: int) -> set[Kind]:
    with connection.cursor() as cursor:
        cursor.execute(_UNTRUE, [limit])
        return {(grid, item) for grid, item in cursor.fetchall()}


def _known(kinds: Iterable[Kind]) -> dict[Kind, Recurrence]:
    """What was raised of these grids and items before."""
    wanted = set(kinds)
    rows = Recurrence.objects.filter(grid__in={grid for grid, _item in wanted})
    return {kind: row for row in rows if (kind := (row.grid, row.item_code)) in wanted}


def _holds(row: Recurrence | None, one: _Found) -> bool:
    return row is not None and (row.case_id, row.counted, row.closings) == (one.case_id, one.counted, one.closings)


def _later(found: Sequence[_Found], before: Mapping[Kind, Recurrence]) -> list[_Found]:
    """Those nothing, or an earlier case, was raised of before."""
    return [one for one in found if one.kind not in before or before[one.kind].case_id < one.case_id]


def _keep(found: Sequence[_Found], before: Mapping[Kind, Recurrence], now: datetime) -> None:
    """Write what was found; what falls back to an earlier case was raised when it was."""
    later = {one.kind for one in _later(found, before)}
    Recurrence.objects.bulk_create(
        [
            Recurrence(
                grid=one.grid,
                item_code=one.item_code,
                case_id=one.case_id,
                closings=one.closings,
                counted=one.counted,
                raised_at=now if one.kind in later else before[one.kind].raised_at,
            )
            for one in found
        ],
        update_conflicts=True,
        unique_fields=["grid", "item_code"],
        update_fields=["case", "closings", "counted", "raised_at"],
    )


def _say_of_cases(found: Sequence[_Found], kinds: Iterable[Kind] = ()) -> None:
    """What an open case says of itself: how often the like was closed there; of these kinds also that it no longer is."""
    times = {one.case_id: len(one.closings) for one in found if one.open and one.recurs != len(one.closings)}
    wanted, still = set(kinds), {one.case_id for one in found}
    if wanted:
        saying = Case.objects.filter(open=True, recurs__gt=0, grid__in={grid for grid, _item in wanted})
        for pk, grid, item in saying.values_list("pk", "grid", "item_code"):
            if (grid, item) in wanted and pk not in still:
                times[pk] = 0
    cases.set_recurrences(times)


def _tell(raised: Sequence[_Found], before: Mapping[Kind, Recurrence], rule: ChronicRule, now: datetime) -> None:
    """Whoever leads the centre and whoever supervises there: closing it once more will not do."""
    told = [one for one in raised if _must_be_told(one, before.get(one.kind), now)]
    if not told:
        return
    people = People(directory(on=local_day(now)))
    send_notices(
        [
            Note(
                person_id=person_id,
                kind="recurring",
                case_id=one.case_id,
                body={"title": one.title, "days": rule.days, "times": len(one.closings)},
            )
            for one in told
            for person_id in sorted({who for role in _TOLD for who in people.in_area(role, one.grid)})
        ],
        now=now,
    )


def _must_be_told(one: _Found, before: Recurrence | None, now: datetime) -> bool:
    return now - one.opened_at <= _STILL_NEW and (before is None or now - before.raised_at > _QUIET)
