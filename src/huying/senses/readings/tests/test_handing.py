"""A device that goes to somebody else: nothing of the one before is shown of the next, learned for them, or told to family."""

from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from huying.casework.cases.factories import GRID_1, NOW
from huying.ground.registry.actions import merge_records, undo_merge
from huying.ground.registry.factories import a_resident, a_room, worker
from huying.kernel.actor import SYSTEM
from huying.kernel.privacy import blind
from huying.senses.alarms.engine import Engine, default_rules, unlearned
from huying.senses.devices import actions
from huying.senses.devices.drafts import ContactDraft
from huying.senses.devices.factories import draft, make_device
from huying.senses.devices.kinds import kind
from huying.senses.devices.models import Contact, Device, LastValue, Wearing
from huying.senses.devices.queries import worn
from huying.senses.readings import keeping, queries, renewing, tasks
from huying.senses.readings.actions import Stale
from huying.senses.readings.replaying import remembered

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def elders(luo):
    home = a_room(worker(area=GRID_1))
    return [a_resident(worker(area=GRID_1), name=name, home=home) for name in ("王秀英", "赵桂兰")]


@pytest.fixture
def band(luo, elders):
    family = ContactDraft(role="family", name="李小梅", phone="13900139000")
    return make_device(luo, "b-1", "wearable", resident_uid=elders[0].uid, contacts=(family,))


def hand(luo, to, now, **more):
    device = Device.objects.get(code="b-1")
    given = draft("b-1", "wearable", resident_uid=to and to.uid, name=device.name, **more)
    return actions.save_device(device.pk, actor=luo, now=now, draft=given)


def past(device):
    device = Device.objects.get(pk=device.pk)
    since, until = NOW - HOUR, NOW + 9 * HOUR
    rates = [values.get("heart_rate") for _at, _seq, values in queries.readings(device, since, until)]
    drawn = queries.series(device, ["heart_rate", "battery"], since, until).buckets
    return rates, [sorted(one.values) for one in drawn]


def test_what_was_said_of_one_is_not_told_of_the_next(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0, battery=80.0))
    assert past(band) == ([71.0], [["battery", "heart_rate"]])
    hand(luo, elders[1], NOW + HOUR)
    assert LastValue.objects.get().values == {"battery": 80.0}
    assert past(band) == ([None], [["battery"]])
    later = drain.message("b-1", told(7200, 2, heart_rate=64.0, battery=79.0), NOW + 2 * HOUR)
    with pytest.raises(Stale):  # it remembers what is no more
        drain.take(later)
    drain.recorder.open()
    drain.take(later)
    assert LastValue.objects.get().values == {"heart_rate": 64.0, "battery": 79.0}
    assert past(band) == ([None, 64.0], [["battery"], ["battery", "heart_rate"]])


def test_family_of_the_one_before_stands_on_it_no_more(luo, band, elders):
    hand(luo, elders[1], NOW + HOUR)
    assert not Contact.objects.filter(phone_blind=blind("13900139000")).exists()
    son = ContactDraft(role="family", name="赵强", phone="13700137000")
    hand(luo, elders[0], NOW + 2 * HOUR, contacts=(son,))
    assert [one.name for one in Contact.objects.all()] == ["赵强"]


def test_whoever_is_written_down_later_was_its_wearer_all_the_time(drain, luo, told, elders):
    device = make_device(luo, "b-1", "wearable")
    drain.say("b-1", told(0, 1, heart_rate=71.0))
    hand(luo, elders[0], NOW + HOUR)
    assert Device.objects.get(pk=device.pk).watches_since is None
    assert past(device)[0] == [71.0]
    hand(luo, elders[0], NOW + 2 * HOUR, note="换了表带")
    assert past(device)[0] == [71.0], "the same person"
    hand(luo, None, NOW + 3 * HOUR)
    assert past(device)[0] == [None]


