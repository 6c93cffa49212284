"""The forms of the phone, run in Node, mean what the server means: expressions, and what a filling amounts to."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from huying.senses.forms.checking import check

from .all_types import all_types
from .conftest import Node

CASES = Path(__file__).parents[2] / "src/huying/senses/forms/tests/expression_cases.json"
NOW = "2026-11-22T23:30:15+08:00"
FILES = {"p1": "image", "p2": "image", "p3": "image", "a1": "audio"}
#: By type: two good answers, then others that are wrong, empty or at the edge.
VALUES: dict[str, list[Any]] = {
    "text": ["阿强", "仓库", " ", ""],
    "barcode": ["HY-1", "HY-2", ""],
    "decimal": [80.5, 3, 0, -1, None],
    "integer": [2, 3, 0, 2.5, None],
    "date": ["2099-01-01", "2026-11-22", "2026-11-21", "2026-02-30", ""],
    "datetime": ["2026-11-22T09:30", "2026-11-22T09:30:00+08:00", "2026-11-22", "x"],
    "time": ["09:30", "23:59:59", "24:00", "9:30"],
    "geopoint": [[112.35, 28.59, 8], [0, 0], [200, 28.59, 8], [112.35, -91, 5]],
    "image": ["p1", "p2", None],
    "panorama": ["p1", "p2", None],
    "signature": ["p1", "p2", None],
    "audio": ["a1", "a1", None],
    "range": [0, 7, 10, 11, -1, 2.5],
    "acknowledge": [True, True, False, None],
    "hidden": ["phone", "desk", ""],
}


def test_expressions_mean_the_same_in_node(node: Node) -> None:
    shared = CASES.read_text("utf-8")
    cases = json.loads(shared)["cases"]
    found = json.loads(node("forms.ts", "expressions", given=shared))
    wrong = [
        (one["text"], one.get("at"), one["value"], value)
        for one, value in zip(cases, found, strict=True)
        if not _same(one["value"], value)
    ]
    assert wrong == []


def _same(wanted: Any, found: Any) -> bool:
    """Equal; numbers to twelve digits, for sines differ in the last."""
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(wanted == found)
    return isinstance(found, int | float) and not isinstance(found, bool) and found == pytest.approx(wanted, rel=1e-12)


def test_a_filling_amounts_to_the_same_in_node(node: Node) -> None:
    """Fillings made by chance, careful ones and careless ones: what counts, what is wrong and what is found."""
    chance = random.Random(7)
    definition = all_types()
    fillings = [_filling(definition["items"], chance, "", mess) for mess in (0.003, 0.02, 0.2) for _ in range(100)]
    asked = json.dumps({"definition": definition, "fillings": fillings, "now": NOW})
    whole = 0
    for one in json.loads(node("forms.ts", "surveys", given=asked)):
        checked = check(definition, one["begun"], now=NOW, files=FILES)
        assert sorted(checked.errors) == one["faults"], one["begun"]
        assert {name: value for name, value in checked.answers.items() if name != "_findings"} == one["answers"]
        if checked.ok:
            whole += 1
            assert sorted(finding.path for finding in checked.findings) == one["findings"]
    assert 50 < whole < 250


def test_what_an_earlier_version_asked_is_left_out_in_node(node: Node) -> None:
    """A filling begun before a question was taken out of the form: the server would refuse what it never asked."""
    definition, chance = all_types(), random.Random(11)
    fillings = [_filling(definition["items"], chance, "", 0.003) for _ in range(20)]
    asked = json.dumps({"definition": definition, "fillings": [*fillings, *map(_strayed, fillings)], "now": NOW})
    found = json.loads(node("forms.ts", "surveys", given=asked))
    assert [one["answers"] for one in found[20:]] == [one["answers"] for one in found[:20]]
    assert "gone" in json.dumps(asked) and "gone" not in json.dumps([one["answers"] for one in found])


def _strayed(value: Any) -> Any:
    """The same with an answer to a question nobody asks, in every group and row."""
    if isinstance(value, list):
        return [_strayed(one) if isinstance(one, dict) else one for one in value]
    inside = {name: _strayed(one) if isinstance(one, list) else one for name, one in value.items()}
    return {**inside, "gone": "x"}


def _filling(items: list[dict[str, Any]], chance: random.Random, above: str, mess: float) -> dict[str, Any]:
    """Answers with their findings; ``mess``: how often something is left out or wrong, 0 to 1."""
    filled: dict[str, Any] = {}
    findings: dict[str, Any] = {}
    for item in items:
        path, name = above + item["name"], item["name"]
        if item["type"] == "group":
            filled[name] = _filling(item["children"], chance, f"{path}/", mess)
            findings |= filled[name].pop("_findings", {})
        elif item["type"] == "repeat":
            filled[name] = []
            for place in range(chance.choice([0, 3, 4] if chance.random() < mess else [1, 2])):
                row = _filling(item["children"], chance, f"{path}/{place}/", mess)
                findings |= row.pop("_findings", {})
                filled[name].append(row)
        elif chance.random() >= mess:
            filled[name] = _value(item, chance, mess)
        if name in filled and filled[name] in item.get("finding", {}).get("fails", ()) and chance.random() >= mess:
            findings[path] = _decided(item, chance, mess)
    return filled | ({"_findings": findings} if findings else {})


def _value(item: dict[str, Any], chance: random.Random, mess: float) -> Any:
    if item["type"] == "select_one":
        offered = item["choices"][-1:] if "choice_filter" in item and chance.random() >= mess else item["choices"]
        return chance.choice(offered)["name"]
    if item["type"] == "select_multiple":
        return [one["name"] for one in item["choices"] if chance.random() < 0.5]
    good = VALUES.get(item["type"], [None])
    return chance.choice(good if chance.random() < mess else good[:2])


def _decided(item: dict[str, Any], chance: random.Random, mess: float) -> dict[str, Any]:
    way = "on_spot" if item["finding"]["on_spot"] and chance.random() < 0.5 else "case"
    some = {
        "photos": ["p1", "p2"] if chance.random() >= mess else [],
        "how": way if chance.random() >= mess else chance.choice(["on_spot", "later"]),
        "after": ["p3"] if chance.random() >= mess else [],
        "days": 3 if chance.random() >= mess else chance.choice([0, 365, None, 400]),
        "note": "门口堆了纸箱",
    }
    return {part: value for part, value in some.items() if chance.random() >= mess}
