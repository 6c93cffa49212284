"""What a supervisor judges by: pictures, positions against the place, time gaps; and what somebody's own work was judged.

Only what lies in the actor's areas is ever beside it: a neighbour in somebody else's area is not shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor
from huying.kernel.models import StoredFile
from huying.senses.forms import access as forms_access
from huying.senses.forms.models import Submission

from . import access
from .models import CheckIn, DutySpell, Finding, Sighting, SpotCheck, Task
from .routes import Point, metres

MOST_OWN: Final = 50
_NEAR: Final = timedelta(hours=12)  # what lies farther apart says nothing about each other


@dataclass(frozen=True, slots=True)
class Beside:
    """Something else the same person did, before or after. ``away``: metres between the two, None where unknown."""

    what: str
    at: datetime
    gap: timedelta
    away: int | None
    point: Point | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, how far from the place it was taken, and how long before the work (negative: after)."""

    file: StoredFile
    away: int | None
    before: timedelta | None


@dataclass(frozen=True, slots=True)
class CheckInEvidence:
    """All there is about one check-in. ``same``: other check-ins with one of its pictures."""

    row: CheckIn
    away: int | None
    late: timedelta
    pictures: list[Picture]
    earlier: Beside | None
    later: Beside | None
    same: list[CheckIn]
    spells: list[DutySpell]
    spot: SpotCheck | None


def check_in_evidence(actor: Actor, pk: int) -> CheckInEvidence:
    """Seven queries. NotFound outside the actor's areas."""
    row = access.get_check_in(actor, pk)
    place, here = (row.checkpoint.lon, row.checkpoint.lat), _point(row)
    others = access.overseen_check_ins(actor).filter(person=row.person_id).select_related("checkpoint")
    others = others.exclude(pk=row.pk).filter(at__gte=row.at - _NEAR, at__lte=row.at + _NEAR)
    before = others.filter(Q(at__lt=row.at) | Q(at=row.at, id__lt=row.pk)).order_by("-at", "-id").first()
    after = others.filter(Q(at__gt=row.at) | Q(at=row.at, id__gt=row.pk)).order_by("at", "id").first()
    same = access.overseen_check_ins(actor).filter(photos__overlap=row.photos).exclude(pk=row.pk)
    spells = DutySpell.objects.filter(person=row.person_id, began_at__lte=row.at + _NEAR)
    spells = spells.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=row.at - _NEAR))
    return CheckInEvidence(
        row=row,
        away=_away(here, place),
        late=row.received_at - row.at,
        pictures=_pictures(f"checkin:{row.pk}", place, row.at),
        earlier=_beside(before, row.at, here),
        later=_beside(after, row.at, here),
        same=list(same.select_related("checkpoint").order_by("-at")[:5]) if row.photos else [],
        spells=list(spells.order_by("began_at")[:5]),
        spot=SpotCheck.objects.filter(check_in=row).first(),
    )


@dataclass(frozen=True, slots=True)
class TaskEvidence:
    """All there is about one task: what was seen, the form filled in for it, what the same person did around it."""

    row: Task
    sightings: list[tuple[Sighting, int | None]]
    pictures: list[Picture]
    submission: Submission | None
    away: int | None
    findings: list[Finding]
    earlier: Beside | None
    later: Beside | None
    spot: SpotCheck | None


def task_evidence(actor: Actor, uid: UUID) -> TaskEvidence:
    """At most eight queries. NotFound outside the actor's areas."""
    row = access.get_task(actor, uid)
    place = (row.lon, row.lat) if row.lon is not None and row.lat is not None else None
    seen = list(row.sightings.order_by("id"))
    filled = None
    if row.submission is not None and not seen:
        rows = forms_access.visible(actor).select_related("form", "version").defer("version__source", "private")
        filled = rows.filter(uid=row.submission).first()
    here = next((point for point in (_point(one) for one in [*seen, filled] if one is not None) if point), None)
    at = row.done_at
    done = access.overseen_done(actor).filter(done_by=row.done_by_id or 0).exclude(pk=row.pk)
    before = after = None
    if at is not None and row.done_by_id is not None:
        before = done.filter(done_at__lte=at, done_at__gte=at - _NEAR).order_by("-done_at", "-id").first()
        after = done.filter(done_at__gt=at, done_at__lte=at + _NEAR).order_by("done_at", "id").first()
    return TaskEvidence(
        row=row,
        sightings=[(one, _away(_point(one), place)) for one in seen],
        pictures=_pictures(f"task:{row.pk}", place, at or row.opens_at),
        submission=filled,
        away=_away(here, place),
        findings=list(row.findings.order_by("id")),
        earlier=_task_beside(before, at, place),
        later=_task_beside(after, at, place),
        spot=SpotCheck.objects.filter(task=row).first(),
    )


