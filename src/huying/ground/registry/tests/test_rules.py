"""What is taken at once and what waits, pair by pair; limits of small premises; what a field may hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from huying.ground.registry import rules
from huying.ground.registry.access import narrowed
from huying.ground.registry.cleaning import clean, clean_value
from huying.ground.registry.fields import FIELDS, KINDS, as_json
from huying.ground.registry.masking import said
from huying.ground.registry.rules import WAITS, Wish, small_excess, waits_for
from huying.kernel.errors import Invalid

# Every field that may wait: (kind, field): (waits when it was empty, waits when it held something)
PAIRS: dict[tuple[str, str], tuple[str, str]] = {
    ("person", "name"): ("identity", "identity"),
    ("person", "id_number"): ("identity", "identity"),
    ("person", "birth_date"): ("", "identity"),
    ("person", "sex"): ("", "identity"),
    ("person", "phone"): ("", "replaces"),
    ("person", "phone2"): ("", "replaces"),
    ("person", "party_member"): ("", "replaces"),
    ("person", "ending"): ("ending", "ending"),
    ("household", "ending"): ("ending", "ending"),
    ("household", "head"): ("", "replaces"),
    ("organisation", "name"): ("identity", "identity"),
    ("organisation", "credit_code"): ("", "identity"),
    ("organisation", "ending"): ("ending", "ending"),
    ("premises", "kind"): ("moves", "moves"),
    ("premises", "parent"): ("moves", "moves"),
    ("premises", "ending"): ("ending", "ending"),
    ("facility", "ending"): ("ending", "ending"),
}
_SPECIAL = {("premises", "risk"), ("premises", "name")}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in FIELDS[kind]])
def test_every_field_of_every_kind(kind: str, name: str) -> None:
    if (kind, name) in _SPECIAL:
        return
    was_empty, was_filled = ("care", "care") if kind == "care" else PAIRS.get((kind, name), ("", ""))
    assert waits_for(Wish(kind, name, "", "new")) == was_empty
    assert waits_for(Wish(kind, name, "old", "new")) == was_filled
    assert waits_for(Wish(kind, name, "old", "new", here=False)) == ("care" if kind == "care" else "elsewhere")
    assert waits_for(Wish(kind, name, "", "new", birth=True)) == ("care" if kind == "care" else "")


def test_the_table_names_fields_that_exist() -> None:
    assert set(WAITS) == set(PAIRS) | _SPECIAL
    assert all(name in FIELDS[kind] for kind, name in WAITS)


@pytest.mark.parametrize("old", rules.RISK_ORDER)
@pytest.mark.parametrize("new", rules.RISK_ORDER)
def test_risk_rises_at_once_and_falls_by_decision(old: str, new: str) -> None:
    lowers = rules.RISK_ORDER.index(new) < rules.RISK_ORDER.index(old)
    assert waits_for(Wish("premises", "risk", old, new)) == ("lowers_risk" if lowers else "")


@pytest.mark.parametrize(
    ("holder", "why"), [("compound", "renames"), ("building", "renames"), ("room", ""), ("shop", "")]
)
def test_a_name_that_stands_in_many_addresses_waits(holder: str, why: str) -> None:
    assert waits_for(Wish("premises", "name", "甲", "乙", holder=holder)) == why


@pytest.mark.parametrize(
    ("small", "area", "height", "fire", "over"),
    [
        ("shop", 300, None, "", None),
        ("shop", 300.1, None, "", "floor_area"),
        ("workshop", 250, 24, "C", None),
        ("workshop", 251, 24, "C", "floor_area"),
        ("workshop", 250, 24.5, "D", "height"),
        ("workshop", 100, 3, "B", "fire_class"),
        ("leisure", 200, None, "", None),
        ("leisure", 201, None, "", "floor_area"),
        ("", 9999, 99, "A", None),
    ],
)
def test_limits_of_small_premises(small: str, area: float, height: float | None, fire: str, over: str | None) -> None:
    found = small_excess(small, area, height, fire)
    assert (found[0] if found else None) == over


def test_freshness_and_rights_have_their_days() -> None:
    today = date(2026, 3, 2)
    assert not rules.is_stale(today - timedelta(days=180), today)
    assert rules.is_stale(today - timedelta(days=181), today)
    assert rules.due_by(today) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("kind", "name", "typed", "kept"),
    [
        ("person", "birth_date", "1950年1月3日", "1950-01-03"),
        ("person", "birth_date", "19500103", "1950-01-03"),
        ("person", "phone", "199 0000 0001", "19900000001"),
        ("person", "sex", "女", "female"),
        ("person", "sex", "Female", "female"),
        ("person", "party_member", "是", True),
        ("person", "id_number", "h12345678", "H12345678"),
        ("premises", "floors", "6", 6),
        ("premises", "floors", "6.5", None),
        ("premises", "lon", "181", None),
        ("premises", "lon", "nan", None),
        ("premises", "name", "字" * 81, None),
        ("organisation", "credit_code", "91440000ma0000009x", "91440000MA0000009X"),
        ("organisation", "credit_code", "123", None),
        ("relation", "emergency_rank", 10, None),
        ("care", "responsible", "x", None),
        ("residence", "premises", "not-a-uid", None),
    ],
)
def test_what_is_typed_and_what_is_kept(kind: str, name: str, typed: Any, kept: Any) -> None:
    if kept is None:
        with pytest.raises(Invalid) as refused:
            clean_value(FIELDS[kind][name], typed)
        assert refused.value.field == name
    else:
        assert clean_value(FIELDS[kind][name], typed) == kept


@given(st.sampled_from(KINDS), st.data())
def test_cleaning_twice_is_cleaning_once(kind: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FIELDS[kind])))
    typed = data.draw(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.dates(), st.booleans(), st.none()))
    try:
        once = clean(kind, {name: typed})
    except Invalid as refused:
        assert refused.field == name
        return
    assert clean(kind, once) == once


def test_the_phone_gets_every_field_in_two_languages() -> None:
    told = as_json()
    assert set(told) == set(KINDS)
    name = next(field for field in told["person"] if field["name"] == "name")
    assert (name["label"]["zh"], name["private"], name["required"]) == ("姓名", True, True)
    assert all(field["label"]["zh"] and field["label"]["en"] for fields in told.values() for field in fields)


@pytest.mark.parametrize(
    ("held", "area", "left"),
    [
        (("449001",), "", ("449001",)),
        (("449001",), "449001001", ("449001001",)),
        (("449001001", "449001002"), "449001", ("449001001", "449001002")),
        (("449001001",), "449001002", ()),
        (("",), "449001", ("449001",)),
        ((), "449001", ()),
    ],
)
def test_an_area_asked_for_never_widens_what_is_held(held: tuple[str, ...], area: str, left: tuple[str, ...]) -> None:
    assert narrowed(held, area) == left


def test_usual_words_of_free_texts_are_said_in_the_readers_language() -> None:
    field = FIELDS["person"]["education"]
    with override("en"):
        assert said(field, "初中") == "junior high school" and said(field, "私塾三年") == "私塾三年"
    with override("zh-hans"):
        assert said(field, "初中") == "初中" and said(field, "") == ""
