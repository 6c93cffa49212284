"""A device that watched over somebody does so no more: what it said of that person stays theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from huying.kernel.facts import publish

from ..facts import DeviceHandedOn
from ..models import Contact, Device


def hand_on(devices: Sequence[Device], *, now: datetime, contacts: bool) -> None:
    """Within the transaction that changes whom locked devices watch over. ``contacts``: the private ones go too."""
    Device.objects.filter(pk__in=[one.pk for one in devices]).update(watches_since=now)
    if contacts:
        Contact.objects.filter(device__in=devices, person__isnull=True).delete()
    publish(*(DeviceHandedOn(device_id=one.pk, code=one.code, area=one.area, at=now) for one in devices))
