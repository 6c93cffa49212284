"""The demo place has devices: with people and in premises that are there, with weeks behind them, and they speak on."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from huying.config.demo.founding import FOUNDER, found
from huying.ground.registry import fictional as registry
from huying.ground.registry.models import Consent, Premises, Resident
from huying.kernel.stream import StreamUnavailable
from huying.kernel.trace import Entry
from huying.senses.alarms.models import Alarm
from huying.senses.devices.models import Contact, Device, LastValue
from huying.senses.readings import demo, places
from huying.senses.readings.demo.course import trouble_days, troubles_of
from huying.senses.readings.simulator.crowd import gather, kinds_of
from huying.senses.readings.simulator.hours import day_of
from huying.senses.readings.simulator.sinks import Envelope

from .town import END

SEED = 5


class _Listener:
    """Takes everything, or nothing."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.away = False

    def send(self, envelopes: list[Envelope]) -> list[bool]:
        self.taken += envelopes
        return [not self.away] * len(envelopes)

    def close(self) -> None:
        return None


@pytest.fixture
def equipped(db: Any, settings: Any, tmp_path: Path) -> int:
    settings.HUYING_DATA_DIR = tmp_path
    place = found("community", SEED, began=END - timedelta(days=30), now=END)
    registry.load("community", SEED, place.place_names, now=END, people=700)
    return demo.make_devices(actor=FOUNDER, scale="community", seed=SEED, now=END, days=3)


def test_devices_stand_with_real_people_and_places_once(equipped: int) -> None:
    assert 40 <= equipped <= 80
    devices = list(Device.objects.select_related("gateway"))
    assert len(devices) == equipped
    assert len({one.kind for one in devices}) >= 7
    assert all(len(one.area) >= 12 for one in devices)
    residents = {one.resident_uid for one in devices if one.resident_uid}
    assert Resident.objects.filter(uid__in=residents, care__state="active").distinct().count() == len(residents) > 5
    spots = {one.premises_uid for one in devices}
    assert Premises.objects.filter(uid__in=spots).count() == len(spots)
    assert sum(one.lon is not None for one in devices) > 0.95 * equipped
    behind = Counter(one.gateway.kind for one in devices if one.gateway)
    assert set(behind) <= {"gateway"}
    assert Contact.objects.filter(role="family").exists()
    assert Consent.objects.filter(purpose="设备家属查看").count() > len(residents) / 2
    again = demo.make_devices(actor=FOUNDER, scale="community", seed=SEED, now=END)
    assert again == 0
    assert Device.objects.count() == equipped
    assert Entry.objects.filter(chain="demo", verb="demo_equipped").count() == 1


def test_weeks_lie_behind_them_with_alarms_that_people_closed_and_a_few_that_wait_and_they_speak_on(
    equipped: int,
) -> None:
    days = {day for kind in ("smart_breaker", "wearable", "smoke") for day, _folder in places.days_of(kind)}
    assert len(days) >= 3
    assert not list(places.spool_root().rglob("*.ndjson"))
    assert LastValue.objects.count() == equipped
    over = Alarm.objects.filter(closed_at__isnull=False)
    assert over.exists()
    assert not over.filter(closed_at__gt=END).exists()
    assert not over.filter(cause="").exists()
    assert not over.filter(case__isnull=False).exists()
    waiting = Alarm.objects.filter(closed_at__isnull=True)
    assert {one.kind for one in waiting} == {"leak", "sos"}
    assert all(one.acknowledged_at is None and one.opened_at <= END for one in waiting)
    _speaks_on(equipped)


def _speaks_on(equipped: int) -> None:
    """Live readings go on where the history ended, each once; what nobody heard is not said again."""
    now, listener = END.timestamp(), _Listener()
    living = demo.Living(SEED, now, listener)
    assert len(living.figures) == equipped
    said = sum(living.speak(now + 5.0 * turn) for turn in range(1, 37))
    assert said > 2 * sum(one.every <= 60 for one in living.figures)
    assert said == sum(len(one.messages) for one in listener.taken)
    numbers = Counter((one.code, one.seq) for sent in listener.taken for one in sent.messages)
    assert max(numbers.values()) == 1
    listener.away = True
    with pytest.raises(StreamUnavailable):
        living.speak(now + 400)
    listener.away = False
    late = len(listener.taken)
    living.speak(now + 4_000)
    assert min(one.messages[0].at for one in listener.taken[late:]) >= now + 4_000 - 61


def test_what_goes_wrong_on_a_day_is_the_same_whenever_it_is_asked() -> None:
    figures, day = gather(kinds_of(60)), day_of(END.timestamp())
    once = [(one.code, trouble) for one, trouble in troubles_of(figures, day, SEED)]
    assert once == [(one.code, trouble) for one, trouble in troubles_of(gather(kinds_of(60)), day, SEED)]
    assert 1 <= len(once) <= 3
    for _twice in range(2):
        trouble_days(figures, END.timestamp(), END.timestamp(), SEED)
    assert sum(len(one.troubles) for one in figures) == len(once)
