"""Who may see and do what with devices. Devices come to views only through here; a stranger gets 404.

Seeing goes by area, as in the registry. Private values (vitals, whether a door opens, where somebody is) are for appointed
carers and for consented family alone, through one door that writes down who looked, why and at what.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules as organisation
from huying.ground.registry.access import within
from huying.ground.registry.models import CareEntry, Consent, Resident
from huying.kernel.actor import Actor, Duty
from huying.kernel.errors import Forbidden, NotFound
from huying.kernel.privacy import blind_candidates, reveal

from .kinds import Kind, kind
from .models import Command, Contact, Device
from .rules import DeviceState

VIEW: Final = "device.view"
EDIT: Final = "device.edit"
COMMAND: Final = "device.command"
FAMILY_PURPOSE: Final = "设备家属查看"
"""The purpose of the consent (registry, ``record_consent``) by which family may see what an elder's device says."""
FAMILY_WHY: Final = "家属查看"  # written into the log as it is: the log is read in the place's language
OWN_WHY: Final = "本人查看"
_NEIGHBOURS: Final = ("handler", "unit_lead")


def areas(actor: Actor, capability: str = VIEW) -> tuple[str, ...]:
    """The area prefixes over which the actor holds the capability, none inside another; ("",) is everywhere."""
    if actor.is_system:
        return ("",)
    held = {duty.area for duty in actor.duties if _carries(duty, capability)}
    return tuple(sorted(one for one in held if not any(one != up and one.startswith(up) for up in held)))


def may(actor: Actor, capability: str, area: str) -> bool:
    """Whether the actor holds the capability over the area."""
    return any(area.startswith(prefix) for prefix in areas(actor, capability))


def _carries(duty: Duty, capability: str) -> bool:
    """By role; besides, those who work in a community see its devices, whichever unit they belong to."""
    if capability == VIEW and duty.role in _NEIGHBOURS and len(duty.area) >= organisation.COMMUNITY_LENGTH:
        return True
    return capability in organisation.capabilities(duty.role)


def visible(actor: Actor, capability: str = VIEW) -> QuerySet[Device]:
    """Devices where the actor holds the capability."""
    return Device.objects.filter(within(areas(actor, capability)))


def may_somewhere(actor: Actor, capability: str = VIEW) -> bool:
    """Whether the actor holds the capability anywhere; a screen may then be shown."""
    return bool(areas(actor, capability))


def must_view(actor: Actor) -> None:
    """NotFound for everybody to whom no device is shown at all."""
    if not may_somewhere(actor):
        raise NotFound(_("没有找到这台设备"), code="device_not_found")


def may_edit(actor: Actor, area: str) -> bool:
    """Whether the actor looks after devices in an area."""
    return may(actor, EDIT, area)


def must_edit(actor: Actor) -> None:
    """NotFound for everybody who looks after no device."""
    if not may_somewhere(actor, EDIT):
        raise NotFound(_("没有找到这台设备"), code="device_not_found")


def get(actor: Actor, code: str) -> Device:
    """One device by its code; NotFound for strangers. One query."""
    rows = visible(actor).select_related("gateway", "unit", "last")
    return _only(rows.none() if "\x00" in code else rows.filter(code=code[:64]))


def require_over(actor: Actor, capability: str, area: str) -> None:
    """Forbidden unless the actor holds the capability over the area."""
    if not may(actor, capability, area):
        raise Forbidden(_("您的职责不包括这项操作"), code="not_your_device", hint=_("如确有需要，请联系设备管理员"))


def get_command(actor: Actor, pk: int) -> Command:
    """A command to a device the actor may see; NotFound for strangers."""
    devices = visible(actor).filter(pk=OuterRef("device_id"))
    found = Command.objects.select_related("device").filter(Exists(devices), pk=pk).first()
    if found is None:
        raise NotFound(_("没有这条指令"), code="command_not_found")
    return found


# --- private values ---------------------------------------------------------------------------------------------------


def is_carer(actor: Actor, device: Device) -> bool:
    """Whether somebody on the staff is appointed for whom or what the device watches over.

    As guardian or keeper of the device, or as the person responsible for the resident on a care list.
    """
    if not actor.is_staff or actor.person_id is None or not may(actor, VIEW, device.area):
        return False
    if Contact.objects.filter(device=device.pk, person=actor.person_id, role__in=("guardian", "keeper")).exists():
        return True
    if device.resident_uid is None:
        return False
    return CareEntry.objects.filter(
        resident_id=device.resident_uid, responsible=actor.person_id, state="active"
    ).exists()


