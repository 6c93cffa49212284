"""A small organisation for tests, said in as few words as needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count

from django.db import transaction

from huying.ground.accounts.factories import make_staff
from huying.kernel.actor import Actor, Duty

from . import rules
from .models import Admission, Appointment, Person, Post, Responsibility, Unit

NOW = datetime(2025, 3, 12, 2, 0, tzinfo=UTC)  # Wednesday 10:00 in Shanghai
TODAY = date(2025, 3, 12)
SINCE = date(2024, 1, 1)
COUNTY = "990101"
STREET = "990101001"
COMMUNITY = "990101001001"
GRID = "990101001001001"
_number = count(1)


def make_unit(code: str = "", *, parent: Unit | None = None, **fields: object) -> Unit:
    """A department of the county unless said otherwise, with its path."""
    code = code or f"unit-{next(_number)}"
    defaults = {"name": code, "kind": "department", "level": "L4", "area": COUNTY, "valid_from": SINCE}
    with transaction.atomic():  # the path guard looks when the transaction ends
        unit = Unit.objects.create(code=code, parent=parent, **(defaults | fields))  # type: ignore[arg-type]
        unit.path = rules.child_path(parent.path if parent else "", unit.pk)
        unit.save(update_fields=["path"])
    return unit


def make_person(name: str = "王小明", *, username: str = "", **fields: object) -> Person:
    """A person on strength; with `username` they may sign in."""
    user = make_staff(username, name=name) if username else None
    return Person.objects.create(name=name, number=f"{next(_number):05d}", user=user, valid_from=SINCE, **fields)  # type: ignore[misc]


def make_post(role: str = "handler") -> Post:
    post, _made = Post.objects.get_or_create(code=f"post-{role}", defaults={"name": role, "role": role})
    return post


def make_appointment(
    person: Person, unit: Unit, role: str = "handler", area: str | None = None, **fields: object
) -> Appointment:
    """A person's appointment; the area defaults to the unit's."""
    defaults = {"valid_from": SINCE, "valid_to": None} | fields
    where = unit.area if area is None else area
    return Appointment.objects.create(person=person, unit=unit, post=make_post(role), role=role, area=where, **defaults)  # type: ignore[misc]


def make_responsibility(item_code: str, lead: Unit, area: str = "", *assists: Unit, **fields: object) -> Responsibility:
    row = Responsibility.objects.create(
        item_code=item_code, lead_unit=lead, area=area, legal_basis="条例", valid_from=SINCE, **fields
    )  # type: ignore[misc]
    row.assist_units.set(assists)
    return row


def make_admission(item_code: str, area: str = COUNTY) -> Admission:
    return Admission.objects.create(item_code=item_code, area=area, basis="准入清单", valid_from=SINCE)


def staff(role: str, *, area: str = "", unit: Unit | None = None, person: Person | None = None) -> Actor:
    """An actor with one duty, without anything in the database."""
    path = rules.duty_scope(role, unit.path) if unit else ""
    duty = Duty(role, area, unit.pk if unit else None, path)
    pid = person.pk if person else None
    return Actor(
        "staff", f"person:{pid or 0}", person.name if person else role, unit.pk if unit else None, pid, (duty,)
    )


@dataclass(frozen=True, slots=True)
class Cast:
    """A county in small: a centre, a street with a team, a community, and who works there."""

    centre: Unit
    street: Unit
    team: Unit
    community: Unit
    chief: Person
    worker: Person
    dispatcher: Person


def make_cast() -> Cast:
    """The named cast of tests."""
    centre = make_unit("centre", kind="centre", trades=["governance_centre"])
    street = make_unit("street", parent=centre, kind="street", level="L3", area=STREET)
    team = make_unit("team", parent=street, kind="team", level="L3", area=STREET, trades=["street_enforcement"])
    community = make_unit(
        "community", parent=street, kind="community", level="L2", area=COMMUNITY, trades=["community"]
    )
    chief, worker = make_person("陈队长", username="chief"), make_person("李网格", username="worker")
    dispatcher = make_person("周分拨", username="dispatch")
    make_appointment(chief, team, "unit_lead")
    make_appointment(worker, community, "grid_worker", GRID)
    make_appointment(dispatcher, centre, "dispatcher")
    return Cast(centre, street, team, community, chief, worker, dispatcher)
