"""REST: raise a matter, follow it, answer back. Scopes for keys: ``reports:write``, ``reports:read``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, Header, Router, Schema, Status

from huying.casework.cases.models import Case
from huying.ground.organisation.auth import SignedIn
from huying.ground.territory.coordinates import convert_point, crs_of
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid

from . import access, actions, queries
from .actions import Taken, Voice
from .models import Report
from .rules import Channel, Told

router = Router()
WRITE = SignedIn("reports:write")
MOST_AT_ONCE = 1_000


class ReportIn(Schema):
    """What somebody says. Coordinates in ``crs`` (wgs84, cgcs2000, gcj02, bd09).

    ``source_id`` is the caller's own number of it: sending the same again changes nothing. ``case_id`` joins an open
    case; ``item`` names a kind the caller already knows for certain.
    """

    text: str
    title: str = ""
    source_id: str = ""
    channel: str = Channel.API
    said_at: datetime | None = None
    name: str = ""
    phone: str = ""
    anonymous: bool = False
    hide_identity: bool = False
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: str = "wgs84"
    item: str | None = None
    case_id: int | None = None
    urgent: bool = False
    hold: bool = False


class ReportOut(Schema):
    """Where to follow it. ``repeated``: it had been taken in before."""

    tracking_code: str
    case_id: int
    case_number: str
    state: str
    due_at: datetime | None
    unit_name: str | None
    repeated: bool


class Bulk(Schema):
    reports: Annotated[list[ReportIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ToldOut(Schema):
    kind: Told
    at: datetime
    body: dict[str, Any]


class FollowOut(Schema):
    """What its reporter may know of the matter."""

    tracking_code: str
    case_number: str
    state: str
    item: str
    unit_name: str | None
    due_at: datetime | None
    received_at: datetime
    told: list[ToldOut]
    score: int | None
    responded: bool | None
    solved: bool | None


class Rating(Schema):
    score: Annotated[int, Field(ge=1, le=5)]
    responded: bool | None = None
    solved: bool | None = None
    comment: str = ""


class Why(Schema):
    reason: str


class Text(Schema):
    text: str = ""


def _voice(given: ReportIn, actor: Actor, key: str) -> Voice:
    source_id = given.source_id or key
    if not source_id:
        raise Invalid(
            _("缺少来源编号"),
            code="source_missing",
            field="source_id",
            hint=_("填写 source_id，或带上 Idempotency-Key 请求头，重复提交才不会重复受理"),
        )
    lon, lat = given.lon, given.lat
    if lon is not None and lat is not None and given.crs not in ("wgs84", "cgcs2000"):
        lon, lat = convert_point(lon, lat, crs_of(given.crs), "cgcs2000")
    plain = given.dict(exclude={"crs", "item", "lon", "lat", "source_id"})
    return Voice(source=actor.ref, source_id=source_id, lon=lon, lat=lat, item_code=given.item, **plain)


def _out(taken: Taken, case: tuple[Any, ...]) -> dict[str, Any]:
    case_id, number, state, due_at, unit_name = case
    return {
        "tracking_code": taken.tracking_code,
        "case_id": case_id,
        "case_number": number,
        "state": state,
        "due_at": due_at,
        "unit_name": unit_name,
        "repeated": taken.repeated,
    }


def _take(voices: list[Voice], actor: Actor) -> list[dict[str, Any]]:
    taken = actions.take_in(voices, actor=actor, now=clock.now())
    ids = {one.case_id for one in taken}
    rows = Case.objects.filter(pk__in=ids).values_list("pk", "number", "state", "due_at", "lead_unit__name")
    cases = {row[0]: row for row in rows}
    return [_out(one, cases[one.case_id]) for one in taken]


@router.post("/reports", response={201: ReportOut, 200: ReportOut}, auth=WRITE, summary="Raise a matter")
def post_report(
    request: HttpRequest, given: ReportIn, key: Annotated[str, Header(alias="Idempotency-Key")] = ""
) -> Status:
    """201 when it is new, 200 when it had been taken in before."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    (out,) = _take([_voice(given, actor, key)], actor)
    return Status(200 if out["repeated"] else 201, out)


@router.post("/reports/bulk", response=list[ReportOut], auth=WRITE, summary="Raise up to 1,000 matters, all or none")
def post_reports(request: HttpRequest, given: Bulk) -> list[dict[str, Any]]:
    """Each needs its own ``source_id``."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return _take([_voice(one, actor, "") for one in given.reports], actor)


@router.get("/reports/{code}", response=FollowOut, summary="Follow a matter by its tracking code")
def get_report(request: HttpRequest, code: str) -> dict[str, Any]:
    """The code is the key; nobody needs an account."""
    report = access.tracked_report(code)
    case = report.case
    return {
        "tracking_code": report.tracking_code,
        "case_number": case.number,
        "state": case.state,
        "item": case.item.name,
        "unit_name": case.lead_unit.name if case.lead_unit else None,
        "due_at": case.due_at,
        "received_at": report.received_at,
        "told": [{"kind": one.kind, "at": one.at, "body": one.body} for one in queries.tellings_of(report.pk)],
        "score": report.score,
        "responded": report.responded,
        "solved": report.solved,
    }


def _reporter(report: Report) -> Actor:
    return Actor("reporter", f"report:{report.pk}", "居民")


@router.post("/reports/{code}/rating", response={204: None}, summary="Rate the result")
def rate(request: HttpRequest, code: str, given: Rating) -> Status:
    report = access.tracked_report(code)
    actions.rate_report(report.pk, actor=_reporter(report), now=clock.now(), **given.dict())
    return Status(204, None)


@router.post("/reports/{code}/not-solved", response={204: None}, summary="Say that it is not solved")
def not_solved(request: HttpRequest, code: str, given: Why) -> Status:
    report = access.tracked_report(code)
    actions.say_not_solved(report.pk, reason=given.reason, actor=_reporter(report), now=clock.now())
    return Status(204, None)


@router.post("/reports/{code}/remind", response={204: None}, summary="Ask to hurry")
def remind(request: HttpRequest, code: str, given: Text) -> Status:
    report = access.tracked_report(code)
    actions.remind(report.pk, actor=_reporter(report), now=clock.now(), text=given.text)
    return Status(204, None)
