"""A device that watched over somebody does so no more: what it said of that person stays theirs, and is theirs again.

So with the private contacts that stood on it: they leave with the person, and come back within a day.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from huying.kernel.facts import publish
from huying.kernel.privacy import blind

from ..drafts import MOST_CONTACTS
from ..facts import DeviceHandedOn, DeviceReturned
from ..models import Contact, Device, Wearing
from ..rules import LAID_ASIDE


def hand_on(devices: Sequence[Device], *, left: UUID | None, now: datetime) -> None:
    """Within the transaction that changes whom locked devices watch over; private contacts that stand on them go.

    ``left``: who has them no more, and may get them back; empty for somebody who was erased.
    """
    private = Contact.objects.filter(device__in=devices, person__isnull=True)
    if left is not None:
        Wearing.objects.bulk_create(_wearings(devices, list(private.order_by("rank")), left, now))
    for one in devices:
        one.watches_since, one.came_by = now, []
    Device.objects.filter(pk__in=[one.pk for one in devices]).update(watches_since=now, came_by=[])
    private.delete()
    publish(*(DeviceHandedOn(device_id=one.pk, code=one.code, area=one.area, at=now) for one in devices))


def _wearings(devices: Sequence[Device], private: Sequence[Contact], left: UUID, now: datetime) -> list[Wearing]:
    rows = []
    for one in devices:
        if one.watches_since is None or one.watches_since < now:
            leaving = [(row.rank, row.role, row.name, row.phone) for row in private if row.device_id == one.pk]
            sealed = json.dumps(leaving) if leaving else None
            row = Wearing(device=one, resident_uid=left, came_by=one.came_by, since=one.watches_since, until=now)
            row.contacts = sealed
            rows.append(row)
    return rows


def give_back(device: Device, resident: UUID, *, now: datetime, contacts: bool) -> None:
    """Within the transaction that writes down that a locked device watches over ``resident``: whether they had it before.

    ``contacts``: those that left with them within the last day stand on it again.
    """
    had = Wearing.objects.filter(device=device, resident_uid=resident)
    if contacts:
        recent = had.filter(contacts__isnull=False, until__gte=now - LAID_ASIDE).order_by("-until").first()
        if recent is not None:
            _put_back(device, json.loads(recent.contacts or "[]"))
            had.update(contacts=None)
    if had.exists():
        publish(DeviceReturned(device_id=device.pk, code=device.code, area=device.area, resident=resident, at=now))


def _put_back(device: Device, leaving: Sequence[tuple[int, str, str, str]]) -> None:
    """Each in its old place, or the next one that is free; nobody twice."""
    there = dict(Contact.objects.filter(device=device).values_list("rank", "phone_blind"))
    blinds = {bytes(one) for one in there.values() if one is not None}
    for rank, role, name, phone in leaving:
        free = [one for one in range(1, MOST_CONTACTS + 1) if one not in there]
        mark = blind(phone)
        if not free or mark in blinds:
            continue
        place = rank if rank in free else next((one for one in free if one > rank), free[0])
        there[place] = mark
        Contact.objects.create(device=device, rank=place, role=role, name=name, phone=phone, phone_blind=mark)
