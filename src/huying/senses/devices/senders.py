"""Who sends readings over HTTP: a device or a gateway with its own code and secret, or another platform with a key."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

import orjson
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.access import require_scope
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, Invalid, NotFound
from huying.kernel.stream import Publisher, StreamRefused, reading_subject, urgent_subject

from . import access
from .decoding import Garbage, Reading, batch_of, parse, read
from .directory import Known, directory
from .kinds import kind
from .logins import device_let_in
from .words import garbage_words

SCOPE: Final = "readings:write"
CAPABILITY: Final = "readings.send"


class BadSecret(HuyingError):
    """The device's code or secret is wrong, or it is not in use."""

    status = 401
    default_code = "bad_secret"
    default_message = _("设备编号或密钥不对，或设备不在用")


@dataclass(frozen=True, slots=True)
class Sender:
    """A device by its code, or a key's actor."""

    device: str = ""
    actor: Actor | None = None

    def may_send_for(self, known: Known, gateway: Known | None = None) -> bool:
        """A device sends for itself, a gateway for those behind it, a key for the devices in its area."""
        if self.actor is not None:
            return access.may(self.actor, CAPABILITY, known.area)
        return known.code == self.device or (gateway is not None and known.gateway_pk == gateway.pk)


class SenderAuth:
    """``Authorization: Basic code:secret`` of a device, or ``Bearer hy_…`` of a key with ``readings:write``."""

    def __call__(self, request: HttpRequest) -> Sender | None:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            code, secret = _pair(token)
            if device_let_in(code, secret) is None:
                raise BadSecret()
            return Sender(device=code)
        if actor.kind == "key":
            require_scope(actor, SCOPE)
            return Sender(actor=actor)
        return None


def _pair(token: str) -> tuple[str, str]:
    try:
        code, _colon, secret = b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return code, secret


@dataclass(frozen=True, slots=True)
class Refusal:
    """A device of a batch whose readings were not taken, and why."""

    code: str
    why: str
    words: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push. ``accepted`` counts readings kept by the stream; ``odd`` names values left out, ``unknown`` fields."""

    accepted: int
    refused: tuple[Refusal, ...] = ()
    odd: tuple[str, ...] = ()
    unknown: int = 0


def push(sender: Sender, code: str, data: bytes, *, received: datetime, stream: Publisher, key: str = "") -> Pushed:
    """Put one device's readings on the stream. Raises Invalid for what is no reading, StreamRefused when it is not kept.

    The same body from the same sender with the same ``key`` within two minutes is kept once.
    """
    known = directory([code]).get(code)
    if known is None or not known.counts or not sender.may_send_for(known):
        raise NotFound(_("没有找到这台设备"), code="device_not_found")
    try:
        readings = read(kind(known.kind), parse(data), received)
    except Garbage as error:
        raise Invalid(garbage_words(error), code=error.why) from error
    stream.publish(_subject(known, readings), data, msg_id=_named(sender, key, code, data))
    return _pushed(readings)


def push_batch(sender: Sender, data: bytes, *, received: datetime, stream: Publisher, key: str = "") -> Pushed:
    """Put what a gateway gathered on the stream, each device's readings as its own.

    Devices that cannot be taken are named in ``refused`` and do not stop the others. Raises Invalid for what is no batch,
    StreamRefused when any of it was not kept: send all of it again; with the same ``key``, what was kept is not kept twice
    within two minutes.
    """
    try:
        batch = batch_of(parse(data))
    except Garbage as error:
        raise Invalid(garbage_words(error), code=error.why) from error
    if batch is None:
        raise Invalid(garbage_words(Garbage("not_a_batch")), code="not_a_batch")
    if sender.device and batch.gateway != sender.device:
        raise Forbidden(_("网关只能送自己的批次"), code="not_its_batch")
    known = directory({batch.gateway, *(code for code, _body in batch.parts)})
    taken: list[Reading] = []
    refused: list[Refusal] = []
    items: list[tuple[str, bytes, str]] = []
    for number, (code, body) in enumerate(batch.parts):
        readings = _readings(sender, known.get(code), known.get(batch.gateway), code, body, received)
        if isinstance(readings, Refusal):
            refused.append(readings)
            continue
        taken += readings
        part = orjson.dumps(body)
        items.append((_subject(known[code], readings), part, _named(sender, key, f"{code}:{number}", part)))
    for result in stream.publish_many(items):
        if isinstance(result, StreamRefused):
            raise result
    return _pushed(taken, tuple(refused))


def _readings(
    sender: Sender, known: Known | None, gateway: Known | None, code: str, body: object, received: datetime
) -> list[Reading] | Refusal:
    if known is None or not sender.may_send_for(known, gateway):
        return Refusal(code[:64], "device_not_found", str(_("没有找到这台设备")))
    if not known.counts:
        return Refusal(code, known.state, str(_("设备不在用")))
    try:
        return read(kind(known.kind), body, received)
    except Garbage as error:
        return Refusal(code, error.why, garbage_words(error))


def _pushed(readings: Sequence[Reading], refused: tuple[Refusal, ...] = ()) -> Pushed:
    odd = tuple(sorted({name for one in readings for name in one.odd}))
    return Pushed(len(readings), refused, odd, sum(one.unknown for one in readings))


def _subject(known: Known, readings: Sequence[Reading]) -> str:
    """The urgent stream, if any of them needs somebody now."""
    of = kind(known.kind)
    urgent = of.urgent or any(of.is_urgent(one.values) for one in readings)
    return urgent_subject(known.code) if urgent else reading_subject(known.code)


def _named(sender: Sender, key: str, name: str, data: bytes) -> str:
    """By what the stream knows a message again: who sends it, their key, whose readings, and what it says.

    What it says counts because a device that counts its keys from one again after a restart must not lose a reading.
    """
    if not key:
        return ""
    by = sender.actor.ref if sender.actor is not None else sender.device
    return blake2b(orjson.dumps([by, key, name]) + data, digest_size=24).hexdigest()
