"""Alarms for tests, said in as few words as needed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from huying.casework.catalogue.words import Words
from huying.senses.devices.directory import Known
from huying.senses.devices.models import Device

from .actions import Applied, Happened, apply_events
from .engine import Event
from .models import Alarm


def known(device: Device) -> Known:
    """A device as the readings' worker knows it."""
    return Known(device.pk, device.code, device.kind, device.area, device.gateway_id, device.state)


def event(what: str, at: datetime, *, alarm: str = "smoke", rule: str = "", severity: int = 4, **more: Any) -> Event:
    """What the rule engine says; a grave alarm of smoke unless said otherwise."""
    words = more.pop("words", Words("烟雾报警", "Smoke"))
    value, field = more.pop("value", True), more.pop("field", alarm)
    return Event(what, rule or alarm, alarm, severity, at, value, field, words, **more)


def happen(device: Device, *events: Event, now: datetime) -> Applied:
    """Events of one device, applied in a transaction of their own."""
    with transaction.atomic():
        return apply_events([Happened(known(device), one) for one in events], now=now)


def make_alarm(device: Device, at: datetime, **fields: Any) -> Alarm:
    """A row as it would stand, without anything following from it."""
    values: dict[str, Any] = {"kind": "smoke", "rule": "smoke", "severity": 4, "urgent": True} | fields
    values.setdefault("peak", values["severity"])
    return Alarm.objects.create(
        uid=uuid4(), device=device, area=device.area, opened_at=at, last_at=values.pop("last_at", at), **values
    )
