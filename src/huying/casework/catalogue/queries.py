"""Every read of the catalogue. ``current`` is the fast one, for intake and dispatch; the rest feed screens."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from huying.casework.catalogue.finding import index_of
from huying.casework.catalogue.limits import stages_from_json
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.casework.catalogue.rows import plain_of
from huying.casework.catalogue.rules import FIELDS, differences
from huying.casework.catalogue.snapshot import Catalogue, ClassView, ItemView, build
from huying.casework.catalogue.words import Words
from huying.kernel.clock import local_day, now
from huying.kernel.remembering import stamp, watch

__all__ = [
    "Catalogue",
    "Change",
    "ClassView",
    "Edition",
    "ItemView",
    "compare",
    "current",
    "draft",
    "history",
    "search",
    "today",
    "version_before",
    "versions",
    "view_of",
]

_Published = tuple[int, int, date | None, datetime | None]  # id, number, valid from, published at
_KEPT = 4
_cache: OrderedDict[tuple[str, int], Catalogue] = OrderedDict()
_lists: dict[str, tuple[Any, Sequence[_Published]]] = {}
_guard = threading.Lock()
watch(
    "catalogue",
    f"SELECT sum(hashtextextended(v::text, 0)) FROM {CatalogueVersion._meta.db_table} v WHERE state = 'published'",
)
_EMPTY = build(0, 0, None, ())


def current(on: date) -> Catalogue:
    """The published catalogue valid on a day, immutable and cached; one small query when it is known already.

    Before anything has been published it is empty (``version_number`` 0). A published version never changes, so
    what is cached stays true; a publication is noticed because its version is then the one valid on the day.
    """
    row = next((row for row in _published() if row[2] is not None and row[2] <= on), None)
    if row is None:
        return _EMPTY
    version_id, number, valid_from, published_at = row
    if published_at is None:  # published without a moment: not under the guard of the database, so not kept
        return _read(version_id, number, valid_from)
    key = (_database(), version_id)
    with _guard:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    fresh = _read(version_id, number, valid_from)
    with _guard:
        _cache[key] = fresh
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return fresh


def today() -> Catalogue:
    """The catalogue valid today; for edges that have no moment of their own."""
    return current(local_day(now()))


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _published() -> Sequence[_Published]:
    """The published versions, the latest first."""
    mark, name = stamp("catalogue"), _database()
    held = _lists.get(name)
    if held is None or held[0] != mark:
        rows = CatalogueVersion.objects.filter(state="published").order_by("-valid_from", "-number")
        held = _lists[name] = (mark, list(rows.values_list("pk", "number", "valid_from", "published_at")))
    return held[1]


def _read(version_id: int, number: int, valid_from: date | None) -> Catalogue:
    rows = Item.objects.filter(version_id=version_id).order_by("code")
    return build(version_id, number, valid_from, [_view(row, number) for row in rows])


def view_of(item: Item) -> ItemView:
    """An item row of any version as a view. Reads the version once if it was not selected with the row."""
    return _view(item, item.version.number)


def _view(row: Item, number: int) -> ItemView:
    return ItemView(
        id=row.pk,
        version_number=number,
        code=row.code,
        class_code=row.class_code,
        class_zh=row.class_zh,
        class_en=row.class_en,
        name=row.name,
        name_en=row.name_en,
        level=row.level,
        lead_trade=row.lead_trade,
        first_trade=row.first_trade,
        co_trades=tuple(row.co_trades),
        respond=stages_from_json(row.respond),
        close=stages_from_json(row.close),
        conditions=row.conditions,
        needs_photo_min=row.needs_photo_min,
        allowed_channels=tuple(row.allowed_channels),
        public_visible=row.public_visible,
        sensitive=row.sensitive,
        self_handle_allowed=row.self_handle_allowed,
        auto_dispatch=row.auto_dispatch,
        emergency_line=row.emergency_line,
        dup_radius_m=row.dup_radius_m,
        dup_window_h=row.dup_window_h,
        can_suspend=row.can_suspend,
        max_extensions=row.max_extensions,
        law_basis=row.law_basis,
        source=row.source,
        source_note=row.source_note,
        phrases=tuple(row.phrases),
        retired=row.retired,
    )


def search(text: str, k: int = 10, *, on: date | None = None, public_only: bool = False) -> list[ItemView]:
    """Items found by code, name, pinyin or phrase, best first, for somebody who is typing; one small query."""
    catalogue = current(on) if on else today()
    return index_of(catalogue).search(text, k, lambda item: item.public_visible or not public_only)


@dataclass(frozen=True, slots=True)
class Change:
    """One item that differs between two versions: ``what`` is added, changed, retired or restored."""

    code: str
    what: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in the reader's language."""
        return str(Words(self.after["name"], self.after["name_en"] or self.after["name"]))


@dataclass(frozen=True, slots=True)
class Edition:
    """One version in which an item was added or changed."""

    version: CatalogueVersion
    change: Change


def draft() -> CatalogueVersion | None:
    """The present draft, if there is one."""
    return CatalogueVersion.objects.filter(state="draft").select_related("base").first()


def versions() -> list[CatalogueVersion]:
    """All versions but the discarded, newest first."""
    return list(CatalogueVersion.objects.exclude(state="discarded").order_by("-number")[:200])


def version_before(version: CatalogueVersion) -> CatalogueVersion | None:
    """The published version that this one followed."""
    if version.base_id is not None and version.state == "draft":
        return version.base
    return CatalogueVersion.objects.filter(state="published", number__lt=version.number).order_by("-number").first()


def compare(after: CatalogueVersion, before: CatalogueVersion | None) -> list[Change]:
    """What ``after`` adds, changes and retires against ``before``, by code. Two queries."""
    old = {row.code: plain_of(row) for row in before.items.all()} if before else {}
    rows = (plain_of(row) for row in after.items.order_by("code"))
    found = (_change(old.get(values["code"]), values) for values in rows)
    return [one for one in found if one is not None]


def history(code: str) -> list[Edition]:
    """The versions in which an item came, changed or went, newest first. One query."""
    rows = Item.objects.filter(code=code, version__state="published").select_related("version")
    editions: list[Edition] = []
    last: Mapping[str, Any] | None = None
    for row in rows.order_by("version__number"):
        values = plain_of(row)
        change = _change(last, values)
        if change is not None:
            editions.append(Edition(row.version, change))
        last = values
    return editions[::-1]


def _change(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Change | None:
    if before is None:
        return Change(after["code"], "added", {}, after, ())
    differing = tuple(differences(before, after, FIELDS))
    if not differing:
        return None
    what = "changed"
    if "retired" in differing:
        what = "retired" if after["retired"] else "restored"
    return Change(after["code"], what, before, after, differing)
