"""A device that watched over somebody does so no more: what it said of that person stays theirs, and is theirs again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from huying.kernel.facts import publish

from ..facts import DeviceHandedOn, DeviceReturned
from ..models import Contact, Device, Wearing


def hand_on(devices: Sequence[Device], *, left: UUID | None, now: datetime, contacts: bool) -> None:
    """Within the transaction that changes whom locked devices watch over. ``contacts``: the private ones go too.

    ``left``: who has them no more, and may get them back; empty for somebody who was erased.
    """
    if left is not None:
        Wearing.objects.bulk_create(
            Wearing(device=one, resident_uid=left, since=one.watches_since, until=now)
            for one in devices
            if one.watches_since is None or one.watches_since < now
        )
    for one in devices:
        one.watches_since = now
    Device.objects.filter(pk__in=[one.pk for one in devices]).update(watches_since=now)
    if contacts:
        Contact.objects.filter(device__in=devices, person__isnull=True).delete()
    publish(*(DeviceHandedOn(device_id=one.pk, code=one.code, area=one.area, at=now) for one in devices))


def give_back(device: Device, resident: UUID, *, now: datetime) -> None:
    """Within the transaction that writes down that a locked device watches over ``resident``: whether they had it before."""
    if Wearing.objects.filter(device=device, resident_uid=resident).exists():
        publish(DeviceReturned(device_id=device.pk, code=device.code, area=device.area, resident=resident, at=now))