def test_a_slip_of_the_hand_costs_no_past(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0, battery=80.0))
    hand(luo, elders[1], NOW + HOUR)
    assert LastValue.objects.get().values == {"battery": 80.0}, "not shown to the next meanwhile"
    hand(luo, elders[0], NOW + HOUR + MINUTE)
    assert past(band) == ([71.0], [["battery", "heart_rate"]])
    assert LastValue.objects.get().values == {"heart_rate": 71.0, "battery": 80.0}
    hand(luo, None, NOW + 2 * HOUR)
    assert past(band)[0] == [None]
    hand(luo, elders[0], NOW + 2 * HOUR + MINUTE)
    assert past(band)[0] == [71.0]


def test_who_gets_a_device_back_is_not_told_of_who_had_it_in_between(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0))
    hand(luo, elders[1], NOW + HOUR)
    drain.recorder.open()
    drain.say("b-1", told(7200, 2, heart_rate=64.0, battery=79.0), NOW + 2 * HOUR)
    hand(luo, elders[0], NOW + 3 * HOUR)
    assert LastValue.objects.get().values == {"battery": 79.0}, "old values are not the newest"
    drain.recorder.open()
    drain.say("b-1", told(4 * 3600, 3, heart_rate=72.0), NOW + 4 * HOUR)
    rates, drawn = past(band)
    assert rates == [71.0, None, 72.0] and drawn[1] == ["battery"]
    wide = queries.series(Device.objects.get(pk=band.pk), ["heart_rate"], NOW - HOUR, NOW + 9 * HOUR, 1)
    assert wide.buckets[0].values == {}, "a stretch that is partly about somebody else"
    hand(luo, elders[1], NOW + 5 * HOUR)
    assert past(band)[0] == [None, 64.0, None]


def test_who_has_a_device_first_is_asked_for_in_one_query(luo, band, elders, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert worn([band])[band.pk].holds(NOW - HOUR)
    for n in range(6):
        hand(luo, elders[n % 2 - 1], NOW + (n + 1) * HOUR)
    device = Device.objects.get(pk=band.pk)
    with django_assert_num_queries(1):
        found = worn([device])[device.pk]
    assert [found.holds(NOW + n * HOUR) for n in range(8)] == [True, False, True, False, True, False, True, True]


def test_what_is_usual_is_known_again_within_a_day(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0, battery=80.0))
    last = LastValue.objects.get()
    usual = [[3, [[70.0]], None, 0.0, True], 0]
    last.state["r"]["rules"]["r"]["unusual~usual1.21600"] = usual
    last.save()

    def known():
        return LastValue.objects.get().state["r"]["rules"]["r"].get("unusual~usual1.21600")

    hand(luo, elders[1], NOW + HOUR)
    assert known() is None
    hand(luo, elders[0], NOW + 2 * HOUR)
    assert known() == usual
    assert not Wearing.objects.filter(kept__isnull=False, resident_uid=elders[0].uid).exists()
    hand(luo, elders[1], NOW + 3 * HOUR)
    hand(luo, elders[0], NOW + 28 * HOUR)
    assert known() is None and LastValue.objects.get().values == {"battery": 80.0}


def test_what_was_laid_aside_goes_and_who_had_it_goes_with_the_history(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0, battery=80.0))
    hand(luo, elders[1], NOW)
    day, keeps = timedelta(days=1), timedelta(days=kind("wearable").keep_days)
    assert (renewing.forget_worn(NOW + day), renewing.forget_worn(NOW + day + MINUTE)) == (0, 1)
    assert Wearing.objects.get().kept is None
    assert (renewing.forget_worn(NOW + keeps), renewing.forget_worn(NOW + keeps + MINUTE)) == (0, 1)
    assert not Wearing.objects.exists()


def test_whoever_is_erased_had_no_device(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0))
    hand(luo, elders[1], NOW + HOUR)
    actions.forget_residents([elders[0].uid], actor=luo, now=NOW + 2 * HOUR)
    assert not Wearing.objects.exists()


def test_a_double_that_is_merged_brings_what_it_wore(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0))
    hand(luo, elders[1], NOW + HOUR)
    actions.follow_resident(elders[0].uid, elders[1].uid, actor=luo, now=NOW + 2 * HOUR)
    assert past(band)[0] == [71.0]


