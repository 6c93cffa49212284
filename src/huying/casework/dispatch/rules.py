"""Where a matter goes and why: pure decisions over the catalogue's item, the place and the directory of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from huying.casework.cases.rules import rank as rank_of
from huying.casework.catalogue.limits import Stage
from huying.casework.understanding.reading.splitting import unnumbered
from huying.ground.organisation.directory import Directory, UnitView

Reason = Mapping[str, str]


class ItemLike(Protocol):
    """What routing needs to know of a catalogue item."""

    @property
    def id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def lead_trade(self) -> str: ...
    @property
    def first_trade(self) -> str: ...
    @property
    def respond(self) -> Sequence[Stage]: ...
    @property
    def close(self) -> Sequence[Stage]: ...
    @property
    def auto_dispatch(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """How sure is sure enough; see ``models.DispatchPolicy``. ``precision``, when demanded, sets the confidence needed."""

    min_confidence: float = 0.6
    min_margin: float = 0.15
    min_place: float = 0.6
    precision: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The unit (and person) responsible, the unit first asked, and the reasons, most important first."""

    unit_id: int
    person_id: int | None
    first_asked_id: int
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Certainty:
    """What the decision to send without a person rests on; each 0..1."""

    item: float
    margin: float
    place: float


def route(item: ItemLike, area: str, directory: Directory, at: datetime) -> Route | None:
    """The unit responsible for this item at this place, whatever its level (一级分拨); ``None`` when nobody is known.

    The responsibility list wins; without a row the nearest unit holding the item's trade. A community that may not
    be given the item is passed over for the nearest unit above it that may.
    """
    row = directory.responsibility(item.code, area)
    unit: UnitView | None
    why: list[Reason] = []
    if row is not None and row.lead_unit_id in directory.units:
        unit = directory.unit(row.lead_unit_id)
        why.append({"why": "responsibility", "basis": row.legal_basis, **_named("unit", unit)})
    else:
        unit = directory.unit_for_trade(item.lead_trade, area)
        if unit is None:
            return None
        why.append({"why": "trade", "trade": item.lead_trade, **_named("unit", unit)})
    if not directory.may_receive(unit.id, item.code):
        passed = unit
        unit = _above(unit, item, directory)
        if unit is None:
            return None
        why.append({"why": "not_admitted", **_named("community", passed), **_named("unit", unit)})
    person = _person(item, unit, area, directory, at)
    if person is not None:
        why.append({"why": "on_duty", "person": directory.people[person].name})
    first = row.first_asked_unit_id if row is not None else None
    if first is None and item.first_trade and item.first_trade != item.lead_trade:
        asked = directory.unit_for_trade(item.first_trade, area)
        first = asked.id if asked is not None else None
    return Route(unit.id, person, first or unit.id, tuple(why))


def _named(role: str, unit: UnitView) -> dict[str, str]:
    """A unit in a reason: its name, and its English one where it has one."""
    return {role: unit.name, **({f"{role}_en": unit.name_en} if unit.name_en else {})}


def _above(unit: UnitView, item: ItemLike, directory: Directory) -> UnitView | None:
    """The nearest unit above one that may be given the item."""
    for above in reversed(directory.ancestors(unit.id)[:-1]):
        if directory.may_receive(above.id, item.code):
            return above
    return None


def _person(item: ItemLike, unit: UnitView, area: str, directory: Directory, at: datetime) -> int | None:
    """Whom in the unit: the grid's own worker for first-level items, else whoever is on duty, else the unit's lead."""
    if item.level == "L1" and len(area) >= 15 and unit.level in ("L1", "L2"):
        worker = directory.grid_worker(area, at)
        if _still_there(worker, unit.id, directory):
            return worker
    return worker_of(unit.id, directory, at)


def worker_of(unit_id: int, directory: Directory, at: datetime) -> int | None:
    """Who of a unit gets what is sent to it: whoever is on duty, else its lead; ``None`` leaves it to the unit.

    A rota may name somebody who has left since: whoever is handed a case may read it, so that is left to the unit too.
    """
    person = directory.on_duty(unit_id, "handler", at)
    return person if _still_there(person, unit_id, directory) else None


def _still_there(person_id: int | None, unit_id: int, directory: Directory) -> bool:
    """Whether somebody belongs to the unit on the directory's day."""
    held = directory.appointments_in(unit_id)
    return person_id in directory.people and any(one.person_id == person_id for one in held)


def refuse_auto(item: ItemLike, certainty: Certainty, policy: Policy) -> str | None:
    """Why a matter must wait for a dispatcher, or ``None`` when it may go by itself."""
    if not item.auto_dispatch:
        return "item_needs_person"
    if certainty.item < policy.min_confidence:
        return "unsure_item"
    if certainty.margin < policy.min_margin:
        return "close_call"
    if certainty.place < policy.min_place:
        return "unsure_place"
    return None


def margin(confidences: Sequence[float]) -> float:
    """How far the best proposal is ahead of the second; 1 when there is only one."""
    if not confidences:
        return 0.0
    return confidences[0] - confidences[1] if len(confidences) > 1 else 1.0


def title_of(text: str, limit: int = 40) -> str:
    """A readable heading from a message: its first sentence, less its number in a list, cut at a mark where possible."""
    line = unnumbered(" ".join(text.split()))
    cut = min((i for mark in "。！？!?；;\n" if (i := line.find(mark)) > 4), default=len(line))
    head = line[:cut]
    if len(head) <= limit:
        return head
    comma = max(head.rfind(mark, 6, limit) for mark in "，,、 ")
    return head[: comma if comma > limit // 2 else limit].rstrip("，,、 ") + "…"


__all__ = [
    "Certainty",
    "ItemLike",
    "Policy",
    "Reason",
    "Route",
    "margin",
    "rank_of",
    "refuse_auto",
    "route",
    "title_of",
    "worker_of",
]
