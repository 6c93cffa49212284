"""Who may see and do what in the registry. Records come to views and screens only through here; a stranger gets 404."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules as organisation_rules
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound
from huying.kernel.privacy import reveal

from .fields import FIELDS
from .models import MODELS, Record, Resident, Upload

VIEW: Final = "registry.view"
PROPOSE: Final = "registry.propose"
DECIDE: Final = "registry.decide"
CARE: Final = "registry.care"
EXPORT: Final = "registry.export"
IMPORT: Final = "registry.import"
OVERSEE: Final = "field.oversee"


def may(actor: Actor, capability: str, area: str = "") -> bool:
    """Whether a duty of the actor carries the capability over the area (the unit branch does not limit the registry)."""
    return actor.is_system or any(
        capability in organisation_rules.capabilities(duty.role) and area.startswith(duty.area) for duty in actor.duties
    )


def areas(actor: Actor, capability: str = VIEW) -> tuple[str, ...]:
    """The area prefixes over which the actor holds the capability, none inside another; ("",) is everywhere."""
    if actor.is_system:
        return ("",)
    return _outermost({d.area for d in actor.duties if capability in organisation_rules.capabilities(d.role)})


def areas_known(actor: Actor) -> tuple[str, ...]:
    """The area prefixes whose figures of how well they are known somebody sees: who looks into the registry there, and who
    oversees the field work there. Figures alone; what is missing is listed for those who may see the records.
    """
    if actor.is_system:
        return ("",)
    return _outermost({one for capability in (VIEW, OVERSEE) for one in areas(actor, capability)})


def sees_known(actor: Actor, area: str) -> bool:
    """Whether the figures of the whole area may be seen."""
    return any(area.startswith(one) for one in areas_known(actor))


def lists_known(actor: Actor, kind: str, area: str) -> bool:
    """Whether the records behind the figures of a kind may be listed in the whole area."""
    return may(actor, CARE if kind == "care" else VIEW, area)


def _outermost(held: set[str]) -> tuple[str, ...]:
    return tuple(sorted(one for one in held if not any(one != up and one.startswith(up) for up in held)))


def within(prefixes: Iterable[str], field: str = "area") -> Q:
    """The condition that an area lies under one of the prefixes; false when there is none."""
    parts = [Q(**{f"{field}__startswith": prefix}) if prefix else Q() for prefix in prefixes]
    if any(not part for part in parts):
        return Q()
    return reduce(or_, parts) if parts else Q(pk__in=[])


def visible(actor: Actor, kind: str, area: str = "") -> QuerySet[Any]:
    """Records of a kind that the actor may see at all, under an area; care lists ask for their own capability.

    Each row is asked for one prefix only: of two, one inside the other, the database would expect far too few rows.
    """
    capability = CARE if kind == "care" else VIEW
    rows: QuerySet[Any] = MODELS[kind]._default_manager.all()
    return rows.filter(within(narrowed(areas(actor, capability), area)))


def narrowed(prefixes: Iterable[str], area: str) -> tuple[str, ...]:
    """The parts of the areas that lie under another area."""
    return tuple(
        area if area.startswith(one) else one for one in prefixes if one.startswith(area) or area.startswith(one)
    )


def get(actor: Actor, kind: str, uid: UUID | str) -> Any:
    """One record in any state; NotFound for strangers, unknown kinds and unknown uids alike. One query."""
    found: Record | None = None
    if kind in MODELS:
        try:
            found = visible(actor, kind).filter(uid=UUID(str(uid))).first()
        except ValueError:
            found = None
    if found is None:
        raise NotFound(_("没有这条信息"))
    return found


def door(actor: Actor, resident: Resident, why: str, fields: Sequence[str], now: datetime) -> dict[str, Any]:
    """The plain values of private fields of a resident, after writing down who asked for which, and why."""
    return open_door(actor=actor, record=resident, why=why, fields=fields, now=now)


def open_door(*, actor: Actor, record: Record, why: str, fields: Sequence[str], now: datetime) -> dict[str, Any]:
    """As ``door`` for any record. The subject is ``resident:<id>`` for people and what is kept about them."""
    known = FIELDS[record.KIND]
    wanted = [name for name in fields if name in known and known[name].private]
    if record.KIND == "care" and not may(actor, CARE, record.area):
        raise NotFound(_("没有这条信息"))
    if not may(actor, VIEW, record.area):
        raise NotFound(_("没有这条信息"))
    if actor.kind == "key":
        raise Forbidden(_("完整的个人信息只对人打开，不给系统"), code="people_only")
    if record.ending == "erased":
        raise Forbidden(_("此人的个人信息已按规定删除"), code="erased")
    labels = wanted if record.KIND == "person" else [f"{record.KIND}.{name}" for name in wanted]
    reveal(actor=actor, now=now, subject=subject_of(record), why=why, fields=labels)
    secrets = record.secrets
    return {name: secrets.get(name, known[name].empty) for name in wanted}


def uploads(actor: Actor) -> QuerySet[Upload]:
    """Files handed in for importing within the areas the actor imports for; without their content."""
    return Upload.objects.filter(within(areas(actor, IMPORT))).defer("content")


def get_upload(actor: Actor, uid: UUID) -> Upload:
    """One of them; NotFound for strangers. One query."""
    found = uploads(actor).filter(uid=uid).first()
    if found is None:
        raise NotFound(_("没有这份表格"))
    return found


def subject_of(record: Record) -> str:
    """Under which name looks at this record are logged: what is kept about a person belongs to that person."""
    if isinstance(record, Resident):
        return f"resident:{record.pk}"
    resident = getattr(record, "resident", None)
    return f"resident:{resident.pk}" if isinstance(resident, Resident) else f"{record.KIND}:{record.pk}"


def require_over(actor: Actor, capability: str, area: str) -> None:
    """Forbidden unless the actor holds the capability over the area."""
    if not may(actor, capability, area):
        raise Forbidden(_("您的职责不包括这项操作"), hint=_("如确有需要，请联系信息管理员"))
