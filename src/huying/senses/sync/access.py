"""Whose phone this is, what it may hold, and who looks after the phones of others."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.access import actor_for, hash_secret
from huying.ground.organisation.models import Appointment
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound
from huying.kernel.gathering import finding

from .doors import MOST, Scope
from .models import Device, Operation, Upload
from .rules import FIELD_ROLES, HAND_OVER_DAYS, WATCHING

_TOKEN: Final = "hyd_"
_REMEMBERED: Final = timedelta(days=30)
# Every request of a phone asks for it anew, so that one is shut out at once.
_phone = finding("phone", Device, "uid = $1::uuid AND person_id = $2::bigint")


def must_work(actor: Actor) -> int:
    """The person's id. Forbidden unless they work in the field today; a phone that hears this forgets all it holds."""
    if not actor.is_staff:
        raise Forbidden(_("这里只给网格工作人员使用"), code="not_field_staff")
    if actor.person_id is None or not actor.duties_of(*FIELD_ROLES):
        raise Forbidden(
            _("您现在没有网格工作的任职"), code="off_duty_ended", hint=_("手机上的资料会清除；如有疑问请联系网格长")
        )
    return actor.person_id


def last_worker(user: Any, *, today: date) -> Actor | None:
    """Who worked in the field until lately, with the duties of their last day: what they did then may still be handed in.

    None for everybody who still does, never did, or has had ``HAND_OVER_DAYS`` since. One query for these.
    """
    if not getattr(user, "is_active", False):
        return None
    rows = Appointment.objects.filter(person__user_id=user.pk, role__in=FIELD_ROLES, valid_to__isnull=False)
    ends = rows.filter(valid_to__lte=today, valid_to__gt=today - timedelta(days=HAND_OVER_DAYS))
    last: date | None = ends.aggregate(last=Max("valid_to"))["last"]
    if last is None:
        return None
    noon = timezone.make_aware(datetime.combine(last - timedelta(days=1), time(12)))
    actor = actor_for(user, now=noon)
    return actor if actor.duties_of(*FIELD_ROLES) else None


def token_of(device: Device, secret: str) -> str:
    """What a phone shows to be known again: ``hyd_<device>_<secret>``."""
    return f"{_TOKEN}{device.uid.hex}_{secret}"


def device_of(actor: Actor, token: str) -> Device:
    """The actor's own phone. NotFound for an unknown token or somebody else's phone, Forbidden once it was revoked."""
    name, secret = _parted(token)
    device = _phone(name, actor.person_id) if name else None
    if device is None or not _opens(device, secret):
        raise NotFound(_("没有找到这部手机"), code="device_not_found", hint=_("请重新登记这部手机"))
    return _not_revoked(device)


def must_not_be_revoked(token: str) -> None:
    """Forbidden for the token of a revoked phone, whoever is signed in on it and even when nobody is: it must forget all."""
    name, secret = _parted(token)
    device = Device.objects.filter(revoked_at__isnull=False, uid=name).first() if name else None
    if device is not None and _opens(device, secret):
        _not_revoked(device)


def _parted(token: str) -> tuple[str, str]:
    """The phone's number and its secret; no number where it is no token."""
    name, _mark, secret = token.removeprefix(_TOKEN).partition("_")
    whole = token.startswith(_TOKEN) and len(name) == 32 and _hex(name)
    return (name if whole else ""), secret


def _opens(device: Device, secret: str) -> bool:
    return compare_digest(device.token_hash, hash_secret(secret))


def _not_revoked(device: Device) -> Device:
    if device.revoked_at is not None:
        raise Forbidden(
            _("这部手机已停用"), code="device_revoked", hint=_("手机上的资料会清除；如果是误停用，请重新登记")
        )
    return device


def standing_of(uid: UUID, *, today: date) -> tuple[bool, bool]:
    """(revoked, no longer in the field) of a phone by its own number, which nobody can guess. NotFound for an unknown one."""
    device = Device.objects.filter(uid=uid).first()
    if device is None:
        raise NotFound(code="device_not_found")
    works = Appointment.objects.on(today).filter(person_id=device.person_id, role__in=FIELD_ROLES).exists()
    return device.revoked_at is not None, not works


