"""The engine against the slow oracle: late, repeated, out-of-order readings, gaps and ticks, for every kind of test."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.alarms.engine import Engine, parse_rules

from .oracle import Oracle

BASE = {"kind": "k", "name": {"zh": "某", "en": "some"}}
NUMBER = {"code": "r", "alarm": "a", **BASE}
HIGH = [{"severity": 2, "over": 3}, {"severity": 3, "over": 6}]

RULES: dict[str, list[dict[str, Any]]] = {
    "plain": [{**NUMBER, "when": {"field": "x"}, "steps": HIGH}],
    "at_most": [{**NUMBER, "when": {"field": "x", "at_most": 2}, "severity": 3, "clear": {"over": 4, "for": 20}}],
    "duration": [{**NUMBER, "when": {"field": "x"}, "steps": HIGH, "for": 30, "clear": {"margin": 2, "for": 40}}],
    "row": [{**NUMBER, "when": {"field": "x"}, "steps": HIGH, "in_a_row": 3, "clear": {"margin": 1}}],
    "held": [{**NUMBER, "when": {"field": "b", "is": True}, "severity": 2, "for": 60, "clear": {"for": 30}}],
    "guarded": [{**NUMBER, "when": {"field": "x", "over": 3}, "severity": 2, "only_while": [{"field": "b", "is": True}]}],
    "percent": [{**NUMBER, "when": {"field": "x", "percent_of": "y"}, "steps": [{"severity": 2, "at_least": 80}]}],
    "times": [{**NUMBER, "when": {"field": "x"}, "steps": HIGH, "times": {"n": 3, "within": 200}}],
    "onsets": [{**NUMBER, "when": {"field": "x", "over": 4}, "severity": 3, "times": {"n": 2, "within": 300, "onsets": True}}],
    "rise": [{**NUMBER, "when": {"field": "x", "rises_by": 4, "within": 100}, "severity": 3, "clear": {"for": 30}}],
    "fall_off": [{**NUMBER, "when": {"field": "x", "falls_by": 4, "within": 60}, "severity": 3, "in_a_row": 2}],
    "change": [{**NUMBER, "when": {"field": "x", "changes_by": 3}, "severity": 2}],
    "silence": [{**NUMBER, "when": {}, "steps": [{"severity": 1, "no_data": 1}, {"severity": 2, "no_data": 5}]}],
    "unchanged": [{**NUMBER, "when": {"field": "x", "unchanged": 2}, "severity": 2}],
    "counter": [{**NUMBER, "when": {"field": "x", "unchanged": 2, "counter": True}, "severity": 2,
                 "only_while": [{"field": "b", "is": True}]}],
    "night": [{**NUMBER, "when": {"field": "b", "is": True}, "severity": 2, "for": 45,
               "schedule": [{"from": "22:05", "to": "22:10"}, {"days": ["mon"], "from": "22:15", "to": "06:00"}]}],
    "night_number": [{**NUMBER, "when": {"field": "x"}, "steps": HIGH, "clear": {"for": 30},
                      "schedule": [{"from": "22:05", "to": "22:10"}]}],
    "night_still": [{**NUMBER, "when": {"field": "x", "unchanged": 2}, "severity": 2,
                     "schedule": [{"from": "22:04", "to": "22:20"}]}],
    "sos": [{**NUMBER, "when": {"field": "b", "is": True}, "severity": 4, "urgent": True, "clear": {"after": 60}}],
    "smoke": [{**NUMBER, "when": {"field": "b", "is": True}, "severity": 4, "urgent": True, "clear": {"for": 60}}],
    "fall": [{**NUMBER, "when": {"field": "b", "is": True}, "severity": 4, "urgent": True, "clear": {"after": 60},
              "unless": {"field": "c", "is": True, "within": 20}}],
    "several": [
        {**NUMBER, "when": {"fields": ["x", "y"]}, "steps": HIGH, "for": 20},
        {**NUMBER, "code": "r2", "when": {"field": "x", "rises_by": 5, "within": 60}, "severity": 4},
        {**NUMBER, "code": "r3", "alarm": "z", "when": {"field": "b", "is": False}, "severity": 1},
    ],
}  # fmt: skip
START = 1_763_906_400_000  # Sunday 23 November 2025, 22:00 in Shanghai


def operations(step: int, read: str) -> st.SearchStrategy[list[Any]]:
    """Readings (seconds since the last, how late, values) and ticks; late ones are older than the newest."""
    number = st.integers(0, 9)
    kinds = {"x": number, "y": number, "b": st.booleans(), "c": st.booleans()}
    fields = {name: one for name, one in kinds.items() if f'"{name}"' in read} or {"x": number}
    first = next(iter(fields))
    values = st.fixed_dictionaries({first: fields.pop(first)}, optional=fields) | st.just({"z": 1})
    gap = st.sampled_from([0, 1, step // 3 or 1, step, 2 * step, 5 * step])
    reading = st.tuples(st.just("read"), gap, st.sampled_from([0, 0, 0, 0, 1, 3]), values)
    again = st.tuples(st.just("again"), gap, st.integers(0, 5), st.none())
    tick = st.tuples(st.just("tick"), gap, st.just(0), st.none())
    return st.lists(st.one_of(reading, reading, reading, again, tick), min_size=12, max_size=30)


def run(raw: list[dict[str, Any]], ops: list[Any], skew: int) -> None:
    """Engine and oracle side by side; states go through JSON and are never changed in place."""
    rules = parse_rules(raw)
    engine, state = Engine(rules), None
    oracles = [Oracle(rule, field) for rule in rules for field in rule.test.fields or ("",)]
    before: dict[str, int] = {}
    now, told = START, []
    for what, gap, third, values in ops:
        now += gap * 1000
        frozen = deepcopy(state)
        if what == "tick":
            after, events = engine.tick_ms(state, now)
            for one in oracles:
                one.tick(now)
        else:
            if what == "again":
                if third >= len(told):
                    continue
                at, values = told[-1 - third]
            else:
                at = now - skew - third * 15_000
            told.append((at, values))
            after, events = engine.step_ms(state, at, now, values)
            for one in oracles:
                one.reading(at, now, values, not before)
        assert state == frozen
        state = json.loads(json.dumps(after))
        expected: dict[str, int] = {}
        for one in oracles:
            if severity := one.severity():
                expected[one.rule.alarm] = max(severity, expected.get(one.rule.alarm, 0))
        assert dict(engine.alarms(state)) == expected, (what, at if what != "tick" else None, now)
        moved = {
            (alarm, "raise" if alarm not in before else "severity" if alarm in expected else "clear")
            for alarm in before.keys() | expected.keys()
            if before.get(alarm) != expected.get(alarm)
        }
        assert {(event.alarm, event.what) for event in events} == moved
        assert len(events) == len(moved)
        before = expected


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=30)
@given(data=st.data())
def test_engine_does_what_the_oracle_says(name: str, data: st.DataObject) -> None:
    skew = data.draw(st.sampled_from([0, 0, 7_000, 3_600_000]))
    run(RULES[name], data.draw(operations(20, json.dumps(RULES[name]))), skew)


@pytest.mark.parametrize("by", ["all", "hour"])
@pytest.mark.parametrize("before", ["quiet", "raw"])
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_usual_is_learned_as_the_oracle_learns_it(by: str, before: str, data: st.DataObject) -> None:
    base = {"learn": 3, "by": by, "most": 7, "spread": 2, "before": before}
    raw = [{**NUMBER, "when": {"field": "x", "baseline": base}, "clear": {"margin": 1},
            "steps": [{"severity": 2, "over": 1}, {"severity": 3, "over": 3}]}]  # fmt: skip
    usual = data.draw(st.integers(0, 6))
    wave = data.draw(st.lists(st.sampled_from([0, 0, 0, 1, 1, 2, 3]), min_size=10, max_size=60))
    hours = 24 if by == "hour" else 3
    run(raw, [("read", hours * 3_600, 0, {"x": usual + one}) for one in wave], 0)
