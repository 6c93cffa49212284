"""Pure decisions of the registry: what is accepted at once, what waits for a person, limits of small premises, look-alikes.

No database, no wall clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

RIGHTS_DAYS: Final = 30
"""Days in which a request for correction, erasure or a copy is answered (PIPL; GB/T 35273-2020 §8.7)."""
FRESH_DAYS: Final = 180
"""After so many days without a look a record counts as stale."""
RISK_ORDER: Final = ("", "green", "yellow", "red")


@dataclass(frozen=True, slots=True)
class Wish:
    """One field somebody wants to set. ``here``: the record, as it is and as it would be, lies in the author's own areas."""

    kind: str
    name: str
    old: Any
    new: Any
    birth: bool = False
    here: bool = True
    holder: str = ""  # kind of premises whose field it is


def _always(wish: Wish) -> bool:
    return True


def _replaces(wish: Wish) -> bool:
    return wish.old not in (None, "")


def _lowers(wish: Wish) -> bool:
    return RISK_ORDER.index(wish.new or "") < RISK_ORDER.index(wish.old or "")


def _renames_many(wish: Wish) -> bool:
    return wish.holder in ("compound", "building", "unit")


# What waits when a record is changed: (kind, field) → (when, why). Everything else is taken at once.
WAITS: Final[Mapping[tuple[str, str], tuple[Callable[[Wish], bool], str]]] = {
    ("person", "name"): (_always, "identity"),
    ("person", "id_number"): (_always, "identity"),
    ("person", "birth_date"): (_replaces, "identity"),
    ("person", "sex"): (_replaces, "identity"),
    ("person", "phone"): (_replaces, "replaces"),
    ("person", "phone2"): (_replaces, "replaces"),
    ("person", "party_member"): (_replaces, "replaces"),
    ("person", "ending"): (_always, "ending"),
    ("household", "ending"): (_always, "ending"),
    ("household", "head"): (_replaces, "replaces"),
    ("organisation", "name"): (_always, "identity"),
    ("organisation", "credit_code"): (_replaces, "identity"),
    ("organisation", "ending"): (_always, "ending"),
    ("premises", "kind"): (_always, "moves"),
    ("premises", "parent"): (_always, "moves"),
    ("premises", "name"): (_renames_many, "renames"),
    ("premises", "risk"): (_lowers, "lowers_risk"),
    ("premises", "ending"): (_always, "ending"),
    ("facility", "ending"): (_always, "ending"),
}


def waits_for(wish: Wish) -> str:
    """Why a worker's wish waits for a person to decide, "" when it is taken at once.

    Care lists always wait; what lies, or would lie, outside the worker's own areas waits; births of other kinds do not.
    """
    if wish.kind == "care":
        return "care"
    if not wish.here:
        return "elsewhere"
    if wish.birth:
        return ""
    when, why = WAITS.get((wish.kind, wish.name), (None, ""))
    return why if when is not None and when(wish) else ""


def small_excess(
    small_kind: str, floor_area: float | None, height: float | None, fire_class: str
) -> tuple[str, float] | None:
    """(field, limit) that premises exceed to count as one of the small kinds, None when they are within.

    Small shop ≤ 300 m²; small workshop ≤ 24 m high, ≤ 250 m² a floor, fire class C, D or E (丙丁戊); small leisure ≤ 200 m².
    """
    most = {"shop": 300.0, "workshop": 250.0, "leisure": 200.0}.get(small_kind)
    if most is None:
        return None
    if (floor_area or 0) > most:
        return "floor_area", most
    if small_kind == "workshop" and (height or 0) > 24:
        return "height", 24.0
    if small_kind == "workshop" and fire_class in ("A", "B"):
        return "fire_class", 0.0
    return None


def is_stale(checked: date, today: date) -> bool:
    """Nobody has looked for longer than ``FRESH_DAYS``."""
    return today - checked > timedelta(days=FRESH_DAYS)


def due_by(asked: date) -> date:
    """The last day on which a rights request may be answered."""
    return asked + timedelta(days=RIGHTS_DAYS)
