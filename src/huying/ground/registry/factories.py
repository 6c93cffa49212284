"""People and places for tests: written through the registry's own actions, as anybody else's would be."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from huying.kernel.actor import Actor, Duty
from huying.kernel.factories import MOMENT

from .actions import Changed, change
from .models import MODELS, Premises, Record, Resident

GRID = "449001001001001"
OTHER_GRID = "449001001001002"


def worker(number: int = 71, area: str = GRID, role: str = "grid_worker") -> Actor:
    """A grid worker, or somebody else with one role over one area."""
    return Actor(
        "staff", f"person:{number}", f"员工{number}", unit_id=1, person_id=number, duties=(Duty(role, area, 1, "/1/"),)
    )


def editor(number: int = 70, area: str = "449001") -> Actor:
    return worker(number, area, "registry_editor")


def say(
    actor: Actor, kind: str, /, *, uid: UUID | None = None, base: int = 0, now: datetime = MOMENT, **values: Any
) -> Changed:
    """A change as screens and phones make it; ``op`` and ``branch`` may be among the values."""
    steering = {name: values.pop(name) for name in ("op", "branch", "review") if name in values}
    return change(
        actor=actor, now=now, kind=kind, uid=uid or uuid4(), base=base, changes=values, source="test", **steering
    )


def kept(kind: str, uid: UUID) -> Any:
    """The record as it stands."""
    found: Record = MODELS[kind]._default_manager.get(uid=uid)
    return found


def a_room(
    actor: Actor | None = None, *, name: str = "502室", building: str = "3栋", compound: str = "丽景园"
) -> Premises:
    """A room in a building of a compound in the grid of the actor."""
    who = actor or worker()
    top = say(who, "premises", kind="compound", name=compound).uid
    house = say(who, "premises", kind="building", name=building, parent=str(top)).uid
    room: Premises = kept("premises", say(who, "premises", kind="room", name=name, parent=str(house)).uid)
    return room


def a_resident(
    actor: Actor | None = None, *, name: str = "王秀英", home: Premises | None = None, **values: Any
) -> Resident:
    """A resident, at home somewhere or nowhere."""
    given = {"name": name, **values} | ({"home": str(home.uid)} if home else {})
    found: Resident = kept("person", say(actor or worker(), "person", **given).uid)
    return found
