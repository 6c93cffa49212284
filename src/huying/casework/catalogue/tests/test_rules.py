"""What each field of an item may hold, and when a catalogue holds together."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

import pytest

from huying.casework.catalogue import rules
from huying.casework.catalogue.trades import SEED, trades

GOOD: dict[str, Any] = {
    "code": "0199", "class_code": "01", "class_zh": "市容环卫", "class_en": "", "name": "共享单车堆积", "name_en": "",
    "level": "L3", "lead_trade": "street_sanitation", "first_trade": "", "co_trades": [], "respond": "2wh",
    "close": "1wd", "conditions": "C1", "needs_photo_min": 1, "allowed_channels": [], "public_visible": True,
    "sensitive": False, "self_handle_allowed": False, "auto_dispatch": True, "emergency_line": "", "dup_radius_m": 50,
    "dup_window_h": 24, "can_suspend": False, "max_extensions": 1, "law_basis": "", "source": "L", "source_note": "",
    "phrases": [], "retired": False,
}  # fmt: skip


def seed_lines() -> list[dict[str, Any]]:
    with (SEED / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_shipped_catalogue_holds_together_and_is_complete() -> None:
    lines = seed_lines()
    assert rules.check_catalogue(lines, trades()) == []
    assert len(lines) == 320
    assert len({line["class_code"] for line in lines}) == 16
    assert all(line["name_en"] and line["first_trade"] and line["conditions"] for line in lines)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "1"), ("code", "01a9"), ("class_code", "1"), ("name", " "), ("name", "长" * 61), ("level", "L6"),
        ("lead_trade", ""), ("lead_trade", "nobody"), ("first_trade", "nobody"), ("co_trades", ["nobody"]),
        ("respond", ""), ("respond", "soon"), ("close", "4 weeks"), ("conditions", ""), ("conditions", "C99"),
        ("needs_photo_min", -1), ("needs_photo_min", 99), ("needs_photo_min", "two"), ("allowed_channels", ["fax"]),
        ("public_visible", "maybe"), ("emergency_line", "911"), ("dup_radius_m", -5), ("dup_radius_m", 10**6),
        ("dup_window_h", 9000), ("max_extensions", -1), ("source", "X"), ("phrases", ["长" * 121]),
        ("needs_photo_min", 0), ("code", "0299"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_at_its_field_in_both_languages(field: str, value: Any) -> None:
    assert rules.check_item(GOOD, trades()) == {}
    errors = rules.check_item({**GOOD, field: value}, trades())
    assert set(errors) == {field}
    assert errors[field].zh
    assert errors[field].en


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("co_trades", "street_sanitation  water", ["street_sanitation", "water"]),
        ("allowed_channels", "all", []),
        ("allowed_channels", list(rules.CHANNELS), []),
        ("allowed_channels", ["grid", "hotline"], ["hotline", "grid"]),
        ("conditions", "C3->C1", "C3→C1"),
        ("public_visible", "yes", True),
        ("sensitive", "no", False),
        ("phrases", " 单车堵门 \n\n单车堵门\n共享车太多", ["单车堵门", "共享车太多"]),
    ],
)
def test_values_are_tidied_the_same_way_everywhere(field: str, given: Any, stored: Any) -> None:
    checked = rules.check_fields({field: given}, trades())
    assert checked.errors == {}
    assert checked.values[field] == stored


def test_a_catalogue_without_items_or_with_two_of_a_name_is_refused() -> None:
    assert rules.check_catalogue([], trades())
    assert rules.check_catalogue([{**GOOD, "retired": True}], trades())
    twins = rules.check_catalogue([GOOD, {**GOOD, "code": "0198"}], trades())
    assert [(code, name) for code, name, _ in twins] == [("0198", "name"), ("0199", "name")]
    assert rules.check_catalogue([GOOD, {**GOOD, "code": "0198", "retired": True}], trades()) == []


@pytest.mark.parametrize(
    ("day", "latest", "refused"),
    [
        (date(2026, 3, 10), date(2025, 1, 1), False),
        (date(2026, 3, 11), date(2025, 1, 1), False),
        (date(2026, 3, 9), date(2025, 1, 1), True),
        (date(2026, 3, 20), date(2026, 4, 1), True),
        (date(2020, 1, 1), None, False),
    ],
)
def test_a_version_takes_effect_neither_in_the_past_nor_before_the_one_it_follows(
    day: date, latest: date | None, refused: bool
) -> None:
    assert bool(rules.refuse_day(day, date(2026, 3, 10), latest)) is refused
