"""Kinds are files: the shipped ones are whole, and a file that is not says where."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from huying.senses.devices.kinds import KindWrong, Words, kind, kinds, parse_kind

SHIPPED = {
    *("smart_breaker", "wearable", "smoke", "gas", "door", "water_level", "entrance_counter"),
    "gateway",
}
GOOD: dict[str, Any] = {
    "code": "lamp",
    "name": {"zh": "路灯", "en": "Street lamp"},
    "icon": "lamp",
    "silence_minutes": 60,
    "keep_days": 90,
    "fields": {
        "power": {"zh": "功率", "en": "Power", "type": "number", "unit": "W", "low": 0, "high": 500},
        "lit": {"zh": "亮", "en": "Lit", "type": "bool"},
        "mode": {"zh": "模式", "en": "Mode", "type": "choice", "choices": {"auto": {"zh": "自动", "en": "automatic"}}},
    },
    "payloads": {"tuya": {"switch_led": "lit", "p": {"to": "power", "scale": 0.1}}},
    "commands": {"on": {"zh": "开灯", "en": "On", "payload": {"lit": True}}},
}


def test_shipped_kinds_are_whole() -> None:
    assert set(kinds()) == SHIPPED
    for one in kinds().values():
        assert one.name.zh and one.name.en and one.icon
        assert all(field.name.zh and field.name.en for field in one.fields.values())
        for told in one.commands.values():
            assert told.payload and (told.needs_confirmation or not told.cuts_power)


def test_smoke_and_gas_are_urgent_whatever_they_say_and_a_wearable_when_it_calls() -> None:
    assert kind("smoke").is_urgent({}) and kind("gas").is_urgent({})
    assert not kind("wearable").is_urgent({"heart_rate": 70.0, "sos": False})
    assert kind("wearable").is_urgent({"sos": True}) and kind("wearable").is_urgent({"fall": True})
    assert not kind("smart_breaker").is_urgent({"leak": 900.0})


def test_vitals_doors_and_positions_are_private() -> None:
    assert {"heart_rate", "systolic", "spo2", "lon", "lat"} <= kind("wearable").private_fields
    assert "battery" not in kind("wearable").private_fields
    assert "open" in kind("door").private_fields
    assert not kind("smart_breaker").private_fields


def test_nothing_of_an_entrance_counter_tells_who_passed() -> None:
    assert all(field.type in ("number", "bool") for field in kind("entrance_counter").fields.values())


def test_a_new_kind_is_a_new_file() -> None:
    one = parse_kind(GOOD)
    assert one.fields["power"].high == 500.0
    assert one.payloads["tuya"]["p"].scale == 0.1
    assert one.name.say("zh-hans") == "路灯" and one.name.say("en") == "Street lamp"
    assert one.commands["on"].name == Words("开灯", "On")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("fields", "power", "low"), 900, "low below high"),
        (("fields", "power", "high"), None, "low below high"),
        (("fields", "power", "type"), "float", "type must be one of"),
        (("fields", "power", "urgent"), True, "only a bool"),
        (("fields", "mode", "choices"), {}, "needs choices"),
        (("fields", "lit", "colour"), "red", "does not know colour"),
        (("fields", "lit", "zh"), "", "zh must be a text"),
        (("payloads", "tuya", "switch_led"), "light", "there is no field light"),
        (("payloads", "tuya", "p"), {"to": "power", "scale": "ten"}, "must be numbers"),
        (("payloads", "modbus"), {}, "form must be one of"),
        (("silence_minutes",), 0, "above 0"),
        (("keep_days",), True, "above 0"),
        (("rules",), [], "does not know rules"),
        (("name", "en"), None, "en must be a text"),
        (("commands", "on", "payload"), "on", "must be a mapping"),
    ],
)
def test_a_wrong_file_says_where(path: tuple[str, ...], value: Any, said: str) -> None:
    raw = deepcopy(GOOD)
    place: Any = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(KindWrong, match=said):
        parse_kind(raw, "lamp.yaml")


def test_the_reference_names_every_kind_field_and_command() -> None:
    page = (Path(__file__).parents[5] / "docs" / "reference" / "devices.md").read_text(encoding="utf-8")
    parts = {part.partition("`")[2].partition("`")[0]: part for part in page.split("\n### ")[1:]}
    assert list(parts) == list(kinds())
    for code, one in kinds().items():
        missing = [name for name in (*one.fields, *one.commands) if f"`{name}`" not in parts[code]]
        assert not missing
