"""REST for phones in the field: enrol, ask for the session, send operations and files, get what changed.

Everything goes through the worker's own session (cookie and CSRF token) and, past enrolling, the phone's token in
``X-Huying-Device``. Operations are read one by one, so that a damaged one is refused by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext_lazy as _
from django.views.decorators.gzip import gzip_page
from ninja import Field, Query, Router, Schema, Status
from ninja.decorators import decorate_view

from huying.ground.accounts.places import address_of
from huying.ground.organisation.models import Person
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.errors import HuyingError, Invalid
from huying.senses.reports import throttle

from . import access, actions, doors, pulling, queries, rules
from .actions.taking import Result, told
from .api_files import router as files_router
from .calling import LEAVING, LIMITS, PERSON, PHONE, FieldWorker, actor_of, body_of, count, device_of, has_ended
from .models import Device
from .reading import read_operation, sent_at

router = Router()
router.add_router("", files_router)
ENROLLED: Final = "huying_phone"
EMERGENCY: Final = {"police": "110", "fire": "119", "ambulance": "120", "traffic": "122", "hotline": "12345"}


class SignInAgain(HuyingError):
    """A phone was enrolled with this sign-in before."""

    status = 401
    default_code = "sign_in_again"
    default_message = _("请重新登录，再登记这部手机")


class EnrolIn(Schema):
    """``name``: what the worker calls the phone. ``app``: version of the application."""

    name: Annotated[str, Field(max_length=80)]
    app: Annotated[str, Field(max_length=40)] = ""


class Enrolled(Schema):
    """``token`` is told only here; ``hold_days``: how long the phone may hold records without calling."""

    id: UUID
    token: str
    hold_days: int


class Standing(Schema):
    revoked: bool
    ended: bool


class DeviceOut(Schema):
    id: UUID
    name: str
    app: str
    enrolled_at: Any
    seen_at: Any
    revoked_at: Any = None
    revoked_why: str = ""


class Why(Schema):
    why: Annotated[str, Field(max_length=200)]


class ResultOut(Schema):
    """``state``: applied, conflict, waiting, refused or gone. ``code`` says why it waits or was refused."""

    id: str
    state: str
    message: str = ""
    code: str = ""
    fields: Annotated[dict[str, str], Field(default_factory=dict)]
    made: Annotated[dict[str, Any], Field(default_factory=dict)]


class Results(Schema):
    results: list[ResultOut]


class ChangesQuery(Schema):
    cursor: Annotated[str, Field(max_length=8_000)] = ""
    size: int = Field(queries.MOST_A_PAGE, ge=1, le=queries.MOST_A_PAGE)


class RecordOut(Schema):
    """``k`` kind, ``id``, ``v`` version, ``b`` what the phone gets of it."""

    k: str
    id: str
    v: int
    b: dict[str, Any]


class ChangesOut(Schema):
    """Apply ``gone`` first; ``[kind, "*"]`` there means all of a kind. Keep ``cursor`` once the page is stored."""

    cursor: str
    more: bool
    reset: bool
    held: int
    cut: bool
    records: list[RecordOut]
    gone: list[list[str]]


def _device_out(device: Device) -> dict[str, Any]:
    plain = ("name", "app", "enrolled_at", "seen_at", "revoked_at", "revoked_why")
    return {"id": device.uid, **{name: getattr(device, name) for name in plain}}


@router.post("/field/devices", response={201: Enrolled}, auth=PERSON, summary="Enrol this phone")
def enrol(request: HttpRequest, given: EnrolIn) -> Status:
    """At most five phones a person, and one a sign-in: whoever has erased a locked phone has to sign in again."""
    actor = actor_of(request)
    count("enrol", actor)
    if ENROLLED in request.session:
        logout(request)
        raise SignInAgain()
    device, token = actions.enrol_device(actor=actor, now=clock.now(), name=given.name, app=given.app)
    request.session[ENROLLED] = str(device.uid)
    return Status(201, {"id": device.uid, "token": token, "hold_days": rules.HOLD_DAYS})


@router.get("/field/devices/{uid}/standing", response=Standing, auth=None, summary="Whether a phone was stopped")
def standing(request: HttpRequest, uid: UUID) -> dict[str, bool]:
    """For a phone that is locked or signed out. ``revoked``: it clears everything; ``ended``: it clears the records."""
    now = clock.now()
    throttle.count("field-standing", address_of(request) or "?", now=now, usual=LIMITS["standing"])
    revoked, ended = access.standing_of(uid, today=clock.local_day(now))
    return {"revoked": revoked, "ended": ended}


@router.get("/field/devices", response=list[DeviceOut], auth=PERSON, summary="My phones")
def devices(request: HttpRequest) -> list[dict[str, Any]]:
    return [_device_out(one) for one in access.own_devices(actor_of(request))[:100]]


@router.post("/field/devices/{uid}/revoke", response=DeviceOut, auth=PERSON, summary="Shut one of my phones out")
def revoke(request: HttpRequest, uid: UUID, given: Why) -> dict[str, Any]:
    """It clears what it holds when it next calls. For good: a found phone is enrolled anew."""
    actor = actor_of(request)
    device = access.own_device(actor, uid)
    return _device_out(actions.revoke_device(device.pk, actor=actor, now=clock.now(), why=given.why))


@router.get(
    "/field/session",
    response=dict[str, Any],
    auth=FieldWorker(device=False, leaving=True),
    summary="Who I am, what I may hold",
)
def session(request: HttpRequest) -> dict[str, Any]:
    """403 ``device_revoked`` or ``off_duty_ended``: the phone clears everything. ``ended``: it clears the records now, hands
    in what was done until then, and clears the rest.
    """
    actor, now, device = actor_of(request), clock.now(), device_of(request)
    scope = access.scope_of(actor, today=clock.local_day(now))
    person = Person.objects.only("name", "number").get(pk=actor.person_id)
    ended = has_ended(request)
    return {
        "person": {"name": person.name, "number": person.number},
        "device": {**_device_out(device), "next_seq": device.next_seq} if device else None,
        "ended": ended,
        "roles": [] if ended else sorted(scope.roles),
        "areas": [] if ended else [{"code": code, "name": territory.label(code)} for code in scope.areas],
        "on_duty": None,
        "hold_days": rules.HOLD_DAYS,
        "server_time": now,
        "csrf": get_token(request),
        "places": EMERGENCY,
        **doors.told(actor=actor, now=now),
    }


@router.post(
    "/field/operations",
    response=Results,
    auth=FieldWorker(rules.MOST_BATCH, leaving=True),
    summary="Send up to 200 operations",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object", "required": ["operations"]}}},
        }
    },
)
def post_operations(request: HttpRequest) -> dict[str, Any]:
    """Each is answered by itself, in the order sent. Sending one again changes nothing and gives the same answer."""
    actor = actor_of(request)
    count("operations", actor)
    given = _json(body_of(request, rules.MOST_BATCH))
    listed = given.get("operations")
    if not isinstance(listed, list) or not 1 <= len(listed) <= rules.MOST_AT_ONCE:
        raise Invalid(_("一次送 1 到 200 条操作"), code="bad_batch", field="operations")
    found = actions.take_operations(
        actor=replace(actor, duties=()) if has_ended(request) else actor,  # each is done with the duties of its own day
        device=device_of(request),
        now=clock.now(),
        operations=[read_operation(one) for one in listed],
        sent_at=sent_at(given.get("sent_at")),
    )
    return {"results": [_result(one) for one in found]}


def _json(content: bytes) -> Mapping[str, Any]:
    """Strict JSON: no nesting without end, no NaN, no text that is no text."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Invalid(_("送来的内容不是 JSON"), code="bad_json") from error
    if not isinstance(found, dict):
        raise Invalid(_("送来的内容不是 JSON 对象"), code="bad_json")
    return found


