"""Several connections at the same moment: nobody does one thing twice, nobody waits in a circle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from huying.casework.cases.factories import NOW, make_cast
from huying.casework.cases.models import Case
from huying.ground.organisation.models import Person
from huying.senses.alarms.actions import (
    climb_ladders,
    close_with_cases,
    end_drills,
    open_cases,
    send_steps,
    stop_left_over,
    tell_cases,
)
from huying.senses.alarms.factories import event, happen, make_alarm
from huying.senses.alarms.models import Alarm, Step
from huying.senses.devices import actions as devices
from huying.senses.devices.factories import make_keeper
from huying.senses.devices.models import Device, LastValue

from .conftest import ALARMS, contact, make_device

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)
LONG = 20.0  # seconds; whoever waits longer waits in a circle


class Phone:
    """A gateway that holds its first message until it is let go."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.reached, self.go = threading.Event(), threading.Event()

    def send(self, phone: str, code: str, text: str) -> None:
        self.sent.append(phone)
        self.reached.set()
        assert self.go.wait(LONG)

    def call(self, phone: str, text: str) -> None:
        self.send(phone, "", text)


@contextmanager
def beside(deed: Callable[[], Any]) -> Iterator[list[Any]]:
    """``deed`` on a connection of its own while the block runs; what it came to, or what it raised, is in the list after."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(deed())
        except Exception as error:
            came.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield came
    finally:
        thread.join(LONG)
        assert not thread.is_alive()


def somebody_waits() -> None:
    """Return when another connection to this database waits for a lock."""
    pause = threading.Event()
    for _turn in range(int(LONG / 0.02)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            row = cursor.fetchone()
        if row and row[0]:
            return
        pause.wait(0.02)
    raise AssertionError("nobody waits")


def called() -> Alarm:
    """An alarm whose keeper has a phone, the first rung climbed."""
    cast = make_cast()
    Person.objects.filter(pk=cast.ma_liuan.person_id).update(phone="13900000001")
    device = make_device()
    contact(device, 1, "keeper", cast.ma_liuan)
    happen(device, event("raise", NOW, alarm="smoke"), now=NOW)
    climb_ladders(actor=ALARMS, now=NOW)
    Step.objects.filter(result="waiting").exclude(channel="sms", who="keeper").update(result="stopped")
    return Alarm.objects.get()


def test_two_workers_send_a_step_once() -> None:
    called()
    first, second = Phone(), Phone()
    second.go.set()
    with beside(lambda: send_steps(sender=first, caller=first, actor=ALARMS, now=NOW)) as came:
        assert first.reached.wait(LONG)
        assert send_steps(sender=second, caller=second, actor=ALARMS, now=NOW + 59 * timedelta(seconds=1)) == 0
        first.go.set()
    assert came == [1]
    assert (first.sent, second.sent) == (["13900000001"], [])
    assert Step.objects.get(channel="sms").result == "sent"


def test_a_step_whose_claimer_died_is_taken_again_after_a_minute() -> None:
    called()
    Step.objects.filter(channel="sms").update(claimed_at=NOW, tries=1)
    phone = Phone()
    phone.go.set()
    send_steps(sender=phone, caller=phone, actor=ALARMS, now=NOW + MINUTE - timedelta(seconds=1))
    assert phone.sent == []
    send_steps(sender=phone, caller=phone, actor=ALARMS, now=NOW + MINUTE)
    assert phone.sent == ["13900000001"]
    Step.objects.filter(channel="sms").update(result="waiting", sent_at=None, claimed_at=NOW, tries=3)
    send_steps(sender=phone, caller=phone, actor=ALARMS, now=NOW + 2 * MINUTE)
    assert Step.objects.get(channel="sms").words == "no_answer"
    assert len(phone.sent) == 1


def test_two_workers_climb_a_rung_once() -> None:
    make_cast()
    for number in range(6):
        happen(make_device(f"SM-{number}"), event("raise", NOW), now=NOW)
    with beside(lambda: climb_ladders(actor=ALARMS, now=NOW).alarms) as came:
        here = climb_ladders(actor=ALARMS, now=NOW).alarms
    assert here + came[0] == 6
    assert set(Alarm.objects.values_list("rung", flat=True)) == {1}
    numbers = list(Step.objects.values_list("alarm", "number"))
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("deed", [climb_ladders, tell_cases])
def test_who_closes_a_case_and_who_calls_for_its_alarm_do_not_wait_in_a_circle(deed: Callable[..., Any]) -> None:
    cast = make_cast()
    device = make_device()
    contact(device, 1, "keeper", cast.ma_liuan)
    happen(device, event("raise", NOW, alarm="smoke"), now=NOW)
    open_cases(actor=ALARMS, now=NOW)
    alarm = Alarm.objects.get()
    if deed is tell_cases:
        happen(device, event("clear", NOW + MINUTE), now=NOW + MINUTE)
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=alarm.case_id)
        with beside(lambda: deed(actor=ALARMS, now=NOW + MINUTE)) as came:
            somebody_waits()
            close_with_cases({alarm.case_id or 0: (NOW + MINUTE, "person:1")}, actor=ALARMS)
            _commit_here()
    assert not isinstance(came[0], Exception), came
    alarm.refresh_from_db()
    assert alarm.closed_by == "person:1"


def _commit_here() -> None:
    """End the transaction before the other is waited for."""
    with connection.cursor() as cursor:
        cursor.execute("COMMIT")
        cursor.execute("BEGIN")


def test_a_device_paused_while_it_raises_keeps_no_alarm() -> None:
    luo = make_keeper(make_cast())
    device = make_device()
    LastValue.objects.create(device=device, at=NOW, received_at=NOW, values={}, state={})

    def pause() -> Any:
        return devices.pause_device(device.pk, actor=luo, now=NOW + MINUTE, why="检修").state

    with transaction.atomic():
        LastValue.objects.select_for_update().get(pk=device.pk)  # a batch has written what the device says
        with beside(pause) as came:
            somebody_waits()
            happen(device, event("raise", NOW), now=NOW)
            _commit_here()
    assert came == ["paused"]
    assert Alarm.objects.get().cleared_by == "stopped"


def test_tests_end_behind_whoever_writes_down_what_a_device_says() -> None:
    make_cast()
    device = make_device()
    LastValue.objects.create(device=device, at=NOW, received_at=NOW, values={}, state={})
    alarm = make_alarm(device, NOW, test=True, climbs_at=None)
    with transaction.atomic():
        LastValue.objects.select_for_update().get(pk=device.pk)
        with beside(lambda: end_drills(actor=ALARMS, now=NOW + 11 * MINUTE)) as came:
            somebody_waits()
            Alarm.objects.select_for_update(nowait=True).get(pk=alarm.pk)  # nobody holds it who waits for us
            _commit_here()
    assert came == [0]
    alarm.refresh_from_db()
    assert not alarm.test or alarm.closed_at


def test_whoever_counts_again_by_now_is_not_stopped() -> None:
    make_cast()
    device = make_device(state="paused")
    LastValue.objects.create(device=device, at=NOW, received_at=NOW, values={}, state={})
    alarm = make_alarm(device, NOW)
    with transaction.atomic():
        LastValue.objects.select_for_update().get(pk=device.pk)
        with beside(lambda: stop_left_over(actor=ALARMS, now=NOW + MINUTE)) as came:
            somebody_waits()
            Device.objects.filter(pk=device.pk).update(state="active")
            _commit_here()
    assert came == [0]
    alarm.refresh_from_db()
    assert alarm.cleared_at is None


def test_urgent_alarms_climb_first() -> None:
    make_cast()
    waiting = {"climbs_at": NOW - MINUTE, "severity": 3, "urgent": False, "kind": "leak", "rule": "leak"}
    for number in range(3):
        make_alarm(make_device(f"B-{number}", kind="smart_breaker"), NOW, **waiting)
    urgent = make_alarm(make_device("SM-9"), NOW, climbs_at=NOW)
    assert climb_ladders(actor=ALARMS, now=NOW, most=1).alarms == 1
    urgent.refresh_from_db()
    assert urgent.rung == 1
