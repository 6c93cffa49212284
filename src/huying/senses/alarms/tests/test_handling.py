"""What people do with an alarm, who may, and that a refusal leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import GRID_3, NOW, Cast
from huying.kernel import facts
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, Invalid, NotFound, Refused
from huying.kernel.live import allowed
from huying.kernel.trace import Entry
from huying.senses.alarms import access, queries
from huying.senses.alarms.actions import (
    acknowledge_alarm,
    close_alarm,
    end_drills,
    note_call,
    start_drill,
    stop_alarms,
    take_seriously,
)
from huying.senses.alarms.factories import event, happen, make_alarm
from huying.senses.alarms.facts import AlarmAcknowledged, AlarmClosed
from huying.senses.alarms.models import Alarm, Drill, Step
from huying.senses.devices.models import Device

from .conftest import ALARMS, make_device

MINUTE = timedelta(minutes=1)


@pytest.fixture
def alarm(device: Device) -> Alarm:
    return make_alarm(device, NOW, climbs_at=NOW)


def state(alarm: Alarm) -> tuple[object, ...]:
    alarm.refresh_from_db()
    return alarm.acknowledged_at, alarm.closed_at, alarm.cause, alarm.test, alarm.climbs_at


# --- who --------------------------------------------------------------------------------------------------------------


SEES = ("wang_seat", "li_dispatcher", "zhao_centre", "qian_supervisor", "tang_grid", "ma_liuan", "gao_liuan_lead")
STRANGERS = ("he_sanitation", "xu_housing", "fang_qiaodong", "ji_discipline", "bai_street", "sun_checker")
WATCHES = ("qian_supervisor",)


@pytest.mark.parametrize("name", SEES + STRANGERS)
def test_who_sees_it_and_who_takes_it_in_hand(alarm: Alarm, cast: Cast, name: str) -> None:
    actor = cast.people[name]
    before = state(alarm)
    if name in STRANGERS:
        assert not queries.board(actor).rows
        with pytest.raises(NotFound):
            access.get(actor, alarm.uid)
        with pytest.raises(NotFound):
            acknowledge_alarm(alarm.uid, actor=actor, now=NOW)
    elif name in WATCHES:
        assert access.get(actor, alarm.uid) == alarm
        with pytest.raises(Forbidden):
            acknowledge_alarm(alarm.uid, actor=actor, now=NOW)
    else:
        acknowledge_alarm(alarm.uid, actor=actor, now=NOW)
        assert alarm.acknowledged_by != state(alarm)[0]
        return
    assert state(alarm) == before
    assert not Entry.objects.filter(chain__startswith="alarm:").exists()


def test_whoever_the_ladder_called_sees_and_handles_it(alarm: Alarm, cast: Cast) -> None:
    Step.objects.create(
        alarm=alarm, number=1, rung=1, who="keeper", person_id=cast.xu_housing.person_id, channel="app", due_at=NOW
    )
    assert [one.pk for one in queries.board(cast.xu_housing).rows] == [alarm.pk]
    acknowledge_alarm(alarm.uid, actor=cast.xu_housing, now=NOW)


def test_residents_and_strange_addresses_find_nothing(alarm: Alarm) -> None:
    resident = Actor("resident", "user:1", "居民")
    for uid in (alarm.uid, "nonsense"):
        with pytest.raises(NotFound):
            access.get(resident, uid)
    with pytest.raises(NotFound):
        access.must_view(resident)


def test_who_may_listen(cast: Cast) -> None:
    topics = ["alarms", "alarms:990101001001", "alarms:990101001002"]
    assert allowed(cast.tang_grid, topics) == {"alarms"}
    assert allowed(cast.gao_liuan_lead, topics) == {"alarms", "alarms:990101001001"}
    assert allowed(cast.wang_seat, topics) == set(topics)
    assert allowed(cast.he_sanitation, topics) == set()


# --- acknowledging and closing ----------------------------------------------------------------------------------------


def test_acknowledged_once(alarm: Alarm, cast: Cast) -> None:
    with facts.collected() as told:
        acknowledge_alarm(alarm.uid, actor=cast.tang_grid, now=NOW)
        acknowledge_alarm(alarm.uid, actor=cast.tang_grid, now=NOW + MINUTE)
    assert [type(one) for one in told] == [AlarmAcknowledged]
    assert state(alarm)[0] == NOW
    with pytest.raises(Refused) as no:
        acknowledge_alarm(alarm.uid, actor=cast.wang_seat, now=NOW + MINUTE)
    assert "唐网格" in str(no.value)
    assert alarm.acknowledged_name == "唐网格"


def test_closed_with_a_cause_before_it_is_normal(alarm: Alarm, cast: Cast) -> None:
    with facts.collected() as told:
        close_alarm(alarm.uid, cause="works", words="楼道装修", actor=cast.tang_grid, now=NOW + MINUTE)
    assert state(alarm) == (None, NOW + MINUTE, "works", False, None)
    assert (alarm.cause_words, alarm.cleared_at) == ("楼道装修", None)
    assert [one.cause for one in told if isinstance(one, AlarmClosed)] == ["works"]
    with pytest.raises(Refused):
        close_alarm(alarm.uid, cause="real", actor=cast.tang_grid, now=NOW + MINUTE)
    with pytest.raises(Refused):
        acknowledge_alarm(alarm.uid, actor=cast.tang_grid, now=NOW + MINUTE)
    happen(alarm.device, event("clear", NOW + 2 * MINUTE), now=NOW + 2 * MINUTE)
    alarm.refresh_from_db()
    assert (alarm.cause, alarm.cleared_at) == ("works", NOW + 2 * MINUTE)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cause": "nonsense"}, "cause"),
        ({"cause": "itself"}, "cause"),
        ({"cause": "other"}, "words"),
        ({"cause": "real", "words": "x" * 301}, "words"),
    ],
)
def test_a_wrong_cause_changes_nothing(alarm: Alarm, cast: Cast, given: dict[str, str], field: str) -> None:
    before = state(alarm)
    with pytest.raises(Invalid) as no:
        close_alarm(alarm.uid, **given, actor=cast.tang_grid, now=NOW)
    assert no.value.field == field
    assert state(alarm) == before


def test_graver_than_acknowledged_rings_again(device: Device, cast: Cast) -> None:
    happen(device, event("raise", NOW, alarm="leak", severity=2), now=NOW)
    alarm = acknowledge_alarm(Alarm.objects.get().uid, actor=cast.tang_grid, now=NOW)
    happen(device, event("severity", NOW + MINUTE, alarm="leak", severity=4), now=NOW + MINUTE)
    alarm.refresh_from_db()
    assert (alarm.acknowledged_at, alarm.acknowledged_by, alarm.climbs_at, alarm.rung) == (None, "", NOW + MINUTE, 0)


def test_a_call_to_119_is_noted_and_answers_what_was_to_be_made(alarm: Alarm, cast: Cast) -> None:
    Step.objects.create(alarm=alarm, number=1, rung=2, who="119", channel="voice", due_at=NOW, result="to_make")
    note_call(alarm.uid, line="119", words="出车 2 台", actor=cast.tang_grid, now=NOW + MINUTE)
    note_call(alarm.uid, line="120", actor=cast.tang_grid, now=NOW + MINUTE)
    assert list(Step.objects.values_list("number", "who", "result", "name")) == [
        (1, "119", "made", "唐网格"),
        (2, "120", "made", "唐网格"),
    ]
    with pytest.raises(Invalid):
        note_call(alarm.uid, line="13900000000", actor=cast.tang_grid, now=NOW)
    assert Step.objects.count() == 2


def test_a_device_that_is_stopped_leaves_nothing_behind(alarm: Alarm, cast: Cast) -> None:
    other = make_alarm(make_device("SM-2"), NOW)
    assert stop_alarms({alarm.device_id: NOW + MINUTE}, actor=ALARMS) == 1
    assert state(alarm)[1:3] == (NOW + MINUTE, "stopped")
    assert alarm.cleared_by == "stopped"
    assert state(other)[1] is None


# --- tests ------------------------------------------------------------------------------------------------------------


def test_a_drill_is_answered_calls_nobody_and_opens_no_case(device: Device, cast: Cast) -> None:
    drill = start_drill(device.code, actor=cast.tang_grid, now=NOW)
    assert queries.open_drill(device, now=NOW + MINUTE) == drill
    with facts.collected() as told:
        happen(device, event("raise", NOW + MINUTE), now=NOW + MINUTE)
    alarm = Alarm.objects.get()
    drill.refresh_from_db()
    assert (alarm.test, alarm.wants_case, alarm.climbs_at) == (True, False, None)
    assert (drill.alarm, drill.answered_at) == (alarm, NOW + MINUTE)
    assert told == []
    assert not queries.board(cast.tang_grid).rows
    assert queries.board(cast.tang_grid, queries.Narrowing(tests=True)).rows == [alarm]
    happen(device, event("clear", NOW + 2 * MINUTE), now=NOW + 2 * MINUTE)
    close_alarm(alarm.uid, cause="test", actor=cast.tang_grid, now=NOW + 3 * MINUTE)
    happen(device, event("raise", NOW + 4 * MINUTE), now=NOW + 4 * MINUTE)
    assert Alarm.objects.get(cleared_at__isnull=True).test is False  # the next one is meant


def test_a_test_that_is_none(device: Device, cast: Cast) -> None:
    start_drill(device.code, actor=cast.tang_grid, now=NOW)
    happen(device, event("raise", NOW), now=NOW)
    alarm = take_seriously(Alarm.objects.get().uid, actor=cast.wang_seat, now=NOW + MINUTE)
    alarm.refresh_from_db()
    assert (alarm.test, alarm.wants_case, alarm.climbs_at) == (False, True, NOW + MINUTE)
    with pytest.raises(Refused):
        take_seriously(alarm.uid, actor=cast.wang_seat, now=NOW + MINUTE)


def test_drills_refused_leave_nothing(device: Device, cast: Cast) -> None:
    def refused(error: type[HuyingError], actor: Actor, code: str = device.code) -> None:
        with pytest.raises(error):
            start_drill(code, actor=actor, now=NOW)

    refused(NotFound, cast.he_sanitation)
    refused(NotFound, cast.tang_grid, "nowhere")
    refused(Forbidden, cast.qian_supervisor)
    make_alarm(device, NOW)
    refused(Refused, cast.tang_grid)
    Alarm.objects.update(closed_at=NOW, closed_by="person:1", cause="real")
    Device.objects.update(state="paused")
    refused(Refused, cast.tang_grid)
    assert not Drill.objects.exists()
    Device.objects.update(state="active")
    start_drill(device.code, actor=cast.tang_grid, now=NOW)
    refused(Refused, cast.tang_grid)
    assert Drill.objects.count() == 1


def test_a_drill_nobody_answered_ends_and_another_may_begin(device: Device, cast: Cast) -> None:
    start_drill(device.code, actor=cast.tang_grid, now=NOW)
    assert (end_drills(actor=ALARMS, now=NOW + 10 * MINUTE), end_drills(actor=ALARMS, now=NOW + 11 * MINUTE)) == (0, 1)
    happen(device, event("raise", NOW + 12 * MINUTE), now=NOW + 12 * MINUTE)
    assert Alarm.objects.get().test is False


def test_a_quiet_alarm_answers_no_drill(device: Device, cast: Cast) -> None:
    start_drill(device.code, actor=cast.tang_grid, now=NOW)
    happen(device, event("raise", NOW, alarm="battery", rule="battery", severity=1), now=NOW)
    assert Alarm.objects.get().test is False
    assert queries.open_drill(device, now=NOW) is not None


def test_overdue_tests_are_listed(device: Device, cast: Cast) -> None:
    fresh = make_device("SM-2", created_at=NOW)
    tested = make_device("SM-3")
    make_device("SM-4", state="retired")
    make_device("CN-1", kind="entrance_counter")
    make_device("SM-5", area=GRID_3)
    for code, days in ((tested, 3), (device, 40)):
        at = NOW - timedelta(days=days)
        answer = make_alarm(code, at, test=True, cleared_at=at, cleared_by="reading")
        Drill.objects.create(
            device=code, asked_at=at, asked_by="x", until=at + MINUTE, answered_at=at, ended_at=at, alarm=answer
        )
    with CaptureQueriesContext(connection) as seen:
        rows = queries.drills_overdue(cast.tang_grid, now=NOW).rows
    assert len(seen.captured_queries) == 1
    assert [(one.code, one.last_drill) for one in rows] == [("SM-1", NOW - timedelta(days=40))]  # type: ignore[attr-defined]
    assert fresh.code not in {one.code for one in rows}


# --- reads ------------------------------------------------------------------------------------------------------------


def test_the_board_by_key_gravest_first(cast: Cast) -> None:
    made = []
    for number, severity in enumerate((2, 4, 3, 4)):
        made.append(make_alarm(make_device(f"B-{number}"), NOW + number * MINUTE, severity=severity))
    make_alarm(make_device("B-9", area=GRID_3), NOW)
    first = queries.board(cast.tang_grid, size=3)
    with CaptureQueriesContext(connection) as seen:
        second = queries.board(cast.tang_grid, cursor=first.next, size=3)
        assert [one.device.code for one in second.rows] == ["B-0"]
    assert len(seen.captured_queries) == 1
    assert [one.device.code for one in first.rows] == ["B-3", "B-1", "B-2"]
    assert queries.board(cast.tang_grid, queries.Narrowing(least=4)).rows == [made[3], made[1]]
    with pytest.raises(Invalid):
        queries.board(cast.tang_grid, queries.Narrowing(state="odd"))


def test_states_and_counts(cast: Cast) -> None:
    ack = {"acknowledged_at": NOW, "acknowledged_by": "person:1"}
    gone = {"cleared_at": NOW, "cleared_by": "reading"}
    over = {"closed_at": NOW, "closed_by": "person:1", "cause": "real"}
    for number, fields in enumerate(({}, ack, gone, over, {"test": True})):
        make_alarm(make_device(f"S-{number}"), NOW, **fields)

    def codes(name: str) -> list[str]:
        return [one.device.code for one in queries.board(cast.tang_grid, queries.Narrowing(state=name)).rows]

    assert [codes(name) for name in ("active", "acknowledged", "cleared", "closed")] == [
        ["S-0"],
        ["S-1"],
        ["S-2"],
        ["S-3"],
    ]
    assert (len(codes("open")), len(codes("all"))) == (3, 4)
    with CaptureQueriesContext(connection) as seen:
        found = queries.counts(cast.tang_grid)
    assert len(seen.captured_queries) == 1
    assert (found.active, found.acknowledged, found.cleared, found.ringing) == (1, 1, 1, 2)
    assert found.by_severity == {1: 0, 2: 0, 3: 0, 4: 3}
    shown = queries.active_of([one.pk for one in Device.objects.all()])
    assert len(shown) == 3


def test_what_a_private_field_said_is_not_in_a_list(cast: Cast) -> None:
    band = make_device("WB-1", kind="wearable")
    assert not access.shows_value(make_alarm(band, NOW, kind="heart_rate", field="heart_rate", value=140))
    assert access.shows_value(make_alarm(band, NOW, kind="sos", field="sos", value=True))
