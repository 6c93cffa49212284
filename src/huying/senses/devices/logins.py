"""Who is let in: a device by its code and secret."""

from __future__ import annotations

from django.db import connection

from huying.kernel.stream import Login, Permit, device_permit

from .actions.credentials import is_secret
from .models import Credential, Device
from .rules import DeviceState

_SQL = f"""
    SELECT d.id, c.salt, c.secret_hash
      FROM {Device._meta.db_table} d JOIN {Credential._meta.db_table} c ON c.device_id = d.id
     WHERE d.code = %s AND d.state = '{DeviceState.ACTIVE}' AND c.revoked_at IS NULL"""


def device_let_in(code: str, secret: str) -> int | None:
    """The id of the device whose code and secret these are; None for any other, and for one paused, retired or revoked.

    One query. Unknown code and wrong secret cannot be told apart.
    """
    if len(code) > 64 or "\x00" in code or not 16 <= len(secret) <= 128:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [code])
        row = cursor.fetchone()
    return int(row[0]) if row is not None and is_secret(secret, row[1], row[2]) else None


def judge(login: Login) -> Permit | None:
    """What somebody at the door of the stream may do: a device its own topics, anybody else nothing."""
    if device_let_in(login.name, login.password) is None:
        return None
    return device_permit(login.name, login.kind)
