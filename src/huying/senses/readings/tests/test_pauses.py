"""Alarms that end for another reason than what the device says: what stands afterwards is raised again, once."""

from datetime import timedelta

import pytest

from huying.casework.cases.factories import NOW
from huying.kernel.actor import system
from huying.senses.alarms.actions import end_drills, settle_covers, start_drill
from huying.senses.alarms.models import Alarm
from huying.senses.devices import actions as devices
from huying.senses.devices.factories import make_device
from huying.senses.devices.models import LastValue
from huying.senses.readings.actions import Stale
from huying.senses.readings.models import Due
from huying.senses.readings.ticking import tick

pytestmark = pytest.mark.django_db
ALARMS = system("alarms")


def minutes(n):
    return NOW + timedelta(minutes=n)


def say(drain, code, body, at):
    """As the worker does: a batch that did not know of a change is taken again."""
    message = drain.message(code, body, at)
    drain.now = at
    try:
        drain.take(message)
    except Stale:
        drain.recorder.open()
        drain.take(message)


def look(drain, at):
    return tick(drain.recorder, [drain.partition], now=at, listening=NOW - timedelta(days=9))


def active(kind):
    return list(Alarm.objects.filter(kind=kind, cleared_at=None, test=False))


@pytest.fixture
def leaking(drain, luo, told):
    """A breaker with a leak that is an alarm."""
    device = make_device(luo, "b-1")
    for n in range(3):
        say(drain, "b-1", told(60 * n, n, leak=400.0), minutes(n))
    assert len(active("leak")) == 1
    return device


def test_what_still_stands_after_a_pause_is_raised_then_and_once(drain, luo, told, leaking):
    devices.pause_device(leaking.pk, actor=luo, now=minutes(3), why="检修")
    assert active("leak") == []
    say(drain, "b-1", told(240, 4, leak=400.0), minutes(4))
    assert active("leak") == []
    devices.resume_device(leaking.pk, actor=luo, now=minutes(60))
    for n in range(60, 64):
        say(drain, "b-1", told(60 * n, n, leak=400.0), minutes(n))
    assert len(active("leak")) == 1 and Alarm.objects.filter(kind="leak").count() == 2


def test_what_was_raised_at_the_moment_of_the_pause_is_not_lost(drain, luo, told, leaking):
    written = LastValue.objects.get(pk=leaking.pk).state  # by a batch that ended after the pause
    devices.pause_device(leaking.pk, actor=luo, now=minutes(3), why="检修")
    LastValue.objects.filter(pk=leaking.pk).update(state=written)
    devices.resume_device(leaking.pk, actor=luo, now=minutes(60))
    for n in range(60, 64):
        say(drain, "b-1", told(60 * n, n, leak=400.0), minutes(n))
    assert len(active("leak")) == 1


def test_what_was_mended_in_the_pause_is_not_raised(drain, luo, told, leaking):
    devices.pause_device(leaking.pk, actor=luo, now=minutes(3), why="检修")
    devices.resume_device(leaking.pk, actor=luo, now=minutes(60))
    say(drain, "b-1", told(3600, 60, leak=1.0), minutes(60))
    assert active("leak") == [] and Alarm.objects.filter(kind="leak").count() == 1


def test_who_died_in_the_pause_is_noticed(drain, luo, told):
    device = make_device(luo, "b-1")
    say(drain, "b-1", told(0, 1, leak=1.0), NOW)
    devices.pause_device(device.pk, actor=luo, now=minutes(1), why="检修")
    look(drain, minutes(60))
    assert not Due.objects.exists()
    devices.resume_device(device.pk, actor=luo, now=minutes(60))
    assert look(drain, minutes(74)) == 0  # it has its time to speak
    look(drain, minutes(75))
    assert len(active("offline")) == 1


