"""What devices said becomes alarms: once, in a fixed number of queries, and never two active of one kind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import NOW, Cast, make_cast
from huying.kernel import facts
from huying.kernel.errors import Forbidden
from huying.senses.alarms.actions import Happened, apply_events, settle_covers, stop_alarms, stop_left_over
from huying.senses.alarms.factories import event, happen, known, make_alarm
from huying.senses.alarms.facts import AlarmCleared, AlarmRaised, AlarmStepped
from huying.senses.alarms.models import Alarm, Drill
from huying.senses.devices.models import Device

from .conftest import ALARMS, make_device

MINUTE = timedelta(minutes=1)


def test_outside_a_transaction_nothing_is_raised() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        apply_events([], now=NOW)


def test_a_raise_a_step_and_a_clear(device: Device) -> None:
    with facts.collected() as told:
        happen(device, event("raise", NOW, alarm="leak", severity=2), now=NOW)
        happen(device, event("severity", NOW + MINUTE, alarm="leak", severity=3), now=NOW + MINUTE)
        happen(device, event("clear", NOW + 2 * MINUTE, alarm="leak", severity=3), now=NOW + 2 * MINUTE)
    alarm = Alarm.objects.get()
    assert (alarm.severity, alarm.peak, alarm.count, alarm.area) == (3, 3, 1, device.area)
    assert (alarm.opened_at, alarm.cleared_at, alarm.cleared_by) == (NOW, NOW + 2 * MINUTE, "reading")
    assert alarm.closed_at is None  # it was grave: somebody says why
    assert [type(one) for one in told] == [AlarmRaised, AlarmStepped, AlarmCleared]
    assert (told[1].was, told[1].severity) == (2, 3)  # type: ignore[attr-defined]


def test_flapping_is_counted_and_a_hint_closes_itself(device: Device) -> None:
    for minute in (0, 2, 4):
        happen(device, event("raise", NOW + minute * MINUTE, alarm="battery", severity=1), now=NOW + minute * MINUTE)
        at = NOW + (minute + 1) * MINUTE
        happen(device, event("clear", at, alarm="battery", severity=1), now=at)
    alarm = Alarm.objects.get()
    assert (alarm.count, alarm.cause, alarm.closed_by, alarm.climbs_at) == (3, "itself", "system:alarms", None)
    assert alarm.closed_at == alarm.cleared_at == NOW + 5 * MINUTE


def test_paused_devices_raise_nothing_and_still_clear(device: Device) -> None:
    make_alarm(device, NOW - MINUTE)
    device.state = "paused"
    applied = happen(device, event("raise", NOW, alarm="fault"), event("clear", NOW), now=NOW)
    assert (applied.raised, applied.cleared) == (0, 1)
    assert Alarm.objects.get().cleared_at == NOW


def test_the_database_refuses_a_second_active_alarm(device: Device) -> None:
    make_alarm(device, NOW)
    with pytest.raises(IntegrityError, match="alarm_one_active"), transaction.atomic():
        make_alarm(device, NOW)
    make_alarm(device, NOW, kind="fault")
    make_alarm(make_device("SM-2"), NOW)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"severity": 5}, "alarm_severity"),
        ({"severity": 3, "peak": 2}, "alarm_peak"),
        ({"cause": "real"}, "alarm_closed"),
        ({"closed_at": NOW, "closed_by": "person:1"}, "alarm_closed"),
        ({"closed_at": NOW, "closed_by": "person:1", "cause": "other"}, "alarm_other_says_what"),
        ({"cleared_at": NOW}, "alarm_cleared"),
        ({"wants_case": True}, "alarm_wants_case"),
        ({"test": True, "climbs_at": NOW}, "alarm_climbs"),
        ({"acknowledged_by": "person:1"}, "alarm_acknowledged"),
        ({"wants_telling": True}, "alarm_wants_telling"),
    ],
)
def test_the_database_refuses_what_cannot_be(device: Device, wrong: dict[str, object], name: str) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        make_alarm(device, NOW, **wrong)
    assert not Alarm.objects.exists()


def test_alarms_are_kept(device: Device) -> None:
    with pytest.raises(IntegrityError, match="is kept"), transaction.atomic():
        make_alarm(device, NOW).delete()


def _mixed(devices: list[Device]) -> list[Happened]:
    """Raises, steps and clears in equal parts, urgent and not, old alarms and new ones."""
    batch = []
    for number, device in enumerate(devices):
        if number % 3:
            make_alarm(device, NOW - MINUTE)
        if number % 4 == 1:
            Drill.objects.create(device=device, asked_at=NOW - MINUTE, asked_by="person:1", until=NOW + MINUTE)
        what = ("raise", "severity", "clear")[number % 3]
        batch += [
            Happened(known(device), event(what, NOW)),
            Happened(known(device), event("raise", NOW, alarm="offline")),
        ]
    return batch


def test_as_many_queries_for_a_thousand_as_for_a_few(devices: Callable[[int], list[Device]]) -> None:
    asked = []
    for many in (12, 120):
        batch = _mixed(devices(many))
        with (
            CaptureQueriesContext(
                connection,
            ) as seen,
            transaction.atomic(),
        ):
            applied = apply_events(batch, now=NOW)
        assert applied.raised + applied.stepped + applied.cleared > many
        asked.append([one["sql"][:40] for one in seen.captured_queries])
    assert len(asked[0]) == len(asked[1]) <= 11, asked[1]


def test_a_batch_of_nothing_asks_nothing(device: Device) -> None:
    with CaptureQueriesContext(connection) as seen, transaction.atomic():
        apply_events([], now=NOW)
    assert [one for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]] == []


# --- gateways ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def behind(cast: Cast) -> list[Device]:
    """A gateway and three detectors behind it."""
    gateway = make_device("GW-1", kind="gateway")
    return [gateway, *(make_device(f"SM-{number}", gateway=gateway) for number in range(3))]


def _silent(*devices: Device) -> list[Happened]:
    return [Happened(known(one), event("raise", NOW, alarm="offline", severity=2)) for one in devices]


def test_a_dead_gateway_is_one_alarm(behind: list[Device]) -> None:
    gateway, *rest = behind
    with facts.collected() as told, transaction.atomic():
        applied = apply_events(_silent(*rest, gateway), now=NOW)  # in any order
    assert applied.raised == 1
    assert [one.device_id for one in told] == [gateway.pk]  # type: ignore[attr-defined]
    covered = Alarm.objects.filter(covered_by=gateway)
    assert {one.device_id for one in covered} == {one.pk for one in rest}
    assert not covered.filter(climbs_at__isnull=False).exists()


def test_silences_noted_before_are_covered_when_the_gateway_dies(behind: list[Device]) -> None:
    gateway, first, second, _third = behind
    with transaction.atomic():
        apply_events(_silent(first, second), now=NOW)
    assert not Alarm.objects.filter(covered_by__isnull=False).exists()
    with transaction.atomic():
        apply_events(_silent(gateway), now=NOW)
    with transaction.atomic():
        apply_events(_silent(behind[3]), now=NOW)
    assert Alarm.objects.filter(covered_by=gateway, climbs_at__isnull=True).count() == 3


DAY = timedelta(minutes=1500)  # a detector's time of silence


def test_when_the_gateway_is_back_each_has_its_time_to_speak(behind: list[Device]) -> None:
    gateway, first, second, third = behind
    with transaction.atomic():
        apply_events(_silent(gateway, first, second), now=NOW)
    later = NOW + 5 * MINUTE
    happen(gateway, event("clear", later, alarm="offline", severity=2), now=later)
    happen(third, event("raise", later, alarm="offline", severity=2), now=later)  # nobody storms now
    assert settle_covers(actor=ALARMS, now=later) == 0
    assert set(Alarm.objects.filter(cleared_at=None).values_list("covered_by", "uncovers_at")) == {
        (gateway.pk, later + DAY)
    }
    happen(first, event("clear", later, alarm="offline", severity=2), now=later)
    ended = Alarm.objects.get(device=first)
    assert (ended.cause, ended.cleared_by, ended.uncovers_at) == ("gateway", "reading", None)
    assert settle_covers(actor=ALARMS, now=later + DAY - MINUTE) == 0
    with facts.collected() as told:
        assert settle_covers(actor=ALARMS, now=later + DAY) == 2
        assert settle_covers(actor=ALARMS, now=later + DAY) == 0
    assert {(type(one), one.device_id) for one in told} == {  # type: ignore[attr-defined]
        (AlarmRaised, second.pk), (AlarmRaised, third.pk)
    }  # fmt: skip
    assert set(Alarm.objects.filter(cleared_at=None).values_list("covered_by", "climbs_at")) == {(None, later + DAY)}


def test_a_gateway_that_dies_again_explains_again(behind: list[Device]) -> None:
    gateway, first, *_rest = behind
    with transaction.atomic():
        apply_events(_silent(gateway, first), now=NOW)
    for hour in (1, 2):
        at = NOW + timedelta(hours=hour)
        happen(gateway, event("clear" if hour == 1 else "raise", at, alarm="offline", severity=2), now=at)
        settle_covers(actor=ALARMS, now=at)
    assert settle_covers(actor=ALARMS, now=NOW + 2 * DAY) == 0
    assert Alarm.objects.get(device=first).uncovers_at is None


def test_a_dead_gateway_explains_also_when_its_own_silence_is_explained(behind: list[Device]) -> None:
    gateway, first, *_rest = behind
    above = make_device("G-0", "gateway")
    with transaction.atomic():
        apply_events(_silent(gateway, first), now=NOW)
    Alarm.objects.filter(device=gateway).update(covered_by=above, climbs_at=None)
    settle_covers(actor=ALARMS, now=NOW)
    assert Alarm.objects.get(device=first).uncovers_at is None


@pytest.mark.parametrize("how", ["moved", "paused"])
def test_no_silence_stays_explained_by_a_gateway_that_is_not_silent(behind: list[Device], how: str) -> None:
    gateway, first, *_rest = behind
    with transaction.atomic():
        apply_events(_silent(gateway, first), now=NOW)
    if how == "moved":
        Device.objects.filter(pk=first.pk).update(gateway=None)
    else:
        Device.objects.filter(pk=gateway.pk).update(state="paused")
        stop_alarms({gateway.pk: NOW}, actor=ALARMS)
        assert settle_covers(actor=ALARMS, now=NOW + 2 * DAY) == 0  # nothing can come through it
        Device.objects.filter(pk=gateway.pk).update(state="active")
    assert settle_covers(actor=ALARMS, now=NOW) == 0
    assert settle_covers(actor=ALARMS, now=NOW + DAY) == 1


def test_as_many_queries_for_many_uncovered_as_for_a_few(cast: Cast) -> None:
    asked = []
    for many in (3, 30):
        gateway = make_device(f"GW-{many}", kind="gateway")
        for number in range(many):
            make_alarm(
                make_device(f"U{many}-{number}", gateway=gateway), NOW, kind="offline", rule="offline", severity=2,
                urgent=False, covered_by=gateway, uncovers_at=NOW,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as seen:
            assert settle_covers(actor=ALARMS, now=NOW) == many
        asked.append(len(seen.captured_queries))
    assert asked[0] == asked[1]


def test_only_the_program_settles(cast: Cast) -> None:
    for action in (settle_covers, stop_left_over):
        with pytest.raises(Forbidden):
            action(actor=cast.zhao_centre, now=NOW)


def test_a_detector_behind_a_dead_gateway_still_calls_for_smoke(behind: list[Device]) -> None:
    gateway, first, *_rest = behind
    with transaction.atomic():
        apply_events([*_silent(gateway), Happened(known(first), event("raise", NOW))], now=NOW)
    assert Alarm.objects.get(kind="smoke").covered_by is None


# --- at the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_connections_raising_the_same_leave_one() -> None:
    make_cast()
    device = make_device()
    gate, raised = threading.Barrier(2), []

    def go(number: int) -> None:
        try:
            with transaction.atomic():
                gate.wait(10)
                at = NOW + number * MINUTE
                raised.append(
                    apply_events([Happened(known(device), event("raise", at, severity=3 + number))], now=NOW).raised
                )
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    alarm = Alarm.objects.get()
    assert sorted(raised) == [0, 1]
    assert (alarm.peak, alarm.count) == (4, 1)
