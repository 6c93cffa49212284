"""A batch is taken wholly and once: last values, alarms, history, cursor together; what cannot be taken stops nothing."""

from datetime import timedelta

import psycopg
import pytest
from django.db import InternalError, ProgrammingError

from huying.casework.cases.factories import NOW
from huying.kernel.stream import partition_of
from huying.senses.alarms.models import Alarm
from huying.senses.devices import actions as devices
from huying.senses.devices.factories import make_device
from huying.senses.devices.models import LastValue
from huying.senses.readings import queries, recording
from huying.senses.readings.actions import Overtaken, Stale
from huying.senses.readings.models import REJECTED_KEPT, Cursor, Due, Rejected

pytestmark = pytest.mark.django_db


def past(device, hours=24):
    """What the history says of a device."""
    found = queries.readings(device, NOW - timedelta(hours=hours), NOW + timedelta(hours=hours))
    return [(seq, values) for _at, seq, values in found]


def cursor():
    return Cursor.objects.get(stream="READINGS", partition=partition_of("b-1"))


def test_what_a_device_says_is_its_last_value_and_its_history(drain, luo, told):
    device = make_device(luo, "b-1")
    drain.take(
        drain.message("b-1", told(0, 1, leak=3.0, switch=True)),
        drain.message("b-1", [told(10, 2, leak=4.0), told(20, 3, leak=5.5)]),
    )
    last = LastValue.objects.get()
    assert (last.device_id, last.values, last.seq, last.online) == (device.pk, {"leak": 5.5, "switch": True}, 3, True)
    assert (last.at, last.received_at) == (NOW + timedelta(seconds=20), NOW)
    assert past(device) == [(1, {"leak": 3.0, "switch": True}), (2, {"leak": 4.0}), (3, {"leak": 5.5})]
    assert (cursor().seq, cursor().taken, cursor().readings, cursor().refused) == (2, 2, 3, 0)


def test_each_field_is_as_new_as_the_reading_it_came_with(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(10, 2, leak=4.0))
    drain.say("b-1", told(30, 4, power=100.0))
    drain.say("b-1", told(20, 3, leak=9.0, power=1.0))  # late: newer for the leak, older for the power
    drain.say("b-1", told(5, 1, leak=1.0, load=7.0))
    assert LastValue.objects.get().values == {"leak": 9.0, "power": 100.0, "load": 7.0}
    drain.again()  # and another process knows it too
    drain.say("b-1", told(15, 2, leak=2.0))
    assert LastValue.objects.get().values["leak"] == 9.0


def test_a_clock_set_back_for_good_is_followed(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 7, leak=1.0))
    drain.say("b-1", told(-7200, 8, leak=2.0))
    last = LastValue.objects.get()
    assert (last.values, last.at) == ({"leak": 2.0}, NOW - timedelta(hours=2))


def test_the_same_reading_again_changes_nothing(drain, luo, told):
    device = make_device(luo, "b-1")
    for _ in range(3):
        drain.say("b-1", told(0, 1, leak=3.0))
    assert past(device) == [(1, {"leak": 3.0})]
    assert (cursor().taken, cursor().readings, cursor().repeated) == (3, 3, 2)


def test_without_a_clock_a_reading_sent_again_is_known_by_its_number(drain, luo):
    device = make_device(luo, "b-1")
    said = [{"seq": n, "v": {"leak": 3.0}} for n in (1, 2)]
    for second in (0, 5):  # all that was under way, sent again
        for each in said:
            drain.say("b-1", each, NOW + timedelta(seconds=second))
    assert [seq for seq, _values in past(device)] == [1, 2]
    assert (cursor().readings, cursor().repeated) == (4, 2)
    drain.say("b-1", {"seq": 2, "v": {"leak": 3.5}}, NOW + timedelta(seconds=6))  # it counts from one again
    drain.say("b-1", {"seq": 2, "v": {"leak": 3.5}}, NOW + timedelta(minutes=3))  # its number never changes
    drain.say("b-1", {"v": {"leak": 3.5}}, NOW + timedelta(minutes=3))
    drain.say("b-1", {"v": {"leak": 3.5}}, NOW + timedelta(minutes=3, seconds=1))
    assert len(past(device)) == 6 and cursor().repeated == 2


