"""Where people on duty are and were. Callers have asked for a purpose and written it down (``actions.look_at_positions``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Prefetch, Q

from huying.ground.organisation.models import Appointment, Person
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.privacy import AccessEntry

from . import access
from .actions.writing import day_begins
from .models import DutySpell, Position, Task
from .routes import metres

MOST_PEOPLE: Final = 200
MOST_LOOKS: Final = 50
_TREMBLING: Final = 15.0  # metres: less than this between two points is no walking


def is_on_duty(actor: Actor) -> bool:
    """Whether the actor is on duty now; one query."""
    return DutySpell.objects.filter(person=actor.person_id or 0, ended_at__isnull=True).exists()


@dataclass(frozen=True, slots=True)
class Serving:
    """Somebody on duty now in the actor's areas. ``where``: the area of their appointment in words."""

    person: Person
    where: str
    began_at: datetime
    spell_id: int


def serving(actor: Actor, *, now: datetime) -> list[Serving]:
    """Who of the actor's people is on duty, those longest on duty first, at most :data:`MOST_PEOPLE`; four queries."""
    held = access.overseen_workers(actor, local_day(now))
    spells = DutySpell.objects.filter(ended_at__isnull=True, person__in=held.values("person")).exclude(
        person=actor.person_id or 0
    )
    rows = list(spells.select_related("person").order_by("began_at", "id")[:MOST_PEOPLE])
    areas: dict[int, str] = {}
    for person_id, area in held.filter(person__in=[row.person_id for row in rows]).values_list("person", "area"):
        areas[person_id] = max(areas.get(person_id, ""), area, key=len)
    labels = territory.labels_here({area for area in areas.values() if area})
    return [Serving(row.person, labels.get(areas.get(row.person_id, ""), ""), row.began_at, row.pk) for row in rows]


def last_positions(spells: Iterable[int]) -> dict[int, Position]:
    """Spell → the newest point in it; one query."""
    rows = Position.objects.filter(spell__in=list(spells)).order_by("spell", "-at").distinct("spell")
    return {row.spell_id: row for row in rows}


def spells_of(person_id: int, day: date) -> list[DutySpell]:
    """Times on duty that touch a day, each with the day's points in order; two queries."""
    since, until = day_begins(day), day_begins(day + timedelta(days=1))
    rows = DutySpell.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=since), person=person_id, began_at__lt=until
    )
    points = Position.objects.filter(at__gte=since, at__lt=until).order_by("at")
    return list(rows.order_by("began_at").prefetch_related(Prefetch("positions", points)))


def walked(spells: Sequence[DutySpell]) -> int:
    """Metres walked in spells with their points; trembling on the spot is no walking."""
    total = 0.0
    for spell in spells:
        here: tuple[float, float] | None = None
        for point in spell.positions.all():
            there = (point.lon, point.lat)
            step = metres(here, there) if here is not None else _TREMBLING
            if step >= _TREMBLING:
                total += step if here is not None else 0.0
                here = there
    return round(total)


def done_on(actor: Actor, person_id: int, day: date) -> list[Task]:
    """What somebody finished on a day where the actor oversees, in order; one query."""
    since, until = day_begins(day), day_begins(day + timedelta(days=1))
    rows = access.overseen_done(actor).filter(done_by=person_id, done_at__gte=since, done_at__lt=until)
    return list(rows.order_by("done_at", "id"))


def way_geojson(spells: Sequence[DutySpell]) -> dict[str, Any]:
    """The way of each spell as a line."""
    lines = [[[one.lon, one.lat] for one in spell.positions.all()] for spell in spells]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "LineString", "coordinates": line}, "properties": {}}
            for line in lines
            if len(line) > 1
        ],
    }


def points_geojson(points: Iterable[tuple[str, float, float]]) -> dict[str, Any]:
    """(name, longitude, latitude) as points."""
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {"name": name}}
            for name, lon, lat in points
        ],
    }


def looks_at(person_id: int, *, since: datetime) -> list[AccessEntry]:
    """Who looked at somebody's positions since a moment, the latest first; one query."""
    rows = AccessEntry.objects.filter(subject=access.positions_of(person_id), at__gte=since)
    return list(rows.order_by("-id")[:MOST_LOOKS])


def worker_of(actor: Actor, person_id: int, on: date) -> Appointment | None:
    """The appointment by which the actor oversees somebody in the field on a day; one query."""
    return access.overseen_workers(actor, on).filter(person=person_id).select_related("person").first()
