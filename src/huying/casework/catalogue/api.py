"""REST: the catalogue in force and the classifier. Scope ``catalogue:read`` for keys."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from huying.casework.catalogue import access, classifier, queries
from huying.casework.catalogue.finding import index_of
from huying.casework.catalogue.rows import plain_of_view
from huying.casework.catalogue.snapshot import ItemView
from huying.ground.organisation.auth import SignedIn

router = Router()


class ItemOut(Schema):
    """An item as everybody may know it. ``respond`` and ``close`` in the catalogue's notation (4wh, 3wd, 30m …)."""

    code: str
    class_code: str
    name: str
    name_en: str
    level: str
    respond: str
    close: str
    emergency_line: str


class ItemDetail(ItemOut):
    """An item with its rules. ``conditions`` as an expression over C1–C12; no ``allowed_channels`` means every one."""

    version: int
    class_name: str
    class_name_en: str
    lead_trade: str
    first_trade: str
    co_trades: list[str]
    conditions: str
    needs_photo_min: int
    allowed_channels: list[str]
    public_visible: bool
    sensitive: bool
    self_handle_allowed: bool
    auto_dispatch: bool
    dup_radius_m: int
    dup_window_h: int
    can_suspend: bool
    max_extensions: int
    law_basis: str


class ItemsOut(Schema):
    """Items of the version in force, by code; ``next`` is the cursor of the page that follows."""

    version: int
    valid_from: str | None
    items: list[ItemOut]
    next: str | None


class ClassOut(Schema):
    code: str
    name: str
    name_en: str
    items: int


class ClassesOut(Schema):
    version: int
    classes: list[ClassOut]


class TextsIn(Schema):
    """Up to 100 texts of up to 5,000 characters each."""

    texts: list[str] = Field(..., min_length=1, max_length=100)
    k: int = Field(3, ge=1, le=10)


class ProposalOut(Schema):
    """A kind the text may be of; ``confidence`` 0..1 is the chance of being right, ``reasons`` words of the text."""

    code: str
    name: str
    confidence: float
    reasons: list[str]


class ClassifiedOut(Schema):
    version: int
    proposals: list[list[ProposalOut]]


def _out(item: ItemView) -> dict[str, Any]:
    return plain_of_view(item)


@router.get("/catalogue/items", response=ItemsOut, auth=SignedIn("catalogue:read"), summary="事项")
def list_items(
    request: HttpRequest,
    q: str = "",
    class_code: str = "",
    level: str = "",
    after: str = "",
    size: Annotated[int, Field(ge=1, le=400)] = 100,
) -> dict[str, Any]:
    """Items in force, by code; with ``q`` by likeness, one page. ``after``: the code the last page ended with."""
    catalogue = queries.today()
    seen = access.visible(catalogue.items, request.actor)  # type: ignore[attr-defined]
    wanted = [item for item in seen if class_code in ("", item.class_code) and level in ("", item.level)]
    if q.strip():
        allowed = {item.code for item in wanted}
        found = index_of(catalogue).search(q, size, lambda item: item.code in allowed)
    else:
        found = [item for item in wanted if item.code > after]
    more = len(found) > size and not q.strip()
    return {
        "version": catalogue.version_number,
        "valid_from": catalogue.valid_from.isoformat() if catalogue.valid_from else None,
        "items": [_out(item) for item in found[:size]],
        "next": found[size - 1].code if more else None,
    }


@router.get("/catalogue/items/{code}", response=ItemDetail, auth=SignedIn("catalogue:read"), summary="一个事项")
def one_item(request: HttpRequest, code: str) -> dict[str, Any]:
    """One item in force. 404 for codes that are unknown, retired or not shown to who asks."""
    catalogue = queries.today()
    item = access.item_for(request.actor, catalogue, code)  # type: ignore[attr-defined]
    return {
        **_out(item),
        "version": item.version_number,
        "class_name": item.class_zh,
        "class_name_en": item.class_en,
    }


@router.get("/catalogue/classes", response=ClassesOut, auth=SignedIn("catalogue:read"), summary="大类")
def list_classes(request: HttpRequest) -> dict[str, Any]:
    """The classes in force with how many items of each the asker may see."""
    catalogue = queries.today()
    rows = []
    for one in catalogue.classes:
        seen = len(access.visible(one.items, request.actor))  # type: ignore[attr-defined]
        if seen:
            rows.append({"code": one.code, "name": one.zh, "name_en": one.en, "items": seen})
    return {"version": catalogue.version_number, "classes": rows}


@router.post("/catalogue/classify", response=ClassifiedOut, auth=SignedIn("catalogue:read"), summary="文本归类")
def classify(request: HttpRequest, body: TextsIn) -> dict[str, Any]:
    """What kinds of matter the texts may be. Nothing is stored. Items the asker may not know of are left out."""
    catalogue = queries.today()
    allowed = {item.code for item in access.visible(catalogue.items, request.actor)}  # type: ignore[attr-defined]
    found = classifier.propose([text[:5_000] for text in body.texts], k=body.k + 3, catalogue=catalogue)
    return {
        "version": catalogue.version_number,
        "proposals": [
            [
                {
                    "code": one.item_code,
                    "name": catalogue.item(one.item_code).label,
                    "confidence": round(one.confidence, 4),
                    "reasons": list(one.reasons),
                }
                for one in proposals
                if one.item_code in allowed
            ][: body.k]
            for proposals in found
        ],
    }