def test_a_number_that_never_changes_does_not_silence_a_device(drain, luo):
    device = make_device(luo, "b-1")
    for minute in range(60):
        drain.say("b-1", {"seq": 0, "v": {"leak": 3.0}}, NOW + timedelta(minutes=minute))
    assert len(past(device)) == 20 and cursor().repeated == 40, "two minutes from the first, not from the latest"


def test_a_second_call_for_help_is_never_a_repetition(drain, luo):
    device = make_device(luo, "b-1", "wearable")
    for second in (0, 90):
        drain.say("b-1", {"seq": 1, "v": {"sos": True}}, NOW + timedelta(seconds=second))
    drain.say("b-1", {"seq": 2, "v": {"sos": False}}, NOW + timedelta(seconds=91))
    drain.say("b-1", {"seq": 2, "v": {"sos": False}}, NOW + timedelta(seconds=92))
    assert past(device) == [(1, {"sos": True}), (1, {"sos": True}), (2, {"sos": False})]
    assert cursor().repeated == 1


def test_an_alarm_is_raised_with_the_reading_and_cleared_with_it(drain, luo, told):
    make_device(luo, "b-1")
    for n in range(30):
        drain.say("b-1", told(n * 10, n, leak=400.0), NOW + timedelta(seconds=n * 10))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.cleared_at) == ("leak", None)
    for n in range(30, 120):
        drain.say("b-1", told(n * 10, n, leak=2.0), NOW + timedelta(seconds=n * 10))
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None and Alarm.objects.count() == 1


def test_the_rules_go_on_where_another_process_left_them(drain, luo, told):
    make_device(luo, "b-1")
    for n in range(30):
        drain.say("b-1", told(n * 10, n, leak=400.0), NOW + timedelta(seconds=n * 10))
        drain.again()
    assert Alarm.objects.get().kind == "leak"


def test_a_batch_whose_transaction_fails_leaves_nothing_and_is_taken_again(drain, luo, told, monkeypatch):
    device = make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    batch = [drain.message("b-1", told(n, n, leak=400.0), NOW + timedelta(seconds=n)) for n in range(2, 400)]
    with monkeypatch.context() as patch:
        patch.setattr(recording.actions, "move_cursor", lambda *_, **__: (_ for _ in ()).throw(Overtaken("gone")))
        with pytest.raises(Overtaken):
            drain.take(*batch)
    drain.recorder.open()
    assert (cursor().seq, LastValue.objects.get().values, past(device)) == (1, {"leak": 1.0}, [(1, {"leak": 1.0})])
    assert not Alarm.objects.exists()
    drain.take(*batch)
    assert len(past(device)) == 399 and Alarm.objects.count() == 1 and cursor().seq == 399


def test_whoever_was_overtaken_writes_nothing(drain, luo, told):
    device = make_device(luo, "b-1")
    Cursor.objects.update(seq=5)
    with pytest.raises(Overtaken):
        drain.say("b-1", told(0, 1, leak=1.0))
    assert not LastValue.objects.exists()
    drain.recorder.open()
    assert past(device) == [] and cursor().taken == 0


def test_strangers_and_garbage_are_counted_and_kept_and_stop_nothing(drain, luo, told):
    device = make_device(luo, "b-1")
    paused = make_device(luo, "b-2")
    devices.pause_device(paused.pk, actor=luo, now=NOW, why="检修")
    drain.take(
        drain.message("b-1", b"\xff\xfe"),
        drain.message("nobody", told(0, 1, leak=1.0)),
        drain.message("nobody", told(1, 2, leak=1.0)),
        drain.message("b-2", told(0, 1, leak=1.0)),
        drain.message("b-1", {"hello": 1}),
        drain.message("b-1", b'{"v": {"leak": 1, "\\u0000": 2}}'),
        drain.message("b-1", told(0, 1, leak=1.0)),
    )
    assert past(device) == [(1, {"leak": 1.0})] and LastValue.objects.count() == 1
    kept = {(one.code, one.why): one.count for one in Rejected.objects.all()}
    assert kept == {
        ("b-1", "not_json"): 2,
        ("nobody", "unknown"): 2,
        ("b-2", "paused"): 1,
        ("b-1", "unknown_form"): 1,
    }
    assert (cursor().taken, cursor().refused) == (7, 6)


