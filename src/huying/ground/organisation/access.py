"""From an account or a key to an Actor, and which units and people an actor may see."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor, Duty
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden, HuyingError, NotFound
from huying.kernel.gathering import ask_together, often

from . import rules
from .models import ApiKey, Appointment, Person, Post, Unit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from huying.ground.accounts.models import User

ANONYMOUS: Final = Actor("resident", "anonymous", "匿名")
USED_STAMP_EVERY = timedelta(minutes=1)


class BadKey(HuyingError):
    """The key for systems is unknown, expired or revoked."""

    status = 401
    default_code = "bad_key"
    default_message = _("接口密钥无效")


_SERVING = often(
    "serving",
    f"""
    SELECT a.role, a.area, a.unit_id, u.path, a.person_id, p.name
      FROM {Appointment._meta.db_table} a JOIN {Person._meta.db_table} p ON p.id = a.person_id
      JOIN {Unit._meta.db_table} u ON u.id = a.unit_id JOIN {Post._meta.db_table} t ON t.id = a.post_id
     WHERE p.user_id = $1::bigint AND a.valid_from <= $2::date
       AND (a.valid_to IS NULL OR a.valid_to > $2) AND (p.valid_to IS NULL OR p.valid_to > $2)
     ORDER BY t.rank, a.id""",
)


def actor_for(user: User | AnonymousUser | None, *, now: datetime) -> Actor:
    """The actor behind an account at a moment: staff with the duties of their appointments valid today. One query."""
    if user is None or not user.is_authenticated or not getattr(user, "is_active", True):
        return ANONYMOUS
    if not user.is_staff:
        return Actor("resident", f"user:{user.pk}", str(user))
    (rows,) = ask_together((_SERVING, [user.pk, local_day(now)]))
    if not rows:
        return Actor("staff", f"user:{user.pk}", str(user))
    return Actor(
        "staff",
        f"person:{rows[0][4]}",
        rows[0][5],
        unit_id=rows[0][2],
        person_id=rows[0][4],
        duties=tuple(
            Duty(role, area, unit_id, rules.duty_scope(role, path)) for role, area, unit_id, path, *_rest in rows
        ),
    )


def require(actor: Actor, capability: str, *, area: str = "", unit_path: str = "") -> None:
    """Forbidden unless a duty carries the capability and reaches the thing."""
    if not rules.may(actor, capability, area=area, unit_path=unit_path):
        raise Forbidden(_("您的职责不包括这项操作"), hint=_("如确有需要，请联系本单位的组织编辑或系统管理员"))


def unit_for(actor: Actor, code: str) -> Unit:
    """A unit by code for somebody who may see the organisation; strangers get 404."""
    if not may_see(actor):
        raise NotFound(_("没有这个单位"))
    unit: Unit | None = Unit.objects.select_related("parent").filter(code=code).first()
    if unit is None:
        raise NotFound(_("没有这个单位"))
    return unit


def person_for(actor: Actor, person_id: int) -> Person:
    """A person by id for somebody who may see the organisation, or for themselves; strangers get 404."""
    person: Person | None = Person.objects.filter(pk=person_id).first()
    if person is None or not (may_see(actor) or actor.person_id == person_id):
        raise NotFound(_("没有这个人"))
    return person


def may_see(actor: Actor) -> bool:
    """Staff with any organisation-viewing duty, systems with the scope, and the system itself."""
    if actor.kind == "key":
        return has_scope(actor, "units:read")
    return rules.may_somewhere(actor, "organisation.view")


# --- keys for systems -------------------------------------------------------------------------------------------


def hash_secret(secret: str) -> str:
    """SHA-256 of a key's secret. The secret has 256 random bits, so nothing slower is needed."""
    return sha256(secret.encode()).hexdigest()


def split_token(token: str) -> tuple[str, str]:
    """`hy_<prefix>_<secret>` → (prefix, secret); ("", "") for any other shape."""
    parts = token.split("_", 2)
    if len(parts) != 3 or parts[0] != "hy" or not parts[1] or not parts[2]:
        return "", ""
    return parts[1], parts[2]


def actor_for_key(token: str, *, now: datetime) -> Actor:
    """The actor behind `Authorization: Bearer hy_…`. One query, a second at most once a minute for the last-used stamp.

    Raises BadKey (401) for unknown, expired or revoked keys, saying which only to whoever knows the secret.
    """
    prefix, secret = split_token(token)
    row = _key_of(prefix) if prefix else None
    if row is None or not compare_digest(row.secret_hash, hash_secret(secret)):
        raise BadKey(hint=_("请检查 Authorization 请求头，格式为 Bearer hy_…"))
    why = rules.key_refusal(now=now, expires_at=row.expires_at, revoked_at=row.revoked_at)
    if why == "revoked":
        raise BadKey(_("接口密钥已被吊销"), code="key_revoked", hint=_("请向管理员申请新的密钥"))
    if why == "expired":
        raise BadKey(_("接口密钥已过期"), code="key_expired", hint=_("请向管理员申请新的密钥"))
    if row.last_used_at is None or now - row.last_used_at >= USED_STAMP_EVERY:
        ApiKey.objects.filter(pk=row.id).update(last_used_at=now)
    return _key_actor(row)


class _Key(NamedTuple):
    id: int
    system: int  # the first key of its system
    name: str
    secret_hash: str
    scopes: list[str]
    area: str
    unit_id: int | None
    path: str
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


_KEY = often(
    "key",
    f"""
    SELECT k.id, coalesce(k.renews_id, k.id), k.name, k.secret_hash, k.scopes, k.area, k.unit_id, coalesce(u.path, ''),
           k.expires_at, k.revoked_at, k.last_used_at
      FROM {ApiKey._meta.db_table} k LEFT JOIN {Unit._meta.db_table} u ON u.id = k.unit_id
     WHERE k.prefix = $1::text""",
)


def _key_of(prefix: str) -> _Key | None:
    (rows,) = ask_together((_KEY, [prefix]))
    return _Key(*rows[0]) if rows else None


def _key_actor(row: _Key) -> Actor:
    """A key acts with one duty per scope (role "scope:reports:write") inside its area and unit.

    A renewed key is the caller its first one was: it repeats, follows and adds to what that one brought.
    """
    duties = tuple(Duty(f"scope:{scope}", row.area, row.unit_id, row.path) for scope in row.scopes)
    return Actor("key", f"key:{row.system}", row.name, unit_id=row.unit_id, duties=duties)


def has_scope(actor: Actor, scope: str) -> bool:
    """True for staff and the system (their duties decide elsewhere), and for keys holding the scope."""
    return actor.kind != "key" or actor.has(f"scope:{scope}")


def require_scope(actor: Actor, scope: str) -> None:
    """Forbidden (403) for a key without the scope."""
    if not has_scope(actor, scope):
        raise Forbidden(_("接口密钥没有这个权限范围"), code="scope_missing", hint=scope)
