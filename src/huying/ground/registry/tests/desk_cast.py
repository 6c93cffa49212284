"""Who stands at the desk in these tests, and the people they look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client

from huying.ground.organisation.factories import make_appointment, make_person, make_unit
from huying.ground.organisation.models import Person
from huying.ground.registry.actions import change
from huying.ground.registry.factories import GRID, OTHER_GRID, a_resident, a_room, kept, say
from huying.ground.registry.models import Premises, Relation, Resident
from huying.kernel import clock
from huying.kernel.actor import Actor, Duty

NAME, ID_NUMBER, PHONE = "王秀英", "449001195003120024", "13800138000"
DAUGHTER, DAUGHTER_PHONE = "李小梅", "13900139000"
SECRETS = (NAME, ID_NUMBER, PHONE, DAUGHTER, DAUGHTER_PHONE, "1950-03-12")


@dataclass
class Desk:
    """A community with two workers, an editor, somebody of discipline; one resident with a daughter to call."""

    people: dict[str, Person]
    actors: dict[str, Actor]
    room: Premises
    resident: Resident
    daughter: Relation

    def client(self, who: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        user = self.people[who].user
        assert user is not None
        client.force_login(user)
        return client

    @property
    def url(self) -> str:
        return f"/desk/registry/person/{self.resident.uid}/"


_PEOPLE = (
    ("worker", "唐网格", "grid_worker", GRID),
    ("other", "邓网格", "grid_worker", OTHER_GRID),
    ("editor", "何信息", "registry_editor", "449001"),
    ("discipline", "纪检", "discipline", "449001"),
    ("supervisor", "钱督办", "supervisor", "449001"),
    ("seat", "王坐席", "seat", "449001"),
)


def make_desk() -> Desk:
    unit = make_unit("registry-unit", kind="community", level="L2", area="449001001001")
    people: dict[str, Person] = {}
    actors: dict[str, Actor] = {}
    for key, name, role, area in _PEOPLE:
        person = make_person(name, username=f"registry-{key}")
        make_appointment(person, unit, role, area)
        people[key] = person
        duty = Duty(role, area, unit.pk, unit.path)
        actors[key] = Actor("staff", f"person:{person.pk}", name, unit.pk, person.pk, (duty,))
    room = a_room(actors["worker"])
    given: dict[str, Any] = {"id_number": ID_NUMBER, "phone": PHONE, "birth_date": "1950-03-12", "sex": "female"}
    resident = a_resident(actors["worker"], name=NAME, home=room, **given)
    who = {"contact_name": DAUGHTER, "contact_phone": DAUGHTER_PHONE}
    uid = say(actors["worker"], "relation", resident=str(resident.uid), kind="child", emergency_rank=1, **who).uid
    return Desk(people, actors, room, resident, kept("relation", uid))


def changed(desk: Desk, who: str, base: int, **values: Any) -> Any:
    """A change of the resident by somebody."""
    return change(
        actor=desk.actors[who], now=clock.now(), kind="person", uid=desk.resident.uid, base=base, changes=values,
        source="desk",
    )  # fmt: skip


def text(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(body.decode())
