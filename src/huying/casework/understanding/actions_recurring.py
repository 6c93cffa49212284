"""What keeps coming back is raised: the same kind in the same grid, again after it was closed, several times in half a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.casework.clocks.actions import Note, send_notices
from huying.casework.clocks.recipients import People
from huying.ground.organisation.queries import directory
from huying.kernel.clock import local_day
from huying.kernel.locks import lock_name

from .models import LookedAt, Recurrence
from .repeats.likeness import ChronicRule, is_chronic

AT_ONCE: Final = 5_000
_PURPOSE: Final = "recurring"
_LATE: Final = 2_000  # numbers below the last one looked at that may have been written after it
_TOLD: Final = ("centre_lead", "supervisor")
_STILL_NEW: Final = timedelta(days=7)  # an older case is shown, and nobody is called for it
_QUIET: Final = timedelta(days=30)  # before the same people are told of the same place and kind again
_TABLE: Final = Case._meta.db_table
# Each new case of a known grid with the closings of its kind there before it; those merged away or declined count for nothing.
_FOUND: Final = f"""
    SELECT new.id, new.grid, new.item_code, new.title, new.opened_at, array_agg(old.closed_at ORDER BY old.closed_at)
    FROM {_TABLE} new JOIN {_TABLE} old ON old.grid = new.grid AND old.item_code = new.item_code AND old.id < new.id
    WHERE new.id > %s AND new.id <= %s AND new.grid <> '' AND new.state NOT IN ('merged', 'declined')
        AND old.state IN ('closed', 'archived') AND old.closed_at <= new.opened_at
        AND old.closed_at > new.opened_at - %s::interval
    GROUP BY new.id HAVING count(*) >= %s ORDER BY new.id
"""


class _Found(NamedTuple):
    case_id: int
    grid: str
    item_code: str
    title: str
    opened_at: datetime
    closings: list[datetime]


@transaction.atomic
def raise_recurring(*, now: datetime, rule: ChronicRule | None = None, limit: int = AT_ONCE) -> int | None:
    """Look at the cases opened since the last time and raise those that keep coming back.

    Returns how many were raised, ``None`` when there was nothing new to look at. A repeated call changes nothing.
    """
    lock_name(_PURPOSE)
    rule = rule or ChronicRule()
    last = LookedAt.objects.filter(purpose=_PURPOSE).values_list("case_id", flat=True).first() or 0
    upto = Case.objects.filter(pk__gt=last).order_by("pk")[:limit].aggregate(to=Max("pk"))["to"]
    if upto is None:
        return None
    newest = {(one.grid, one.item_code): one for one in _came_back(max(0, last - _LATE), upto, rule)}
    before = _known(newest)
    fresh = [one for key, one in newest.items() if key not in before or before[key].case_id < one.case_id]
    _keep(fresh, now)
    cases.set_recurrences({one.case_id: len(one.closings) for one in fresh})
    LookedAt.objects.update_or_create(purpose=_PURPOSE, defaults={"case_id": upto})
    _tell([one for one in fresh if _must_be_told(one, before.get((one.grid, one.item_code)), now)], rule, now)
    return len(fresh)


def _came_back(after: int, upto: int, rule: ChronicRule) -> list[_Found]:
    """Cases whose kind keeps coming back to their grid, with the closings that count."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [after, upto, timedelta(days=rule.days), rule.times])
        rows = [_Found(*row) for row in cursor.fetchall()]
    judged = [(one, is_chronic(one.closings, one.opened_at, rule)) for one in rows]
    return [one._replace(closings=list(told.closings)) for one, told in judged if told.chronic]


def _known(newest: Mapping[tuple[str, str], _Found]) -> dict[tuple[str, str], Recurrence]:
    """What was raised of these grids and kinds before."""
    rows = Recurrence.objects.filter(grid__in={grid for grid, _item in newest})
    return {key: row for row in rows if (key := (row.grid, row.item_code)) in newest}


def _keep(fresh: Sequence[_Found], now: datetime) -> None:
    Recurrence.objects.bulk_create(
        [
            Recurrence(
                grid=one.grid, item_code=one.item_code, case_id=one.case_id, closings=one.closings, raised_at=now
            )
            for one in fresh
        ],
        update_conflicts=True,
        unique_fields=["grid", "item_code"],
        update_fields=["case", "closings", "raised_at"],
    )


def _must_be_told(one: _Found, before: Recurrence | None, now: datetime) -> bool:
    return now - one.opened_at <= _STILL_NEW and (before is None or now - before.raised_at > _QUIET)


def _tell(raised: Sequence[_Found], rule: ChronicRule, now: datetime) -> None:
    """Whoever leads the centre and whoever supervises there: closing it once more will not do."""
    people = People(directory(on=local_day(now)))
    send_notices(
        [
            Note(
                person_id=person_id,
                kind="recurring",
                case_id=one.case_id,
                body={"title": one.title, "days": rule.days, "times": len(one.closings)},
            )
            for one in raised
            for person_id in sorted({who for role in _TOLD for who in people.in_area(role, one.grid)})
        ],
        now=now,
    )
