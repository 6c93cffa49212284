"""What everybody reads of the registry: found by any fragment, history, what a resident may have copied."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page
from huying.kernel.privacy import blind_candidates, mask_name, mask_phone

from . import access, tokens
from .fields import FIELDS
from .models import CareEntry, Change, Facility, Premises, Record, Relation, Residence, Resident

ERASED: Final = "erased"
_DEEPEST: Final = 12  # places one within the other
FOUND_KINDS: Final = ("person", "premises", "organisation", "facility")
_POINTS: Final = {"person": ("home",), "organisation": ("premises",), "facility": ("premises",)}
_THROUGH: Final = {
    "household": "premises__",
    "relation": "resident__",
    "residence": "resident__",
    "care": "resident__",
}
_NEEDED: Final = {
    "person": ("private", "home__address"),
    "premises": ("address", "risk", "code"),
    "organisation": ("name", "premises__address"),
    "facility": ("name", "number", "premises__address"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One hit as everybody in scope may see it: people masked (王*), places and organisations by name."""

    kind: str
    uid: UUID
    title: str
    line: str
    area: str
    state: str
    checked_at: datetime


def find(
    actor: Actor, words: str, *, kinds: Sequence[str] | None = None, cursor: str | None = None, size: int = 20,
    ended: bool = False,
) -> Page[Found]:  # fmt: skip
    """Records in the actor's areas that hold every word: part of a name, its pinyin or initials, of a phone, identity number,
    address, building or room. People come first, then places; at most one query a kind. Empty words find nothing.
    """
    wanted = tuple(kinds or FOUND_KINDS)
    if not set(wanted) <= set(FOUND_KINDS):
        raise Invalid(_("这一类信息不能按片段查找"), code="unknown_kind", field="kinds")
    if not tokens.asked(words):
        return Page([], None, None)
    at, inner = _place(cursor, wanted)
    rows: list[Found] = []
    for index in range(at, len(wanted)):
        part = page(_matching(actor, wanted[index], words, ended), ("area", "id"), inner, size - len(rows))
        rows += [_shown(row) for row in part.rows]
        inner = None
        if part.next is not None:
            return Page(rows, f"{wanted[index]}.{part.next}", None)
        if len(rows) >= size:
            more = f"{wanted[index + 1]}." if index + 1 < len(wanted) else None
            return Page(rows, more, None)
    return Page(rows, None, None)


def matching(kind: str, words: str) -> Q:
    """The condition that a record of a kind holds every word; for kinds that are not found by themselves, of whom or where they
    speak. False when nothing of the words can be searched.
    """
    pieces = tokens.asked(words)
    if not pieces:
        return Q(pk__in=[])
    return reduce(or_, (Q(**{f"{_THROUGH.get(kind, '')}find__contains": each}) for each in pieces))


def _place(cursor: str | None, wanted: tuple[str, ...]) -> tuple[int, str | None]:
    if not cursor:
        return 0, None
    kind, _dot, inner = cursor.partition(".")
    if kind not in wanted:
        raise Invalid(_("翻页标记无效"), code="bad_cursor", field="cursor", hint=_("请回到第一页重新开始"))
    return wanted.index(kind), inner or None


def _matching(actor: Actor, kind: str, words: str, ended: bool) -> QuerySet[Any]:
    rows = access.visible(actor, kind).filter(matching(kind, words))
    if not ended:
        rows = rows.filter(state="active")
    common = ("uid", "area", "state", "checked_at", *_NEEDED[kind])
    return rows.select_related(*_POINTS.get(kind, ())).only(*common)


def _shown(row: Any) -> Found:
    if isinstance(row, Resident):
        secrets = row.secrets
        title = mask_name(str(secrets.get("name", "")))
        parts = (row.home.address if row.home else "", mask_phone(str(secrets.get("phone", ""))))
        line = " · ".join(part for part in parts if part)
    elif isinstance(row, Premises):
        title, line = row.address, ""
    else:
        title = str(row.name)
        line = row.premises.address if row.premises else ""
        if isinstance(row, Facility) and row.number:
            line = f"{line} {row.number}".strip()
    return Found(row.KIND, row.uid, title, line, row.area, str(row.state), row.checked_at)