def _result(one: Result) -> dict[str, Any]:
    plain = {"id": one.id, "state": one.state, "message": one.message, "code": one.code}
    return {**plain, "fields": dict(one.fields), "made": dict(one.made)}


@router.get("/field/operations", response=Results, auth=LEAVING, summary="What became of my operations")
def get_operations(request: HttpRequest, ids: str) -> dict[str, Any]:
    """``ids``: up to 200, separated by commas. Those never received are left out."""
    names = ids.split(",", rules.MOST_AT_ONCE)
    if len(ids) > 37 * rules.MOST_AT_ONCE or len(names) > rules.MOST_AT_ONCE:
        raise Invalid(_("一次最多问 200 条"), code="bad_batch", field="ids")
    try:
        wanted = [UUID(one) for one in names]
    except ValueError as error:
        raise Invalid(_("编号的格式不对"), code="bad_id", field="ids") from error
    return {"results": [_result(told(one)) for one in queries.operations_of(actor_of(request), wanted)]}


@router.delete("/field/operations/{operation_id}", response=ResultOut, auth=LEAVING, summary="Remove one that is stuck")
def delete_operation(request: HttpRequest, operation_id: UUID) -> dict[str, Any]:
    """One that waits or was refused. What it said is cleared; that it was there is kept."""
    actor = actor_of(request)
    row = access.own_operation(actor, operation_id)
    return _result(told(actions.remove_operation(row.pk, actor=actor, now=clock.now())))


@router.get("/field/changes", response=ChangesOut, auth=PHONE, summary="What changed since I last asked")
@decorate_view(
    gzip_page
)  # no secret beside what a caller could choose: the token is a header, the CSRF token elsewhere
def get_changes(request: HttpRequest, asked: Query[ChangesQuery]) -> HttpResponse:
    """Pages of at most ``size`` records; go on while ``more``. An empty cursor asks for everything in the scope."""
    actor, now = actor_of(request), clock.now()
    count("changes", actor)
    number = actions.count_pull(device_of(request), now=now)
    today = clock.local_day(now)
    page = queries.changes(actor, pull=number, cursor=asked.cursor, size=asked.size, today=today)
    content = {
        "cursor": pulling.encode(page.cursor),
        "more": page.more,
        "reset": page.reset,
        "held": page.cursor.held,
        "cut": page.cursor.cut,
        "records": [{"k": one.kind, "id": one.uid, "v": one.version, "b": one.body} for one in page.records],
        "gone": page.gone,
    }
    answer = HttpResponse(orjson.dumps(content), content_type="application/json")  # a thousand records need no model
    answer["Cache-Control"] = "no-store"
    return answer
