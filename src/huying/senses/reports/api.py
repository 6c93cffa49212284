"""REST: raise a matter, follow it, answer back. Scopes for keys: ``reports:write``, ``reports:read``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, File, Header, Query, Router, Schema, Status
from ninja.files import UploadedFile

from huying.casework.cases.voices import reporter
from huying.ground.organisation.auth import SignedIn
from huying.ground.territory.coordinates import Crs, convert_point
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Invalid
from huying.kernel.files import accept_upload
from huying.kernel.privacy import mask_text

from . import access, actions, queries, throttle
from .actions import Taken, Voice
from .models import Report
from .rules import Channel, Told

router = Router()
WRITE, READ = SignedIn("reports:write"), SignedIn("reports:read")
MOST_AT_ONCE = 1_000
PAGE_SIZE, MOST_A_PAGE = 50, 200
LONGEST_COMMENT, LONGEST_REASON, LONGEST_REMINDER = 500, 500, 300
_FOR_COLLEAGUES = {"channel": Channel.API, "item": None, "hold": False, "urgent": False}


class ReportIn(Schema):
    """What somebody says. Coordinates in ``crs`` (wgs84, cgcs2000, gcj02, bd09).

    ``source_id`` is the caller's own number of it: sending the same again changes nothing. ``case_id`` joins an open
    case the caller may see; ``item`` names a kind the caller already knows for certain. ``channel``, ``item``,
    ``urgent`` and ``hold`` are for keys and staff.
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
    crs: Crs = "wgs84"
    item: str | None = None
    case_id: int | None = None
    urgent: bool = False
    hold: bool = False


class ReportOut(Schema):
    """Where to follow it. ``repeated``: it had been taken in before.

    ``outside``: its point lies beyond the ground served. It is taken all the same and never refused for that: it goes by the
    place its words name, else a dispatcher finds out where it belongs. Look at the point, and send it anew if it was wrong.
    """

    tracking_code: str
    case_id: int
    case_number: str
    state: str
    due_at: datetime | None
    unit_name: str | None
    repeated: bool
    outside: bool


class Bulk(Schema):
    reports: Annotated[list[ReportIn], Field(min_length=1, max_length=MOST_AT_ONCE)]


class PhotosOut(Schema):
    """How many photos the report has now; ``added``: how many of those sent it did not have yet."""

    photos: int
    added: int


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
    comment: Annotated[str, Field(max_length=LONGEST_COMMENT)] = ""


class Why(Schema):
    reason: Annotated[str, Field(max_length=LONGEST_REASON)]


class Text(Schema):
    text: Annotated[str, Field(max_length=LONGEST_REMINDER)] = ""


class ReadQuery(Schema):
    """Narrows the list; ``channel`` one of those of ReportIn."""

    channel: str = ""
    cursor: str | None = None
    size: int = Field(PAGE_SIZE, ge=1, le=MOST_A_PAGE)


class Said(Schema):
    """One report: what was said, numbers in it masked, and never by whom. ``source_id`` only of the caller's own."""

    case_id: int
    case_number: str
    state: str
    item: str
    source_id: str | None
    channel: str
    title: str
    text: str
    place_text: str
    said_at: datetime
    received_at: datetime
    score: int | None
    responded: bool | None
    solved: bool | None


class SaidPage(Schema):
    """One page, newest first; pass ``next`` or ``prev`` as ``cursor`` to go on."""

    items: list[Said]
    next: str | None
    prev: str | None


def _must_be_simple(given: ReportIn, actor: Actor) -> None:
    """Residents say what is; what kind it is, how it came and how urgent it is, is for those who answer for that."""
    if access.is_colleague(actor):
        return
    asked = next((name for name, usual in _FOR_COLLEAGUES.items() if getattr(given, name) != usual), None)
    if asked is not None:
        raise Forbidden(
            _("这一项由受理的系统或工作人员填写"), code="not_for_residents", field=asked, hint=_("去掉这一项再送一次")
        )


def _voice(given: ReportIn, actor: Actor, key: str) -> Voice:
    _must_be_simple(given, actor)
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
        lon, lat = convert_point(lon, lat, given.crs, "cgcs2000")
    plain = given.dict(exclude={"crs", "item", "lon", "lat", "source_id"})
    return Voice(source=actor.ref, source_id=source_id, lon=lon, lat=lat, item_code=given.item, **plain)


def _out(taken: Taken) -> dict[str, Any]:
    case = taken.case
    return {
        "tracking_code": taken.tracking_code,
        "case_id": case.id,
        "case_number": case.number,
        "state": case.state,
        "due_at": case.due_at,
        "unit_name": case.unit_name,
        "repeated": taken.repeated,
        "outside": taken.outside,
    }


