"""What follows when a record changes: addresses below, areas of what points here, homes and residences, ends of a stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.ground.registry.deriving import search_tokens
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import (
    MODELS,
    CareEntry,
    Facility,
    Household,
    Organisation,
    Premises,
    Record,
    Relation,
    Residence,
    Resident,
)
from huying.kernel.clock import local_day
from huying.kernel.errors import Refused
from huying.kernel.facts import Fact

from .writing import Author, alter, bear, locked

_BATCH: Final = 500


def follow(
    row: Record, fields: Mapping[str, Any] | Sequence[str], before: Mapping[str, Any], author: Author
) -> list[Fact]:
    """Do what follows from a written record. ``before`` holds area, address and state as they were ({} at birth)."""
    changed = set(fields)
    if isinstance(row, Premises):
        if changed & {"ending"} and row.state == "ended":
            _refuse_while_lived_in(row)
        if before and (row.address != before["address"] or row.area != before["area"]):
            spread([row])
        return []
    facts: list[Fact] = []
    if isinstance(row, Resident):
        facts = _follow_resident(row, changed, author)
        if before and row.area != before["area"]:
            _move_with(Q(resident__in=[row.uid]), {row.uid: row.area})
    elif isinstance(row, Residence) and row.kind == "lives":
        facts = _follow_residence(row, author)
    return facts


def _refuse_while_lived_in(row: Premises) -> None:
    if Resident.objects.filter(home__uid=row.uid, state="active").exists():
        raise Refused(_("这里还有登记居住的人，请先办理迁出"), code="lived_in")
    if Premises.objects.filter(parent__uid=row.uid, state="active").exists():
        raise Refused(_("它下面还有在册的房屋场所，请先处理"), code="has_parts")


def spread(tops: Sequence[Premises]) -> None:
    """Carry addresses and areas down the tree, and to everything that lies in these premises. A query a level and a kind."""
    every: dict[UUID, Premises] = {row.uid: row for row in tops}
    level = list(tops)
    while level:
        below = list(Premises.objects.filter(parent__in=[row.uid for row in level]))
        for row in below:
            parent = every[_uid(row.parent_id)]
            row.address = f"{parent.address}{row.name}"[:300]
            row.area = row.area if row.lon is not None else parent.area
            row.find = search_tokens(row, row.address)
        Premises.objects.bulk_update(below, ["address", "area", "find"], batch_size=_BATCH)
        every |= {row.uid: row for row in below}
        level = below
    _spread_people(every)
    _spread_things(every)


def _spread_people(every: Mapping[UUID, Premises]) -> None:
    areas: dict[UUID, str] = {}
    waiting: list[Resident] = []
    for row in Resident.objects.filter(home__in=list(every), state="active").iterator(_BATCH):
        home = every[_uid(row.home_id)]
        row.area, row.find = home.area, search_tokens(row, home.address)
        areas[row.uid] = row.area
        waiting.append(row)
        if len(waiting) == _BATCH:
            Resident.objects.bulk_update(waiting, ["area", "find"])
            waiting = []
    Resident.objects.bulk_update(waiting, ["area", "find"])
    _move_with(Q(resident__in=list(areas)), areas)


def _spread_things(every: Mapping[UUID, Premises]) -> None:
    plain: tuple[type[Household] | type[Residence], ...] = (Household, Residence)
    for model in plain:
        _update(model._default_manager.filter(premises__in=list(every)).defer("private"), every, ["area"])
    _update(Organisation.objects.filter(premises__in=list(every)), every, ["area", "find"])
    _update(Facility.objects.filter(premises__in=list(every)), every, ["area", "find"])


def _update(rows: QuerySet[Any], every: Mapping[UUID, Premises], columns: list[str]) -> None:
    found = list(rows)
    for row in found:
        place = every[row.premises_id]
        if not isinstance(row, Facility) or row.lon is None:
            row.area = place.area
        if isinstance(row, Organisation | Facility):
            row.find = search_tokens(row, place.address)
    if found:
        type(found[0])._default_manager.bulk_update(found, columns, batch_size=_BATCH)


def _move_with(which: Q, areas: Mapping[UUID, str]) -> None:
    """Relations and care entries lie where their resident does."""
    if not areas:
        return
    models: tuple[Any, ...] = (Relation, CareEntry)
    for model in models:
        rows = [
            row for row in model._default_manager.filter(which).defer("private") if row.area != areas[row.resident_id]
        ]
        for row in rows:
            row.area = areas[row.resident_id]
        model._default_manager.bulk_update(rows, ["area"], batch_size=_BATCH)


def _follow_resident(row: Resident, changed: set[str], author: Author) -> list[Fact]:
    facts: list[Fact] = []
    if "ending" in changed and row.state == "ended":
        facts = _end_stay(row, author)
    elif "home" in changed:
        facts = _move(row, author)
    return facts


def _move(row: Resident, author: Author) -> list[Fact]:
    """The open residence ends today and another begins, unless it says so already."""
    today = local_day(author.now).isoformat()
    facts: list[Fact] = []
    for open_one in _open_homes(row.uid):
        if open_one.premises_id == row.home_id:
            return facts
        facts += alter(open_one, {"until": max(today, open_one.value("since") or today)}, author.follow())
    if row.home_id is not None:
        values = {"resident": str(row.uid), "premises": str(row.home_id), "kind": "lives", "since": today}
        facts += bear("residence", uuid4(), values, author.follow())[1]
    return facts


def _follow_residence(row: Residence, author: Author) -> list[Fact]:
    """Where somebody lives now is their home."""
    resident = locked("person", row.resident_id)
    if not isinstance(resident, Resident) or resident.state != "active":
        return []
    lives = row.state == "active" and row.until is None
    wanted = row.premises_id if lives else resident.home_id if resident.home_id != row.premises_id else None
    if wanted == resident.home_id:
        return []
    area = resident.area
    facts = alter(resident, {"home": str(wanted) if wanted else None}, author.follow())
    if resident.area != area:
        _move_with(Q(resident=resident.uid), {resident.uid: resident.area})
    return facts


def close_other_home(values: Mapping[str, Any], author: Author) -> list[Fact]:
    """Before a new home is written down: the one lived in so far ends where the new one begins."""
    if values.get("kind") != "lives" or values.get("until") or not values.get("resident"):
        return []
    begins = values.get("since") or local_day(author.now).isoformat()
    facts: list[Fact] = []
    for open_one in _open_homes(UUID(values["resident"])):
        facts += alter(open_one, {"until": max(begins, open_one.value("since") or begins)}, author.follow())
    return facts


def _end_stay(row: Resident, author: Author) -> list[Fact]:
    """Somebody moved away or died: residences and care entries end, nobody lives at the home any more."""
    facts: list[Fact] = []
    today = local_day(author.now).isoformat()
    for stay in (
        Residence.objects.select_for_update().filter(resident__uid=row.uid, state="active", until=None).order_by("pk")
    ):
        facts += alter(stay, {"until": max(today, stay.value("since") or today)}, author.follow())
    for entry in CareEntry.objects.select_for_update().filter(resident__uid=row.uid, state="active").order_by("pk"):
        facts += alter(entry, {"ending": "mistake" if row.ending == "mistake" else "done"}, author.follow())
    if row.home_id is not None:
        facts += alter(row, {"home": None}, author.follow())
    return facts


def _open_homes(resident: UUID) -> list[Residence]:
    rows = Residence.objects.select_for_update().filter(
        resident__uid=resident, kind="lives", until=None, state="active"
    )
    return list(rows.order_by("pk"))


def _uid(held: UUID | None) -> UUID:
    if held is None:
        raise LookupError("a pointer that a query has just matched is empty")
    return held


def pointers(kind: str) -> list[tuple[type[Record], str]]:
    """Every (model, field) that points to records of this kind."""
    return [
        (MODELS[other], field.name)
        for other, fields in FIELDS.items()
        for field in fields.values()
        if field.type == "ref" and field.to == kind
    ]
