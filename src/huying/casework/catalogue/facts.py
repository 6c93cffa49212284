"""What the catalogue tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePublished(Fact):
    """A new version of the catalogue was published; it holds from ``valid_from`` on, for cases opened from then on."""

    version_id: int
    number: int
    valid_from: date
    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]
    at: datetime
