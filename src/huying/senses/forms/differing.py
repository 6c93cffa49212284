"""What a correction changed: single answers put in by their paths, and two states of a form side by side. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .describing import shown, spoken
from .settling import FINDINGS, At, Item, empty, path_of
from .vocabulary import FILES, SEVERITIES

MOST_CHANGES: Final = 200
_MASK: Final = "＊＊＊"
_FILE: Final = Words("（照片或录音）", "(photo or recording)")
_OTHER_FILE: Final = Words("（另一张照片或录音）", "(another photo or recording)")
_DECIDED: Final = Words("{label}：怎么处理", "{label}: what was decided")
_CASE: Final = Words("立案处理", "a case")
_ON_SPOT: Final = Words("当场整改", "put right on the spot")
_DAYS: Final = Words("{days} 天", "{days} days")
_PHOTOS: Final = Words("照片 {count} 张", "{count} photos")


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer that is not what it was; "" for none. ``hidden``: personal, what it says is not shown."""

    path: str
    label: str
    before: str
    after: str
    hidden: bool = False


def with_changes(answers: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with these in their stead, by instance path (``rooms/0/area``); None takes an answer away.

    ``_findings/<path>`` is what was decided on a failing answer. ValueError names a path that leads nowhere.
    """
    whole = copy.deepcopy(dict(answers))
    for path, value in changes.items():
        *above, last = [FINDINGS, path[len(FINDINGS) + 1 :]] if path.startswith(f"{FINDINGS}/") else path.split("/")
        node: Any = whole
        for part in above:
            node = _inside(node, part, path)
        if not isinstance(node, dict) or not last:
            raise ValueError(path)
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    return whole


def _inside(node: Any, part: str, path: str) -> Any:
    if isinstance(node, dict):
        return node.setdefault(part, {})
    if isinstance(node, list) and part.isascii() and part.isdigit() and int(part) < len(node):
        return node[int(part)]
    raise ValueError(path)


def differences(definition: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every answer and decision that differs, in the order of the form. Personal ones are named, never shown."""
    found: list[Difference] = []
    _compare(definition["items"], before, after, (), "", found)
    labels: dict[str, str] = {}
    for state in (before, after):
        _labels(definition["items"], state, (), labels)
    decided = {**before.get(FINDINGS, {}), **after.get(FINDINGS, {})}
    for path in decided:
        pair = [_decision(state.get(FINDINGS, {}).get(path)) for state in (before, after)]
        if pair[0] != pair[1]:
            label = _DECIDED.fill(label=labels.get(path, path))
            found.append(Difference(f"{FINDINGS}/{path}", str(label), pair[0], pair[1]))
    return found


def _compare(
    items: Sequence[Item], before: Mapping[str, Any], after: Mapping[str, Any], at: At, within: str,
    found: list[Difference],
) -> None:  # fmt: skip
    for item in items:
        name, place = item["name"], (*at, item["name"])
        old, new = before.get(name), after.get(name)
        label = spoken(item.get("label")) or name
        if item["type"] == "group":
            _compare(item["children"], old or {}, new or {}, place, within, found)
        elif item["type"] == "repeat":
            olds, news = old or [], new or []
            for row in range(max(len(olds), len(news))):
                pair = [rows[row] if row < len(rows) else {} for rows in (olds, news)]
                _compare(item["children"], pair[0], pair[1], (*place, row), f"{within}{label} {row + 1} · ", found)
        elif old != new and not (empty(old) and empty(new)):
            found.append(_difference(item, path_of(place), within + label, old, new))


def _difference(item: Item, path: str, label: str, old: Any, new: Any) -> Difference:
    if item.get("private"):
        return Difference(path, label, "" if empty(old) else _MASK, "" if empty(new) else _MASK, True)
    if item["type"] in FILES:
        other = _FILE if empty(old) else _OTHER_FILE
        return Difference(path, label, "" if empty(old) else str(_FILE), "" if empty(new) else str(other))
    return Difference(path, label, *("" if empty(one) else shown(item, one) for one in (old, new)))


def _labels(items: Sequence[Item], here: Mapping[str, Any], at: At, found: dict[str, str]) -> None:
    for item in items:
        place, inside = (*at, item["name"]), here.get(item["name"])
        if item["type"] == "group":
            _labels(item["children"], inside or {}, place, found)
        elif item["type"] == "repeat":
            for row, one in enumerate(inside or ()):
                _labels(item["children"], one, (*place, row), found)
        else:
            found[path_of(place)] = spoken(item.get("label")) or item["name"]


def _decision(told: Any) -> str:
    """What was decided on a failing answer, in a line; "" where it did not fail."""
    if not isinstance(told, Mapping):
        return ""
    parts = [
        str(_ON_SPOT if told.get("how") == "on_spot" else _CASE),
        str(SEVERITIES.get(str(told.get("severity")), "")),
        str(_DAYS.fill(days=told.get("days", ""))),
        str(_PHOTOS.fill(count=len(told.get("photos", ())) + len(told.get("after", ())))),
        str(told.get("note", "")),
    ]
    return " · ".join(part for part in parts if part)
