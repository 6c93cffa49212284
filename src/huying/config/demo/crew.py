"""Who does it: the people of the demo place, picked believably and always the same for the same key."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from zlib import crc32

from huying.ground.accounts.models import User
from huying.ground.organisation import rules
from huying.ground.organisation.directory import Directory, UnitView
from huying.ground.organisation.models import Appointment
from huying.ground.organisation.queries import directory
from huying.kernel.actor import Actor, Duty
from huying.kernel.clock import local_day

SHIFT = timedelta(hours=8)
OWN = 24  # of so many voices at the portal one is of a resident who can sign in


class Crew:
    """Every person as the actor they are, and the units they work in. The demo's appointments do not change."""

    def __init__(self, now: datetime) -> None:
        self.directory: Directory = directory(on=local_day(now))
        self.actors = _actors()
        self.residents = tuple(User.objects.filter(kind="resident").order_by("pk").values_list("pk", "name")[:2])
        self._posts: dict[tuple[int, str], tuple[Actor, ...]] = {}

    def resident(self, key: str) -> tuple[int, str] | None:
        """Now and then it is one of the residents who can sign in, so that they find matters of their own."""
        number = crc32(key.encode())
        return self.residents[number % len(self.residents)] if self.residents and number % OWN == 0 else None

    def unit(self, unit_id: int) -> UnitView:
        return self.directory.unit(unit_id)

    def holders(self, unit_id: int, role: str) -> tuple[Actor, ...]:
        """People of a unit with a role, each once."""
        key = (unit_id, role)
        if key not in self._posts:
            ids = dict.fromkeys(self.directory.holders(unit_id, role))
            self._posts[key] = tuple(self.actors[one] for one in ids)
        return self._posts[key]

    def of_unit(self, unit_id: int, role: str, at: datetime, key: str) -> Actor | None:
        """Somebody of the unit with the role: whoever is on shift then, else one of them; nobody: the nearest lead."""
        people = self.holders(unit_id, role)
        if not people:
            lead = self.directory.lead_of(unit_id)
            return self.actors[lead] if lead is not None else None
        if len(people) > 2:
            on_shift = self.directory.on_duty(unit_id, role, at)
            match = next((one for one in people if one.person_id == on_shift), None)
            if match is not None:
                return match
        return people[crc32(key.encode()) % len(people)]

    def of_centre(self, role: str, area: str, at: datetime, key: str) -> Actor | None:
        """Somebody of the centre over an area: those of one shift share what comes in during it."""
        centre = self.centre(area)
        people = self.holders(centre.id, role) if centre is not None else ()
        if not people:
            return None
        if len(people) <= 4:
            return people[crc32(key.encode()) % len(people)]
        turn = int(at.timestamp() // SHIFT.total_seconds())
        abreast = 3 if role == "seat" else 2
        return people[(turn * abreast + crc32(key.encode()) % abreast) % len(people)]

    def centre(self, area: str) -> UnitView | None:
        """The command centre of the county an area lies in."""
        found = self.directory.unit_by_code(f"{area[:6]}-centre") if area else None
        return found or next((unit for unit in self.directory.units.values() if unit.parent_id is None), None)

    def worker(self, area: str, at: datetime) -> Actor | None:
        """The grid worker of an area."""
        person_id = self.directory.grid_worker(area, at)
        return self.actors.get(person_id) if person_id is not None else None


def _actors() -> dict[int, Actor]:
    """Everybody with their duties, as ``organisation.access.actor_for`` would make them; one query for all."""
    duties: dict[int, list[Duty]] = defaultdict(list)
    names: dict[int, str] = {}
    rows = Appointment.objects.filter(valid_to__isnull=True).order_by("person_id", "post__rank", "id")
    columns = ("person_id", "person__name", "role", "area", "unit_id", "unit__path")
    for person_id, name, role, area, unit_id, path in rows.values_list(*columns):
        names[person_id] = name
        duties[person_id].append(Duty(role, area, unit_id, rules.duty_scope(role, path)))
    return {
        person_id: Actor(
            "staff", f"person:{person_id}", names[person_id], unit_id=held[0].unit_id, person_id=person_id,
            duties=tuple(held),
        )
        for person_id, held in duties.items()
    }  # fmt: skip
