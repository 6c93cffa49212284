"""Steps of devices and commands, every pair of state and step; codes and places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huying.senses.devices import rules
from huying.senses.devices.rules import COMMAND_STEPS, DEVICE_STEPS, CommandState, DeviceState

AT = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", list(DeviceState))
@pytest.mark.parametrize("verb", ["pause", "resume", "retire"])
def test_a_device_goes_only_where_the_table_says(state: str, verb: str) -> None:
    assert rules.device_after(state, verb) == DEVICE_STEPS.get((state, verb))


def test_nothing_brings_a_retired_device_back() -> None:
    assert not [verb for (state, verb) in DEVICE_STEPS if state == "retired"]


@pytest.mark.parametrize("state", list(CommandState))
@pytest.mark.parametrize("verb", ["confirm", "refuse", "expire", "send", "succeed", "fail"])
def test_a_command_goes_only_where_the_table_says(state: str, verb: str) -> None:
    assert rules.command_after(state, verb) == COMMAND_STEPS.get((state, verb))


def test_what_was_refused_or_answered_stays_so() -> None:
    assert not [verb for (state, verb) in COMMAND_STEPS if state in ("refused", "done", "failed")]


def test_nothing_is_sent_that_was_refused_or_given_up() -> None:
    assert {state for state, verb in COMMAND_STEPS if verb == "send"} == {"asked", "confirmed"}


def test_whoever_asks_never_confirms() -> None:
    assert not rules.may_confirm(asked_by="person:1", confirming="person:1")
    assert rules.may_confirm(asked_by="person:1", confirming="person:2")


def test_commands_are_given_up_in_time() -> None:
    assert rules.command_expires_at("asked", asked_at=AT, sent_at=None) == AT + timedelta(minutes=30)
    assert rules.command_expires_at("confirmed", asked_at=AT, sent_at=None) == AT + timedelta(minutes=30)
    sent = AT + timedelta(minutes=20)
    assert rules.command_expires_at("sent", asked_at=AT, sent_at=sent) == sent + timedelta(minutes=5)


@pytest.mark.parametrize("code", ["a", "B-7_x", "862000000000001", "a" * 64])
def test_codes(code: str) -> None:
    assert rules.is_code(code)


@pytest.mark.parametrize("code", ["", "a" * 65, "a.b", "a/b", "a b", "*", ">", "#", "+", "$SYS", "设备", "a\n"])
def test_codes_that_would_mean_something_in_a_topic(code: str) -> None:
    assert not rules.is_code(code)


@pytest.mark.parametrize(("area", "fits"), [("9" * 12, True), ("9" * 15, True), ("9" * 17, True), ("9" * 9, False),
                                            ("9" * 16, False), ("", False), ("x" * 12, False)])  # fmt: skip
def test_places(area: str, fits: bool) -> None:
    assert rules.is_place(area) is fits