def test_a_silence_that_stands_after_a_pause_is_raised_again(drain, luo, told):
    device = make_device(luo, "b-1")
    say(drain, "b-1", told(0, 1, leak=1.0), NOW)
    look(drain, minutes(15))
    assert len(active("offline")) == 1
    devices.pause_device(device.pk, actor=luo, now=minutes(20), why="检修")
    assert active("offline") == []
    devices.resume_device(device.pk, actor=luo, now=minutes(30))
    look(drain, minutes(45))
    assert len(active("offline")) == 1 and Alarm.objects.count() == 2


def test_a_batch_that_did_not_know_of_the_pause_is_not_taken(drain, luo, told, leaking):
    before = drain.recorder.memory._seen[leaking.pk].known  # what a batch knows that began before
    devices.pause_device(leaking.pk, actor=luo, now=minutes(3), why="检修")
    drain.recorder.memory._seen[leaking.pk].known = before
    devices.resume_device(leaking.pk, actor=luo, now=minutes(3))
    drain.now = minutes(4)
    with pytest.raises(Stale):
        drain.say("b-1", told(240, 4, leak=1.0), minutes(4))


def test_a_press_soon_after_a_test_is_a_new_call(urgent, luo, cast, told):
    device = make_device(luo, "w-1", "wearable")
    start_drill("w-1", actor=luo, now=NOW)
    say(urgent, "w-1", told(540, 1, sos=True), minutes(9))
    assert Alarm.objects.get().test
    end_drills(actor=ALARMS, now=minutes(11))
    say(urgent, "w-1", told(540, 1, sos=True), minutes(11))  # told twice: the same press
    say(urgent, "w-1", told(541, 2, sos=False), minutes(11))
    assert active("sos") == []
    say(urgent, "w-1", told(720, 3, sos=True), minutes(12))
    assert [one.device_id for one in active("sos")] == [device.pk]
    look(urgent, minutes(23))
    assert active("sos") == [] and Alarm.objects.count() == 2


def test_smoke_that_stands_after_its_test_calls_people(urgent, luo, told):
    make_device(luo, "s-1", "smoke")
    start_drill("s-1", actor=luo, now=NOW)
    say(urgent, "s-1", told(60, 1, smoke=True), minutes(1))
    end_drills(actor=ALARMS, now=minutes(11))
    assert len(active("smoke")) == 1
    say(urgent, "s-1", told(720, 2, smoke=True), minutes(12))
    assert Alarm.objects.count() == 1
    say(urgent, "s-1", told(780, 3, smoke=False), minutes(13))
    say(urgent, "s-1", told(1500, 4, smoke=False), minutes(25))
    assert active("smoke") == []


def test_silent_before_and_after_its_gateway_was_it_is_raised_in_the_end(drain, luo, told):
    make_device(luo, "g-1", "gateway")
    make_device(luo, "b-1", gateway="g-1")
    parts = [{"code": "b-1", "readings": [told(0, 1, leak=1.0)]}]
    say(drain, "g-1", {"gateway": "g-1", "devices": parts}, NOW)
    for n in range(1, 20):
        say(drain, "g-1", {"gateway": "g-1", "devices": []}, minutes(n))
        look(drain, minutes(n))
    assert [one.device.code for one in active("offline")] == ["b-1"]
    for n in range(20, 40):
        look(drain, minutes(n))
    assert {one.device.code: one.covered_by_id is not None for one in active("offline")} == {"g-1": False, "b-1": True}
    for n in range(40, 60):
        say(drain, "g-1", {"gateway": "g-1", "devices": []}, minutes(n))
        look(drain, minutes(n))
        settle_covers(actor=ALARMS, now=minutes(n))
    assert {one.device.code: one.covered_by_id for one in active("offline")} == {"b-1": None}
    assert LastValue.objects.get(device__code="b-1").online is False


def test_a_gateway_that_only_passes_on_is_not_silent_any_more(drain, luo, told):
    make_device(luo, "g-1", "gateway")
    say(drain, "g-1", {"gateway": "g-1", "devices": []}, NOW)
    look(drain, minutes(15))
    assert len(active("offline")) == 1
    say(drain, "g-1", {"gateway": "g-1", "devices": []}, minutes(16))
    assert active("offline") == []