def _take(voices: list[Voice], actor: Actor) -> list[dict[str, Any]]:
    return [_out(one) for one in actions.take_in(voices, actor=actor, now=clock.now())]


@router.post("/reports", response={201: ReportOut, 200: ReportOut}, auth=WRITE, summary="Raise a matter")
def post_report(
    request: HttpRequest, given: ReportIn, key: Annotated[str, Header(alias="Idempotency-Key")] = ""
) -> Status:
    """201 when it is new, 200 when it had been taken in before."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    if not access.is_colleague(actor):
        throttle.count("send", actor.ref, now=clock.now())
    (out,) = _take([_voice(given, actor, key)], actor)
    return Status(200 if out["repeated"] else 201, out)


@router.post("/reports/bulk", response=list[ReportOut], auth=WRITE, summary="Raise up to 1,000 matters, all or none")
def post_reports(request: HttpRequest, given: Bulk) -> list[dict[str, Any]]:
    """Each needs its own ``source_id``. For keys and staff."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    if not access.is_colleague(actor):
        raise Forbidden(_("成批报送由系统或工作人员使用"), code="not_for_residents", hint=_("请一件一件地送"))
    return _take([_voice(one, actor, "") for one in given.reports], actor)


@router.get("/reports", response=SaidPage, auth=READ, summary="What was said, newest first")
def list_reports(request: HttpRequest, asked: Query[ReadQuery]) -> dict[str, Any]:
    """The reports of the key's own area or unit (staff: on the cases they may see), without who said them."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    found = queries.read_page(access.readable(actor), channel=asked.channel, cursor=asked.cursor, size=asked.size)
    items = [_said(one, own=one.source == actor.ref) for one in found.rows]
    return {"items": items, "next": found.next, "prev": found.prev}


def _said(report: Report, *, own: bool) -> dict[str, Any]:
    plain = ("channel", "said_at", "received_at", "score", "responded", "solved")
    return {
        **{name: getattr(report, name) for name in plain},
        **{name: mask_text(getattr(report, name)) for name in ("title", "text", "place_text")},
        "case_id": report.case_id,
        "case_number": report.case.number,
        "state": report.case.state,
        "item": report.case.item_code,
        "source_id": report.source_id if own else None,
    }


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


@router.post(
    "/reports/{code}/photos", response={201: PhotosOut, 200: PhotosOut}, auth=WRITE, summary="Add photos to a report"
)
def post_photos(request: HttpRequest, code: str, photos: File[list[UploadedFile]]) -> Status:
    """Multipart, for whoever brought the report: at most 6 photos of it in all, 25 MB each.

    JPEG, PNG or WebP, told by their bytes; each is encoded anew, its position and time kept apart from it. All are taken
    or none. A photo the report already has changes nothing: 201 when there was a new one, else 200.
    """
    actor: Actor = request.auth  # type: ignore[attr-defined]
    now = clock.now()
    report = access.brought_report(actor, code)
    actions.must_take_photos(report, len(photos), actor=actor)
    if not access.is_colleague(actor):
        throttle.count("photo", actor.ref, now=now, times=len(photos))
    kept = [accept_upload(one, actor=actor, now=now, name=one.name or "") for one in photos]
    added, total = actions.add_photos(report.pk, kept, actor=actor, now=now)
    return Status(201 if added else 200, {"photos": total, "added": added})


@router.post("/reports/{code}/rating", response={204: None}, summary="Rate the result")
def rate(request: HttpRequest, code: str, given: Rating) -> Status:
    report = access.tracked_report(code)
    actions.rate_report(report.pk, actor=reporter(report.pk), now=clock.now(), **given.dict())
    return Status(204, None)


@router.post("/reports/{code}/not-solved", response={204: None}, summary="Say that it is not solved")
def not_solved(request: HttpRequest, code: str, given: Why) -> Status:
    report = access.tracked_report(code)
    actions.say_not_solved(report.pk, reason=given.reason, actor=reporter(report.pk), now=clock.now())
    return Status(204, None)


@router.post("/reports/{code}/split", response=list[ReportOut], summary="Its other matters get cases of their own")
def split(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """For a report that raises several matters: one entry for each of the others. The report's own case goes on."""
    report = access.tracked_report(code)
    taken = actions.split_report(report.pk, actor=reporter(report.pk), now=clock.now())
    return [_out(one) for one in taken]


@router.post("/reports/{code}/remind", response={204: None}, summary="Ask to hurry")
def remind(request: HttpRequest, code: str, given: Text) -> Status:
    report = access.tracked_report(code)
    actions.remind(report.pk, actor=reporter(report.pk), now=clock.now(), text=given.text)
    return Status(204, None)
