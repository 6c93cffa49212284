"""Keys for other systems: issue, renew and revoke."""

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
    _check_life(now, expires_at)
    with said():
        row = ApiKey(name=name.strip(), scopes=sorted(set(scopes)), unit=unit, area=area)
        return row, _put(row, "key_issued", actor=actor, now=now, expires_at=expires_at)


def renew_key(*, actor: Actor, now: datetime, key: ApiKey, expires_at: datetime) -> tuple[ApiKey, str]:
    """A new secret for the same system, with the same scopes, unit and area. Returns (row, token) like `issue_key`.

    The system stays who it was: what it sent before is still its own, and sent again is still a repetition. The old key
    works on until it expires or is revoked, so that a system can change over without a gap. Refused when it is revoked.
    """
    require(actor, "key.edit", area=key.area, unit_path=key.unit.path if key.unit else "")
    _check_life(now, expires_at)
    with said():
        old = ApiKey.objects.select_related("unit").select_for_update(of=("self",)).filter(pk=key.pk).first()
        if old is None:
            raise NotFound(_("没有这个密钥"))
        if old.revoked_at is not None:
            raise Refused(_("密钥已吊销，请重新签发"), code="key_revoked")
        row = ApiKey(name=old.name, scopes=old.scopes, unit=old.unit, area=old.area, renews_id=old.renews_id or old.pk)
        return row, _put(row, "key_renewed", actor=actor, now=now, expires_at=expires_at, old=old.prefix)


def _check_life(now: datetime, expires_at: datetime) -> None:
    if not now < expires_at <= now + LONGEST_KEY_LIFE:
        raise Invalid(_("有效期应在一年以内"), field="expires_at")


def _put(row: ApiKey, verb: str, *, actor: Actor, now: datetime, expires_at: datetime, **more: str) -> str:
    """Give a key its secret and write it down; the token."""
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    row.prefix, row.secret_hash = prefix, hash_secret(secret)
    row.issued_by, row.issued_at, row.expires_at = actor.ref, now, expires_at
    row.save(force_insert=True)
    body = {"key": row.pk, "prefix": prefix, "scopes": row.scopes, "area": row.area, "expires": expires_at.isoformat()}
    note(chain=f"unit:{row.unit.code}" if row.unit else "keys", verb=verb, actor=actor, now=now, body=body | more)
    return f"hy_{prefix}_{secret}"


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
