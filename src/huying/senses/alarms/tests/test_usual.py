"""What is usual for a device is said on its page: how far it is learned, and what it is, unless that is private."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases.factories import NOW, Cast
from huying.senses.alarms.desk import history
from huying.senses.alarms.desk.usual import usual_of
from huying.senses.alarms.engine import Engine, Rule, State, default_rules
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device

from .conftest import make_device
from .test_pages import Desk, desk, said

__all__ = ["desk"]
SLOT = timedelta(hours=6)  # a 28th of seven days


def learned(device: Device, rules: tuple[Rule, ...], field: str, figures: list[float]) -> State:
    """The state after one reading a slot."""
    engine, state = Engine(rules, kinds()[device.kind].fields), None
    for number, figure in enumerate(figures):
        now = int((NOW + number * SLOT).timestamp() * 1000)
        state, _events = engine.step_ms(state, now, now, {field: figure, "worn": True})
    assert state is not None
    return state


def usual(device: Device, field: str, figures: list[float], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    rules = tuple(default_rules(device.kind))
    state = learned(device, rules, field, figures) if figures else None
    monkeypatch.setattr(history, "_remembered", [lambda asked: state if asked == device else None])
    return usual_of(device, rules)


def test_how_far_a_device_has_been_learned(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    gauge = make_device("W-1", kind="water_level")
    assert usual(gauge, "level", [], monkeypatch) == {"level": ["正在学平时的水平，已学 0%；学会以前先不报"]}
    (words,) = usual(gauge, "level", [1.5 + n % 3 / 10 for n in range(20)], monkeypatch)["level"]
    assert words == "平时的水平已经学会：1.600 m"


def test_what_is_usual_of_a_person_stays_private(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    band = make_device("B-1", kind="wearable")
    (words,) = usual(band, "heart_rate", [70.0 + n % 5 for n in range(20)], monkeypatch)["heart_unusual"]
    assert words == "平时的水平已经学会"


def test_a_breaker_has_nothing_to_learn_unless_its_place_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = make_device("BRK-1", kind="smart_breaker")
    rules = default_rules("smart_breaker")
    assert usual_of(breaker, rules) == {}
    monkeypatch.setattr(history, "_remembered", [])
    (words,) = usual_of(breaker, [replace(one, active=True) for one in rules])["leak_main"]
    assert words == "正在学平时的水平，已学 0%；学会以前按读数本身判断"


def test_the_page_of_a_device_says_it(desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    gauge: Any = make_device("W-1", kind="water_level")
    monkeypatch.setattr(history, "_remembered", [lambda _device: None])
    assert "正在学平时的水平，已学 0%" in said(desk().get(f"/desk/devices/{gauge.code}/"))
