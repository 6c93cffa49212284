"""What a private field said is kept in an alarm as long as in the history, and no longer; that there was an alarm stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden
from huying.senses.devices.kinds import kinds

from ..models import Alarm

MOST: Final = 5_000


def forget_private(*, actor: Actor, now: datetime, most: int = MOST) -> int:
    """Take measured values and words out of closed alarms of private fields, past ``keep_days`` of their kind of device.

    How many alarms, at most ``most`` of a kind: what is left is the next night's.
    """
    if not actor.is_system:
        raise Forbidden()
    count = 0
    for kind in kinds().values():
        if not kind.private_fields:
            continue
        old = Alarm.objects.filter(
            closed_at__lt=now - timedelta(days=kind.keep_days), device__kind=kind.code, field__in=kind.private_fields
        ).exclude(value__isnull=True, words_zh="", words_en="")
        with transaction.atomic():
            rows = old.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)[:most]
            count += Alarm.objects.filter(pk__in=list(rows)).update(value=None, words_zh="", words_en="")
    return count
