"""Whose turn it is: the people of the demo place for each act, and what they hold in their hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from huying.casework.cases.models import Case
from huying.casework.cases.rules import State
from huying.casework.catalogue.models import Item
from huying.kernel.actor import Actor, system

from .album import Album
from .crew import Crew
from .intake import Known
from .proof import evidence
from .script import Act

ARCHIVER = system("archive")
REPORTER = Actor("reporter", "portal", "居民")
Taken = bool | None


@dataclass(slots=True)
class Stage:
    """Everything acts need besides the act: the people, the pictures, where each voice's matter is, what was refused."""

    crew: Crew
    album: Album
    known: dict[str, Known] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, verb: str, code: str) -> None:
        name = f"{verb}: {code}"
        self.refused[name] = self.refused.get(name, 0) + 1


def area_of(case: Case) -> str:
    return case.grid or case.community or case.town or case.county


def handler(case: Case, act: Act, crew: Crew) -> Actor | None:
    """Who handles the case for the unit that leads it."""
    if case.lead_unit_id is None:
        return None
    held = crew.actors.get(case.lead_person_id or 0)
    if held is not None and (case.state != State.DISPATCHED or held.has("grid_worker")):
        return held
    return crew.of_unit(case.lead_unit_id, "handler", act.at, act.source_id)


def head(case: Case, act: Act, crew: Crew) -> Actor | None:
    """Who leads the unit that leads the case."""
    return crew.of_unit(case.lead_unit_id, "unit_lead", act.at, act.key) if case.lead_unit_id else None


def of_centre(case: Case, act: Act, crew: Crew, role: str = "") -> Actor | None:
    return crew.of_centre(role or act.by, area_of(case), act.at, act.key)


def found_evidence(act: Act, case: Case, item: Item, began: datetime, by: str) -> dict[str, object]:
    """The evidence of an answer. ``began`` is when the unit had the matter in hand."""
    return evidence(
        item.conditions, at=act.at, began=min(began, act.at - timedelta(minutes=20)), by=by, text=act.text, key=act.key,
        photos=item.needs_photo_min, line=item.emergency_line,
    )  # fmt: skip


def later_due(case: Case, at: datetime) -> datetime | None:
    """A due time a unit may ask for: two thirds of its limit more, to the half hour."""
    if case.due_at is None or case.due_at <= at:
        return None
    more = max((case.due_at - case.opened_at) * 0.6, timedelta(hours=1))
    until = (case.due_at + more).astimezone(UTC)
    return until.replace(minute=30 * (until.minute // 30), second=0, microsecond=0)


def bringer(case: Case, act: Act, crew: Crew) -> Actor | None:
    """Who brings a picture: the reporter with the report, then whoever handles the case."""
    return REPORTER if act.get("stage") == "report" else handler(case, act, crew)


def concerned(case: Case, crew: Crew) -> list[int]:
    """Units that have to do with a case: who assists by the responsibility list, then the neighbours of the street."""
    area = area_of(case)
    row = crew.directory.responsibility(case.item_code, area)
    found = list(row.assist_unit_ids) if row is not None else []
    for trade in ("street_enforcement", "street_sanitation", "police_station", "property", "urban_management"):
        unit = crew.directory.unit_for_trade(trade, area)
        if unit is not None:
            found.append(unit.id)
    known = crew.directory
    allowed = (one for one in dict.fromkeys(found) if known.may_receive(one, case.item_code))
    return [unit for unit in allowed if crew.holders(unit, "handler")]
