"""Monthly tests: the button of a device is pressed on purpose, and nobody outside is called for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Refused
from huying.senses.devices import access as devices
from huying.senses.devices.actions.writing import chain
from huying.senses.devices.models import LastValue

from .. import access
from ..facts import AlarmsLetGo
from ..models import Alarm, Drill
from ..rulebook import rulebook
from ..rules import Cause, Cleared
from . import jobs
from .handling import begin_ringing, end, message, raised, write

LASTS: Final = timedelta(minutes=10)
MOST: Final = 200


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
        body = {"until": drill.until}
        trace.record([trace.Draft(chain=chain(device.code), verb="drill", actor=actor, at=now, body=body)])
        live.announce(f"alarms:{device.area[:12]}", {"drill": device.code})
    return drill


def end_drills(*, actor: Actor, now: datetime, most: int = MOST) -> int:
    """Tests whose time is up end; how many without an answer.

    What answered one is over: a call that passes by itself is let go, so that the next press is meant; what is normal again
    is closed as a test. What still stands then is no test any more: people are called for it.
    """
    if not actor.is_system:
        raise Forbidden()
    with transaction.atomic():
        unanswered = Drill.objects.filter(ended_at__isnull=True, until__lt=now).update(ended_at=F("until"))
        _end_tests(actor, now, most)
    return unanswered


def _end_tests(actor: Actor, now: datetime, most: int) -> None:
    over = Q(drill__until__lt=now) | Q(drill__isnull=True, opened_at__lt=now - LASTS)
    rows = Alarm.objects.filter(over, test=True, closed_at=None).order_by("id")
    found = dict(rows.values_list("pk", "device")[:most])
    if not found:
        return
    # What a device said last before its alarms, as whoever writes down what it says does.
    list(LastValue.objects.select_for_update().filter(pk__in=set(found.values())).order_by("pk").values_list("pk"))
    locked = rows.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=list(found))
    alarms = list(locked.select_related("device"))
    if not alarms:
        return
    book, let_go, meant = rulebook(), [], []
    for alarm in alarms:
        rule = book.of(alarm.device).rule(alarm.rule)
        if alarm.cleared_at is None and rule is not None and rule.clear.after is None:
            _is_meant(alarm, actor, now)
            meant.append(alarm)
            continue
        if alarm.cleared_at is None:
            alarm.cleared_at, alarm.cleared_by = max(now, alarm.last_at), Cleared.TESTED
            alarm.save(update_fields=["cleared_at", "cleared_by"])
            let_go.append((alarm.device_id, alarm.kind, alarm.rule))
        end(alarm, Cause.TEST, "", by=actor.ref, name="", now=now)
    write(alarms, "end_test", actor, now)
    facts.publish(*(raised(one, now) for one in meant), *([AlarmsLetGo(calls=tuple(let_go))] if let_go else []))
    live.announce_all(message(one) for one in alarms)
    if meant:
        jobs.follow_soon(urgent=True)


def _is_meant(alarm: Alarm, actor: Actor, now: datetime) -> None:
    """It did not pass with the test."""
    alarm.test = False
    begin_ringing(alarm, now)
