from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from huying.casework.cases.factories import BEGAN, GRID_1, IN_GRID_1, LIUAN, NOW, Cast, make_cast
from huying.casework.catalogue.limits import parse_limit
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.ground.organisation.models import Admission, Person
from huying.kernel.actor import Actor, system
from huying.senses.devices.models import Contact, Device

ALARMS = system("alarms")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def make_device(code: str = "SM-1", kind: str = "smoke", **fields: Any) -> Device:
    """A smoke detector in the first grid unless said otherwise, half a year old."""
    values = {
        "name": f"设备{code}", "area": GRID_1, "address": "柳岸花园3幢301", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1],
        "created_at": NOW.replace(year=2025), "created_by": "system:test", "changed_at": NOW, "changed_by": "system:test",
    } | fields  # fmt: skip
    return Device.objects.create(code=code, kind=kind, **values)


def contact(device: Device, rank: int, role: str, actor: Actor | None = None, **sealed: Any) -> Contact:
    person = Person.objects.get(pk=actor.person_id) if actor else None
    return Contact.objects.create(device=device, rank=rank, role=role, person=person, **sealed)


@pytest.fixture
def device(cast: Cast) -> Device:
    return make_device()


@pytest.fixture
def devices(cast: Cast) -> Callable[[int], list[Device]]:
    numbers = count(1)
    return lambda many: [make_device(f"D-{next(numbers)}") for _ in range(many)]


@pytest.fixture
def fire_item(cast: Cast) -> Item:
    """0517 烟感报警: the community's watch has it at once, and closing needs a cause code (C10)."""
    Admission.objects.create(area=LIUAN, item_code="0517", basis="柳岸社区协助事项清单第9条", valid_from=BEGAN)
    old = cast.items["0101"].version
    version = CatalogueVersion.objects.create(number=2, valid_from=BEGAN)
    for item in Item.objects.filter(version=old):
        item.pk, item.version = None, version
        item.save()
    made = Item.objects.create(
        version=version, code="0517", class_code="05", class_zh="消防安全", name="烟感报警", level="L1",
        lead_trade="community", first_trade="community",
        respond=[one.as_json() for one in parse_limit("1m ack; 5m on site")],
        close=[one.as_json() for one in parse_limit("30m confirm")], conditions="C10", can_suspend=False,
    )  # fmt: skip
    version.state, version.published_at = "published", NOW
    version.save()
    return made
