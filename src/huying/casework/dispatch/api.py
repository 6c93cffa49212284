"""REST: where a matter would go (dry run), and the steps that send a case to somebody with a new due time."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from huying.casework.cases import access
from huying.casework.cases.api import ACT, READ, take, who
from huying.casework.cases.schemas import CaseDetail, Nothing
from huying.ground.territory.coordinates import Crs, convert_point
from huying.ground.territory.queries import Place
from huying.kernel import clock
from huying.kernel.errors import Invalid

from . import actions, queries, words
from .actions import Call
from .queries import Decision, Matter

router = Router()


class Explaining(Schema):
    """Any text, and any place: a point in ``crs`` (wgs84, cgcs2000, gcj02, bd09), or words."""

    text: str
    title: str = ""
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: Crs = "wgs84"
    item: str | None = None


class ProposalOut(Schema):
    """A kind it might be, how sure (0..1), which words say so, and who would get it."""

    item: str
    item_name: str
    confidence: float
    words: list[str]
    unit: str


class Explained(Schema):
    """``sent`` tells whether it would go by itself; otherwise ``waits_for`` says what a dispatcher must decide.

    ``outside``: the point given lies beyond the ground served.
    """

    sent: bool
    waits_for: str
    waits_for_words: str
    item: str
    item_name: str
    area: str
    place: str
    place_confidence: float
    outside: bool
    unit_id: int | None
    person_id: int | None
    respond_due: str | None
    due_at: str | None
    why: list[str]
    proposals: list[ProposalOut]


def explained(decision: Decision) -> dict[str, Any]:
    """A decision as plain values."""
    sending, place = decision.sending, decision.place
    return {
        "sent": sending is not None,
        "waits_for": decision.waits_for,
        "waits_for_words": str(words.WAITS_FOR.get(decision.waits_for, "")),
        "item": decision.item.code,
        "item_name": decision.item.name,
        "area": access.area_of(place) if place else "",
        "place": place.label if place else "",
        "place_confidence": decision.certainty.place,
        "outside": decision.outside,
        "unit_id": sending.unit_id if sending else None,
        "person_id": sending.person_id if sending else None,
        "respond_due": sending.respond_due.isoformat() if sending and sending.respond_due else None,
        "due_at": sending.due_at.isoformat() if sending and sending.due_at else None,
        "why": [words.reason(one) for one in sending.why] if sending else [],
        "proposals": [
            {
                "item": one.item_code,
                "item_name": one.item_name,
                "confidence": one.confidence,
                "words": list(one.words),
                "unit": one.unit_name,
            }
            for one in decision.proposals
        ],
    }


@router.post("/dispatch/explain", response=Explained, auth=READ, summary="Dry run: where would this go, and why")
def explain(request: HttpRequest, given: Explaining) -> dict[str, Any]:
    """Writes nothing."""
    now = clock.now()
    lon, lat = given.lon, given.lat
    if lon is not None and lat is not None:
        lon, lat = convert_point(lon, lat, given.crs, "cgcs2000")
    matter = Matter(
        text=given.text,
        title=given.title,
        channel="api",
        at=now,
        place_text=given.place_text,
        lon=lon,
        lat=lat,
        item_code=given.item,
    )
    return explained(queries.explain(matter, now=now))


class Correcting(Nothing):
    """What it is (``item``) or where (``area``, nine digits at least); one of them."""

    item: str | None = None
    area: str | None = None


class Dispatching(Nothing):
    """``unit_id`` empty: the unit the rules name. ``item`` and ``area`` correct kind and place in the same step."""

    unit_id: int | None = None
    person_id: int | None = None
    item: str | None = None
    area: str | None = None


class Designating(Nothing):
    unit_id: int
    reason: str


class Escalating(Nothing):
    reason: str
    unit_id: int | None = None


class CalledUnit(Schema):
    """``limit`` in the catalogue's notation ("4wh"); empty: the case's own due time."""

    unit_id: int
    limit: str = ""
    task: str = ""


class Whistling(Nothing):
    units: list[CalledUnit]
    reason: str


def _place(area: str | None) -> Place | None:
    """The place of an area's code. Raises Invalid for one there is not."""
    place = queries.place_of(area) if area else None
    if area and place is None:
        raise Invalid(field="area")
    return place


@router.post("/cases/{int:case_id}/correct", response=CaseDetail, auth=ACT, summary="更正 Correct kind or place")
def correct(request: HttpRequest, case_id: int, given: Correcting) -> dict[str, Any]:
    """While it waits to be dispatched."""
    access.get_case(who(request), case_id)
    if not given.item and not given.area:
        raise Invalid(field="item")
    return take(
        request,
        case_id,
        actions.correct_matter,
        item_code=given.item or None,
        place=_place(given.area),
        expected=given.expected,
    )


@router.post("/cases/{int:case_id}/dispatch", response=CaseDetail, auth=ACT, summary="分拨 Dispatch")
def dispatch(request: HttpRequest, case_id: int, given: Dispatching) -> dict[str, Any]:
    """One step: correct what is wrong, then send."""
    access.get_case(who(request), case_id)
    return take(
        request,
        case_id,
        actions.correct_and_dispatch,
        item_code=given.item,
        place=_place(given.area),
        unit_id=given.unit_id,
        person_id=given.person_id,
        expected=given.expected,
    )


@router.post("/cases/{int:case_id}/designate", response=CaseDetail, auth=ACT, summary="指定办理 Designate")
def designate(request: HttpRequest, case_id: int, given: Designating) -> dict[str, Any]:
    access.get_case(who(request), case_id)
    return take(request, case_id, actions.designate_case, **given.dict())


@router.post("/cases/{int:case_id}/escalate", response=CaseDetail, auth=ACT, summary="上报升级 Escalate")
def escalate(request: HttpRequest, case_id: int, given: Escalating) -> dict[str, Any]:
    access.get_case(who(request), case_id)
    return take(request, case_id, actions.escalate_case, **given.dict())


@router.post("/cases/{int:case_id}/whistle", response=CaseDetail, auth=ACT, summary="吹哨 Whistle for other units")
def whistle(request: HttpRequest, case_id: int, given: Whistling) -> dict[str, Any]:
    access.get_case(who(request), case_id)
    calls = [Call(one.unit_id, one.limit, one.task) for one in given.units]

    def call(pk: int, **more: Any) -> None:
        actions.whistle(pk, calls, **more)

    return take(request, case_id, call, reason=given.reason, expected=given.expected)
