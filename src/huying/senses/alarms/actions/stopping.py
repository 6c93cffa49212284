"""Devices that are paused or retired: what they had said is over, and nothing of it sticks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from huying.kernel import facts, live
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden
from huying.senses.devices.models import Device, LastValue
from huying.senses.devices.rules import DeviceState

from ..facts import AlarmCleared
from ..models import ACTIVE, Alarm
from ..rules import Cause, Cleared
from .handling import end, write

MOST: Final = 500


def stop_alarms(stopped: Mapping[int, datetime], *, actor: Actor) -> int:
    """What devices had said that are paused or retired now is over; cases about it go on; how many alarms.

    Whoever is writing down what one of them says is waited for: what comes of that is over too.
    """
    list(LastValue.objects.select_for_update().filter(pk__in=list(stopped)).order_by("pk").values_list("pk"))
    rows = Alarm.objects.select_for_update(of=("self",)).filter(device__in=list(stopped), cleared_at__isnull=True)
    told = []
    alarms = list(rows.order_by("id"))
    for alarm in alarms:
        at = stopped[alarm.device_id]
        alarm.cleared_at, alarm.cleared_by = max(at, alarm.opened_at), Cleared.STOPPED
        alarm.climbs_at = alarm.uncovers_at = None
        alarm.wants_telling = alarm.case_id is not None and alarm.closed_at is None
        alarm.save(update_fields=["cleared_at", "cleared_by", "climbs_at", "uncovers_at", "wants_telling"])
        if alarm.case_id is None and alarm.closed_at is None:
            end(alarm, Cause.STOPPED, "", by=actor.ref, name="", now=at)
        if not alarm.test and alarm.covered_by_id is None:
            told.append(
                AlarmCleared(
                    uid=alarm.uid, device_id=alarm.device_id, kind=alarm.kind, area=alarm.area,
                    severity=alarm.severity, at=alarm.cleared_at, count=alarm.count,
                )
            )  # fmt: skip
    write(alarms, "stop", actor, max(stopped.values()))
    facts.publish(*told)
    live.announce_all((f"alarms:{area}", None) for area in sorted({one.area[:12] for one in alarms}))
    return len(alarms)


def stop_left_over(*, actor: Actor, now: datetime, most: int = MOST) -> int:
    """The same for what was raised at the very moment its device was paused; how many alarms."""
    if not actor.is_system:
        raise Forbidden()
    with transaction.atomic():
        rows = Alarm.objects.filter(ACTIVE).exclude(device__state=DeviceState.ACTIVE)
        found = set(rows.values_list("device", flat=True)[:most])
        list(LastValue.objects.select_for_update().filter(pk__in=found).order_by("pk").values_list("pk"))
        # Whoever counts again since then has begun anew, and what was raised since is meant.
        still = Device.objects.filter(pk__in=found).exclude(state=DeviceState.ACTIVE).values_list("pk", flat=True)
        stopped = dict.fromkeys(still, now)
        return stop_alarms(stopped, actor=actor) if stopped else 0
