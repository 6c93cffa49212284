"""A device stops counting for a while, or for good; and what follows when the ground or the people around it change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Func, Value
from django.utils.translation import gettext_lazy as _

from huying.ground.registry.models import Resident
from huying.ground.territory.queries import locate_points
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused
from huying.kernel.facts import publish

from .. import access
from ..facts import DevicePaused, DeviceResumed
from ..models import Credential, Device, Wearing
from ..rules import LONGEST_REASON, DeviceState, device_after
from .handing import hand_on
from .writing import draft_of, locked, note

_STEP = 500


def pause_device(device_id: int, *, actor: Actor, now: datetime, why: str) -> Device:
    """Nothing it sends counts until it is resumed. Refused unless it is in use."""
    return _step(device_id, "pause", actor=actor, now=now, why=why)


def resume_device(device_id: int, *, actor: Actor, now: datetime, why: str = "") -> Device:
    """A paused device counts again."""
    return _step(device_id, "resume", actor=actor, now=now, why=why or "resume")


def retire_device(device_id: int, *, actor: Actor, now: datetime, why: str) -> Device:
    """It never counts again, and its credential is revoked. Refused for a gateway others still speak through."""
    return _step(device_id, "retire", actor=actor, now=now, why=why)


@transaction.atomic
def _step(device_id: int, verb: str, *, actor: Actor, now: datetime, why: str) -> Device:
    why = why.strip()
    if not why or len(why) > LONGEST_REASON:
        raise Invalid(_("请写明原因，200 个字以内"), code="reason_needed", field="why")
    device = locked(device_id)
    access.require_over(actor, access.EDIT, device.area)
    state = device_after(device.state, verb)
    if state is None:
        raise Refused(_("设备现在的状态不能这样做"), code="wrong_state")
    if state == DeviceState.RETIRED:
        _may_retire(device)
        Credential.objects.filter(device=device.pk, revoked_at=None).update(revoked_at=now, revoked_by=actor.ref)
    device.state, device.changed_at, device.changed_by = state, now, actor.ref
    device.save(update_fields=["state", "changed_at", "changed_by"])
    note([draft_of(device.code, f"{verb}_device", actor=actor, now=now, why=why)])
    about: dict[str, Any] = {"device_id": device.pk, "code": device.code, "area": device.area, "at": now}
    publish(DeviceResumed(**about) if state == DeviceState.ACTIVE else DevicePaused(state=state, **about))
    return device


def _may_retire(device: Device) -> None:
    if device.behind.exclude(state=DeviceState.RETIRED).exists():
        raise Refused(
            _("还有设备接在这台网关后面"), code="gateway_in_use", hint=_("先把它们改接到别的网关，或一并停用")
        )


@transaction.atomic
def move_devices(successors: Mapping[str, Sequence[str]], *, actor: Actor, now: datetime) -> int:
    """Devices of ended areas stand in their successors from now on: by their point, else in a single successor or the community.

    How many moved.
    """
    moved = 0
    for code, heirs in successors.items():
        rows = list(Device.objects.select_for_update(no_key=True).filter(area=code).order_by("pk"))
        for start in range(0, len(rows), _STEP):
            part = rows[start : start + _STEP]
            points = [(row.lon, row.lat) if row.lon is not None and row.lat is not None else None for row in part]
            for row, place in zip(part, locate_points(points, on=local_day(now)), strict=True):
                heir = heirs[0] if len(heirs) == 1 else code[:12]
                row.area = (place.grid or place.community) if place is not None else heir
                row.changed_at, row.changed_by = now, actor.ref
            Device.objects.bulk_update(part, ["area", "changed_at", "changed_by"])
            note(draft_of(row.code, "move_device", actor=actor, now=now, area=row.area, was=code) for row in part)
        moved += len(rows)
    return moved


@transaction.atomic
def forget_residents(residents: Collection[UUID], *, actor: Actor, now: datetime) -> int:
    """Residents were erased: their devices watch over nobody, and the private contacts are gone. How many devices."""
    rows = list(Device.objects.select_for_update(no_key=True).filter(resident_uid__in=residents).order_by("pk"))
    Device.objects.filter(pk__in=[row.pk for row in rows]).update(
        resident_uid=None, came_by=[], address="", changed_at=now, changed_by=actor.ref
    )
    Wearing.objects.filter(resident_uid__in=residents).delete()
    hand_on(rows, left=None, now=now)
    note(draft_of(row.code, "forget_resident", actor=actor, now=now) for row in rows)
    return len(rows)


@transaction.atomic
def follow_resident(other: UUID, kept: UUID, *, actor: Actor, now: datetime) -> int:
    """Two records turned out to be one person: devices of ``other`` are those of ``kept``, and remember by whom. How many."""
    came_by = Func(F("came_by"), Value(other), function="array_append", output_field=Device._meta.get_field("came_by"))
    Wearing.objects.filter(resident_uid=other).update(resident_uid=kept, came_by=came_by)
    return Device.objects.filter(resident_uid=other).update(
        resident_uid=kept, came_by=came_by, changed_at=now, changed_by=actor.ref
    )


@transaction.atomic
def part_resident(other: UUID, kept: UUID, *, actor: Actor, now: datetime) -> int:
    """The merging was undone: what came to ``kept`` by ``other`` is that of ``other`` again, now and in the past. How many devices.

    ``kept`` may be merged into a further record by now; what was handed out anew meanwhile stays with whom it was given to.
    """
    holders = _holders(kept)
    for worn in (
        Wearing.objects.select_for_update().filter(resident_uid__in=holders, came_by__contains=[other]).order_by("pk")
    ):
        _part(worn, other)
        worn.save(update_fields=["resident_uid", "came_by"])
    rows = Device.objects.select_for_update(no_key=True, of=("self",)).filter(
        resident_uid__in=holders, came_by__contains=[other]
    )
    parted = list(rows.order_by("pk"))
    for row in parted:
        _part(row, other)
        row.changed_at, row.changed_by = now, actor.ref
        row.save(update_fields=["resident_uid", "came_by", "changed_at", "changed_by"])
    return len(parted)


def _holders(kept: UUID) -> list[UUID]:
    """A record and those it was merged into, one after the other: what it holds stands with the last."""
    found = [kept]
    while further := Resident.objects.filter(uid=found[-1]).values_list("merged_into", flat=True).first():
        found.append(further)
    return found


def _part(row: Device | Wearing, other: UUID) -> None:
    row.resident_uid, row.came_by = other, row.came_by[: row.came_by.index(other)]