def test_the_table_of_the_rejected_is_bounded(drain, luo):
    drain.take(*(drain.message(f"nobody-{n}", {"v": {}}) for n in range(REJECTED_KEPT + 200)))
    assert Rejected.objects.count() == REJECTED_KEPT and cursor().refused == REJECTED_KEPT + 200
    assert not Rejected.objects.filter(code="nobody-3").exists(), "the oldest went"


def test_one_message_nothing_can_be_made_of_is_found_and_stepped_over(drain, luo, told, monkeypatch):
    """Whatever the error is: here the decoding of one device's message breaks."""
    device = make_device(luo, "b-1")
    read = recording.read_messages

    def breaks(messages, directory):
        if any(b"poison" in message.data for message in messages):
            raise ZeroDivisionError
        return read(messages, directory)

    monkeypatch.setattr(recording, "read_messages", breaks)
    good = [drain.message("b-1", told(n, n, leak=1.0 + n)) for n in range(1, 20)]
    bad = drain.message("b-1", {"poison": 1})
    more = [drain.message("b-1", told(n, n, leak=1.0 + n)) for n in range(20, 40)]
    drain.take(*good, bad, *more)
    assert [seq for seq, _values in past(device)] == list(range(1, 40))
    assert Rejected.objects.get().why == "failed: ZeroDivisionError"
    assert (cursor().seq, cursor().taken) == (40, 40)


def test_a_gateway_speaks_for_those_behind_it_only(drain, luo, told):
    gateway = make_device(luo, "g-1", "gateway")
    behind = make_device(luo, "b-1", gateway="g-1")
    make_device(luo, "b-2")
    parts = [{"code": code, "readings": [told(0, 1, leak=2.0)]} for code in ("b-1", "b-2", "b-3")]
    drain.say("g-1", {"gateway": "g-1", "devices": parts})
    drain.say("g-1", {"gateway": "g-9", "devices": []})
    assert {one.device_id for one in LastValue.objects.all()} == {gateway.pk, behind.pk}
    assert set(Rejected.objects.values_list("code", "why")) == {
        ("b-2", "not_behind_gateway"),
        ("b-3", "unknown"),
        ("g-1", "not_its_batch"),
    }


def test_a_new_device_is_known_at_once(drain, luo, told):
    drain.say("b-1", told(0, 1, leak=1.0))
    make_device(luo, "b-1")
    drain.say("b-1", told(1, 2, leak=1.0))
    assert LastValue.objects.count() == 1


def test_an_sos_of_a_wearable_is_judged_on_the_urgent_stream_and_spoils_nothing(drain, urgent, luo, told):
    make_device(luo, "w-1", "wearable")
    drain.say("w-1", told(0, 1, heart_rate=70, battery=80))
    urgent.say("w-1", told(5, 2, sos=True))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.severity, alarm.urgent) == ("sos", 4, True)
    drain.say("w-1", told(8, 3, heart_rate=72))
    last = LastValue.objects.get()
    assert last.values == {"heart_rate": 72.0, "battery": 80.0, "sos": True} and {"r", "u"} <= last.state.keys()
    assert Alarm.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_batch(drain, luo, told, django_assert_num_queries):
    for n in range(40):
        make_device(luo, f"b-{n}")
    few = [drain.message(f"b-{n}", told(0, 1, leak=1.0)) for n in range(5)]
    drain.take(*few)
    drain.take(*(drain.message(f"b-{n}", told(0, 1, leak=1.0)) for n in range(40)))
    steady = [drain.message(f"b-{n}", told(10, 2, leak=1.0)) for n in range(40)]
    with django_assert_num_queries(4):  # savepoint and its release, devices changed, cursor; the rest go by the driver
        drain.take(*steady)


