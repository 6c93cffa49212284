"""Personal answers taken out of the others, to be sealed, and put back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .settling import At, Item, copied, path_of


def apart(definition: Mapping[str, Any], answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the other answers, personal answers by instance path)."""
    plain: dict[str, Any] = copied(dict(answers))
    secret: dict[str, Any] = {}
    for at, item, holder in _questions(definition["items"], plain, ()):
        if item.get("private") and item["name"] in holder:
            secret[path_of(at)] = holder.pop(item["name"])
    return plain, secret


def together(answers: Mapping[str, Any], secret: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with the personal ones in their places."""
    whole: dict[str, Any] = copied(dict(answers))
    for path, value in secret.items():
        node: Any = whole
        *above, last = path.split("/")
        for part in above:
            node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
        node[last] = value
    return whole


def _questions(items: Sequence[Item], holder: Any, at: At) -> Iterator[tuple[At, Item, dict[str, Any]]]:
    for item in items:
        here, inside = (*at, item["name"]), holder.get(item["name"])
        if item["type"] == "group":
            if isinstance(inside, dict):
                yield from _questions(item["children"], inside, here)
        elif item["type"] == "repeat":
            for place, row in enumerate(inside or ()):
                yield from _questions(item["children"], row, (*here, place))
        else:
            yield here, item, holder