def test_an_erased_resident_leaves_nothing_that_is_shown(drain, luo, told, band, elders):
    drain.say("b-1", told(0, 1, heart_rate=71.0, battery=80.0))
    actions.forget_residents([elders[0].uid], actor=luo, now=NOW + HOUR)
    assert LastValue.objects.get().values == {"battery": 80.0}
    assert past(band)[0] == [None] and not Contact.objects.exists()


def test_what_the_rules_remember_is_found_on_the_device(drain, luo, told):
    device = make_device(luo, "b-1", "water_level")
    assert remembered(device) is None
    drain.say("b-1", told(0, 1, level=1.5))
    rules = tuple(default_rules("water_level"))
    state = remembered(Device.objects.select_related("last").get(pk=device.pk))
    assert Engine(rules, kind("water_level").fields).learning(state).keys() == {"level"}
    assert state and "level" in str(list(state["r"]))


def test_last_private_values_are_kept_no_longer_than_the_history(drain, luo, told, band):
    breaker = make_device(luo, "b-2")
    drain.say("b-1", told(0, 1, heart_rate=71.0, battery=80.0))
    drain.say("b-2", told(0, 1, leak=3.0))
    keeps = timedelta(days=kind("wearable").keep_days)
    assert renewing.forget_silent(NOW + keeps) == 0
    assert renewing.forget_silent(NOW + keeps + timedelta(minutes=1)) == 1
    assert renewing.forget_silent(NOW + keeps + timedelta(minutes=1)) == 0
    assert LastValue.objects.get(pk=band.pk).values == {"battery": 80.0}
    assert LastValue.objects.get(pk=breaker.pk).values == {"leak": 3.0}


def test_what_was_usual_is_learned_anew_and_what_is_in_force_stays() -> None:
    state = {
        "v": 1, "t": 0, "n": 0, "a": {"heart_unusual": 1},
        "r": {"unusual~usual1.21600": [[3, [[70.0]], None, 0.0, True], 0], "high": [None, 5], "on~usual24.3600": [[1], 7]},
    }  # fmt: skip
    made = unlearned(state)
    assert made["r"] == {"high": [None, 5], "on~usual24.3600": [None, 7]}
    assert made["a"] == state["a"]


def test_undoing_a_merge_gives_back_what_each_wore(drain, luo, told, elders):
    one, two = elders
    device = make_device(luo, "b-1", "wearable", resident_uid=one.uid)
    own = make_device(luo, "b-2", "wearable", resident_uid=one.uid)
    drain.say("b-1", told(0, 1, heart_rate=71.0))
    hand(luo, two, NOW + HOUR)
    merge_records(actor=SYSTEM, now=NOW + 2 * HOUR, kind="person", keep=two.uid, other=one.uid)
    assert past(device)[0] == [71.0]
    undo_merge(actor=SYSTEM, now=NOW + 3 * HOUR, kind="person", other=one.uid)
    assert past(device)[0] == [None], "what was said of one is not told of two"
    own.refresh_from_db()
    assert own.resident_uid == one.uid and Device.objects.get(pk=device.pk).resident_uid == two.uid
    hand(luo, one, NOW + 4 * HOUR)
    assert past(device)[0] == [71.0]


@pytest.mark.parametrize("latest_first", [False, True])
def test_a_chain_of_merges_is_undone_in_any_order(luo, band, elders, latest_first):
    one, two = elders
    third = a_resident(worker(area=GRID_1), name="孙玉梅", home=a_room(worker(area=GRID_1)))

    def whose():
        return Device.objects.get(code="b-1").resident_uid

    merge_records(actor=SYSTEM, now=NOW, kind="person", keep=two.uid, other=one.uid)
    merge_records(actor=SYSTEM, now=NOW, kind="person", keep=third.uid, other=two.uid)
    assert whose() == third.uid
    for back in (two, one) if latest_first else (one, two):
        undo_merge(actor=SYSTEM, now=NOW, kind="person", other=back.uid)
        assert whose() == (two.uid if latest_first and back is two else one.uid), "as far back as it was undone"
    assert Device.objects.get(code="b-1").came_by == []