def test_moments_are_kept_lazily(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    first = Due.objects.get().at
    drain.say("b-1", told(60, 2, leak=1.0), NOW + timedelta(seconds=60))
    assert Due.objects.get().at == first


def test_answers_to_commands(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", {"command": 99, "ok": True})
    drain.say("b-1", {"command": "x", "ok": True})
    assert set(Rejected.objects.values_list("why", flat=True)) == {"answer: not_its_command", "not_an_answer"}


def test_how_the_drain_fares(drain, luo, told):
    make_device(luo, "b-1")
    drain.say("b-1", told(0, 1, leak=1.0))
    readings, urgent = queries.standings()
    assert (readings.stream, readings.taken, readings.readings) == ("READINGS", 1, 1)
    assert readings.seqs == tuple(int(n == partition_of("b-1")) for n in range(4))
    assert (urgent.stream, urgent.taken, urgent.updated_at) == ("URGENT", 0, None)


def test_a_device_that_speaks_in_two_partitions_of_two_processes_is_not_confused(drain, luo, told):
    """Its own messages and its gateway's: whoever remembers an old state reads it anew."""
    device = make_device(luo, "b-1")
    other = recording.Recorder("READINGS", [(drain.partition + 1) % 4])
    other.open()
    drain.say("b-1", told(0, 1, leak=1.0))
    other.record(other.partitions[0], [drain.message("b-1", told(10, 2, leak=2.0))], now=NOW)
    with pytest.raises(Stale):
        drain.say("b-1", told(20, 3, leak=3.0))
    assert LastValue.objects.get().values == {"leak": 2.0}
    drain.recorder.open()
    drain.say("b-1", told(20, 3, leak=3.0))
    assert (LastValue.objects.get().values, LastValue.objects.get().seq) == ({"leak": 3.0}, 3)
    other.close_files()
    assert [seq for seq, _values in past(device)] == [1, 3], "the other partition's spool is not this device's"


def test_only_one_process_drains_a_partition(drain):
    with pytest.raises(recording.Busy):
        recording.Recorder("READINGS", [drain.partition]).open()


def test_a_stream_made_anew_is_taken_from_its_beginning(drain, luo, told):
    device = make_device(luo, "b-1")
    drain.recorder.open(NOW)
    drain.say("b-1", told(0, 1, leak=1.0))
    drain.say("b-1", told(10, 2, leak=2.0))
    drain.recorder.open(NOW)
    assert (cursor().seq, cursor().born) == (2, NOW), "the same stream: it goes on"
    drain.recorder.open(NOW + timedelta(hours=1))
    assert (cursor().seq, cursor().taken) == (0, 2), "what was taken stays counted"
    drain.seq = 0
    drain.say("b-1", told(20, 3, leak=3.0))
    assert cursor().seq == 1 and [seq for seq, _values in past(device)] == [1, 2, 3]


def test_a_batch_of_the_old_stream_moves_no_cursor_of_the_new_one(drain, luo, told):
    device = make_device(luo, "b-1")
    drain.recorder.open(NOW)
    old = drain.message("b-1", told(0, 1, leak=1.0))
    drain.recorder.open(NOW + timedelta(hours=1))
    with pytest.raises(Overtaken):
        drain.recorder.record(drain.partition, [old], now=NOW, born=NOW)
    drain.recorder.cursors[drain.partition].born = NOW  # as a process remembers it that was asleep meanwhile
    with pytest.raises(Overtaken):
        drain.take(old)
    drain.recorder.open(NOW + timedelta(hours=1))
    assert cursor().seq == 0 and past(device) == [] and not Rejected.objects.exists()


@pytest.mark.parametrize("broken", [ProgrammingError, InternalError, psycopg.errors.ReadOnlySqlTransaction])
def test_a_database_that_cannot_write_now_costs_no_message(drain, luo, told, monkeypatch, broken):
    """A replica after a failover, a table being changed: nothing is stepped over, the batch is taken again."""
    device = make_device(luo, "b-1")
    with monkeypatch.context() as patch:
        patch.setattr(recording.actions, "write_last", lambda *_, **__: (_ for _ in ()).throw(broken("not now")))
        with pytest.raises(recording.LOST):
            drain.say("b-1", told(0, 1, leak=1.0))
    drain.recorder.open()
    assert cursor().seq == 0 and not Rejected.objects.exists()
    drain.take(*(drain.message("b-1", told(n, n, leak=1.0)) for n in range(3)))
    assert len(past(device)) == 3
