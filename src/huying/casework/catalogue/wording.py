"""Fields of an item in plain words, in the reader's language, for screens and comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from huying.casework.catalogue.conditions import describe_condition
from huying.casework.catalogue.limits import describe_stages, parse_limit
from huying.casework.catalogue.rules import CHANNELS, FIELDS, LEVELS, SOURCES
from huying.casework.catalogue.trades import label_of
from huying.casework.catalogue.words import Words, in_english

_YES, _NO, _NONE = Words("是", "Yes"), Words("否", "No"), Words("无", "None")
_ALL = Words("全部渠道", "Every channel")
_PLAIN_YES = frozenset(
    {"public_visible", "sensitive", "self_handle_allowed", "auto_dispatch", "can_suspend", "retired"}
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One field as shown: its name, what it is called, what it says; with ``old`` in a comparison."""

    name: str
    label: str
    text: str
    old: str = ""


def describe(name: str, value: Any) -> str:
    """A plain value of a field, in words."""
    if name in _PLAIN_YES:
        return str(_YES if value else _NO)
    if name == "allowed_channels":
        return _list(str(CHANNELS[code]) for code in value) if value else str(_ALL)
    if value in ("", None, []):
        return str(_NONE)
    if name in ("respond", "close"):
        return str(describe_stages(parse_limit(value)))
    if name == "conditions":
        return f"{describe_condition(value)} ({value})"
    if name == "level":
        return f"{value} {LEVELS.get(value, '')}"
    if name in ("lead_trade", "first_trade"):
        return label_of(value)
    if name == "co_trades":
        return _list(label_of(code) for code in value)
    if name == "source":
        return str(SOURCES.get(value, value))
    if name == "phrases":
        return "\n".join(value)
    return str(value)


def shown(values: Mapping[str, Any], names: Iterable[str]) -> list[Shown]:
    """The named fields in words."""
    return [Shown(name, str(FIELDS[name]), describe(name, values[name])) for name in names]


def compared(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> list[Shown]:
    """The named fields in words, new against old."""
    return [Shown(name, str(FIELDS[name]), describe(name, after[name]), describe(name, before[name])) for name in names]


def _list(words: Iterable[str]) -> str:
    return (", " if in_english() else "、").join(words)
