"""Gives a peopled demonstration its devices: registered, consented to, with history and alarms. Twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from huying.ground.organisation.models import Appointment
from huying.ground.registry.actions.rights import record_consent
from huying.ground.registry.models import Consent, Resident
from huying.kernel.actor import Actor
from huying.kernel.progress import Progress, Silent
from huying.kernel.trace import Draft, Entry, record
from huying.senses.alarms.actions import Happened, apply_events
from huying.senses.devices.access import FAMILY_PURPOSE
from huying.senses.devices.actions import register_devices
from huying.senses.devices.directory import Known
from huying.senses.devices.models import Device
from huying.senses.readings.simulator.figures import Figure, Trouble
from huying.senses.readings.simulator.hours import DAY

from .course import figures_of_demo, trouble_days
from .history import DAYS, write_history, write_last
from .past import judged, write_past
from .placing import PREFIX, Placing, drafts

COUNTS: Final = {"community": 60, "district": 300, "city": 600}
CHAIN: Final = "demo"
DONE: Final = "demo_equipped"
OPEN: Final = (("leak", "smart_breaker", 1_500.0), ("sos", "wearable", 100.0))
"""What goes wrong just as the history ends, with how many seconds of it behind: two alarms wait for somebody."""
_NOTICE: Final = "2025-01"


def is_equipped() -> bool:
    return Entry.objects.filter(chain=CHAIN, verb=DONE).exists()


def make_devices(
    *, actor: Actor, scale: str, seed: int, now: datetime, progress: Progress | None = None, days: int = DAYS
) -> int:
    """Devices for the demonstration of a scale, at ``now``; how many. A call that was cut off is continued."""
    if is_equipped():
        return 0
    watch = progress or Silent()
    watch.start("设备 devices", 1)
    if not Device.objects.filter(code__startswith=f"{PREFIX}-").exists():
        _register(Placing(COUNTS[scale], seed), actor, now - timedelta(days=DAYS + 30))
    figures = figures_of_demo(seed)
    devices = Device.objects.in_bulk([one.code for one in figures], field_name="code")
    ids = {code: device.pk for code, device in devices.items()}
    watch.advance(1)
    watch.finish()
    trouble_days(figures, now.timestamp() - days * DAY, now.timestamp(), seed)
    write_history(figures, ids, now, watch, days=days)
    with transaction.atomic():
        write_last(figures, ids, now)
        past = [(one, trouble) for one in figures for trouble in one.troubles]
        alarms = write_past(past, devices, _people(), now, seed)
        opened = _open(figures, devices, now)
        body = {"devices": len(devices), "alarms": alarms, "open": opened}
        record([Draft(chain=CHAIN, verb=DONE, actor=actor, at=now, body=body)])
    return len(devices)


@transaction.atomic
def _register(placing: Placing, actor: Actor, then: datetime) -> None:
    """Devices, and the consent of most elders that their family may see what a device says."""
    found = drafts(placing)
    register_devices(found, actor=actor, now=then)
    residents = list(dict.fromkeys(one.resident_uid for one in found if one.resident_uid is not None))
    agreed = set(Consent.objects.filter(purpose=FAMILY_PURPOSE).values_list("resident__uid", flat=True))
    for number, resident in enumerate(Resident.objects.filter(uid__in=residents).order_by("uid")):
        known = resident.secrets.get("phone") == "19900000001"
        if (known or number % 4) and resident.uid not in agreed:
            record_consent(
                actor=actor, now=then, resident=resident, purpose=FAMILY_PURPOSE, notice=_NOTICE, how="paper"
            )


def _people() -> dict[str, tuple[str, str]]:
    """Who walks each grid or community: reference and name."""
    rows = Appointment.objects.filter(role="grid_worker", valid_to__isnull=True).order_by("-person_id")
    return {
        area: (f"person:{person}", name) for area, person, name in rows.values_list("area", "person_id", "person__name")
    }


def _open(figures: Sequence[Figure], devices: dict[str, Device], now: datetime) -> int:
    """A few alarms that have just come and that nobody has answered, by the way every alarm takes."""
    happened = []
    for what, kind, since in OPEN:
        quiet = [one for one in figures if one.kind == kind and not one.troubles]
        if not quiet:
            continue
        one = quiet[len(quiet) // 2]
        begins = now.timestamp() - since
        one.troubles.append(Trouble(what, begins, since + 900.0))
        spells = [spell for spell in judged(one, one.troubles[-1]) if spell.first.at <= now]
        known = _known(devices[one.code])
        happened += [Happened(known, spell.first) for spell in spells]
        one.troubles.pop()
    return apply_events(happened, now=now).raised if happened else 0


def _known(device: Device) -> Known:
    return Known(device.pk, device.code, device.kind, device.area, device.gateway_id, device.state)
