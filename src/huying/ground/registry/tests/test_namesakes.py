"""Namesakes are told apart without opening anything: whose whole name was typed, where they live, age, masked phone."""

from __future__ import annotations

from typing import Any

import pytest

from huying.ground.registry.factories import a_resident
from huying.ground.registry.masking import is_named
from huying.ground.registry.models import Resident
from huying.kernel.privacy import AccessEntry

from .desk_cast import Desk, make_desk, text

pytestmark = pytest.mark.django_db
HOME = "/desk/registry/"
MARK = "姓名一致"


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


@pytest.fixture
def desk(db: None) -> Desk:
    made = make_desk()
    worker = made.actors["worker"]
    a_resident(worker, name="王伟东", home=made.room, birth_date="1980-01-01", sex="male", phone="13911112222")
    a_resident(worker, name="王伟", birth_date="1990-01-01", sex="male", phone="13933334444")
    return made


def rows(page: str) -> list[str]:
    return [row.split("</tr>")[0] for row in page.split("<tr data-row")[1:]]


def test_whose_whole_name_was_typed_comes_first_and_is_marked(desk: Desk) -> None:
    worker = desk.client("worker")
    first, second = rows(text(worker.get(HOME, {"q": "王伟"})))
    assert MARK in first and "139****4444" in first and "住址未登记 · " in first
    assert MARK not in second and "139****2222" in second and "丽景园3栋502室" in second
    assert "王伟" not in first + second
    assert [MARK in row for row in rows(text(worker.get(HOME, {"tab": "person", "q": "王伟"})))] == [False, True]
    assert not AccessEntry.objects.exists()


@pytest.mark.parametrize("words", ["王", "伟", "ww", "王伟东1", "139", "1393333"])
def test_only_who_knows_the_name_is_told(desk: Desk, words: str) -> None:
    assert MARK not in text(desk.client("worker").get(HOME, {"q": words}))
    assert MARK not in text(desk.client("other").get(HOME, {"q": "王伟"}))


def test_choosing_a_person_says_what_tells_them_apart(desk: Desk) -> None:
    page = text(desk.client("worker").get(f"{HOME}pick", {"to": "person", "of": "head", "head": "王伟"}))
    assert "住址未登记 · " in page and "139****4444" in page and "丽景园3栋502室 · 男" in page
    assert "王伟" not in page.replace('value="王伟"', "")


def test_one_sign_is_no_name(desk: Desk) -> None:
    assert not is_named(a_resident(desk.actors["worker"], name="王"), "王")
    assert is_named(Resident.objects.get(born_year=1990), "3栋 王伟")
    assert not is_named(desk.room, "502室")
