"""Trades and items as plain rows, read from the catalogue's seed files as data."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

SEED: Final = Path(__file__).resolve().parents[3] / "casework" / "catalogue" / "seed"


@dataclass(frozen=True, slots=True)
class Trade:
    code: str
    zh: str
    en: str
    level: str  # L1–L4, "company" or "emergency"


@dataclass(frozen=True, slots=True)
class ItemRow:
    code: str
    name: str
    level: str
    lead_trade: str
    first_trade: str
    co_trades: tuple[str, ...]
    law: str


@cache
def read_trades(path: Path = SEED / "trades.csv") -> tuple[Trade, ...]:
    """The vocabulary of trades: code, zh, en, level."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(Trade(row["code"], row["zh"], row["en"], row["level"]) for row in csv.DictReader(file))


@cache
def read_items(path: Path = SEED / "items.csv") -> tuple[ItemRow, ...]:
    """What the responsibility list needs of each catalogue item."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            ItemRow(
                row["code"],
                row["name"],
                row["level"],
                row["lead_trade"],
                row.get("first_trade", ""),
                tuple(row.get("co_trades", "").split()),
                row.get("law_basis", ""),
            )
            for row in csv.DictReader(file)
        )
