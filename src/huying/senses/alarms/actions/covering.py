"""Silences that a dead gateway explains: for how long it does, and what is still silent when it does not any more.

Nothing here waits for a single message: whatever brought a gateway back (its word, the end of a pause, a device moved to
another one), the next run finds that nothing explains the silence any more. A device then has its own time of silence to
speak; if it does not, it is silent by itself, and that rings like every other silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from huying.kernel import facts, live
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden
from huying.senses.devices.kinds import kinds
from huying.senses.devices.rules import DeviceState

from .. import rules
from ..models import ACTIVE, Alarm
from ..rulebook import rulebook
from ..rules import OFFLINE
from . import jobs, storing
from .handling import message, raised

MOST: Final = 1_000


def settle_covers(*, actor: Actor, now: datetime, most: int = MOST) -> int:
    """Give devices whose gateway is back time to speak; raise what is silent after it. How many were raised.

    A handful of queries, whatever the number; the next run does what is more than ``most``.
    """
    if not actor.is_system:
        raise Forbidden()
    with transaction.atomic():
        _give_time(now, most)
        return _raise(now, most)


def _covered() -> QuerySet[Alarm]:
    rows = Alarm.objects.select_for_update(skip_locked=True, of=("self",)).select_related("device", "covered_by")
    return rows.filter(ACTIVE, covered_by__isnull=False).order_by("id")


def _give_time(now: datetime, most: int) -> None:
    dead = Alarm.objects.filter(ACTIVE, device=OuterRef("covered_by"), kind=OFFLINE)
    explained = Q(Exists(dead)) | ~Q(covered_by__state=DeviceState.ACTIVE)
    gone = ~explained | Q(device__gateway__isnull=True) | ~Q(device__gateway=F("covered_by"))
    alarms = list(_covered().filter(gone, uncovers_at__isnull=True)[:most])
    for alarm in alarms:
        alarm.uncovers_at = now + timedelta(minutes=kinds()[alarm.device.kind].silence_minutes)
    if alarms:
        Alarm.objects.bulk_update(alarms, ["uncovers_at"])


def _raise(now: datetime, most: int) -> int:
    alarms = list(_covered().filter(uncovers_at__lte=now)[:most])
    if not alarms:
        return 0
    book = rulebook()
    for alarm in alarms:
        rule = book.of(alarm.device).rule(alarm.rule)
        row = storing.row_of(alarm)
        assert row is not None
        alarm.covered_by, alarm.uncovers_at, alarm.last_at = None, None, max(alarm.last_at, now)
        grave = alarm.urgent or alarm.peak >= (rule.case_at if rule else rules.CASE_FROM)
        alarm.wants_case = bool(alarm.item) and grave and not (alarm.test or alarm.closed_at or alarm.case_id)
        rings = rules.rings(rules.uncovered(row)) and not row.acknowledged
        alarm.rung, alarm.climbs_at = 0, now if rings else None
    Alarm.objects.bulk_update(alarms, ["covered_by", "uncovers_at", "last_at", "wants_case", "rung", "climbs_at"])
    told = [one for one in alarms if one.closed_at is None and not one.test]
    _tell(told, now)
    return len(told)


def _tell(alarms: Sequence[Alarm], now: datetime) -> None:
    facts.publish(*(raised(one, now) for one in alarms))
    live.announce_all(message(one) for one in alarms)
    if any(one.climbs_at or one.wants_case for one in alarms):
        jobs.follow_soon(urgent=any(one.urgent for one in alarms))
