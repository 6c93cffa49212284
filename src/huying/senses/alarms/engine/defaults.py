"""The rules that are in force where a place has set none: one file a kind of device in ``alarms/defaults``. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from .grammar import Rule
from .parsing import parse_rules

FOLDER: Final = Path(__file__).resolve().parent.parent / "defaults"


def default_rules(kind: str) -> Sequence[Rule]:
    """The default rules of one kind of device; none for a kind without a file."""
    return every_default().get(kind, ())


@cache
def every_default() -> Mapping[str, Sequence[Rule]]:
    """The default rules of every kind; files are read once. Raises RuleWrong for a file that is not well formed."""
    return {path.stem: tuple(parse_rules(raw_defaults(path.stem))) for path in sorted(FOLDER.glob("*.yaml"))}


def raw_defaults(kind: str) -> list[dict[str, Any]]:
    """The default rules of a kind as data, as an editor starts from them. The kind is added to each."""
    path = FOLDER / f"{kind}.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    return [{**one, "kind": kind} for one in found]
