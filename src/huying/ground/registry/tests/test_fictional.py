"""The fictional registry: the same from the same seed, nobody's numbers, loaded whole."""

from __future__ import annotations

from datetime import date

import pytest

from huying.ground.registry import fictional, queries
from huying.ground.registry.cleaning import check_whole, clean
from huying.ground.registry.factories import editor
from huying.ground.registry.fictional import Estate
from huying.ground.registry.models import MODELS, Change, Premises, Residence, Resident
from huying.kernel.factories import MOMENT
from huying.kernel.privacy import is_id_number

ESTATES = [Estate("静泉花园", 124.17, 30.1), Estate("竹林新村", 124.18, 30.1), Estate("馨绣花园", 124.19, 30.11)]
TODAY = date(2026, 3, 2)


def test_the_same_seed_makes_the_same_town() -> None:
    assert fictional.make(ESTATES, 200, 7, TODAY) == fictional.make(ESTATES, 200, 7, TODAY)
    assert fictional.make(ESTATES, 200, 7, TODAY) != fictional.make(ESTATES, 200, 8, TODAY)


def test_every_record_is_one_people_could_have_typed_and_nobody_is_real() -> None:
    town = fictional.make(ESTATES, 600, 7, TODAY)
    assert 480 < len(town.person) < 720
    for kind in fictional.ORDER:
        for _uid, values in getattr(town, kind):
            given = {name: value for name, value in values.items() if name != "code"}
            cleaned = clean(kind, given)
            check_whole(kind, cleaned)
            assert cleaned == given
    numbers = [values["id_number"] for _uid, values in town.person]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("99") and is_id_number(number) for number in numbers)
    assert all(values["phone"] == "" or values["phone"].startswith("199") for _uid, values in town.person)
    assert [values["phone"] for _uid, values in town.person if values["phone"].startswith("1990000000")] == [
        *("19900000001", "19900000002", "19900000003"),
    ]
    lists = {values["list"] for _uid, values in town.care}
    assert {"elder_alone", "elder_aged", "disabled"} <= lists


@pytest.mark.django_db
def test_the_town_is_loaded_whole_and_found() -> None:
    town = fictional.make(ESTATES, 150, 7, TODAY)
    count = fictional.write(town, seed=7, now=MOMENT)
    assert count == sum(len(getattr(town, kind)) for kind in fictional.ORDER) == Change.objects.count()
    for kind in fictional.ORDER:
        assert MODELS[kind]._default_manager.count() == len(getattr(town, kind))
    uid, values = town.person[10]
    row = Resident.objects.select_related("home").get(uid=uid)
    assert (row.value("name"), str(row.home_id)) == (values["name"], values["home"])
    found = queries.find(editor(area=""), f"{values['name']} {row.home.address}", kinds=["person"])
    assert uid in [one.uid for one in found.rows]
    assert not Premises.objects.filter(kind="room").exclude(address__contains="栋").exists()
    assert Residence.objects.filter(kind="lives").count() == len(town.person)
    assert fictional.load("community", 7, [], now=MOMENT) == 0
