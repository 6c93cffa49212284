"""行业: the vocabulary of trades, by which items name who is responsible and units say what they do."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from huying.casework.catalogue.words import Words

SEED = Path(__file__).parent / "seed"


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade with its usual level of handling."""

    code: str
    words: Words
    level: str

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return str(self.words)


@cache
def trades() -> Mapping[str, Trade]:
    """All trades by code."""
    with (SEED / "trades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {
            row["code"]: Trade(row["code"], Words(row["zh"], row["en"] or row["zh"]), row["level"])
            for row in csv.DictReader(file)
        }


def label_of(code: str) -> str:
    """The name of a trade in the reader's language; an unknown code stands for itself."""
    trade = trades().get(code)
    return trade.label if trade else code
