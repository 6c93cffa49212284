"""Devices for tests: written through the package's own actions, looked after by people with names."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from huying.casework.cases.factories import BEGAN, COUNTY, GRID_1, NOW, Cast
from huying.ground.organisation.models import Appointment, Person, Post
from huying.kernel.actor import Actor, Duty

from .actions import register_device, register_devices
from .drafts import DeviceDraft
from .models import Device

_number = count(1)


def make_keeper(cast: Cast, name: str = "罗设备", *, area: str = COUNTY, unit: str = "centre") -> Actor:
    """Somebody who looks after the devices of an area."""
    post, _made = Post.objects.get_or_create(
        code="device_keeper", defaults={"name": "设备管理员", "role": "device_keeper"}
    )
    person = Person.objects.create(number=f"D{next(_number):04d}", name=name, valid_from=BEGAN)
    row = cast.units[unit]
    Appointment.objects.create(person=person, unit=row, post=post, role="device_keeper", area=area, valid_from=BEGAN)
    duties = (Duty("device_keeper", area, row.pk, ""),)
    return Actor("staff", f"person:{person.pk}", name, row.pk, person.pk, duties)


def draft(code: str = "", kind: str = "smart_breaker", **values: Any) -> DeviceDraft:
    """A device in the first grid of the cast, unless said otherwise."""
    return DeviceDraft(**{"code": code or f"d-{next(_number)}", "kind": kind, "area": GRID_1, **values})


def make_device(
    actor: Actor, code: str = "", kind: str = "smart_breaker", *, now: datetime = NOW, **values: Any
) -> Device:
    """One device, registered."""
    return register_device(actor=actor, now=now, draft=draft(code, kind, **values))


def make_devices(
    actor: Actor, number: int, kind: str = "smart_breaker", *, now: datetime = NOW, **values: Any
) -> list[Device]:
    """Many of a kind."""
    return register_devices([draft("", kind, **values) for _ in range(number)], actor=actor, now=now)
