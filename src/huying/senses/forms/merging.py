"""Corrections made while somebody else corrected the same form: which of their answers nobody disagrees with. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .settling import FINDINGS, empty


def value_at(answers: Mapping[str, Any], path: str) -> Any:
    """The answer at an instance path (``rooms/0/area``, ``_findings/<path>``); None where there is none."""
    node: Any = answers
    for part in [FINDINGS, path[len(FINDINGS) + 1 :]] if path.startswith(f"{FINDINGS}/") else path.split("/"):
        if isinstance(node, Mapping):
            node = node.get(part)
        elif isinstance(node, list) and part.isascii() and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return None
    return node


def disputed(changes: Mapping[str, Any], seen: Mapping[str, Any], states: Sequence[Mapping[str, Any]]) -> set[str]:
    """Paths of ``changes`` that somebody has corrected meanwhile to another value than their author saw or gives.

    ``seen``: what the author saw there; a path it does not name counts as not seen. ``states``: the answers as they came,
    after each correction, and last as they are. A question and what was decided on it (``_findings/<path>``) are one thing.
    """
    found = {path for path, value in changes.items() if _clashes(path, value, seen, states)}
    about = {path.removeprefix(f"{FINDINGS}/") for path in found}
    return {path for path in changes if path.removeprefix(f"{FINDINGS}/") in about}


def _clashes(path: str, value: Any, seen: Mapping[str, Any], states: Sequence[Mapping[str, Any]]) -> bool:
    *before, now = [value_at(one, path) for one in states]
    if now == value or all(one == now for one in before):
        return False
    return path not in seen or seen[path] != now


def unseen(changes: Mapping[str, Any], seen: Mapping[str, Any], sealed: Mapping[str, Any]) -> set[str]:
    """Paths of ``changes`` that would put a whole list or group in the place of personal answers their author had not before them.

    ``sealed``: the personal answers there are, by instance path. Whoever was not shown them cannot give them back.
    """
    found = {(path, one) for path in changes for one in sealed if one.startswith(f"{path}/")}
    return {path for path, one in found if empty(value_at({"all": seen.get(path)}, f"all/{one[len(path) + 1 :]}"))}


def differing(changes: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the changes that would change something."""
    return {path: value for path, value in changes.items() if value_at(now, path) != value}
