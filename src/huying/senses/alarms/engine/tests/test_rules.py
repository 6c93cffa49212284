"""What the grammar takes and refuses, the default rules, and their sentences."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import huying.casework.catalogue as catalogue
from huying.senses.alarms.engine import (
    RuleWrong,
    default_rules,
    every_default,
    explain,
    parse_rule,
    parse_rules,
    sentence,
)
from huying.senses.alarms.engine.defaults import raw_defaults
from huying.senses.devices.kinds import kinds

KNOWN = {code: {name: field.type for name, field in kind.fields.items()} for code, kind in kinds().items()}
NAME = {"zh": "漏电", "en": "Leakage"}
RULE: dict[str, Any] = {
    "code": "leak", "kind": "smart_breaker", "alarm": "leak", "name": NAME, "when": {"field": "leak"}, "for": 10,
    "steps": [{"severity": 2, "at_least": 15}, {"severity": 3, "at_least": 30}],
}  # fmt: skip
SOS = {"when": {"field": "switch", "is": True}, "steps": None, "severity": 4, "urgent": True, "for": None}


def changed(**changes: Any) -> dict[str, Any]:
    raw = {**deepcopy(RULE), **changes}
    return {key: value for key, value in raw.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"code": "Leak!"}, "rule.code"),
        ({"colour": "red"}, "rule"),
        ({"kind": "toaster"}, "rule.kind"),
        ({"name": {"zh": "漏电"}}, "rule.name"),
        ({"when": {"field": "smell"}}, "rule.when"),
        ({"when": {"field": "fault"}}, "rule.when"),  # no number
        ({"when": {}}, "rule.when"),
        ({"when": {"field": "leak", "over": 3}}, "rule.when"),  # two comparisons
        ({"steps": []}, "rule.when"),
        ({"severity": 3}, "rule"),  # severity and steps
        ({"steps": [{"severity": 3, "at_least": 15}, {"severity": 2, "at_least": 30}]}, "rule.steps"),
        ({"steps": [{"severity": 2, "at_least": 30}, {"severity": 3, "at_least": 15}]}, "rule.steps"),
        ({"steps": [{"severity": 9, "at_least": 30}]}, "rule.steps[0].severity"),
        ({"steps": [{"severity": 2, "at_least": float("nan")}]}, "rule.steps[0].at_least"),
        ({"steps": [{"severity": 2, "at_least": True}]}, "rule.steps[0].at_least"),
        ({"steps": [{"severity": 2, "at_least": 15, "clear": 20}]}, "rule.steps"),
        ({"for": -1}, "rule.for"),
        ({"for": 1.5}, "rule.for"),
        ({"clear": {"over": 3}}, "rule.clear"),
        ({"clear": {"after": 60}}, "rule.clear"),
        ({"times": {"n": 1, "within": 60}, "for": None}, "rule.times.n"),
        ({"times": {"n": 3, "within": 60}}, "rule.times"),  # with for
        ({"schedule": [{"days": ["monday"], "from": "22:00", "to": "06:00"}]}, "rule.schedule[0].days"),
        ({"schedule": [{"from": "22:00", "to": "22:00"}]}, "rule.schedule[0]"),
        ({"schedule": [{"from": 1320, "to": "06:00"}]}, "rule.schedule[0].from"),
        ({"only_while": [{"field": "switch"}]}, "rule.only_while[0]"),
        ({"urgent": True}, "rule.urgent"),
        ({**SOS, "schedule": [{"from": "22:00", "to": "06:00"}]}, "rule.urgent"),
        ({**SOS, "for": 10}, "rule.urgent"),
        ({"unless": {"field": "switch", "is": True, "within": 20}}, "rule.unless"),
        ({"when": {"field": "leak", "baseline": {"learn": 1}}}, "rule.when.baseline.learn"),
        ({"when": {"field": "leak", "baseline": {"learn": 7, "by": "week"}}}, "rule.when.baseline.learn"),
        ({"ladder": "never"}, "rule.ladder"),
        ({"source": {"zh": "某", "en": "some", "tag": "Z"}}, "rule.source.tag"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes: Mapping[str, Any], path: str) -> None:
    with pytest.raises(RuleWrong) as wrong:
        parse_rule(changed(**changes), KNOWN)
    assert wrong.value.path == path
    assert wrong.value.words.zh and wrong.value.words.en


@pytest.mark.parametrize("raw", [None, "rules", {"a": 1}, [None], [[]], [{}], [{"when": None}], [{**RULE, "when": []}]])
def test_whatever_is_no_rule_is_refused_by_name(raw: Any) -> None:
    with pytest.raises(RuleWrong):
        parse_rules(raw)


def test_a_code_is_used_once_a_kind() -> None:
    with pytest.raises(RuleWrong) as wrong:
        parse_rules([RULE, RULE])
    assert wrong.value.path == "rules[1].code"


def test_margin_and_value_of_letting_go() -> None:
    rule = parse_rule(changed(clear={"margin": 3, "for": 60}))
    assert [step.leave for step in rule.steps] == [12, 27]
    rule = parse_rule(changed(clear={"under": 10}))
    assert [step.leave for step in rule.steps] == [10, None]


def test_every_kind_has_defaults_and_they_fit_its_fields() -> None:
    assert set(every_default()) == set(kinds())
    for code in kinds():
        assert parse_rules(raw_defaults(code), KNOWN) == list(default_rules(code))


def test_every_default_says_where_it_comes_from_and_opens_a_case_that_exists() -> None:
    seed = Path(catalogue.__path__[0]) / "seed" / "items.csv"
    with seed.open(encoding="utf-8") as lines:
        items = {row["code"] for row in csv.DictReader(lines)}
    for rules in every_default().values():
        for rule in rules:
            assert rule.source.zh and rule.source.en
            assert not rule.item or rule.item in items
            assert rule.item or rule.case_at == 4
            assert any(rule.test.op == "no_data" for rule in rules)


def test_what_cannot_wait_is_urgent_and_called_at_once() -> None:
    urgent = {(rule.kind, rule.alarm, rule.item) for rules in every_default().values() for rule in rules if rule.urgent}
    assert urgent == {
        ("wearable", "sos", "1401"), ("wearable", "fall", "1404"), ("smoke", "smoke", "0517"), ("gas", "gas", "0601"),
    }  # fmt: skip
    assert all(rule.ladder == "now" for rules in every_default().values() for rule in rules if rule.urgent)


def test_alarms_of_urgent_rules_are_raised_by_no_other() -> None:
    """Two streams judge a wearable; each alarm belongs to one of them."""
    for rules in every_default().values():
        assert not {one.alarm for one in rules if one.urgent} & {one.alarm for one in rules if not one.urgent}


def test_a_rule_in_a_sentence() -> None:
    words = sentence(parse_rule(RULE), kinds()["smart_breaker"].fields)
    assert words.zh == "剩余电流 达到 15 mA，持续 10 秒 → 预警；达到 30 mA，持续 10 秒 → 报警"
    assert words.en == "Residual current at least 15 mA for 10 seconds → warning; at least 30 mA for 10 seconds → alarm"


def test_every_default_can_be_explained_in_both_languages() -> None:
    for code, rules in every_default().items():
        for rule in rules:
            said = explain(rule, kinds()[code].fields)
            assert len(said) >= 2
            assert all(one.zh.strip() and one.en.strip() for one in said)