def test_what_was_handed_out_while_merged_stays_where_it_is(luo, band, elders):
    one, two = elders
    merge_records(actor=SYSTEM, now=NOW, kind="person", keep=two.uid, other=one.uid)
    hand(luo, None, NOW + HOUR)
    hand(luo, two, NOW + 2 * HOUR)
    assert actions.part_resident(one.uid, two.uid, actor=luo, now=NOW + 3 * HOUR) == 0
    assert Device.objects.get(pk=band.pk).resident_uid == two.uid
    assert Wearing.objects.get().resident_uid == one.uid, "but what was worn before is theirs"


def test_a_slip_of_the_hand_costs_no_family(luo, band, elders):
    hand(luo, elders[1], NOW + HOUR)
    assert not Contact.objects.exists()
    hand(luo, elders[0], NOW + HOUR + MINUTE)
    found = Contact.objects.get()
    assert (found.rank, found.role, found.name, found.phone) == (1, "family", "李小梅", "13900139000")
    assert bytes(found.phone_blind) == blind("13900139000")
    assert not Wearing.objects.filter(contacts__isnull=False).exists(), "brought back once"


def test_family_of_who_had_it_in_between_is_not_brought_back_to_the_first(luo, band, elders):
    son = ContactDraft(role="family", name="赵强", phone="13700137000")
    hand(luo, elders[1], NOW + HOUR, contacts=(son,))
    hand(luo, elders[0], NOW + 2 * HOUR)
    assert [one.name for one in Contact.objects.all()] == ["李小梅"]
    hand(luo, elders[1], NOW + 3 * HOUR)
    assert [one.name for one in Contact.objects.all()] == ["赵强"]


def test_family_is_laid_aside_for_a_day_and_sealed(luo, band, elders):
    hand(luo, elders[1], NOW + HOUR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT contacts FROM devices_wearing")
        assert b"13900139000" not in bytes(cursor.fetchone()[0])
    hand(luo, elders[0], NOW + 26 * HOUR)
    assert not Contact.objects.exists(), "a day is over"
    assert renewing.forget_worn(NOW + 26 * HOUR) == 1
    assert not Wearing.objects.filter(contacts__isnull=False).exists()


def test_whoever_is_erased_leaves_no_family_laid_aside(luo, band, elders):
    hand(luo, elders[1], NOW + HOUR)
    actions.forget_residents([elders[0].uid], actor=luo, now=NOW + HOUR)
    hand(luo, None, NOW + 2 * HOUR)
    assert not Contact.objects.exists() and not Wearing.objects.filter(contacts__isnull=False).exists()


def test_a_kind_known_no_more_is_forgotten_as_well(luo, band, elders, monkeypatch):
    hand(luo, elders[1], NOW)
    monkeypatch.setattr(renewing, "kinds", lambda: {"gas": kind("gas")})
    keeps = timedelta(days=kind("gas").keep_days)
    renewing.forget_worn(NOW + keeps)
    assert Wearing.objects.exists()
    renewing.forget_worn(NOW + keeps + MINUTE)
    assert not Wearing.objects.exists()


def test_private_values_go_by_the_hour_whatever_becomes_of_the_history(drain, luo, told, band, elders, monkeypatch):
    drain.say("b-1", told(0, 1, heart_rate=71.0))
    hand(luo, elders[1], NOW)
    monkeypatch.setattr(tasks, "now", lambda: NOW + 25 * HOUR)
    monkeypatch.setattr(keeping, "put_together", _broken)
    tasks.forget(0)
    assert Wearing.objects.get().kept is None
    every = [one.cron for one in app.periodic_registry.periodic_tasks.values() if one.task.name == "readings.forget"]
    assert every == ["14 * * * *"], "no more than an hour late"


def _broken(**_given):
    raise OSError("no space left on device")
