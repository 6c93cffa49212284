"""The sweep: turns the lights whose moment has come, warns the right people once, in batches that skip what is locked.

Safe to run twice at once and at any time: a case is locked before its clocks are read, a warning is unique for its clock
and light, and a clock that has been turned no longer has a moment that has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from huying.casework.catalogue.limits import Limit
from huying.ground.organisation.queries import directory
from huying.kernel import facts, live, trace
from huying.kernel.actor import system
from huying.kernel.bulk import insert_rows
from huying.kernel.clock import local_day

from ..almanac import Almanac
from ..facts import LightTurned
from ..lights import RANK, next_turn, passed
from ..models import Clock, WarningRecipient
from ..queries import almanac
from ..recipients import People, Subject
from ..store import Move, copy_to_cases, write_moves
from .correcting import continue_corrections
from .notices import Note, send_notices
from .running import resume_clocks

CLOCK = system("clock")
BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    cases: int = 0
    warnings: int = 0
    resumed: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(self.cases + other.cases, self.warnings + other.warnings, self.resumed + other.resumed)


@dataclass(frozen=True, slots=True)
class _Turned:
    clock: Clock
    move: Move
    lights: tuple[tuple[str, datetime], ...]


def turn_lights(*, now: datetime, batch: int = BATCH) -> Swept:
    """Turn every light that is due at ``now``; finishes what a cut-off correction or wait left. Idempotent."""
    continue_corrections(now=now)
    total = Swept()
    while True:
        with transaction.atomic():
            done = _resume_batch(now, batch) + _turn_batch(now, batch)
        total += done
        if not done.cases and not done.resumed:
            return total


def _lock_cases(condition: str, now: datetime, batch: int) -> list[int]:
    """Lock cases whose clocks match, passing over those somebody else holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM cases_case c WHERE c.id IN (SELECT k.case_id FROM clocks_clock k"
            f" WHERE {condition} LIMIT %s) ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED",
            [now, batch],
        )
        return [row[0] for row in cursor.fetchall()]


def _resume_batch(now: datetime, batch: int) -> Swept:
    ids = _lock_cases("k.resume_by <= %s ORDER BY k.resume_by", now, batch)
    if not ids:
        return Swept()
    waiting = Clock.objects.filter(case_id__in=ids, resume_by__lte=now)
    return Swept(resumed=resume_clocks(waiting, at=now, by=CLOCK.ref, why="waited"))


def _turn_batch(now: datetime, batch: int) -> Swept:
    ids = _lock_cases("k.next_light_at <= %s ORDER BY k.next_light_at", now, batch)
    if not ids:
        return Swept()
    book = almanac()
    rows = Clock.objects.filter(case_id__in=ids, next_light_at__lte=now).order_by("case_id", "pk")
    turned = [_turn(clock, now, book) for clock in rows.select_related("assignment", "case")]
    write_moves([one.move for one in turned])
    copy_to_cases(ids)
    raised = _raise_warnings(turned, now)
    live.announce("lights", {"cases": len(ids)})
    return Swept(cases=len(ids), warnings=raised)


def _turn(clock: Clock, now: datetime, book: Almanac) -> _Turned:
    paused = timedelta(microseconds=clock.paused_us)
    turning = book.turns(clock.started_at, clock.due_at, Limit.from_json(clock.limit), clock.area, paused)
    lights = passed(clock.light, now, turning)
    move = Move(
        clock=clock,
        due_at=clock.due_at,
        paused_us=clock.paused_us,
        light=lights[-1][0] if lights else clock.light,
        next_light_at=next_turn(now, turning),
        assumed=clock.assumed,
        edition=clock.edition,
    )
    return _Turned(clock, move, lights)


def _raise_warnings(turned: Sequence[_Turned], now: datetime) -> int:
    """Write warnings, tell people, trace, publish. A light once warned of is never warned of again."""
    new = _insert_warnings(turned, now)
    if not new:
        return 0
    people = People(directory(on=local_day(now)))
    told: list[tuple[int, int, str]] = []
    notes: list[Note] = []
    published: list[LightTurned] = []
    entries: dict[int, list[dict[str, object]]] = {}
    for one in turned:
        fresh = [(light, new[one.clock.pk, light]) for light, _ in one.lights if (one.clock.pk, light) in new]
        if not fresh:
            continue
        gravest: dict[int, tuple[str, str]] = {}
        for light, warning_id in fresh:
            for person_id, role in people.for_light(_subject(one.clock), light, now):
                told.append((warning_id, person_id, role))
                gravest[person_id] = (light, role)
            published.append(_fact(one.clock, light, now))
        notes.extend(_note(one.clock, person_id, *what) for person_id, what in gravest.items())
        entries.setdefault(one.clock.case_id, []).extend(
            {"clock": one.clock.kind, "light": light, "due": one.clock.due_at} for light, _ in fresh
        )
    insert_rows(WarningRecipient, ("warning_id", "person_id", "role"), told)
    send_notices(notes, now=now)
    trace.record(
        [
            trace.Draft(chain=f"case:{case_id}", verb="warn", actor=CLOCK, at=now, body={"lights": lights})
            for case_id, lights in entries.items()
        ]
    )
    facts.publish(*published)
    return len(new)


def _insert_warnings(turned: Sequence[_Turned], now: datetime) -> dict[tuple[int, str], int]:
    """Ids of the warnings that are really new, by clock and light; one query."""
    rows = [
        (one.clock.pk, one.clock.case_id, light, at, one.clock.due_at) for one in turned for light, at in one.lights
    ]
    if not rows:
        return {}
    clocks, cases, lights, moments, dues = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clocks_warning (clock_id, case_id, light, turned_at, raised_at, due_at)"
            " SELECT v.clock_id, v.case_id, v.light, v.turned_at, %s, v.due_at FROM unnest(%s::bigint[], %s::bigint[],"
            " %s::text[], %s::timestamptz[], %s::timestamptz[]) AS v(clock_id, case_id, light, turned_at, due_at)"
            " ON CONFLICT (clock_id, light) DO NOTHING RETURNING clock_id, light, id",
            [now, clocks, cases, lights, moments, dues],
        )
        return {(clock_id, light): warning_id for clock_id, light, warning_id in cursor.fetchall()}


def _subject(clock: Clock) -> Subject:
    owed = clock.assignment
    return Subject(clock.kind, clock.area, owed.unit_id if owed else None, owed.person_id if owed else None)


def _note(clock: Clock, person_id: int, light: str, role: str) -> Note:
    """At red the one who should have done it gets a reminder 催办; everybody else is told the light."""
    kind = "remind" if role == "handler" and RANK[light] >= RANK["red"] else light
    return Note(
        person_id=person_id,
        kind=kind,
        case_id=clock.case_id,
        due_at=clock.due_at,
        body={
            "clock": clock.kind,
            "label": clock.limit.get("label", ""),
            "title": clock.case.title,
            "number": clock.case.number,
        },
    )


def _fact(clock: Clock, light: str, now: datetime) -> LightTurned:
    subject = _subject(clock)
    assert clock.due_at is not None
    return LightTurned(
        case_id=clock.case_id,
        clock_id=clock.pk,
        clock_kind=clock.kind,
        light=light,
        assignment_id=clock.assignment_id,
        unit_id=subject.unit_id,
        person_id=subject.person_id,
        area=clock.area,
        due_at=clock.due_at,
        at=now,
    )
