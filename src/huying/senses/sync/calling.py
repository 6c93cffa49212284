"""Who calls: a worker's sign-in and their phone, how often, and how much one request may bring."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, NotFound
from huying.senses.reports import throttle

from . import access, actions, rules
from .models import Device

DEVICE: Final = "X-Huying-Device"
LIMITS: Final = {
    "enrol": (20, 3600),
    "standing": (600, 600),
    "operations": (600, 600),
    "parts": (12_000, 600),
    "changes": (1_200, 600),
}


class TooBig(HuyingError):
    """More bytes than one request may carry."""

    status = 413
    default_code = "too_big"
    default_message = _("一次送来的内容太大")


class FieldWorker(SignedIn):
    """Lets in staff who work in the field today, by their session; systems have no phones.

    ``leaving``: also those who did until lately, so that what they did until then arrives.
    """

    def __init__(self, most: int = 64 * 1024, *, device: bool = True, leaving: bool = False) -> None:
        super().__init__()
        self.most, self.device, self.leaving = most, device, leaving

    def __call__(self, request: HttpRequest) -> Actor | None:
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self.most:
            raise TooBig()
        actor = super().__call__(request)
        token = request.headers.get(DEVICE, "")
        if actor is None:
            # A lost phone has been signed out for long, and must hear all the same that it was stopped.
            access.must_not_be_revoked(token[:200])
            return None
        if actor.kind != "staff":
            raise NotFound()
        actor = self._who(request, actor)
        # A revoked phone is told so before anything else: it must forget what it holds.
        asked = (self.device or token) and actor.person_id is not None
        device = access.device_of(actor, token[:200]) if asked else None
        access.must_work(actor)
        if device is not None:
            actions.note_session(device, request.session.session_key or "")
        request.device = device  # type: ignore[attr-defined]
        return actor

    def _who(self, request: HttpRequest, actor: Actor) -> Actor:
        ended = None
        if self.leaving and not actor.duties_of(*rules.FIELD_ROLES):
            ended = access.last_worker(request.user, today=clock.local_day(clock.now()))
        request.ended = ended is not None  # type: ignore[attr-defined]
        return ended or actor


PHONE, PERSON = FieldWorker(), FieldWorker(device=False)
LEAVING = FieldWorker(leaving=True)


def actor_of(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]


def device_of(request: HttpRequest) -> Device:
    return request.device  # type: ignore[attr-defined, no-any-return]


def has_ended(request: HttpRequest) -> bool:
    """Whether their duty in the field is over and they only hand in what they did."""
    return request.ended  # type: ignore[attr-defined, no-any-return]


def count(name: str, actor: Actor, times: int = 1) -> None:
    throttle.count(f"field-{name}", actor.ref, now=clock.now(), times=times, usual=LIMITS[name])


def body_of(request: HttpRequest, most: int) -> bytes:
    try:
        content = request.body
    except RequestDataTooBig as error:
        raise TooBig() from error
    if len(content) > most:
        raise TooBig()
    return content
