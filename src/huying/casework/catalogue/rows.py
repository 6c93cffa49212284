"""Between an item's row and its plain values: limits as notation, lists as lists. People edit the plain form."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from huying.casework.catalogue.limits import format_stages, parse_limit, stages_as_json, stages_from_json
from huying.casework.catalogue.models import Item
from huying.casework.catalogue.rules import FIELDS, check_fields
from huying.casework.catalogue.snapshot import ItemView
from huying.casework.catalogue.trades import SEED, trades

_STAGED = ("respond", "close")


def plain_of(item: Item) -> dict[str, Any]:
    """Every field of a row as somebody would write it."""
    values = {name: getattr(item, name) for name in FIELDS}
    for name in _STAGED:
        values[name] = format_stages(stages_from_json(values[name])) if values[name] else ""
    return values


def plain_of_view(item: ItemView) -> dict[str, Any]:
    """The same for a view."""
    values = {name: getattr(item, name) for name in FIELDS}
    for name in ("co_trades", "allowed_channels", "phrases"):
        values[name] = list(values[name])
    for name in _STAGED:
        values[name] = format_stages(values[name]) if values[name] else ""
    return values


def columns_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked plain values as the columns of a row."""
    columns = dict(values)
    for name in _STAGED:
        if name in columns:
            columns[name] = stages_as_json(parse_limit(columns[name]))
    return columns


def seed_rows() -> list[dict[str, Any]]:
    """The columns of all items shipped with the program. ValueError names the first bad one."""
    rows = []
    with (SEED / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            checked = check_fields(line, trades())
            if checked.errors:
                raise ValueError(f"items.csv {line['code']}: { {k: w.zh for k, w in checked.errors.items()} }")
            rows.append(columns_of(checked.values))
    return rows
