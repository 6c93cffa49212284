"""How a device proves that it is itself: a secret, shown once, of which only a salted hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.bulk import copy_rows
from huying.kernel.errors import Refused

from .. import access
from ..drafts import DeviceDraft
from ..models import Credential, Device
from ..rules import DeviceState
from .registering import register_devices
from .writing import draft_of, locked, note

_SALT_BYTES = 16


def hash_secret(secret: str, salt: bytes) -> bytes:
    """SHA-256 of salt and secret. The secret has 256 random bits, so nothing slower is needed: every device may come at once."""
    return sha256(salt + secret.encode()).digest()


def is_secret(secret: str, salt: bytes, kept: bytes) -> bool:
    """Whether this is the secret that was hashed, in constant time."""
    return compare_digest(hash_secret(secret, bytes(salt)), bytes(kept))


@transaction.atomic
def issue_credential(device_id: int, *, actor: Actor, now: datetime) -> str:
    """A new secret for a device, returned once and never stored; an earlier one is worth nothing from now on."""
    device = locked(device_id)
    access.require_over(actor, access.EDIT, device.area)
    _must_be_used(device)
    secret, salt = secrets.token_urlsafe(32), secrets.token_bytes(_SALT_BYTES)
    values = {"salt": salt, "secret_hash": hash_secret(secret, salt), "made_at": now, "made_by": actor.ref}
    Credential.objects.update_or_create(device=device, defaults={**values, "revoked_at": None, "revoked_by": ""})
    note([draft_of(device.code, "issue_credential", actor=actor, now=now)])
    return secret


@transaction.atomic
def issue_credentials(devices: Sequence[Device], *, actor: Actor, now: datetime) -> dict[str, str]:
    """Secrets for devices that have none yet, by code: for registering many at once."""
    made: dict[str, str] = {}
    rows = []
    for device in devices:
        access.require_over(actor, access.EDIT, device.area)
        _must_be_used(device)
        secret, salt = secrets.token_urlsafe(32), secrets.token_bytes(_SALT_BYTES)
        made[device.code] = secret
        rows.append((device.pk, salt, hash_secret(secret, salt), now, actor.ref, None, ""))
    columns = ("device_id", "salt", "secret_hash", "made_at", "made_by", "revoked_at", "revoked_by")
    copy_rows(Credential, columns, rows)
    note(draft_of(code, "issue_credential", actor=actor, now=now) for code in made)
    return made


@transaction.atomic
def register_with_secrets(
    drafts: Sequence[DeviceDraft], *, actor: Actor, now: datetime, credentials: bool = True
) -> tuple[list[Device], dict[str, str]]:
    """Register devices and give each its secret, all or none. Returns (devices, code → secret)."""
    devices = register_devices(drafts, actor=actor, now=now)
    return devices, issue_credentials(devices, actor=actor, now=now) if credentials else {}


@transaction.atomic
def revoke_credential(device_id: int, *, actor: Actor, now: datetime) -> None:
    """The device is let in no more: at once for a new login and over HTTP, within the hour on a connection that stands.

    Refused when it has no valid one. Pausing the device makes everything it sends worthless at once.
    """
    device = locked(device_id)
    access.require_over(actor, access.EDIT, device.area)
    changed = Credential.objects.filter(device=device, revoked_at=None).update(revoked_at=now, revoked_by=actor.ref)
    if not changed:
        raise Refused(_("这台设备没有可用的凭证"), code="no_credential")
    note([draft_of(device.code, "revoke_credential", actor=actor, now=now)])


def _must_be_used(device: Device) -> None:
    if device.state == DeviceState.RETIRED:
        raise Refused(_("这台设备已停用"), code="wrong_state")
