"""The ladder walked with time standing still: who is told, by which way, who next, and when it stops."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import GRID_1, LIUAN, NOW, Cast
from huying.casework.clocks.models import Notice
from huying.ground.accounts.senders import SendFailed
from huying.ground.organisation.models import Person, Shift
from huying.ground.organisation.queries import directory
from huying.ground.registry.factories import a_resident, worker
from huying.ground.registry.models import Consent
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden
from huying.kernel.privacy import blind
from huying.senses.alarms.actions import acknowledge_alarm, climb_ladders, send_steps
from huying.senses.alarms.calling import FileCaller, Guarded
from huying.senses.alarms.factories import event, happen, make_alarm
from huying.senses.alarms.models import Alarm, LadderPolicy, Step
from huying.senses.devices.models import Device

from .conftest import ALARMS, contact, make_device

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass
class Phones:
    """A gateway for messages and calls that keeps what went through it and fails for one number."""

    dead: str = ""
    shows: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)

    def send(self, phone: str, code: str, text: str) -> None:
        self._take(phone, text)

    def call(self, phone: str, text: str) -> None:
        self._take(phone, text)

    def _take(self, phone: str, text: str) -> None:
        if phone == self.dead:
            raise SendFailed("busy")
        self.sent.append((phone, text))


@pytest.fixture
def watched(cast: Cast, device: Device) -> Device:
    """A smoke detector with a keeper on the staff and a guardian outside; 马社区 has the watch, 唐网格 the grid."""
    Person.objects.filter(pk=cast.ma_liuan.person_id).update(phone="13900000001")
    Person.objects.filter(pk=cast.tang_grid.person_id).update(phone="13900000002")
    Shift.objects.create(
        unit=cast.units["liuan"], person_id=cast.ma_liuan.person_id, role="handler",
        starts_at=NOW - 60 * MINUTE, ends_at=NOW + 600 * MINUTE,
    )  # fmt: skip
    phone = "13700000009"
    contact(device, 1, "guardian", name="张大妈", phone=phone, phone_blind=blind(phone))
    contact(device, 2, "family", name="张小", phone="13700000008", phone_blind=blind("13700000008"))
    return device


def told(rung: int) -> list[tuple[str, str, str]]:
    rows = Step.objects.filter(rung=rung).order_by("number")
    return [(one.who, one.channel, one.result) for one in rows]


def climb(seconds: float) -> int:
    return climb_ladders(actor=ALARMS, now=NOW + seconds * SECOND).alarms


def test_the_ladder_is_walked_rung_by_rung(watched: Device, cast: Cast) -> None:
    happen(watched, event("raise", NOW), now=NOW)
    assert (climb(0), climb(0), climb(59)) == (1, 0, 0)
    assert told(1) == [
        ("duty", "app", "sent"), ("duty", "sms", "waiting"), ("duty", "voice", "waiting"),
        ("keeper", "app", "nobody"),
        ("guardian", "sms", "waiting"), ("guardian", "voice", "waiting"),
    ]  # fmt: skip
    assert climb(60) == 1
    assert told(2) == [
        ("grid_worker", "app", "sent"), ("grid_worker", "sms", "waiting"), ("grid_worker", "voice", "waiting"),
        ("keeper", "app", "nobody"),
        ("family", "sms", "waiting"), ("family", "voice", "waiting"),
        ("119", "voice", "to_make"),
    ]  # fmt: skip
    assert (climb(179), climb(180)) == (0, 1)
    assert told(3) == [("unit_lead", "app", "sent")]  # no phone of hers is known
    assert (climb(300), climb(9_000)) == (1, 0)
    assert told(4) == [("centre", "app", "sent")]
    assert Alarm.objects.get().climbs_at is None
    assert sorted(Notice.objects.values_list("person_id", flat=True)) == sorted(
        [cast.ma_liuan.person_id, cast.tang_grid.person_id, cast.gao_liuan_lead.person_id, cast.zhao_centre.person_id]
    )
    assert list(Step.objects.values_list("number", flat=True)) == list(range(1, Step.objects.count() + 1))


def test_taking_it_in_hand_stops_the_ladder(watched: Device, cast: Cast) -> None:
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    alarm = acknowledge_alarm(Alarm.objects.get().uid, actor=cast.ma_liuan, now=NOW + 30 * SECOND)
    assert (alarm.acknowledged_by, alarm.climbs_at) == (cast.ma_liuan.ref, None)
    assert climb(600) == 0
    assert told(1) == [
        ("duty", "app", "answered"), ("duty", "sms", "stopped"), ("duty", "voice", "stopped"),
        ("keeper", "app", "nobody"), ("guardian", "sms", "stopped"), ("guardian", "voice", "stopped"),
    ]  # fmt: skip
    phones = Phones()
    assert send_steps(sender=phones, caller=phones, actor=ALARMS, now=NOW) == 0
    assert phones.sent == []


def test_an_urgent_call_goes_on_after_the_button_is_free_again_others_stop(watched: Device) -> None:
    happen(watched, event("raise", NOW), event("raise", NOW, alarm="fault", rule="fault", severity=2), now=NOW)
    later = NOW + 30 * SECOND
    happen(watched, event("clear", later), event("clear", later, alarm="fault", rule="fault"), now=later)
    assert climb(40) == 1
    assert Step.objects.values_list("alarm__kind", flat=True).distinct().get() == "smoke"


def test_a_test_and_a_covered_silence_call_nobody(watched: Device) -> None:
    make_alarm(watched, NOW, test=True)
    make_alarm(watched, NOW, kind="offline", covered_by=watched)
    assert climb(0) == 0


def test_out_to_phones_once_each_and_no_value_in_it(watched: Device) -> None:
    happen(watched, event("raise", NOW, value=137), now=NOW)
    climb(0)
    phones = Phones()
    assert send_steps(sender=phones, caller=phones, actor=ALARMS, now=NOW) == 4
    assert send_steps(sender=phones, caller=phones, actor=ALARMS, now=NOW) == 0
    assert sorted(phone for phone, _text in phones.sent) == ["13700000009"] * 2 + ["13900000001"] * 2
    assert all("柳岸花园3幢301" in text and "137 " not in text and "137，" not in text for _phone, text in phones.sent)
    assert set(Step.objects.exclude(result="nobody").values_list("result", flat=True)) == {"sent"}


def test_what_fails_is_tried_three_times_and_said_so(watched: Device) -> None:
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    phones = Phones(dead="13700000009")
    for minute in range(4):
        send_steps(sender=phones, caller=phones, actor=ALARMS, now=NOW + minute * MINUTE)
    failed = Step.objects.filter(who="guardian")
    assert [(one.result, one.tries, one.words) for one in failed] == [("failed", 3, "busy")] * 2


def test_old_news_is_not_sent(watched: Device) -> None:
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    phones = Phones()
    assert send_steps(sender=phones, caller=phones, actor=ALARMS, now=NOW + 61 * MINUTE) == 0
    assert set(Step.objects.filter(channel="sms").values_list("result", flat=True)) == {"failed"}


def test_family_hears_of_an_elder_only_with_their_consent(watched: Device) -> None:
    elder = a_resident(worker(area=GRID_1))
    Device.objects.filter(pk=watched.pk).update(resident_uid=elder.uid)
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    climb(60)
    assert ("family", "app", "no_consent") in told(2)
    Consent.objects.create(
        resident=elder, purpose="设备家属查看", notice="1", how="paper", given_at=NOW, recorded_by="person:1"
    )
    happen(watched, event("raise", NOW, alarm="gas", rule="gas"), now=NOW)
    climb(100)
    climb(160)
    assert ("family", "sms", "waiting") in told(2)


def test_a_place_says_otherwise(watched: Device) -> None:
    rungs = [{"after": 0, "who": ["grid_worker"], "by": ["app"]}]
    policy = {"area": LIUAN, "kind": "smoke", "severity": 1, "source": "街道通知", "by": "person:1"}
    LadderPolicy.objects.create(**policy, rungs=rungs, valid_from=NOW - MINUTE)
    LadderPolicy.objects.create(**policy, rungs=[{**rungs[0], "who": ["centre"]}], valid_from=NOW + MINUTE)
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    assert told(1) == [("grid_worker", "app", "sent")]
    assert Alarm.objects.get().climbs_at is None


def test_only_the_program_walks(watched: Device, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        climb_ladders(actor=cast.zhao_centre, now=NOW)
    with pytest.raises(Forbidden):
        send_steps(sender=Phones(), caller=Phones(), actor=cast.zhao_centre, now=NOW)


def test_as_many_queries_for_many_ladders_as_for_one(watched: Device) -> None:
    directory(on=local_day(NOW))
    asked = []
    for many in (2, 30):
        for number in range(many):
            one = make_device(f"L{many}-{number}")
            happen(one, event("raise", NOW), now=NOW)
        with CaptureQueriesContext(connection) as seen:
            assert climb(0) == many
        asked.append(len(seen.captured_queries))
    assert asked[0] == asked[1], asked


def test_the_next_rung_has_its_job_and_the_urgent_goes_first(watched: Device) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # what another test's program left
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    assert _jobs() == [("alarms.follow", 100, False), ("alarms.follow", 100, True)]


def _jobs() -> Sequence[tuple[str, int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, priority, scheduled_at IS NOT NULL FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


@pytest.mark.parametrize("phone", ["119", "120", "1-1-0", "", "12"])
def test_emergency_lines_are_never_dialled(phone: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "calls"
    caller = Guarded(FileCaller(file))
    with pytest.raises(SendFailed):
        caller.call(phone, "x")
    assert not file.exists()
    caller.call("13900000001", "柳岸花园")
    assert json.loads(file.read_text())["phone"] == "13900000001"


def test_the_seat_on_duty_is_among_the_duty(watched: Device, cast: Cast) -> None:
    seat: Actor = cast.wang_seat
    Shift.objects.create(
        unit=cast.units["centre"], person_id=seat.person_id, role="seat", starts_at=NOW - MINUTE, ends_at=NOW + MINUTE
    )
    happen(watched, event("raise", NOW), now=NOW)
    climb(0)
    assert seat.person_id in Step.objects.filter(who="duty").values_list("person", flat=True)
