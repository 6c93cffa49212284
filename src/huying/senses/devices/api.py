"""REST: the register of devices, pushing readings, and commands.

Staff need a role that sees devices there; keys the scope ``devices:read`` or ``devices:write``. Readings are sent by devices
with their own code and secret, or by a key with ``readings:write`` (``senders.py``). Keys never give commands: two people do.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.stream import StreamRefused, publisher

from . import access, actions, queries, senders
from .drafts import ContactDraft, DeviceDraft
from .kinds import Kind, kind, kinds
from .models import Command, Device
from .schemas import (
    Ask,
    Bulk,
    CommandOut,
    CommandPage,
    DeviceIn,
    DeviceOut,
    DevicePage,
    DeviceQuery,
    FieldOut,
    KindOut,
    PushedOut,
    Registered,
    Secret,
    Why,
)
from .senders import Pushed, Sender, SenderAuth

READ = SignedIn("devices:read")
WRITE = SignedIn("devices:write")
PEOPLE = SignedIn("devices:command")  # a scope no key can hold
router = Router(auth=READ)
RETRY_AFTER = 5  # seconds


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_view(actor)
    return actor


# --- readings -------------------------------------------------------------------------------------------------------


@router.post("/devices/readings", response={202: PushedOut}, auth=SenderAuth(), summary="A gateway's batch")
def post_batch(request: HttpRequest, key: Annotated[str, Header(alias="Idempotency-Key")] = "") -> Any:
    """``{"gateway": code, "devices": [{"code", "readings": […]}]}``, at most 256 KB. 503 with Retry-After: send all again."""
    sender: Sender = request.auth  # type: ignore[attr-defined]
    try:
        done = senders.push_batch(sender, request.body, received=clock.now(), stream=publisher(), key=key)
    except StreamRefused as error:
        return _busy(request, error)
    return Status(202, _pushed(done))


@router.post("/devices/{code}/readings", response={202: PushedOut}, auth=SenderAuth(), summary="Readings of one device")
def post_readings(request: HttpRequest, code: str, key: Annotated[str, Header(alias="Idempotency-Key")] = "") -> Any:
    """Any form its kind knows, at most 256 KB. 202 once the stream keeps it; 503 with Retry-After when it cannot."""
    sender: Sender = request.auth  # type: ignore[attr-defined]
    try:
        done = senders.push(sender, code, request.body, received=clock.now(), stream=publisher(), key=key)
    except StreamRefused as error:
        return _busy(request, error)
    return Status(202, _pushed(done))


def _pushed(done: Pushed) -> dict[str, Any]:
    refused = [{"code": one.code, "why": one.why, "words": one.words} for one in done.refused]
    return {"accepted": done.accepted, "refused": refused, "odd": list(done.odd), "unknown": done.unknown}


def _busy(request: HttpRequest, error: StreamRefused) -> HttpResponse:
    response = HttpResponse(
        orjson.dumps(error.problem(request.path)), status=error.status, content_type="application/problem+json"
    )
    response["Retry-After"] = str(RETRY_AFTER)
    return response


# --- the register ---------------------------------------------------------------------------------------------------


@router.get("/devices/kinds", response=list[KindOut], summary="Kinds of devices, their fields and commands")
def get_kinds(request: HttpRequest) -> list[dict[str, Any]]:
    _actor(request)
    return [_kind(one) for one in kinds().values()]


@router.get("/devices", response=DevicePage, summary="Devices by area and code")
def get_devices(request: HttpRequest, asked: Query[DeviceQuery]) -> dict[str, Any]:
    """``q``: in code, name, serial number or address; ``online``: online, offline or never."""
    actor = _actor(request)
    filters = queries.Filters(
        words=asked.q, kind=asked.kind, area=asked.area, state=asked.state, online=asked.online, gateway=asked.gateway
    )
    found = queries.device_page(actor, filters, cursor=asked.cursor, size=asked.size)
    return {"items": [_out(one) for one in found.rows], "next": found.next, "prev": found.prev}


@router.post("/devices", response={201: DeviceOut}, auth=WRITE, summary="Register a device")
def post_device(request: HttpRequest, given: DeviceIn) -> Status:
    actor = _actor(request)
    device = actions.register_device(actor=actor, now=clock.now(), draft=_draft(given))
    return Status(201, _out(access.get(actor, device.code)))


@router.post("/devices/bulk", response={201: Registered}, auth=WRITE, summary="Register up to 1,000, all or none")
def post_devices(request: HttpRequest, given: Bulk) -> Status:
    """The first thing wrong is named as ``devices.<n>.<field>`` and nothing is registered."""
    actor, now = _actor(request), clock.now()
    drafts = [_draft(one) for one in given.devices]
    devices, secrets = actions.register_with_secrets(drafts, actor=actor, now=now, credentials=given.credentials)
    return Status(201, {"registered": len(devices), "secrets": secrets})


@router.get("/devices/{code}", response=DeviceOut, summary="One device")
def get_device(request: HttpRequest, code: str) -> dict[str, Any]:
    return _out(access.get(_actor(request), code))


@router.put("/devices/{code}", response=DeviceOut, auth=WRITE, summary="Say anew what is known of a device")
def put_device(request: HttpRequest, code: str, given: DeviceIn) -> dict[str, Any]:
    """All of it; ``code`` and ``kind`` stay. ``contacts`` left out stay as they are."""
    actor = _actor(request)
    if given.code != code:
        raise Invalid(field="code")
    actions.save_device(access.get(actor, code).pk, actor=actor, now=clock.now(), draft=_draft(given))
    return _out(access.get(actor, code))


@router.post("/devices/{code}/credential", response={201: Secret}, auth=WRITE, summary="A new secret, shown once")
def post_credential(request: HttpRequest, code: str) -> Status:
    actor = _actor(request)
    secret = actions.issue_credential(access.get(actor, code).pk, actor=actor, now=clock.now())
    return Status(201, {"code": code, "secret": secret})


@router.delete("/devices/{code}/credential", response={204: None}, auth=WRITE, summary="Let the device in no more")
def delete_credential(request: HttpRequest, code: str) -> Status:
    actor = _actor(request)
    actions.revoke_credential(access.get(actor, code).pk, actor=actor, now=clock.now())
    return Status(204, None)


@router.post("/devices/{code}/pause", response=DeviceOut, auth=WRITE, summary="What it sends counts no more for now")
def pause(request: HttpRequest, code: str, given: Why) -> dict[str, Any]:
    actor = _actor(request)
    actions.pause_device(access.get(actor, code).pk, actor=actor, now=clock.now(), why=given.why)
    return _out(access.get(actor, code))


@router.post("/devices/{code}/resume", response=DeviceOut, auth=WRITE, summary="It counts again")
def resume(request: HttpRequest, code: str) -> dict[str, Any]:
    actor = _actor(request)
    actions.resume_device(access.get(actor, code).pk, actor=actor, now=clock.now())
    return _out(access.get(actor, code))


@router.post("/devices/{code}/retire", response=DeviceOut, auth=WRITE, summary="It never counts again")
def retire(request: HttpRequest, code: str, given: Why) -> dict[str, Any]:
    actor = _actor(request)
    actions.retire_device(access.get(actor, code).pk, actor=actor, now=clock.now(), why=given.why)
    return _out(access.get(actor, code))


# --- commands -------------------------------------------------------------------------------------------------------


@router.get("/devices/{code}/commands", response=CommandPage, summary="What a device was told, latest first")
def get_commands(request: HttpRequest, code: str, cursor: str | None = None) -> dict[str, Any]:
    device = access.get(_actor(request), code)
    found = queries.command_page(device, cursor=cursor)
    return {"items": [_told(one, device.code) for one in found.rows], "next": found.next}


@router.post("/devices/{code}/commands", response={202: CommandOut}, auth=PEOPLE, summary="Ask for a command")
def post_command(request: HttpRequest, code: str, given: Ask) -> Status:
    """People only. Sent at once, or once a second person confirms it where its kind says so."""
    actor = _actor(request)
    device = access.get(actor, code)
    command = actions.ask_command(device.pk, actor=actor, now=clock.now(), code=given.code, reason=given.reason)
    return Status(202, _told(command, device.code))


@router.post("/devices/commands/{number}/confirm", response=CommandOut, auth=PEOPLE, summary="A second person agrees")
def confirm(request: HttpRequest, number: int) -> dict[str, Any]:
    actor = _actor(request)
    command = access.get_command(actor, number)
    return _told(actions.confirm_command(command.pk, actor=actor, now=clock.now()), command.device.code)


@router.post("/devices/commands/{number}/refuse", response=CommandOut, auth=PEOPLE, summary="Say no, or take it back")
def refuse(request: HttpRequest, number: int, given: Why) -> dict[str, Any]:
    actor = _actor(request)
    command = access.get_command(actor, number)
    told = actions.refuse_command(command.pk, actor=actor, now=clock.now(), why=given.why)
    return _told(told, command.device.code)


# --- shapes ---------------------------------------------------------------------------------------------------------


def _draft(given: DeviceIn) -> DeviceDraft:
    plain = given.dict(exclude={"contacts"})
    contacts = None if given.contacts is None else tuple(ContactDraft(**one.dict()) for one in given.contacts)
    return DeviceDraft(contacts=contacts, **plain)


def _kind(one: Kind) -> dict[str, Any]:
    plain = ("code", "urgent", "gathers", "silence_minutes", "keep_days")
    return {
        **{name: getattr(one, name) for name in plain},
        "name": one.name._asdict(),
        "fields": [
            {
                **{name: getattr(field, name) for name in FieldOut.model_fields if name not in ("name", "choices")},
                "name": field.name._asdict(),
                "choices": {value: words._asdict() for value, words in field.choices.items()},
            }
            for field in one.fields.values()
        ],
        "commands": [
            {
                "code": told.code,
                "name": told.name._asdict(),
                "needs_confirmation": told.needs_confirmation,
                "cuts_power": told.cuts_power,
            }
            for told in one.commands.values()
        ],
    }


def _out(device: Device) -> dict[str, Any]:
    last = getattr(device, "last", None)
    named = {name: getattr(device, name) for name in DeviceOut.model_fields if name not in ("gateway", "unit", "last")}
    return {
        **named,
        "gateway": device.gateway.code if device.gateway is not None else "",
        "unit": device.unit.code if device.unit is not None else "",
        "last": last
        and {
            "at": last.at,
            "received_at": last.received_at,
            "online": last.online,
            "silent_since": last.silent_since,
            "values": access.shown(kind(device.kind), last.values),
        },
    }


def _told(command: Command, device: str) -> dict[str, Any]:
    plain = ("id", "code", "state", "reason", "asked_at", "confirmed_at", "sent_at", "answered_at", "answer")
    return {
        **{name: getattr(command, name) for name in plain},
        "device": device,
        "asked_by": command.asked_name,
        "confirmed_by": command.confirmed_name,
    }
