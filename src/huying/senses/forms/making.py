"""Answers made up for a form, such as a demonstration's visits: whatever its own check asks for, until it asks no more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from .checking import Checked, check, every
from .coercions import number
from .settling import FINDINGS, Item

_WALKS: Final = 12  # answers may bring forth further questions
_PASSING: Final = ("pass", "yes", "ok", "good", "na")


def make_answers(
    definition: Mapping[str, Any],
    lot: Random,
    *,
    now: str,
    picture: str,
    given: Mapping[str, Any] | None = None,
    fails: int = 0,
    on_spot: bool = False,
) -> dict[str, Any]:
    """Answers the form takes, with so many failing items; ``on_spot``: only such as are put right while standing there.

    ``given``: answers by the name of their question; ``picture``: the upload id of a picture that is there. Fewer items fail
    where the form has no more that may. Raises ValueError where answers must fit each other in a way not known here.
    """
    items = {item["path"]: item for item in every(definition["items"])}
    answers: dict[str, Any] = {}
    done = _until_taken(definition, items, answers, lot, now, picture, given or {})
    may_fail = [path for path, item in items.items() if _may_fail(path, item, done, on_spot)]
    for path in lot.sample(may_fail, min(fails, len(may_fail))):
        _put(answers, path, items[path]["finding"]["fails"][0])
        how = "on_spot" if on_spot else "case"
        answers.setdefault(FINDINGS, {})[path] = {
            "photos": [picture],
            "how": how,
            "after": [picture] if on_spot else [],
        }
    return _until_taken(definition, items, answers, lot, now, picture, given or {}).answers


def _until_taken(
    definition: Mapping[str, Any], items: Mapping[str, Item], answers: dict[str, Any], lot: Random, now: str, picture: str,
    given: Mapping[str, Any],
) -> Checked:  # fmt: skip
    for _walk in range(_WALKS):
        done = check(definition, answers, now=now, files={picture: "image"})
        asked = [path for path in done.errors if path in items]
        if done.ok:
            return done
        if not asked:
            break
        for path in asked:
            _put(answers, path, _answer(items[path], lot, picture, given))
    raise ValueError(f"no answers were found for {sorted(done.errors)} of form {definition.get('code')}")


def _may_fail(path: str, item: Item, done: Checked, on_spot: bool) -> bool:
    finding = item.get("finding")
    return bool(finding) and _at(done.answers, path) is not None and (finding["on_spot"] or not on_spot)


def _answer(item: Item, lot: Random, picture: str, given: Mapping[str, Any]) -> Any:
    name, kind = item["name"], item["type"]
    if name in given:
        return given[name]
    if "default" in item:
        return item["default"]
    if kind in ("select_one", "select_multiple"):
        chosen = _choice(item, lot)
        return chosen if kind == "select_one" else [chosen]
    if kind in ("image", "panorama", "signature"):
        return picture
    if kind == "range":
        return number(item.get("parameters", {}).get("start", 0))
    plain: dict[str, Any] = {"integer": 1, "decimal": 1, "acknowledge": True, "text": "正常"}
    return plain.get(kind)


def _choice(item: Item, lot: Random) -> str:
    """One that does not fail; where one plainly passes, that."""
    fails = item.get("finding", {}).get("fails", ())
    names = [str(one["name"]) for one in item["choices"] if one["name"] not in fails]
    return next((name for name in _PASSING if name in names), "") or lot.choice(names)


def _put(answers: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split("/")
    for part in above:
        answers = answers.setdefault(part, {})
    answers[last] = value


def _at(answers: Mapping[str, Any], path: str) -> Any:
    found: Any = answers
    for part in path.split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