def open_private(actor: Actor, device: Device, *, fields: Iterable[str], why: str, now: datetime) -> frozenset[str]:
    """The door to a device's private fields for appointed carers: logs the look, then says which of ``fields`` may be shown.

    Fields that are not private need no door and are always among the answer. NotFound for strangers, Forbidden for those who
    see the device but are not appointed; nothing is opened unless the record is written.
    """
    if not may(actor, VIEW, device.area):
        raise NotFound(_("没有找到这台设备"), code="device_not_found")
    wanted = frozenset(fields) & kind(device.kind).fields.keys()
    private = wanted & kind(device.kind).private_fields
    if private:
        if not is_carer(actor, device):
            raise Forbidden(
                _("这些读数只给负责照护的人和本人同意的家属看"),
                code="carers_only",
                hint=_("如果您负责照护，请让设备管理员把您设为监护人"),
            )
        _log(actor, device, private, why, now)
    return wanted


def open_family(actor: Actor, device: Device, *, phone: str, why: str, now: datetime) -> frozenset[str]:
    """The same for family signed in on the portal with ``phone``; NotFound without the elder's consent."""
    if not family_devices(phone).filter(pk=device.pk).exists():
        raise NotFound(_("没有找到这台设备"), code="device_not_found")
    fields = kind(device.kind).fields.keys()
    if private := frozenset(kind(device.kind).private_fields):
        _log(actor, device, private, why or FAMILY_WHY, now)
    return frozenset(fields)


def open_own(actor: Actor, device: Device, *, resident: UUID, now: datetime) -> frozenset[str]:
    """The same for the resident themselves, whom the caller has recognised; NotFound for somebody else's device."""
    if device.resident_uid != resident or device.state == DeviceState.RETIRED:
        raise NotFound(_("没有找到这台设备"), code="device_not_found")
    if private := frozenset(kind(device.kind).private_fields):
        _log(actor, device, private, OWN_WHY, now)
    return frozenset(kind(device.kind).fields)


def family_devices(phone: str) -> QuerySet[Device]:
    """Devices a phone number stands on as guardian or family, whose resident has agreed that family may see them."""
    if not phone.strip():
        return Device.objects.none()
    named = Contact.objects.filter(
        device=OuterRef("pk"), role__in=("guardian", "family"), phone_blind__in=blind_candidates(phone)
    )
    agreed = Consent.objects.filter(
        resident__uid=OuterRef("resident_uid"), resident__state="active", purpose=FAMILY_PURPOSE, withdrawn_at=None
    )
    return Device.objects.filter(Exists(named), Exists(agreed), resident_uid__isnull=False).exclude(
        state=DeviceState.RETIRED
    )


def own_devices(resident: UUID) -> QuerySet[Device]:
    """Devices that watch over a resident, for the resident."""
    return Device.objects.filter(resident_uid=resident).exclude(state=DeviceState.RETIRED)


def shown(of: Kind, values: dict[str, object], allowed: Iterable[str] = ()) -> dict[str, object]:
    """The values without private ones, except those in ``allowed`` (what a door answered)."""
    hidden = of.private_fields - frozenset(allowed)
    return {code: value for code, value in values.items() if code not in hidden}


def subject_of(device: Device) -> str:
    """Under which name looks are logged: with the resident it watches over, so that they see who looked; else the device."""
    if device.resident_uid is not None:
        found = Resident.objects.filter(uid=device.resident_uid).values_list("pk", flat=True).first()
        if found is not None:
            return f"resident:{found}"
    return f"equipment:{device.code}"


def _log(actor: Actor, device: Device, fields: Iterable[str], why: str, now: datetime) -> None:
    names = [f"设备·{kind(device.kind).fields[code].name.zh}" for code in sorted(fields)]
    reveal(actor=actor, now=now, subject=subject_of(device), why=why, fields=names)


# --- contacts ---------------------------------------------------------------------------------------------------------


def open_contacts(actor: Actor, device: Device, *, why: str, now: datetime) -> list[tuple[Contact, str, str]]:
    """Contacts with plain names and phones, in order, after writing down who asked and why."""
    if not may(actor, VIEW, device.area):
        raise NotFound(_("没有找到这台设备"), code="device_not_found")
    if not actor.is_staff and not actor.is_system:
        raise Forbidden(_("完整的个人信息只对人打开，不给系统"), code="people_only")
    rows = list(device.contacts.select_related("person").order_by("rank"))
    if any(row.person is None for row in rows):
        reveal(actor=actor, now=now, subject=subject_of(device), why=why, fields=["设备·联系人"])
    return [
        (
            row,
            row.name or (row.person.name if row.person else ""),
            row.phone or (row.person.phone if row.person else ""),
        )
        for row in rows
    ]


def viewing_roles() -> tuple[str, ...]:
    """Roles to which devices are shown, for the navigation."""
    return (*(role for role in organisation.ROLES if VIEW in organisation.capabilities(role)), *_NEIGHBOURS)


def _only(rows: QuerySet[Device]) -> Device:
    found = rows.first()
    if found is None:
        raise NotFound(_("没有找到这台设备"), code="device_not_found")
    return found