def residents_of_phone(phone: str) -> list[Resident]:
    """Residents in force whose own phone this is, exactly; one query. How a signed-in resident is recognised."""
    if len(phone) < 11:
        return []
    rows = Resident.objects.filter(matching("person", phone), state="active")
    return [row for row in rows[:50] if phone in (row.value("phone"), row.value("phone2"))]


def resident_of_id(number: str) -> Resident | None:
    """The resident in force with this identity number; one query."""
    return Resident.objects.filter(id_blind__in=blind_candidates(number), state="active").first()


def history(record: Record, *, cursor: str | None = None, size: int = 50) -> Page[Change]:
    """The steps of a record, latest first, without what is sealed in them."""
    steps = Change.objects.filter(kind=record.KIND, subject=record.uid).defer("private")
    return page(steps, ("-version",), cursor, size)


def copy_of(resident: Resident) -> dict[str, Any]:
    """Everything kept about a resident, in the clear: what a granted request for a copy hands out. Five queries."""
    related: list[Record] = [
        *Relation.objects.filter(resident__uid=resident.uid).order_by("id"),
        *Residence.objects.filter(resident__uid=resident.uid).order_by("id"),
        *CareEntry.objects.filter(resident__uid=resident.uid).order_by("id"),
    ]
    steps = Change.objects.filter(kind="person", subject=resident.uid).order_by("version")
    return {
        "person": _said(resident),
        **{f"{row.KIND} {number}": _said(row) for number, row in enumerate(related, start=1)},
        "history": [
            {
                "version": one.version,
                "at": one.at.isoformat(),
                "by": one.author_name,
                "source": one.source,
                "values": {**one.plain, **(orjson.loads(one.private) if one.private else {})},
            }
            for one in steps
        ],
    }


def _said(row: Record) -> dict[str, Any]:
    values = row.values()
    return {str(FIELDS[row.KIND][name].label): value for name, value in values.items() if value not in (None, "")}


def enclosing(uids: Collection[str]) -> dict[str, frozenset[str]]:
    """Of premises, by uid as text: the premises each lies in, its own not among them. One query; unknown ones are left out."""
    known = [str(uid) for uid in map(_as_uid, uids) if uid is not None]
    table, found = Premises._meta.db_table, dict[str, set[str]]()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE up AS (SELECT uid AS own, parent_id, 1 AS depth FROM {table} WHERE uid = ANY(%s::uuid[])"
            f" UNION ALL SELECT up.own, p.parent_id, up.depth + 1 FROM {table} p JOIN up ON p.uid = up.parent_id"
            f" WHERE up.depth < {_DEEPEST}) SELECT own, parent_id FROM up WHERE parent_id IS NOT NULL",
            [known],
        )
        for own, parent in cursor.fetchall():
            found.setdefault(str(own), set()).add(str(parent))
    return {own: frozenset(parents) for own, parents in found.items()}


def _as_uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def erased_among(uids: Collection[UUID]) -> set[UUID]:
    """Which of these are people whose personal information was deleted, or relations and care entries of such people.

    A double stands for the record it was merged into: one that was emptied alone is not among them. Three queries, and
    one more for each step from double to double.
    """
    gone: set[UUID] = set()
    stands_for = {uid: {uid} for uid in uids}
    while stands_for:
        rows = Resident.objects.filter(uid__in=stands_for).values_list("uid", "merged_into", "ending")
        above: dict[UUID, set[UUID]] = {}
        for uid, kept, ending in rows:
            if kept is not None:
                above.setdefault(kept, set()).update(stands_for[uid])
            elif ending == ERASED:
                gone |= stands_for[uid]
        stands_for = above
    ties: tuple[type[Record], ...] = (Relation, CareEntry)
    for model in ties if (rest := set(uids) - gone) else ():
        gone |= set(model._default_manager.filter(uid__in=rest, ending=ERASED).values_list("uid", flat=True))
    return gone