def sightings_of(source: str, keys: Collection[str]) -> dict[str, list[Sighting]]:
    """What was seen because of warnings asked for with these, the earliest first; one query.

    For the room that asked: it shows them beside its warning, to those who may see that one.
    """
    rows = Sighting.objects.filter(task__source=source, task__source_key__in=list(keys)).select_related("task")
    found: dict[str, list[Sighting]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.task.source_key, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict about somebody's work as they read it. ``about`` is check_in or spot."""

    about: str
    id: int
    title: str
    at: datetime
    verdict: str
    words: str
    by: str
    judged_at: datetime
    answer: str
    may_answer: bool


def own_judged(actor: Actor) -> list[Judged]:
    """What the actor's own work was judged, the latest first, at most :data:`MOST_OWN`; three queries."""
    return judged_of(actor.person_id or 0)


def judged_of(person: int) -> list[Judged]:
    """The same of somebody by their number, for their own phone."""
    ins = CheckIn.objects.filter(person=person, looked_at__isnull=False).select_related("checkpoint")
    spots = SpotCheck.objects.filter(person=person, checked_at__isnull=False)
    spots = spots.select_related("task", "check_in__checkpoint")
    found = [_judged_check_in(row) for row in ins.order_by("-looked_at")[:MOST_OWN]]
    found += [_judged_spot(row) for row in spots.order_by("-checked_at")[:MOST_OWN]]
    found.sort(key=lambda one: one.judged_at, reverse=True)
    return named(found[:MOST_OWN])


def named(rows: Sequence[Judged]) -> list[Judged]:
    """The same with the names of who judged in the place of their references; one query."""
    numbers = {int(one.by[7:]) for one in rows if one.by.startswith("person:") and one.by[7:].isdecimal()}
    names = dict(Person.objects.filter(pk__in=numbers).values_list("pk", "name")) if numbers else {}
    told = {f"person:{number}": name for number, name in names.items()}
    return [_with_name(one, told.get(one.by, one.by)) for one in rows]


def _with_name(one: Judged, name: str) -> Judged:
    return Judged(
        one.about, one.id, one.title, one.at, one.verdict, one.words, name, one.judged_at, one.answer, one.may_answer
    )


def _judged_check_in(row: CheckIn) -> Judged:
    assert row.looked_at is not None
    return Judged(
        "check_in", row.pk, row.checkpoint.name, row.at, row.verdict, row.verdict_words, row.looked_by, row.looked_at,
        row.answer, row.answered_at is None or row.answered_at < row.looked_at,
    )  # fmt: skip


def _judged_spot(row: SpotCheck) -> Judged:
    assert row.checked_at is not None
    if row.task is not None:
        title, at = row.task.title, row.task.done_at or row.checked_at
    else:
        assert row.check_in is not None
        title, at = row.check_in.checkpoint.name, row.check_in.at
    return Judged(
        "spot", row.pk, title, at, row.result, row.words, row.checked_by, row.checked_at, row.answer,
        row.answered_at is None or row.answered_at < row.checked_at,
    )  # fmt: skip


def _pictures(subject: str, place: Point | None, at: datetime) -> list[Picture]:
    rows = StoredFile.objects.filter(subject=subject).order_by("id")
    return [_picture(one, place, at) for one in rows if one.kind == StoredFile.Kind.IMAGE]


def _picture(file: StoredFile, place: Point | None, at: datetime) -> Picture:
    taken = (file.captured_lon, file.captured_lat)
    point = (taken[0], taken[1]) if taken[0] is not None and taken[1] is not None else None
    return Picture(file, _away(point, place), at - file.captured_at if file.captured_at is not None else None)


def _point(row: CheckIn | Sighting | Submission) -> Point | None:
    return (row.lon, row.lat) if row.lon is not None and row.lat is not None else None


def _away(one: Point | None, other: Point | None) -> int | None:
    return round(metres(one, other)) if one is not None and other is not None else None


def _beside(row: CheckIn | None, at: datetime, here: Point | None) -> Beside | None:
    if row is None:
        return None
    there = _point(row)
    return Beside(row.checkpoint.name, row.at, abs(row.at - at), _away(here, there), there)


def _task_beside(row: Task | None, at: datetime | None, here: Point | None) -> Beside | None:
    if row is None or row.done_at is None or at is None:
        return None
    there = (row.lon, row.lat) if row.lon is not None and row.lat is not None else None
    return Beside(row.title, row.done_at, abs(row.done_at - at), _away(here, there), there)
