"""What time alone brings about: durations, silence; a dead gateway is one alarm; nobody is silent because we did not listen."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import NOW
from huying.kernel.actor import system
from huying.senses.alarms.actions import settle_covers
from huying.senses.alarms.models import Alarm
from huying.senses.devices import actions as devices
from huying.senses.devices.factories import make_device
from huying.senses.devices.models import LastValue
from huying.senses.readings.models import Due
from huying.senses.readings.ticking import tick

pytestmark = pytest.mark.django_db
LONG_AGO = NOW - timedelta(days=9)


def minutes(n):
    return NOW + timedelta(minutes=n)


def look(drain, at, listening=LONG_AGO):
    return tick(drain.recorder, [drain.partition], now=at, listening=listening)


def silent():
    return sorted(
        Alarm.objects.filter(kind="offline", cleared_at=None, covered_by=None).values_list("device__code", flat=True)
    )


def offline():
    return sorted(LastValue.objects.filter(online=False).values_list("device__code", flat=True))


def test_a_silent_device_is_one_alarm_that_its_next_word_clears(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    assert look(drain, minutes(14)) == 0 and silent() == []
    assert look(drain, minutes(15)) == 1
    assert (silent(), offline()) == (["b-1"], ["b-1"])
    for n in range(16, 60):
        look(drain, minutes(n))
    assert Alarm.objects.count() == 1 and LastValue.objects.get().silent_since == NOW
    drain.say("b-1", told(3600, 2, leak=1.0), minutes(60))
    assert (silent(), offline()) == ([], [])
    assert Alarm.objects.get().cleared_at is not None and LastValue.objects.get().silent_since is None


def test_the_silence_goes_on_in_another_process_and_still_ends(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    look(drain, minutes(20))
    drain.again()
    drain.say("b-1", told(1800, 2, leak=1.0), minutes(30))
    assert silent() == [] and Alarm.objects.count() == 1


def test_longer_silence_is_graver(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    for hours in (0.5, 12, 24, 25):
        look(drain, minutes(60 * hours))
    assert Alarm.objects.get().severity == 2


def test_a_device_that_goes_on_talking_is_looked_at_once_in_its_silence_time(drain, luo, told):
    make_device(luo, "b-1")
    looked = 0
    for n in range(60):
        drain.say("b-1", told(60 * n, n, leak=1.0), minutes(n))
        looked += look(drain, minutes(n))
    assert looked <= 60 // 15 + 1 and silent() == []


def test_a_dead_gateway_is_one_alarm(drain, luo, told):
    make_device(luo, "g-1", "gateway")
    codes = [f"b-{n}" for n in range(20)]
    for code in codes:
        make_device(luo, code, gateway="g-1")
    parts = [{"code": code, "readings": [told(0, 1, leak=1.0)]} for code in codes]
    drain.say("g-1", {"gateway": "g-1", "devices": parts})
    for n in range(1, 40):
        look(drain, minutes(n))
    assert silent() == ["g-1"] and Alarm.objects.count() == 1
    assert offline() == sorted([*codes, "g-1"])
    # It comes back, one of its devices does not.
    for n in range(40, 80):
        drain.say("g-1", {"gateway": "g-1", "devices": parts[1:]}, minutes(n))
        look(drain, minutes(n))
        settle_covers(actor=system("alarms"), now=minutes(n))
    assert silent() == ["b-0"] and offline() == ["b-0"]


def test_one_silent_device_behind_a_living_gateway_is_its_own(drain, luo, told):
    make_device(luo, "g-1", "gateway")
    make_device(luo, "b-1", gateway="g-1")
    drain.say("g-1", {"gateway": "g-1", "devices": [{"code": "b-1", "readings": [told(0, 1, leak=1.0)]}]})
    for n in range(1, 30):
        drain.say("g-1", {"gateway": "g-1", "devices": []}, minutes(n))
        look(drain, minutes(n))
    assert silent() == ["b-1"]


def test_nobody_is_silent_because_we_did_not_listen(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    assert look(drain, minutes(600), listening=minutes(599)) == 1
    assert (silent(), offline()) == ([], [])
    assert look(drain, minutes(613), listening=minutes(599)) == 0
    look(drain, minutes(614), listening=minutes(599))
    assert silent() == ["b-1"]


def test_a_duration_matures_without_a_further_reading(drain, luo, told):
    make_device(luo, "b-1", "door")
    night = NOW.replace(hour=23)
    drain.say("b-1", {"ts": int(night.timestamp() * 1000), "v": {"open": True}}, night)
    look(drain, night + timedelta(minutes=29))
    assert not Alarm.objects.exists()
    look(drain, night + timedelta(minutes=31))
    assert Alarm.objects.get().kind == "door_open"


def test_what_is_paused_is_not_looked_at(drain, luo, told):
    device = make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    devices.pause_device(device.pk, actor=luo, now=NOW, why="检修")
    look(drain, minutes(60))
    assert silent() == [] and not Due.objects.exists()


def test_the_silence_of_a_wearable_is_not_judged_by_its_calls(drain, urgent, luo, told):
    make_device(luo, "w-1", "wearable")
    drain.say("w-1", told(0, 1, heart_rate=70))
    urgent.say("w-1", told(5, 2, sos=True))
    look(urgent, minutes(600))
    assert silent() == []
    look(drain, minutes(600))
    assert silent() == ["w-1"]


def test_the_number_of_queries_does_not_grow_with_who_is_silent(drain, luo, told):
    for n in range(30):
        make_device(luo, f"b-{n}")
    drain.say("b-0", told(0, 1, leak=1.0))
    look(drain, minutes(16))
    drain.take(*(drain.message(f"b-{n}", told(1200, 2, leak=1.0), minutes(20)) for n in range(1, 3)))
    with CaptureQueriesContext(connection) as few:
        look(drain, minutes(36))
    drain.take(*(drain.message(f"b-{n}", told(2400, 3, leak=1.0), minutes(40)) for n in range(3, 30)))
    with CaptureQueriesContext(connection) as many:
        assert look(drain, minutes(56)) >= 27
    assert len(many) <= len(few) + 1
