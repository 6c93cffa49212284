"""What somebody says about a device before it is registered, and what is wrong with it. Pure: no Django."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple
from uuid import UUID

from .kinds import kinds
from .rules import ContactRole, is_code, is_place

RESERVED: Final = frozenset(
    {"bulk", "commands", "kinds", "readings", "history", "new", "import", "map", "alarms", "rules"}
)
MOST_CONTACTS: Final = 9
_LONGEST: Final = {"name": 80, "firm": 80, "model": 80, "serial": 80, "address": 300, "note": 300}
_PHONE: Final = re.compile(r"\+?\d[\d -]{4,18}\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """Somebody to be told: a member of staff by work number, or a name with a phone."""

    role: str
    person: str = ""
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDraft:
    """A device as somebody describes it. ``gateway`` and ``unit`` are codes; degrees are CGCS2000 (WGS-84).

    Without ``area`` the grid is found by the point. ``contacts`` None leaves those of a known device as they are.
    """

    code: str
    kind: str
    name: str = ""
    firm: str = ""
    model: str = ""
    serial: str = ""
    area: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    premises_uid: UUID | None = None
    resident_uid: UUID | None = None
    gateway: str = ""
    unit: str = ""
    exempt: bool = False
    note: str = ""
    contacts: tuple[ContactDraft, ...] | None = None


DESCRIBING: Final = tuple(
    one.name for one in fields(DeviceDraft) if one.name not in ("code", "kind", "gateway", "unit", "contacts")
)


class Problem(NamedTuple):
    """One thing wrong: the field, and a code of ``words.PROBLEMS``."""

    field: str
    code: str


def problems(draft: DeviceDraft) -> list[Problem]:
    """What is wrong with a draft by itself, in the order of its fields."""
    return list(_problems(draft))


def _problems(draft: DeviceDraft) -> Iterator[Problem]:
    if not draft.code:
        yield Problem("code", "required")
    elif not is_code(draft.code):
        yield Problem("code", "bad_code")
    elif draft.code in RESERVED:
        yield Problem("code", "reserved_code")
    if draft.kind not in kinds():
        yield Problem("kind", "unknown_kind" if draft.kind else "required")
    for name, most in _LONGEST.items():
        if len(getattr(draft, name)) > most:
            yield Problem(name, "too_long")
    if draft.area and not is_place(draft.area):
        yield Problem("area", "bad_area")
    if not draft.area and draft.lon is None:
        yield Problem("area", "required")
    if not _point_fits(draft.lon, draft.lat):
        yield Problem("lon", "bad_point")
    if draft.gateway and draft.kind in kinds() and kinds()[draft.kind].gathers:
        yield Problem("gateway", "gateway_behind")
    yield from _contact_problems(draft.contacts or ())


def _point_fits(lon: float | None, lat: float | None) -> bool:
    if lon is None or lat is None:
        return lon is lat
    return -180 <= lon <= 180 and -90 <= lat <= 90


def _contact_problems(contacts: Sequence[ContactDraft]) -> Iterator[Problem]:
    if len(contacts) > MOST_CONTACTS:
        yield Problem("contacts", "too_many_contacts")
    for one in contacts:
        if one.role not in set(ContactRole):
            yield Problem("contacts", "bad_role")
        if bool(one.person) == bool(one.name and one.phone) or (one.person and (one.name or one.phone)):
            yield Problem("contacts", "bad_contact")
        elif one.phone and not _PHONE.fullmatch(one.phone.strip()):
            yield Problem("contacts", "bad_phone")