def _hex(text: str) -> bool:
    return all(sign in "0123456789abcdef" for sign in text)


def _own(actor: Actor) -> QuerySet[Device]:
    return Device.objects.filter(person_id=actor.person_id)


def own_devices(actor: Actor) -> QuerySet[Device]:
    """The actor's own phones, those in use first."""
    return _own(actor).order_by("revoked_at", "-seen_at", "-id")


def own_device(actor: Actor, uid: UUID) -> Device:
    """One of the actor's own phones; NotFound for strangers."""
    device = _own(actor).filter(uid=uid).first()
    if device is None:
        raise NotFound(code="device_not_found")
    return device


def own_operation(actor: Actor, operation_id: UUID) -> Operation:
    """An operation of the actor's own; NotFound for strangers."""
    operation = Operation.objects.filter(pk=operation_id, person_id=actor.person_id).first()
    if operation is None:
        raise NotFound(code="operation_not_found")
    return operation


def own_upload(actor: Actor, upload_id: UUID) -> Upload:
    """An upload of the actor's own; NotFound for strangers."""
    upload = Upload.objects.filter(pk=upload_id, person_id=actor.person_id).first()
    if upload is None:
        raise NotFound(code="upload_not_found")
    return upload


def scope_of(actor: Actor, *, today: date) -> Scope:
    """What a worker's phone holds: the areas of all duties in the field, without those inside another; one query."""
    duties = actor.duties_of(*FIELD_ROLES)
    areas = sorted({duty.area for duty in duties})
    outer = [one for one in areas if not any(one != other and one.startswith(other) for other in areas)]
    held = Appointment.objects.on(today).filter(person_id=actor.person_id, role__in=FIELD_ROLES)
    posts = frozenset(held.values_list("post__code", flat=True))
    return Scope(actor.person_id or 0, tuple(outer), frozenset(duty.role for duty in duties), MOST, today, posts)


def must_watch(actor: Actor) -> None:
    """NotFound for everybody who looks after nobody's phone."""
    if not actor.duties_of(*WATCHING):
        raise NotFound()


def watched(actor: Actor, *, today: date) -> QuerySet[Device]:
    """Phones of people who hold, or held a month ago, an appointment in an area and unit the actor watches over.

    The month lets a phone be revoked that somebody took along when they left.
    """
    return Device.objects.filter(Exists(_appointments(actor, today).filter(person_id=OuterRef("person_id"))))


def watched_operations(actor: Actor, *, today: date) -> QuerySet[Operation]:
    """Operations from those phones."""
    return Operation.objects.filter(Exists(_appointments(actor, today).filter(person_id=OuterRef("person_id"))))


def _appointments(actor: Actor, today: date) -> QuerySet[Appointment]:
    reach = Q(pk__in=[])
    for duty in actor.duties_of(*WATCHING):
        reach |= Q(area__startswith=duty.area, unit__path__startswith=duty.unit_path)
    lately = Q(valid_to__isnull=True) | Q(valid_to__gt=today - _REMEMBERED)
    return Appointment.objects.filter(reach & lately, valid_from__lte=today)


def watched_device(actor: Actor, uid: UUID, *, today: date) -> Device:
    """A phone the actor looks after; NotFound for strangers."""
    must_watch(actor)
    device = watched(actor, today=today).select_related("person").filter(uid=uid).first()
    if device is None:
        raise NotFound(code="device_not_found")
    return device


def watched_operation(actor: Actor, operation_id: UUID, *, today: date) -> Operation:
    """An operation from a phone the actor looks after; NotFound for strangers."""
    must_watch(actor)
    found = watched_operations(actor, today=today).select_related("person", "device").filter(pk=operation_id).first()
    if found is None:
        raise NotFound(code="operation_not_found")
    return found
