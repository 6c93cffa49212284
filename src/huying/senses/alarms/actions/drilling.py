"""Monthly tests: the button of a device is pressed on purpose, and nobody outside is called for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Refused
from huying.senses.devices import access as devices

from .. import access
from ..facts import AlarmCleared
from ..models import Alarm, Drill
from ..rules import Cause, Cleared
from .handling import end

LASTS: Final = timedelta(minutes=10)


def start_drill(code: str, *, actor: Actor, now: datetime) -> Drill:
    """From now on, for ten minutes, the next call for help of this device answers the test instead of calling people.

    Who stands before the device presses the button. Raises NotFound for strangers, Refused for a device that is not in
    use, is being tested already, or has an alarm nobody has closed.
    """
    device = devices.get(actor, code)
    if not access.may_handle_at(actor, device.area):
        raise Forbidden(_("这台设备不由您测试"), code="not_your_device")
    if device.state != "active":
        raise Refused(_("设备没有启用，不能测试"), code="device_not_active")
    if Alarm.objects.filter(device=device.pk, urgent=True, closed_at__isnull=True, test=False).exists():
        raise Refused(_("这台设备还有没办结的报警，不能测试"), code="alarm_open")
    with transaction.atomic():
        Drill.objects.filter(device=device.pk, ended_at__isnull=True, until__lt=now).update(ended_at=F("until"))
        try:
            with transaction.atomic():
                drill = Drill.objects.create(
                    device=device, asked_at=now, asked_by=actor.ref, asked_name=actor.name[:80], until=now + LASTS
                )
        except IntegrityError as error:
            raise Refused(_("这台设备正在测试"), code="drill_open") from error
        chain = f"device:{device.code}"
        trace.record([trace.Draft(chain=chain, verb="drill", actor=actor, at=now, body={"until": drill.until})])
        live.announce(f"alarms:{device.area[:12]}", {"drill": device.code})
    return drill


def end_drills(*, actor: Actor, now: datetime) -> int:
    """Tests whose time is up without an answer end; how many."""
    if not actor.is_system:
        raise Forbidden()
    return Drill.objects.filter(ended_at__isnull=True, until__lt=now).update(ended_at=F("until"))


def stop_alarms(stopped: Mapping[int, datetime], *, actor: Actor) -> int:
    """What devices had said that are paused or retired now is over; cases about it go on; how many alarms."""
    rows = Alarm.objects.select_for_update(of=("self",)).filter(device__in=list(stopped), cleared_at__isnull=True)
    told = []
    alarms = list(rows.order_by("id"))
    for alarm in alarms:
        at = stopped[alarm.device_id]
        alarm.cleared_at, alarm.cleared_by = max(at, alarm.opened_at), Cleared.STOPPED
        alarm.climbs_at = None
        alarm.wants_telling = alarm.case_id is not None and alarm.closed_at is None
        alarm.save(update_fields=["cleared_at", "cleared_by", "climbs_at", "wants_telling"])
        if alarm.case_id is None and alarm.closed_at is None:
            end(alarm, Cause.STOPPED, "", by=actor.ref, name="", now=at)
        if not alarm.test and alarm.covered_by_id is None:
            told.append(
                AlarmCleared(
                    uid=alarm.uid, device_id=alarm.device_id, kind=alarm.kind, area=alarm.area,
                    severity=alarm.severity, at=alarm.cleared_at, count=alarm.count,
                )
            )  # fmt: skip
    facts.publish(*told)
    live.announce_all((f"alarms:{area}", None) for area in sorted({one.area[:12] for one in alarms}))
    return len(alarms)
