"""A rule as a form: every rule that comes with the kinds survives the way through the boxes and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from huying.kernel.errors import Invalid
from huying.senses.alarms.actions.ruling import known_fields
from huying.senses.alarms.desk import rule_form as form
from huying.senses.alarms.engine import Rule, every_default, parse_rule
from huying.senses.devices.kinds import kinds

DEFAULTS = [rule for rules in every_default().values() for rule in rules]


def posted(typed: dict[str, Any]) -> QueryDict:
    """What a browser sends for what the boxes show."""
    given = QueryDict(mutable=True)
    for name, value in typed.items():
        if name == "steps":
            for one in value:
                for part in ("threshold", "leave", "lasting", "unit"):
                    given[f"{part}_{one['severity']}"] = one[part]
        elif name == "days":
            given.setlist("days", value)
        elif name == "active":
            if value:
                given["active"] = "1"
        else:
            given[name] = value
    return given


def leak() -> Rule:
    return next(rule for rule in DEFAULTS if rule.kind == "smart_breaker" and len(rule.steps) > 1)


@pytest.mark.parametrize("rule", DEFAULTS, ids=lambda rule: f"{rule.kind}-{rule.code}")
def test_a_rule_written_down_is_the_same_rule(rule: Rule) -> None:
    assert parse_rule(form.written(rule), known_fields()) == rule


@pytest.mark.parametrize("rule", DEFAULTS, ids=lambda rule: f"{rule.kind}-{rule.code}")
def test_a_rule_saved_without_a_change_is_the_same_rule(rule: Rule) -> None:
    kind = kinds()[rule.kind]
    typed = form.typed_from(posted(form.typed_of(rule, kind)))
    assert parse_rule(form.raw_of(typed, kind, rule), known_fields()) == rule


def test_what_is_typed_changes_only_that() -> None:
    rule, kind = leak(), kinds()[leak().kind]
    typed = form.typed_of(rule, kind)
    first = next(one for one in typed["steps"] if one["threshold"])
    first["threshold"] = "17"
    changed = parse_rule(form.raw_of(typed, kind, rule), known_fields())
    assert changed.steps[0].threshold == 17
    assert changed.steps[1:] == rule.steps[1:]
    assert (changed.test, changed.clear, changed.item) == (rule.test, rule.clear, rule.item)


def test_a_rule_from_nothing() -> None:
    kind = kinds()["smoke"]
    typed = form.typed_of(None, kind) | {
        "code": "hot", "name_zh": "温度高", "alarm": "hot", "field": "temperature", "op": "at_least",
        "from": "22:00", "to": "06:00", "days": ["sat", "sun"], "source_zh": "本社区定", "times_n": "",
    }  # fmt: skip
    typed["steps"][1] |= {"threshold": "54", "lasting": "2", "unit": "min"}
    rule = parse_rule(form.raw_of(typed, kind), known_fields())
    assert (rule.steps[0].severity, rule.steps[0].threshold, rule.steps[0].lasting) == (2, 54, 120)
    assert (rule.schedule[0].days, rule.schedule[0].begins, rule.schedule[0].ends) == ((5, 6), 1320, 360)
    assert (rule.name.en, rule.source.zh, rule.source.tag) == ("温度高", "本社区定", "P")


@pytest.mark.parametrize(("text", "said"), [("是", True), ("No", False)])
def test_yes_and_no_in_both_languages(text: str, said: bool) -> None:
    kind = kinds()["door"]
    typed = form.typed_of(None, kind) | {
        "code": "open",
        "name_zh": "门开",
        "alarm": "open",
        "field": "open",
        "op": "is",
    }
    typed["steps"][0]["threshold"] = text
    assert form.raw_of(typed, kind)["steps"][0]["is"] is said


@pytest.mark.parametrize(("box", "text"), [("threshold", "很多"), ("lasting", "一会儿"), ("leave", "低")])
def test_a_box_that_cannot_be_read_is_named(box: str, text: str) -> None:
    rule, kind = leak(), kinds()[leak().kind]
    typed = form.typed_of(rule, kind)
    step = next(one for one in typed["steps"] if one["threshold"])
    step[box] = text
    with pytest.raises(Invalid) as refused:
        form.raw_of(typed, kind, rule)
    assert list(refused.value.fields) == [f"{box}_{step['severity']}"]
