"""Phones: enrolling, revoking, and noting that one has called."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.access import hash_secret
from huying.ground.organisation.models import Person
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, Refused
from huying.kernel.locks import lock_rows

from ..access import must_work, token_of
from ..models import Device
from ..rules import MOST_DEVICES


@transaction.atomic
def enrol_device(*, actor: Actor, now: datetime, name: str, app: str = "") -> tuple[Device, str]:
    """Let a phone take part. Returns (row, token); the token is shown once and never stored.

    Refused once the person has five phones in use.
    """
    person_id = must_work(actor)
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid(_("请给这部手机起个名字，80 个字以内"), field="name")
    lock_rows(Person, [person_id])
    if Device.objects.filter(person_id=person_id, revoked_at__isnull=True).count() >= MOST_DEVICES:
        raise Refused(
            _("您登记的手机已经够多了"), code="too_many_devices", hint=_("先停用不再使用的手机，再登记这一部")
        )
    secret = secrets.token_urlsafe(32)
    device = Device.objects.create(
        person_id=person_id,
        name=name,
        app=app[:40],
        token_hash=hash_secret(secret),
        enrolled_at=now,
        seen_at=now,
    )
    note(device, "enrol_device", actor=actor, now=now, name=name, new=True)
    return device, token_of(device, secret)


@transaction.atomic
def revoke_device(device_id: int, *, actor: Actor, now: datetime, why: str) -> Device:
    """Shut a phone out for good: it clears what it holds when it next calls, and whoever has it is signed out at once.

    Revoking again changes nothing.
    """
    why = why.strip()
    if not why or len(why) > 200:
        raise Invalid(_("请写明停用原因，200 个字以内"), field="why")
    (device,) = lock_rows(Device, [device_id])
    if device.revoked_at is None:
        Session.objects.filter(pk=device.session_key).delete()
        device.revoked_at, device.revoked_by, device.revoked_why, device.session_key = now, actor.ref, why, ""
        device.save(update_fields=["revoked_at", "revoked_by", "revoked_why", "session_key"])
        note(device, "revoke_device", actor=actor, now=now, why=why)
    return device


def note_session(device: Device, session_key: str) -> None:
    """Remember the sign-in a phone calls with; nothing while it is the same."""
    if device.session_key != session_key:
        Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(session_key=session_key)
        device.session_key = session_key


def count_pull(device: Device, *, now: datetime, app: str = "") -> int:
    """Number the next page of changes a phone gets, and note that it called."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_device SET pulls = pulls + 1, seen_at = greatest(seen_at, %s),"
            " app = coalesce(nullif(%s, ''), app) WHERE id = %s RETURNING pulls",
            [now, app[:40], device.pk],
        )
        (pulls,) = cursor.fetchone()
    return int(pulls)


def note(device: Device, verb: str, *, actor: Actor, now: datetime, new: bool = False, **body: str) -> None:
    """One entry in the history of a phone."""
    chain = f"device:{device.uid}"
    trace.record([trace.Draft(chain=chain, verb=verb, actor=actor, at=now, body=body, new=new)])
