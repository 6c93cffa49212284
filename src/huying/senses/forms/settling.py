"""What was sent, brought into the shape of the form, and what follows from it: what is asked, what is calculated. Pure.

Calculations and relevance depend on each other, so the form is walked in its order, writing into one copy, until a whole walk
changes nothing; the phone's program does the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .coercions import number
from .evaluating import Around, evaluate, holds, standing, value_of

Item = Mapping[str, Any]
At = tuple[str | int, ...]

FINDINGS: Final = "_findings"
MOST_ROWS: Final = 200
LONGEST_TEXT: Final = 5000
MOST_CHOSEN: Final = 500
MOST_WALKS: Final = 20
MOST_ERRORS: Final = 200
_LONGEST_NAME: Final = 60

WRONG_SHAPE: Final = Words("答案的格式不对，请重新填写这一题", "The answer has the wrong form; please answer again")
UNKNOWN: Final = Words("表单的这一版没有这一题", "This version of the form has no such question")
TOO_MANY_ROWS: Final = Words(f"最多 {MOST_ROWS} 组", f"At most {MOST_ROWS} entries")


@dataclass(slots=True)
class Settled:
    """Answers after everything that follows is written into them, and what was wrong with their shape."""

    live: dict[str, Any]
    around: Around
    errors: dict[str, Words] = field(default_factory=dict)


def path_of(at: Sequence[str | int]) -> str:
    """``("rooms", 0, "area")`` → ``rooms/0/area``."""
    return "/".join(str(part) for part in at)


def copied(value: Any) -> Any:
    """A copy of answers, all the way down: lists, dictionaries and plain values, as JSON has them."""
    if isinstance(value, dict):
        return {name: copied(one) for name, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


def empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def settle(definition: Mapping[str, Any], answers: Any, around: Around) -> Settled:
    """Take answers as they came and settle them. Never raises on any answers JSON can hold."""
    errors: dict[str, Words] = {}
    given = _group(definition["items"], {} if answers is None else answers, (), errors, top=True)
    done = Settled(copied(given), around, errors)
    for _ in range(MOST_WALKS):
        before = copied(done.live)
        done.around = standing(_on(around, done.live), (), None)
        _walk(definition["items"], given, done.live, (), done.around)
        if before == done.live:
            break
    return done


def _on(around: Around, live: Mapping[str, Any]) -> Around:
    return Around(live, around.now, choice_name=around.choice_name)


def choices_of(item: Item, around: Around) -> list[Mapping[str, Any]]:
    """The choices offered here, after the filter."""
    choices: list[Mapping[str, Any]] = item.get("choices", [])
    tree = item.get("choice_filter")
    if not tree:
        return choices
    return [
        one
        for one in choices
        if holds(tree, Around(around.answers, around.now, around.at, around.current, one, around.choice_name))
    ]


def _walk(items: Sequence[Item], given: Mapping[str, Any], into: dict[str, Any], at: At, around: Around) -> None:
    for item in items:
        _item(item, given.get(item["name"]), into, (*at, item["name"]), around)


def _item(item: Item, given: Any, into: dict[str, Any], at: At, around: Around) -> None:
    name, here = item["name"], standing(around, at, into.get(item["name"]))
    if item.get("relevant") and not holds(item["relevant"], here):
        into.pop(name, None)
    elif item["type"] == "group":
        inside = into.setdefault(name, {})
        _walk(item["children"], given or {}, inside, at, around)
    elif item["type"] == "repeat":
        rows = into.get(name, [])
        count = _row_count(item, given, here)
        into[name] = [rows[place] if place < len(rows) else {} for place in range(count)]
        told = given or []
        for place in range(count):
            _walk(item["children"], told[place] if place < len(told) else {}, into[name][place], (*at, place), around)
    elif item.get("calculation") and (item["type"] == "calculate" or item.get("read_only") or empty(given)):
        _put(into, name, evaluate(item["calculation"], here))
    else:
        _put(into, name, None if item["type"] == "note" else given)


def _put(into: dict[str, Any], name: str, value: Any) -> None:
    if empty(value):
        into.pop(name, None)
    else:
        into[name] = value


def _row_count(item: Item, given: Any, around: Around) -> int:
    if not item.get("count"):
        return len(given or [])
    count = number(value_of(item["count"], around))
    return max(0, min(MOST_ROWS, math.trunc(count))) if math.isfinite(count) else 0


# --- the shape of what was sent ----------------------------------------------------------------------------------


def _group(items: Sequence[Item], sent: Any, at: At, errors: dict[str, Words], *, top: bool = False) -> dict[str, Any]:
    if not isinstance(sent, Mapping):
        errors[path_of(at)] = WRONG_SHAPE
        return {}
    known = {item["name"]: item for item in items}
    for name in sent:
        if name not in known and not (top and name == FINDINGS) and len(errors) < MOST_ERRORS:
            errors[path_of((*at, str(name)[:_LONGEST_NAME]))] = UNKNOWN
    found: dict[str, Any] = {}
    for name, item in known.items():
        value = sent.get(name)
        if not empty(value):
            _put(found, name, _shaped(item, value, (*at, name), errors))
    return found


def _shaped(item: Item, sent: Any, at: At, errors: dict[str, Words]) -> Any:
    kind = item["type"]
    if kind == "group":
        return _group(item["children"], sent, at, errors)
    if kind == "repeat":
        if not isinstance(sent, list):
            errors[path_of(at)] = WRONG_SHAPE
            return []
        if len(sent) > MOST_ROWS:
            errors[path_of(at)] = TOO_MANY_ROWS
            return []
        return [_group(item["children"], row, (*at, place), errors) for place, row in enumerate(sent)]
    if _SHAPES.get(kind, _is_text)(sent):
        return sent
    if kind not in ("calculate", "note"):
        errors[path_of(at)] = WRONG_SHAPE
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and "\x00" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _is_chosen(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_CHOSEN
        and all(isinstance(one, str) and len(one) <= _LONGEST_NAME for one in value)
        and len(set(value)) == len(value)
    )


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (2, 3, 4) and all(one is None or _is_number(one) for one in value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool) or _is_number(value) or _is_text(value)


_SHAPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "integer": _is_number,
    "decimal": _is_number,
    "range": _is_number,
    "select_multiple": _is_chosen,
    "geopoint": _is_place,
    "acknowledge": lambda value: isinstance(value, bool),
    "calculate": lambda value: _is_plain(value) or _is_chosen(value) or _is_place(value),
    "hidden": _is_plain,
}
