"""Two records become one and can be told apart again; care lists begin, end and expire."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from huying.ground.registry.actions import (
    begin_care,
    decide_proposal,
    end_care,
    expire_care,
    merge_records,
    tell_apart,
    undo_merge,
)
from huying.ground.registry.factories import OTHER_GRID, a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.facts import CareBegan, CareEnded, RecordsMerged, RecordsSplit
from huying.ground.registry.likeness import find_likenesses
from huying.ground.registry.models import CareEntry, Likeness, Relation, Residence
from huying.kernel.actor import system
from huying.kernel.errors import Invalid, NotFound, Refused
from huying.kernel.factories import MOMENT
from huying.kernel.facts import collected

pytestmark = pytest.mark.django_db
BASIS = "《老年人权益保障法》第三十条"


def test_everything_follows_the_kept_record_and_back_again() -> None:
    room, other_room = a_room(), a_room(name="301室", building="5栋", compound="滨河苑")
    keep = a_resident(home=room, birth_date="1950-01-01")
    twin = a_resident(home=other_room, birth_date="1950-01-01", phone="19912348823")
    say(worker(), "relation", resident=str(twin.uid), kind="child", contact_name="王强")
    pair = Likeness.objects.get()
    with collected() as facts:
        merge_records(actor=editor(), now=MOMENT, kind="person", keep=keep.uid, other=twin.uid)
    gone = kept("person", twin.uid)
    assert (gone.state, gone.merged_into_id) == ("merged", keep.uid)
    assert kept("person", keep.uid).value("phone") == "19912348823"
    assert Relation.objects.get().resident_id == keep.uid
    assert Residence.objects.filter(resident=keep.uid).count() == 2
    assert Residence.objects.filter(resident=keep.uid, until=None).count() == 1
    assert Likeness.objects.get(pk=pair.pk).state == "merged"
    assert isinstance(facts[0], RecordsMerged)
    with pytest.raises(Invalid):
        say(worker(), "person", uid=twin.uid, base=gone.version, employer="一厂")
    with collected() as facts:
        undo_merge(actor=editor(), now=MOMENT, kind="person", other=twin.uid)
    assert Relation.objects.get().resident_id == twin.uid
    assert (kept("person", twin.uid).state, Likeness.objects.get().state) == ("active", "open")
    assert [type(fact) for fact in facts] == [RecordsSplit]


def test_merging_is_for_who_may_decide_about_both() -> None:
    one, other = a_resident(), a_resident(worker(73, area=OTHER_GRID), name="王秀英")
    for actor in (worker(), worker(80, role="grid_lead"), editor(area="449002")):
        with pytest.raises(NotFound):
            merge_records(actor=actor, now=MOMENT, kind="person", keep=one.uid, other=other.uid)
    with pytest.raises(Invalid):
        merge_records(actor=editor(), now=MOMENT, kind="person", keep=one.uid, other=one.uid)
    with pytest.raises(NotFound):
        undo_merge(actor=editor(), now=MOMENT, kind="person", other=one.uid)
    assert kept("person", other.uid).version == 1


def test_rooms_merge_with_who_lives_there() -> None:
    room = a_room()
    double = kept("premises", say(worker(), "premises", kind="room", name="502室", parent=str(room.parent_id)).uid)
    assert Likeness.objects.get().reasons == ["same_place"]
    row = a_resident(home=double)
    merge_records(actor=editor(), now=MOMENT, kind="premises", keep=room.uid, other=double.uid)
    assert kept("person", row.uid).home_id == room.uid
    assert Residence.objects.get(resident=row.uid).premises_id == room.uid


def test_told_apart_once_stays_told_apart() -> None:
    a_resident(birth_date="1950-01-01")
    a_resident(birth_date="1950-01-01")
    pair = Likeness.objects.get()
    with pytest.raises(NotFound):
        tell_apart(actor=worker(), now=MOMENT, likeness_id=pair.pk)
    tell_apart(actor=editor(), now=MOMENT, likeness_id=pair.pk)
    assert find_likenesses(since=MOMENT - timedelta(days=1), now=MOMENT) == 0
    assert Likeness.objects.get().state == "different"
    with pytest.raises(Refused):
        tell_apart(actor=editor(), now=MOMENT, likeness_id=pair.pk)


def test_a_care_entry_waits_begins_and_expires_by_itself() -> None:
    row = a_resident()
    waits = begin_care(
        actor=worker(),
        now=MOMENT,
        resident=row.uid,
        list="elder_alone",
        basis=BASIS,
        until=date(2026, 9, 1),
        reason="独居",
    )
    assert (waits.state, CareEntry.objects.count()) == ("waiting", 0)
    with collected() as facts:
        decide_proposal(actor=editor(), now=MOMENT, proposal_id=waits.proposal_id or 0, accept=None)
    assert [fact.list for fact in facts if isinstance(fact, CareBegan)] == ["elder_alone"]
    entry = CareEntry.objects.get()
    assert (entry.value("reason"), entry.area) == ("独居", row.area)
    clock = system("registry")
    assert expire_care(actor=clock, now=MOMENT) == 0
    with collected() as facts:
        assert expire_care(actor=clock, now=MOMENT + timedelta(days=400)) == 1
    assert [fact.why for fact in facts if isinstance(fact, CareEnded)] == ["expired"]
    assert CareEntry.objects.get().state == "ended"
    assert expire_care(actor=clock, now=MOMENT + timedelta(days=400)) == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"basis": ""}, "basis"),
        ({"until": date(2026, 1, 1)}, "until"),
        ({"list": "neighbours"}, "list"),
        ({"visits_every": 0}, "visits_every"),
    ],
)
def test_a_list_needs_law_and_an_end(given: dict[str, object], field: str) -> None:
    row = a_resident()
    whole: dict[str, object] = {"list": "elder_alone", "basis": BASIS, "until": date(2026, 9, 1)}
    with pytest.raises(Invalid) as refused:
        begin_care(actor=editor(), now=MOMENT, resident=row.uid, **{**whole, **given})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not CareEntry.objects.exists()


def test_care_ends_before_its_time_by_decision() -> None:
    row = a_resident()
    made = begin_care(
        actor=editor(), now=MOMENT, resident=row.uid, list="disabled", basis=BASIS, until=date(2026, 9, 1)
    )
    assert end_care(actor=worker(), now=MOMENT, uid=made.uid, base=1).state == "waiting"
    with pytest.raises(NotFound):
        end_care(actor=worker(91, role="centre_lead", area="449001"), now=MOMENT, uid=made.uid, base=1)
    assert end_care(actor=editor(), now=MOMENT, uid=made.uid, base=1).state == "applied"
    assert CareEntry.objects.get().ending == "done"
