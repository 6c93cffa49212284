"""Registering devices, one or thousands at once, and changing what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from huying.ground.organisation.models import Person, Unit
from huying.ground.registry.access import within
from huying.ground.registry.models import Premises, Resident
from huying.ground.territory.queries import locate_points
from huying.ground.territory.snapshot import current
from huying.kernel.actor import Actor
from huying.kernel.bulk import allocate_ids, copy_rows
from huying.kernel.clock import local_day
from huying.kernel.facts import publish
from huying.kernel.privacy import blind, seal

from .. import access
from ..drafts import DESCRIBING, ContactDraft, DeviceDraft, Problem, problems
from ..facts import DeviceRegistered
from ..kinds import kind
from ..models import Contact, Device
from ..rules import DeviceState
from .handing import give_back, hand_on
from .writing import draft_of, locked, note, wrong

_COLUMNS: Final = (
    *("id", "code", "kind", *DESCRIBING, "gateway_id", "unit_id", "state"),
    *("created_at", "created_by", "changed_at", "changed_by", "changed"),
)
_CONTACT_COLUMNS: Final = ("device_id", "rank", "role", "person_id", "name", "phone", "phone_blind")


@dataclass(slots=True)
class Around:
    """What drafts point to, read once for all of them."""

    gateways: dict[str, tuple[int, str]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    residents: frozenset[Any] = frozenset()
    premises: frozenset[Any] = frozenset()
    areas: dict[int, str] = field(default_factory=dict)
    ground: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()


def register_device(*, actor: Actor, now: datetime, draft: DeviceDraft) -> Device:
    """Register one device. Invalid names the field that is wrong."""
    (device,) = register_devices([draft], actor=actor, now=now, place="")
    return device


@transaction.atomic
def register_devices(
    drafts: Sequence[DeviceDraft], *, actor: Actor, now: datetime, place: str = "devices.{}."
) -> list[Device]:
    """Register many devices, all or none; gateways may stand among them, before or after those behind them.

    A constant number of queries. Raises Invalid for the first thing wrong, with the field as ``devices.<n>.<field>``.
    """
    if not drafts:
        return []
    around = look_around(drafts, actor=actor, now=now)
    for number, draft in enumerate(drafts):
        if found := judged(draft, around, number, actor=actor):
            raise wrong(found[0].field, found[0].code, place=place.format(number))
    return bear(drafts, around, actor=actor, now=now, place=place)


def look_around(drafts: Sequence[DeviceDraft], *, actor: Actor, now: datetime) -> Around:
    """What the drafts point to, and which of their codes are known. At most eight queries."""
    today = local_day(now)
    located = [number for number, one in enumerate(drafts) if not one.area and one.lon is not None]
    points = [(drafts[number].lon or 0.0, drafts[number].lat or 0.0) for number in located]
    places = locate_points(points, on=today) if points else []
    areas = {
        number: place.grid or place.community
        for number, place in zip(located, places, strict=True)
        if place is not None
    }
    codes = {one.code for one in drafts} | {one.gateway for one in drafts if one.gateway}
    known = {row.code: row for row in Device.objects.filter(code__in=codes).only("code", "kind")}
    contacts = [contact for one in drafts for contact in one.contacts or ()]
    return Around(
        gateways={code: (row.pk, row.kind) for code, row in known.items()},
        units=_ids(Unit, "code", {one.unit for one in drafts if one.unit}),
        people=_ids(Person, "number", {one.person for one in contacts if one.person}),
        residents=_there(Resident, actor, {one.resident_uid for one in drafts if one.resident_uid}),
        premises=_there(Premises, actor, {one.premises_uid for one in drafts if one.premises_uid}),
        areas=areas,
        ground=_standing({one.area for one in drafts} | set(areas.values()), today),
        taken=frozenset(known) & {one.code for one in drafts},
    )


def _standing(codes: set[str], today: date) -> frozenset[str]:
    """Those among some codes of areas that exist today."""
    ground = current().areas
    return frozenset(code for code in codes if (view := ground.get(code)) is not None and view.valid_on(today))


def _ids(model: type[Unit] | type[Person], key: str, wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    return dict(model._default_manager.filter(**{f"{key}__in": wanted}).values_list(key, "pk"))


def _there(model: type[Resident] | type[Premises], actor: Actor, wanted: set[Any]) -> frozenset[Any]:
    """Those in force among some uids, where the actor registers devices."""
    if not wanted:
        return frozenset()
    reach = within(access.areas(actor, access.EDIT))
    return frozenset(model._default_manager.filter(reach, uid__in=wanted, state="active").values_list("uid", flat=True))


def judged(draft: DeviceDraft, around: Around, number: int, *, actor: Actor) -> list[Problem]:
    """Everything wrong with a draft where it is to stand."""
    if found := problems(draft):
        return found
    area = draft.area or around.areas.get(number, "")
    if area not in around.ground:
        found.append(Problem("area", "unknown_area"))
    elif not access.may(actor, access.EDIT, area):
        found.append(Problem("area", "not_your_area"))
    if draft.unit and draft.unit not in around.units:
        found.append(Problem("unit", "unknown_unit"))
    if draft.resident_uid and draft.resident_uid not in around.residents:
        found.append(Problem("resident_uid", "unknown_resident"))
    if draft.premises_uid and draft.premises_uid not in around.premises:
        found.append(Problem("premises_uid", "unknown_premises"))
    if any(one.person and one.person not in around.people for one in draft.contacts or ()):
        found.append(Problem("contacts", "unknown_person"))
    return found


def bear(
    drafts: Sequence[DeviceDraft], around: Around, *, actor: Actor, now: datetime, place: str = ""
) -> list[Device]:
    """Write judged drafts of new devices, with contacts, history and facts."""
    ids = dict(zip((one.code for one in drafts), allocate_ids(Device, len(drafts)), strict=True))
    seen: set[str] = set()
    gateways = {**around.gateways, **{one.code: (ids[one.code], one.kind) for one in drafts}}
    devices = []
    for number, draft in enumerate(drafts):
        spot = place.format(number)
        if draft.code in around.taken:
            raise wrong("code", "code_taken", place=spot)
        if draft.code in seen:
            raise wrong("code", "repeated", place=spot)
        seen.add(draft.code)
        gateway = gateway_of(draft, gateways, place=spot)
        values = _described(draft, draft.area or around.areas[number])
        devices.append(
            Device(
                id=ids[draft.code], code=draft.code, kind=draft.kind, gateway_id=gateway,
                unit_id=around.units.get(draft.unit), state=str(DeviceState.ACTIVE), created_at=now,
                created_by=actor.ref, changed_at=now, changed_by=actor.ref, changed=0, **values,
            )
        )  # fmt: skip
    copy_rows(Device, _COLUMNS, ([getattr(one, name) for name in _COLUMNS] for one in devices))
    write_contacts({ids[one.code]: one.contacts for one in drafts if one.contacts}, around.people)
    note(
        draft_of(one.code, "register_device", actor=actor, now=now, new=True, kind=one.kind, area=one.area)
        for one in devices
    )
    publish(
        *(DeviceRegistered(device_id=one.pk, code=one.code, kind=one.kind, area=one.area, at=now) for one in devices)
    )
    return devices


def gateway_of(draft: DeviceDraft, gateways: Mapping[str, tuple[int, str]], *, place: str = "") -> int | None:
    """The row of the gateway a draft names. Invalid when there is none, or it is no gateway."""
    if not draft.gateway:
        return None
    pk, code = gateways.get(draft.gateway, (0, ""))
    if not pk or not kind(code).gathers:
        raise wrong("gateway", "unknown_gateway", place=place)
    return pk


def _described(draft: DeviceDraft, area: str) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in DESCRIBING}
    return {**values, "name": draft.name.strip() or f"{kind(draft.kind).name.zh} {draft.code}"[:80], "area": area}


def write_contacts(contacts: Mapping[int, Sequence[ContactDraft] | None], people: Mapping[str, int]) -> None:
    """Write the contacts of devices that have none, sealed, ranked as they come."""
    rows: list[tuple[Any, ...]] = []
    for device_id, several in contacts.items():
        for rank, one in enumerate(several or (), 1):
            if one.person:
                rows.append((device_id, rank, one.role, people[one.person], None, None, None))
            else:
                phone = one.phone.strip()
                rows.append((device_id, rank, one.role, None, seal(one.name.strip()), seal(phone), blind(phone)))
    if rows:
        copy_rows(Contact, _CONTACT_COLUMNS, rows)


@transaction.atomic
def save_device(device_id: int, *, actor: Actor, now: datetime, draft: DeviceDraft) -> Device:
    """Make a device what the draft says; code and kind stay. What is the same changes nothing.

    Refused for a retired one. Needs the right to edit where it stands and where it goes.
    """
    device = locked(device_id)
    access.require_over(actor, access.EDIT, device.area)
    around = look_around([draft], actor=actor, now=now)
    if draft.code != device.code or draft.kind != device.kind:
        raise wrong("code" if draft.code != device.code else "kind", "fixed")
    if device.state == DeviceState.RETIRED:
        raise wrong("code", "retired")
    if found := judged(draft, around, 0, actor=actor):
        raise wrong(found[0].field, found[0].code)
    change(device, draft, around, 0, actor=actor, now=now)
    return device


def change(
    device: Device, draft: DeviceDraft, around: Around, number: int, *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Write what is different in a judged draft of a locked device; the names of those fields."""
    wanted = _described(draft, draft.area or around.areas[number])
    wanted["gateway_id"] = gateway_of(draft, around.gateways)
    wanted["unit_id"] = around.units.get(draft.unit)
    different = [name for name, value in wanted.items() if getattr(device, name) != value]
    given = draft.contacts if draft.contacts is not None and _contacts_differ(device, draft.contacts) else None
    if given is not None:
        different.append("contacts")
    if not different:
        return ()
    left = device.resident_uid if "resident_uid" in different else None
    for name, value in wanted.items():
        setattr(device, name, value)
    device.changed_at, device.changed_by = now, actor.ref
    device.save(update_fields=[*wanted, "changed_at", "changed_by"])
    if left is not None:
        hand_on([device], left=left, now=now)
    if draft.contacts is not None and (given is not None or left is not None):
        device.contacts.all().delete()
        write_contacts({device.pk: draft.contacts}, around.people)
    if "resident_uid" in different and device.resident_uid is not None:
        give_back(device, device.resident_uid, now=now, contacts=draft.contacts is None)
    note([draft_of(device.code, "save_device", actor=actor, now=now, fields=sorted(different), area=device.area)])
    return tuple(different)


def _contacts_differ(device: Device, drafts: Iterable[ContactDraft]) -> bool:
    rows = sorted(device.contacts.all(), key=lambda one: one.rank)
    held = [(one.role, one.person.number if one.person else "", one.name or "", one.phone or "") for one in rows]
    return held != [(one.role, one.person, one.name.strip(), one.phone.strip()) for one in drafts]
