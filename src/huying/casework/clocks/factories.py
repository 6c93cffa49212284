"""A small place with its cast, for tests: one street, one team that handles, one centre that watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from huying.casework.cases.actions import Opening, Sending, open_cases
from huying.casework.cases.models import Case
from huying.casework.catalogue.limits import binding_limit, parse_limit, stages_as_json, stages_from_json
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.ground.organisation.models import Appointment, Person, Post, Unit
from huying.kernel.actor import Actor, Duty, system

from . import queries

COUNTY, TOWN, COMMUNITY, GRID = "441900", "441900101", "441900101001", "441900101001001"
MONDAY = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai, a working day
SINCE = date(2020, 1, 1)


@dataclass(slots=True)
class Cast:
    """Units, people by role, and the item whose limits the tests use."""

    centre: Unit
    team: Unit
    other_team: Unit
    item: Item
    people: dict[str, Person]

    def actor(self, role: str) -> Actor:
        """The named person as an actor with the duty of that name."""
        person = self.people[role]
        unit = self.team if role in ("handler", "unit_lead") else self.centre
        area = {"handler": TOWN, "unit_lead": TOWN, "street_supervisor": TOWN}.get(role, COUNTY)
        name = role.removeprefix("street_")
        duty = Duty(name, area, unit.pk, unit.path if name in ("handler", "unit_lead") else "")
        return Actor("staff", f"person:{person.pk}", person.name, unit.pk, person.pk, (duty,))


def unit(code: str, name: str, *, level: str, area: str, kind: str = "team", parent: Unit | None = None) -> Unit:
    made: Unit = Unit.objects.create(
        code=code, name=name, kind=kind, level=level, parent=parent, area=area, valid_from=SINCE
    )
    made.path = f"{parent.path if parent else '/'}{made.pk}/"
    made.save(update_fields=["path"])
    return made


def appoint(name: str, role: str, where: Unit, area: str) -> Person:
    post, _made = Post.objects.get_or_create(code=role, defaults={"name": role, "role": role})
    person: Person = Person.objects.create(number=f"{role}-{name}", name=name, valid_from=SINCE)
    Appointment.objects.create(person=person, unit=where, post=post, role=role, area=area, valid_from=SINCE)
    return person


def item(code: str = "0103", *, respond: str = "2wh", close: str = "5wd", name: str = "积存渣土") -> Item:
    """An item in a catalogue of its own: filled, then published, as the database wants it."""
    number = CatalogueVersion.objects.count() + 1
    version = CatalogueVersion.objects.create(number=number, valid_from=SINCE)
    made: Item = Item.objects.create(
        version=version,
        code=code,
        class_code=code[:2],
        class_zh="市容环卫",
        name=name,
        level="L3",
        lead_trade="市政",
        respond=stages_as_json(parse_limit(respond)),
        close=stages_as_json(parse_limit(close)),
        conditions="C4",
    )
    version.state, version.published_at = "published", MONDAY
    version.save(update_fields=["state", "published_at"])
    return made


@transaction.atomic
def cast() -> Cast:
    centre = unit("C", "区治理中心", level="L4", area=COUNTY, kind="centre")
    team = unit("T", "一街道市政队", level="L3", area=TOWN, parent=centre)
    other = unit("T2", "一街道执法队", level="L3", area=TOWN, parent=centre)
    people = {
        "handler": appoint("王处置", "handler", team, TOWN),
        "unit_lead": appoint("李队长", "unit_lead", team, TOWN),
        "dispatcher": appoint("陈分拨", "dispatcher", centre, COUNTY),
        "checker": appoint("周核查", "checker", centre, COUNTY),
        "street_supervisor": appoint("赵督办", "supervisor", centre, TOWN),
        "supervisor": appoint("钱督办", "supervisor", centre, COUNTY),
        "discipline": appoint("孙纪检", "discipline", centre, COUNTY),
        "centre_lead": appoint("吴主任", "centre_lead", centre, COUNTY),
    }
    return Cast(centre, team, other, item(), people)


def sending(who: Cast, at: datetime, *, person: bool = True, where: Unit | None = None) -> Sending:
    """A decided dispatch to the team, due as the item's limits say."""
    limits: Mapping[str, Any] = {"respond": who.item.respond, "close": who.item.close}
    book = queries.almanac()
    last = parse_limit_of(who.item)
    return Sending(
        unit_id=(where or who.team).pk,
        person_id=who.people["handler"].pk if person and where is None else None,
        limits=dict(limits),
        respond_due=book.due(at, last["respond"], GRID),
        due_at=book.due(at, last["close"], GRID),
    )


def parse_limit_of(of: Item) -> dict[str, Any]:
    return {name: binding_limit(stages_from_json(getattr(of, name))) for name in ("respond", "close")}


@dataclass(frozen=True, slots=True)
class Spot:
    grid: str = GRID
    community: str = COMMUNITY
    town: str = TOWN
    lon: float | None = None
    lat: float | None = None


def open_many(who: Cast, count: int, *, at: datetime = MONDAY, sent: bool = True) -> list[Case]:
    """Cases taken in at ``at``, dispatched to the team or waiting for the dispatcher."""
    openings: Sequence[Opening] = [
        Opening(
            item_id=who.item.pk,
            item_code=who.item.code,
            class_code=who.item.class_code,
            title=f"路口积存渣土 {number}",
            summary="路口有渣土",
            words="路口有渣土没人清",
            channel="h5",
            at=at,
            place=Spot(),  # type: ignore[arg-type]
            accepted=True,
            sending=sending(who, at) if sent else None,
        )
        for number in range(count)
    ]
    ids = open_cases(openings, actor=system("test"), now=at)
    return list(Case.objects.filter(pk__in=ids).order_by("pk"))


def open_case(who: Cast, *, at: datetime = MONDAY, sent: bool = True) -> Case:
    return open_many(who, 1, at=at, sent=sent)[0]
