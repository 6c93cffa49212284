"""What the engine promises beyond the oracle: clocks set back, changed rules, gateways, due moments, replay, speed of thought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from huying.senses.alarms.engine import Engine, parse_rules, replay
from huying.senses.alarms.engine.replaying import Past

NAME = {"zh": "漏电", "en": "Leakage"}
T0 = 1_763_906_400_000  # Sunday 23 November 2025, 22:00 in Shanghai


def engine(*raw: dict[str, Any]) -> Engine:
    return Engine(
        parse_rules([{"code": f"r{n}", "kind": "k", "alarm": "a", "name": NAME, **one} for n, one in enumerate(raw)])
    )


LEAK = {"when": {"field": "x"}, "steps": [{"severity": 2, "at_least": 15}, {"severity": 3, "at_least": 30}], "for": 60}
SILENT = {"alarm": "offline", "when": {}, "steps": [{"severity": 1, "no_data": 10}, {"severity": 2, "no_data": 60}]}
FALL = {"when": {"field": "fall", "is": True}, "severity": 4, "urgent": True, "clear": {"after": 600},
        "unless": {"field": "cancelled", "is": True, "within": 20}}  # fmt: skip


def run(one: Engine, *steps: tuple[int, dict[str, Any] | None], state: Any = None) -> tuple[Any, list[tuple[str, int]]]:
    """Readings (seconds, values) and ticks (seconds, None); the state and what happened."""
    happened = []
    for seconds, values in steps:
        now = T0 + seconds * 1000
        state, events = one.tick_ms(state, now) if values is None else one.step_ms(state, now, now, values)
        happened += [(event.what, event.severity) for event in events]
    return state, happened


def test_severity_goes_up_and_down_in_one_alarm() -> None:
    one = engine({**LEAK, "for": 0, "clear": {"margin": 5}})
    steps = [(0, {"x": 16}), (10, {"x": 31}), (20, {"x": 26}), (30, {"x": 24}), (40, {"x": 9})]
    assert run(one, *steps)[1] == [("raise", 2), ("severity", 3), ("severity", 2), ("clear", 2)]


def test_events_say_what_was_seen_and_when() -> None:
    one = engine({**LEAK, "for": 0})
    _state, events = one.step_ms(None, T0, T0, {"x": 31.5})
    (event,) = events
    assert (event.what, event.rule, event.alarm, event.severity, event.field, event.value) == (
        "raise",
        "r0",
        "a",
        3,
        "x",
        31.5,
    )
    assert event.at == datetime.fromtimestamp(T0 / 1000, UTC)
    assert (event.words.zh, event.words.en) == ("漏电，报警：31.5", "Leakage, alarm: 31.5")


def test_a_clock_set_back_blinds_the_rules_for_a_quarter_of_an_hour_at_most() -> None:
    one = engine({**LEAK, "for": 0})
    state, _ = one.step_ms(None, T0, T0, {"x": 1})
    back = T0 - 86_400_000
    state, events = one.step_ms(state, back, T0 + 60_000, {"x": 40})
    assert events == []  # late, as far as anybody can know
    state, events = one.step_ms(state, back + 900_000, T0 + 900_000, {"x": 40})
    assert [event.what for event in events] == ["raise"]
    state, events = one.step_ms(state, back + 960_000, T0 + 960_000, {"x": 1})
    assert [event.what for event in events] == ["clear"]


def test_what_waits_starts_anew_when_the_clock_was_set_back() -> None:
    one = engine(LEAK)
    state, _ = run(one, (0, {"x": 20}))
    back = T0 - 86_400_000
    state, events = one.step_ms(state, back, T0 + 900_000, {"x": 20})
    assert events == []
    state, events = one.step_ms(state, back + 60_000, T0 + 960_000, {"x": 20})
    assert [event.what for event in events] == ["raise"]


@pytest.mark.parametrize("late", [True, False])
def test_a_call_for_help_is_never_lost_in_lateness(late: bool) -> None:
    """A band that was out of reach sends its SOS after a newer reading, or with a clock of 1970."""
    one = engine({"when": {"field": "sos", "is": True}, "severity": 4, "urgent": True, "clear": {"after": 600}})
    state, _ = run(one, (0, {"sos": False}))
    at = T0 - 30_000 if late else 1_000
    state, events = one.step_ms(state, at, T0 + 1_000, {"sos": True})
    assert [(event.what, event.severity) for event in events] == [("raise", 4)]
    state, events = one.step_ms(state, at, T0 + 2_000, {"sos": True})  # sent twice
    assert events == []
    state, events = one.tick_ms(state, T0 + 700_000)
    assert [event.what for event in events] == ["clear"]
    assert one.step_ms(state, at, T0 + 800_000, {"sos": True})[1] == []  # and once more, hours later


def test_a_fall_is_told_after_20_seconds_unless_called_off() -> None:
    one = engine(FALL)
    state, happened = run(one, (0, {"fall": True}), (19, None))
    assert happened == []
    assert run(one, (20, None), state=state)[1] == [("raise", 4)]
    called_off, happened = run(one, (12, {"cancelled": True}), (30, None), (40, {"fall": False}), state=state)
    assert happened == []
    assert run(one, (90, {"fall": True}), (110, None), state=called_off)[1] == [("raise", 4)]  # the next fall counts
    assert run(one, (12, {"fall": False}), (30, None), state=state)[1] == [("raise", 4)]  # bands say fall once


def test_a_fall_is_told_even_if_calling_off_comes_too_late() -> None:
    one = engine(FALL)
    assert run(one, (0, {"fall": True}), (21, {"cancelled": True}))[1] == [("raise", 4)]


def test_silence_ends_with_any_word_and_a_late_one_too() -> None:
    one = engine(SILENT)
    state, happened = run(one, (0, {"x": 1}), (599, None), (600, None), (3_600, None))
    assert happened == [("raise", 1), ("severity", 2)]
    state, events = one.step_ms(state, T0 - 60_000, T0 + 3_700_000, {"x": 1})
    assert [event.what for event in events] == ["clear"]


def test_silence_of_our_own_is_not_the_devices() -> None:
    one = engine(SILENT)
    state, _ = run(one, (0, {"x": 1}))
    began = datetime.fromtimestamp(T0 / 1000, UTC) + timedelta(hours=2)
    state, events = one.tick(state, began + timedelta(minutes=9), listening_since=began)
    assert events == []
    state, events = one.tick(state, began + timedelta(minutes=10), listening_since=began)
    assert [event.what for event in events] == ["raise"]


def test_behind_a_silent_gateway_nothing_is_raised_and_what_was_is_withdrawn() -> None:
    one = engine(SILENT)
    state, happened = run(one, (0, {"x": 1}), (700, None))
    assert happened == [("raise", 1)]
    state, events = one.tick_ms(state, T0 + 800_000, 0, {"offline"})
    assert [event.what for event in events] == ["clear"]
    state, events = one.tick_ms(state, T0 + 900_000, 0, {"offline"})
    assert events == []
    state, events = one.tick_ms(state, T0 + 960_000)
    assert [event.what for event in events] == ["raise"]


def test_a_removed_rule_takes_its_alarm_with_it_and_a_changed_one_keeps_it() -> None:
    hot = {"code": "hot", "when": {"field": "x", "over": 5}, "severity": 3}
    state, happened = run(engine(hot), (0, {"x": 9}))
    assert happened == [("raise", 3)]
    changed = engine(
        {"code": "hot", "when": {"field": "x"}, "steps": [{"severity": 2, "over": 4}, {"severity": 4, "over": 8}]}
    )
    assert run(changed, (10, {"x": 9}), state=state)[1] == [("severity", 4)]
    other = engine({"code": "new", "alarm": "b", "when": {"field": "y", "over": 5}, "severity": 3})
    state, happened = run(other, (10, {"x": 9}), state=state)
    assert happened == [("clear", 3)]
    assert state["a"] == {} and state["r"] == {}
    assert run(other, (20, {"x": 9}), state=state)[1] == []


def test_a_rule_rewritten_for_another_test_does_not_read_the_old_memory() -> None:
    state, _ = run(engine({"when": {"field": "x", "rises_by": 3, "within": 60}, "severity": 3}), (0, {"x": 1}))
    usual = engine({"when": {"field": "x", "over": 3, "baseline": {"learn": 3}}, "severity": 3})
    state, happened = run(usual, (10, {"x": 9}), (20, None), state=state)
    assert happened == []
    assert usual.learning(state)["r0"].share == 0


def test_due_is_when_a_tick_has_something_to_do() -> None:
    held = engine({"when": {"field": "open", "is": True}, "severity": 1, "for": 60}, SILENT)
    state, _ = run(held, (0, {"open": True}))
    assert held.due_ms(state) == T0 + 60_000
    state, happened = run(held, (60, None), state=state)
    assert happened == [("raise", 1)]
    assert held.due_ms(state) == T0 + 600_000
    assert held.due(None) is None


def test_due_comes_back_later_when_a_tick_was_held() -> None:
    one = engine(SILENT)
    state, _ = run(one, (0, {"x": 1}))
    state, _events = one.tick_ms(state, T0 + 600_000, 0, {"offline"})
    assert one.due_ms(state) == T0 + 660_000


def test_a_schedule_opens_and_shuts_by_itself_for_a_door_that_stands_open() -> None:
    one = engine({"when": {"field": "open", "is": True}, "severity": 1, "schedule": [{"from": "22:30", "to": "23:00"}]})
    state, happened = run(one, (0, {"open": True}))
    assert happened == []
    assert one.due_ms(state) == T0 + 1_800_000
    state, happened = run(one, (1_800, None), state=state)
    assert happened == [("raise", 1)]
    assert one.due_ms(state) == T0 + 3_600_000
    assert run(one, (3_600, None), state=state)[1] == [("clear", 1)]


def test_a_door_open_before_the_schedule_begins_to_count_when_it_opens() -> None:
    window = [{"from": "22:30", "to": "23:00"}]
    one = engine({"when": {"field": "open", "is": True}, "severity": 1, "for": 600, "schedule": window})
    state, happened = run(one, (0, {"open": True}), (1_800, None))
    assert happened == []
    assert one.due_ms(state) == T0 + 2_400_000
    assert run(one, (2_400, None), state=state)[1] == [("raise", 1)]


def test_it_says_how_much_it_has_learned() -> None:
    one = engine({"when": {"field": "x", "over": 5, "baseline": {"learn": 3, "by": "all"}}, "severity": 2})
    state = None
    assert not one.learning(state)["r0"].enough
    for quarter in range(40):
        now = T0 + quarter * 4 * 3_600_000
        state, events = one.step_ms(state, now, now, {"x": 10 + quarter % 3})
        assert events == []
    learned = one.learning(state)["r0"]
    assert (learned.enough, learned.share, learned.lowest) == (True, 1.0, 11)
    assert [event.what for event in one.step_ms(state, now + 1, now + 1, {"x": 17})[1]] == ["raise"]


def test_replay_counts_alarms_and_minutes_and_lets_time_pass_between_readings() -> None:
    rules = parse_rules([
        {"code": "r", "kind": "k", "alarm": "open", "name": NAME, "when": {"field": "open", "is": True}, "severity": 1, "for": 600},
        {"code": "s", "kind": "k", "name": NAME, **SILENT},
    ])  # fmt: skip
    readings = [Past("one", T0, {"open": True}), Past("two", T0, {"open": False}),
                Past("one", T0 + 1_500_000, {"open": False}), Past("two", T0 + 300_000, {"open": False})]  # fmt: skip
    found = replay(rules, readings, until=datetime.fromtimestamp(T0 / 1000, UTC) + timedelta(minutes=30))
    assert found.by_alarm == {"open": 1, "offline": 2}
    assert found.by_device == {"one": 2, "two": 1}
    assert (found.raised, found.readings, found.minutes) == (3, 4, 15 + 15 + 15)
    assert {(one.device, one.event.alarm, one.ended is None) for one in found.first} == {
        ("one", "open", False),
        ("one", "offline", False),
        ("two", "offline", True),
    }
