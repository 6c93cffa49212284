"""Writing clocks in bulk: every function a constant number of queries, whatever the number of clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from huying.casework.cases.actions import set_due, set_lights
from huying.kernel.bulk import insert_rows

from .lights import highest
from .models import Clock, ClockChange

_CHANGE_COLUMNS = ("clock_id", "kind", "at", "by", "why", "old_due", "new_due")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The new place of a clock that moves, stands still or goes on."""

    clock: Clock
    due_at: datetime | None
    paused_us: int
    light: str
    next_light_at: datetime | None
    assumed: bool
    edition: int
    paused_at: datetime | None = None
    paused_why: str = ""
    resume_by: datetime | None = None


def write_changes(kind: str, moves: Sequence[Move], *, at: datetime, by: str, why: str) -> None:
    """Record why clocks move. Must come before :func:`write_moves`: the database asks for it."""
    rows = [(move.clock.pk, kind, at, by, why[:200], move.clock.due_at, move.due_at) for move in moves]
    insert_rows(ClockChange, _CHANGE_COLUMNS, rows)


def write_moves(moves: Sequence[Move]) -> None:
    """Put clocks where they now stand; one query."""
    if not moves:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clocks_clock AS k SET due_at = v.due_at, paused_us = v.paused_us, light = v.light,"
            " next_light_at = v.next_light_at, assumed = v.assumed, edition = v.edition, paused_at = v.paused_at,"
            " paused_why = v.paused_why, resume_by = v.resume_by"
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::text[], %s::timestamptz[], %s::boolean[],"
            " %s::bigint[], %s::timestamptz[], %s::text[], %s::timestamptz[]) AS v(id, due_at, paused_us, light,"
            " next_light_at, assumed, edition, paused_at, paused_why, resume_by) WHERE k.id = v.id",
            [
                [move.clock.pk for move in moves],
                [move.due_at for move in moves],
                [move.paused_us for move in moves],
                [move.light for move in moves],
                [move.next_light_at for move in moves],
                [move.assumed for move in moves],
                [move.edition for move in moves],
                [move.paused_at for move in moves],
                [move.paused_why for move in moves],
                [move.resume_by for move in moves],
            ],
        )


def copy_due_to_assignments(moves: Sequence[Move]) -> None:
    """Assignments carry copies of the due times of their respond and close clocks; two queries."""
    for kind, column in (("close", "due_at"), ("respond", "respond_due")):
        pairs = [
            (move.clock.assignment_id, move.due_at)
            for move in moves
            if move.clock.kind == kind and move.clock.assignment_id is not None
        ]
        if not pairs:
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE cases_assignment AS a SET {column} = v.due_at"
                " FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(id, due_at) WHERE a.id = v.id",
                [[pair[0] for pair in pairs], [pair[1] for pair in pairs]],
            )


def copy_to_cases(case_ids: Iterable[int]) -> None:
    """Cases carry the due time of their main clock and the gravest light of all that run.

    A case without a main clock keeps the due time it had: the answer was given, and lateness is judged by it.
    """
    ids = sorted(set(case_ids))
    if not ids:
        return
    lights: dict[int, list[str]] = {case_id: [] for case_id in ids}
    dues: dict[int, datetime | None] = {}
    rows = Clock.objects.filter(case_id__in=ids, stopped_at__isnull=True).order_by("id")
    for case_id, light, main, due_at in rows.values_list("case_id", "light", "main", "due_at"):
        lights[case_id].append(light)
        if main:
            dues[case_id] = due_at
    set_lights({case_id: "" if (top := highest(each)) == "none" else top for case_id, each in lights.items()})
    if dues:
        set_due(dues)
