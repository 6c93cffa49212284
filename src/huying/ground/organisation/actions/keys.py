"""Keys for other systems: issue and revoke."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules
from huying.ground.organisation.access import hash_secret, require
from huying.ground.organisation.models import ApiKey, Unit
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound, Refused

from .saying import check_area, note, said

LONGEST_KEY_LIFE = timedelta(days=366)


def issue_key(
    *, actor: Actor, now: datetime, name: str, scopes: Sequence[str], expires_at: datetime,
    unit: Unit | None = None, area: str = "",
) -> tuple[ApiKey, str]:  # fmt: skip
    """Issue a key for another system. Returns (row, token); the token `hy_…` is shown once and never stored."""
    require(actor, "key.edit", area=area, unit_path=unit.path if unit else "")
    if not name.strip():
        raise Invalid(_("请写明用这个密钥的系统"), field="name")
    if not scopes or rules.unknown_scopes(scopes):
        raise Invalid(_("请至少选择一个权限范围"), field="scopes")
    check_area(area)
    if not now < expires_at <= now + LONGEST_KEY_LIFE:
        raise Invalid(_("有效期应在一年以内"), field="expires_at")
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    with said():
        row = ApiKey.objects.create(
            name=name.strip(),
            prefix=prefix,
            secret_hash=hash_secret(secret),
            scopes=sorted(set(scopes)),
            unit=unit,
            area=area,
            issued_by=actor.ref,
            issued_at=now,
            expires_at=expires_at,
        )
        body = {"key": row.pk, "prefix": prefix, "scopes": row.scopes, "area": area, "expires": expires_at.isoformat()}
        note(chain=f"unit:{unit.code}" if unit else "keys", verb="key_issued", actor=actor, now=now, body=body)
    return row, f"hy_{prefix}_{secret}"


def revoke_key(*, actor: Actor, now: datetime, key: ApiKey, reason: str = "") -> ApiKey:
    """Revoke a key at once. Refused when it is revoked already."""
    require(actor, "key.edit", area=key.area, unit_path=key.unit.path if key.unit else "")
    with said():
        row = ApiKey.objects.select_for_update().filter(pk=key.pk).first()
        if row is None:
            raise NotFound(_("没有这个密钥"))
        if row.revoked_at is not None:
            raise Refused(_("这个密钥已经吊销"), code="key_revoked")
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        chain = f"unit:{key.unit.code}" if key.unit else "keys"
        body = {"key": row.pk, "prefix": row.prefix, "reason": reason}
        note(chain=chain, verb="key_revoked", actor=actor, now=now, body=body)
    return row
