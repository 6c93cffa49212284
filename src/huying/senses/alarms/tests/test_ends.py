"""What ends an alarm besides the device: a pause, a test that is over. Nothing sticks, nothing is lost, nothing comes twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huying.casework.cases.factories import NOW, Cast
from huying.kernel import facts
from huying.kernel.errors import Refused
from huying.kernel.trace import Entry
from huying.senses.alarms.actions import (
    acknowledge_alarm,
    climb_ladders,
    close_alarm,
    end_drills,
    start_drill,
    stop_left_over,
    take_seriously,
)
from huying.senses.alarms.factories import event, happen, make_alarm
from huying.senses.alarms.facts import AlarmRaised, AlarmsLetGo
from huying.senses.alarms.models import Alarm, Drill
from huying.senses.devices.models import Device

from .conftest import ALARMS, make_device

MINUTE = timedelta(minutes=1)


def at(minutes: float):  # type: ignore[no-untyped-def]
    return NOW + minutes * MINUTE


def raised(device: Device, minutes: float, **more: object) -> None:
    happen(device, event("raise", at(minutes), **more), now=at(minutes))  # type: ignore[arg-type]


def cleared(device: Device, minutes: float, **more: object) -> None:
    happen(device, event("clear", at(minutes), **more), now=at(minutes))  # type: ignore[arg-type]


def verbs(alarm: Alarm) -> list[str]:
    return list(Entry.objects.filter(chain=f"alarm:{alarm.uid}").order_by("seq").values_list("verb", flat=True))


@pytest.fixture
def tested(device: Device, cast: Cast) -> Alarm:
    """A smoke detector whose button was pressed a minute after its test began."""
    start_drill(device.code, actor=cast.tang_grid, now=NOW)
    raised(device, 1)
    return Alarm.objects.get()


def test_pressed_again_within_the_time_of_the_test_is_the_same_test(tested: Alarm, device: Device) -> None:
    cleared(device, 2)
    raised(device, 3)
    alarm = Alarm.objects.get()
    assert (alarm.test, alarm.count, alarm.cleared_at) == (True, 2, None)


def test_a_call_after_the_time_of_the_test_is_meant(tested: Alarm, device: Device) -> None:
    cleared(device, 9)
    with facts.collected() as told:
        raised(device, 11)  # soon after the test, which would be flapping otherwise
    alarm = Alarm.objects.get(cleared_at=None)
    assert (alarm.test, alarm.climbs_at) == (False, at(11))
    assert [type(one) for one in told] == [AlarmRaised]
    assert climb_ladders(actor=ALARMS, now=at(11)).alarms == 1


def test_a_call_while_the_answer_still_stands_is_meant_too(tested: Alarm, device: Device) -> None:
    raised(device, 11)
    tested.refresh_from_db()
    assert (tested.cleared_by, tested.test) == ("anew", True)
    assert Alarm.objects.get(cleared_at=None).test is False


def test_what_is_normal_again_is_closed_with_the_test(tested: Alarm, device: Device) -> None:
    cleared(device, 2)
    end_drills(actor=ALARMS, now=at(10))
    tested.refresh_from_db()
    assert tested.closed_at is None  # until then somebody may say that it is no test
    end_drills(actor=ALARMS, now=at(11))
    tested.refresh_from_db()
    assert (tested.cause, tested.closed_by, verbs(tested)) == ("test", ALARMS.ref, ["end_test"])


def test_what_still_stands_after_the_test_calls_people(tested: Alarm, device: Device) -> None:
    with facts.collected() as told:
        end_drills(actor=ALARMS, now=at(11))
        end_drills(actor=ALARMS, now=at(12))
    tested.refresh_from_db()
    assert (tested.test, tested.climbs_at, tested.closed_at) == (False, at(11), None)
    assert [type(one) for one in told] == [AlarmRaised]
    assert climb_ladders(actor=ALARMS, now=at(11)).alarms == 1


def test_a_call_that_passes_by_itself_is_let_go_with_the_test(cast: Cast) -> None:
    band = make_device("WB-1", kind="wearable")
    start_drill(band.code, actor=cast.tang_grid, now=NOW)
    raised(band, 9, alarm="sos", rule="sos")
    with facts.collected() as told:
        end_drills(actor=ALARMS, now=at(11))
    alarm = Alarm.objects.get()
    assert (alarm.cleared_by, alarm.cause, alarm.test) == ("tested", "test", True)
    assert told == [AlarmsLetGo(calls=((band.pk, "sos", "sos"),))]
    raised(band, 12, alarm="sos", rule="sos")
    assert Alarm.objects.get(cleared_at=None).test is False


def test_taken_seriously_tells_the_rooms_above(tested: Alarm, cast: Cast) -> None:
    with facts.collected() as told:
        take_seriously(tested.uid, actor=cast.wang_seat, now=at(2))
    assert [type(one) for one in told] == [AlarmRaised]
    assert verbs(tested) == ["no_test"]
    end_drills(actor=ALARMS, now=at(11))
    tested.refresh_from_db()
    assert (tested.test, tested.closed_at) == (False, None)


def test_an_answered_drill_keeps_its_moments(tested: Alarm) -> None:
    end_drills(actor=ALARMS, now=at(11))
    drill = Drill.objects.get()
    assert (drill.answered_at, drill.ended_at, drill.alarm_id) == (at(1), at(1), tested.pk)


def test_raised_at_the_moment_of_its_pause_it_does_not_stick(device: Device) -> None:
    make_alarm(device, NOW)
    Device.objects.update(state="paused")
    assert (stop_left_over(actor=ALARMS, now=at(1)), stop_left_over(actor=ALARMS, now=at(2))) == (1, 0)
    alarm = Alarm.objects.get()
    assert (alarm.cleared_by, alarm.cause, verbs(alarm)) == ("stopped", "stopped", ["stop"])


def test_whoever_did_something_stands_in_the_history_and_a_refusal_leaves_none(device: Device, cast: Cast) -> None:
    raised(device, 0)
    alarm = Alarm.objects.get()
    acknowledge_alarm(alarm.uid, actor=cast.tang_grid, now=at(1))
    acknowledge_alarm(alarm.uid, actor=cast.tang_grid, now=at(1))
    with pytest.raises(Refused):
        acknowledge_alarm(alarm.uid, actor=cast.wang_seat, now=at(1))
    close_alarm(alarm.uid, cause="real", actor=cast.tang_grid, now=at(2))
    entries = Entry.objects.filter(chain=f"alarm:{alarm.uid}").order_by("seq")
    assert [(one.verb, one.actor_ref) for one in entries] == [
        ("acknowledge", cast.tang_grid.ref), ("close", cast.tang_grid.ref)
    ]  # fmt: skip
