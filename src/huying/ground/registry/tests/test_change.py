"""The one way in: births, merging, rules, proposals, retries, refusals that leave nothing behind."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from huying.ground.registry import access
from huying.ground.registry.actions import confirm, decide_proposal
from huying.ground.registry.factories import GRID, OTHER_GRID, a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.facts import PremisesRated, RegistryChanged
from huying.ground.registry.likeness import note_likenesses
from huying.ground.registry.models import (
    Change,
    Likeness,
    Premises,
    Proposal,
    Receipt,
    Relation,
    Residence,
    Resident,
)
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.factories import MOMENT
from huying.kernel.facts import collected
from huying.kernel.privacy import AccessEntry
from huying.kernel.trace import Entry

pytestmark = pytest.mark.django_db
ID = "990101195001010029"


def nothing_written() -> bool:
    return not (
        Resident.objects.exists() or Change.objects.exists() or Proposal.objects.exists() or Entry.objects.exists()
    )


def test_a_birth_is_kept_with_history_home_and_facts() -> None:
    room = a_room()
    with collected() as facts:
        row = a_resident(home=room, phone="19912348823", id_number=ID)
    assert (row.version, row.area, row.state, row.born_year, row.sex) == (1, GRID, "active", 1950, "female")
    assert row.value("name") == "王秀英"
    stay = Residence.objects.get(resident=row)
    assert (stay.premises_id, stay.kind, stay.until, stay.area) == (room.uid, "lives", None, GRID)
    step = Change.objects.get(kind="person", subject=row.uid)
    assert (step.verb, step.version, step.author) == ("born", 1, "person:71")
    assert "name" not in step.plain
    assert "王秀英" in (step.private or "")
    assert [fact.kind for fact in facts if isinstance(fact, RegistryChanged)] == ["person", "residence"]
    assert room.address == "丽景园3栋502室"


def test_private_values_are_sealed_at_rest() -> None:
    from django.db import connection

    row = a_resident(phone="19912348823")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM registry_resident r WHERE uid = %s", [row.uid])
        raw = cursor.fetchone()[0]
    assert "王秀英" not in raw
    assert "19912348823" not in raw


def test_changes_to_different_fields_meet_and_to_the_same_field_go_to_a_person() -> None:
    row = a_resident(phone="19900000001")
    first, second = worker(71), worker(72)
    assert say(first, "person", uid=row.uid, base=1, employer="一厂").state == "applied"
    assert say(second, "person", uid=row.uid, base=1, health="高血压").state == "applied"
    clash = say(second, "person", uid=row.uid, base=1, employer="二厂", education="初中")
    assert (clash.state, clash.conflicts) == ("conflict", {"employer": ("一厂", "二厂")})
    now = kept("person", row.uid)
    assert (now.value("employer"), now.value("health"), now.value("education"), now.version) == (
        "一厂",
        "高血压",
        "初中",
        4,
    )
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.fields, proposal.area) == ("conflict", ["employer"], GRID)
    decide_proposal(actor=editor(), now=MOMENT, proposal_id=proposal.pk, accept=None)
    now = kept("person", row.uid)
    assert now.value("employer") == "二厂"
    assert Change.objects.get(subject=row.uid, version=5).author == "person:72"


def test_what_is_weighty_waits_and_nobody_decides_about_their_own() -> None:
    row = a_resident()
    lead = worker(80, role="grid_lead")
    waits = say(worker(), "person", uid=row.uid, base=1, name="王秀瑛", phone="19900000001")
    assert waits.state == "waiting"
    assert (kept("person", row.uid).value("name"), kept("person", row.uid).value("phone")) == ("王秀英", "19900000001")
    own = worker(71, role="grid_lead")
    with pytest.raises(Forbidden):
        decide_proposal(actor=own, now=MOMENT, proposal_id=waits.proposal_id or 0, accept=None)
    with pytest.raises(NotFound):
        decide_proposal(actor=editor(area="449002"), now=MOMENT, proposal_id=waits.proposal_id or 0, accept=None)
    with pytest.raises(NotFound):
        decide_proposal(actor=worker(), now=MOMENT, proposal_id=waits.proposal_id or 0, accept=None)
    with pytest.raises(Invalid):
        decide_proposal(actor=lead, now=MOMENT, proposal_id=waits.proposal_id or 0, accept=[])
    declined = decide_proposal(
        actor=lead, now=MOMENT, proposal_id=waits.proposal_id or 0, accept=[], reason="户口簿上是英"
    )
    assert (declined.state, kept("person", row.uid).value("name")) == ("declined", "王秀英")
    with pytest.raises(Refused):
        decide_proposal(actor=lead, now=MOMENT, proposal_id=waits.proposal_id or 0, accept=None)


def test_the_same_operation_again_answers_the_same_and_writes_nothing() -> None:
    row = a_resident(employer="一厂")
    say(worker(72), "person", uid=row.uid, base=1, employer="二厂")
    op = uuid4()
    first = say(worker(), "person", uid=row.uid, base=1, op=op, employer="三厂", education="高中")
    counts = (Change.objects.count(), Proposal.objects.count(), Receipt.objects.count(), Entry.objects.count())
    assert say(worker(), "person", uid=row.uid, base=1, op=op, employer="三厂", education="高中") == first
    assert counts == (Change.objects.count(), Proposal.objects.count(), Receipt.objects.count(), Entry.objects.count())
    with pytest.raises(Conflict):
        say(worker(), "person", uid=uuid4(), op=op, name="别人")


def test_a_birth_sent_twice_is_one_record() -> None:
    uid, op = uuid4(), uuid4()
    first = say(worker(), "person", uid=uid, op=op, name="李桂兰")
    assert say(worker(), "person", uid=uid, op=op, name="李桂兰") == first
    assert Resident.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "王", "shoe_size": 43}, "shoe_size"),
        ({"name": "王", "id_number": "990101195001010020"}, "id_number"),
        ({"name": "王", "phone": "打不通"}, "phone"),
        ({"name": "王", "birth_date": "去年"}, "birth_date"),
        ({"name": "王", "sex": "x"}, "sex"),
        ({"name": "王", "home": str(uuid4())}, "home"),
        ({"sex": "female"}, "name"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(values: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        say(worker(), "person", **values)
    assert refused.value.field == field
    assert nothing_written()


def test_strangers_find_nothing_and_onlookers_change_nothing() -> None:
    row = a_resident()
    stranger = worker(90, area=OTHER_GRID)
    with pytest.raises(NotFound):
        access.get(stranger, "person", row.uid)
    with pytest.raises(NotFound):
        say(stranger, "person", uid=row.uid, base=1, employer="一厂")
    onlooker = worker(91, area="449001", role="centre_lead")
    assert access.get(onlooker, "person", row.uid).pk == row.pk
    with pytest.raises(Forbidden):
        say(onlooker, "person", uid=row.uid, base=1, employer="一厂")
    with pytest.raises(Forbidden):
        say(onlooker, "person", name="新人")
    with pytest.raises(NotFound):
        access.get(worker(92, role="handler"), "person", row.uid)
    assert kept("person", row.uid).version == 1
    assert Resident.objects.count() == 1


def test_an_identity_is_registered_once() -> None:
    first = a_resident(id_number=ID)
    with pytest.raises(Conflict) as refused:
        say(worker(72), "person", name="王秀英", id_number=ID)
    assert str(first.uid) in str(refused.value.hint)
    with pytest.raises(Conflict) as refused:
        say(worker(73, area=OTHER_GRID), "person", name="王秀英", id_number=ID)
    assert str(first.uid) not in str(refused.value.hint)
    assert Resident.objects.count() == 1


def test_moving_ends_one_stay_and_begins_another() -> None:
    room = a_room()
    other = a_room(name="301室", building="5栋", compound="滨河苑")
    row = a_resident(home=room)
    say(worker(), "person", uid=row.uid, base=1, home=str(other.uid))
    stays = list(Residence.objects.filter(resident=row).order_by("id"))
    assert [(stay.premises_id, stay.until is None) for stay in stays] == [(room.uid, False), (other.uid, True)]
    back = say(worker(), "residence", resident=str(row.uid), premises=str(room.uid), kind="lives", since="2026-03-02")
    assert back.state == "applied"
    assert kept("person", row.uid).home_id == room.uid
    assert Residence.objects.filter(resident=row, until=None).count() == 1


def test_leaving_ends_everything_and_coming_back_is_possible() -> None:
    room = a_room()
    row = a_resident(home=room)
    gone = say(editor(), "person", uid=row.uid, base=1, ending="moved")
    now = kept("person", row.uid)
    assert (gone.state, now.state, now.home_id, now.ended_on is not None) == ("applied", "ended", None, True)
    assert not Residence.objects.filter(resident=row, until=None).exists()
    say(editor(), "person", uid=row.uid, base=now.version, ending="", ended_on=None, home=str(room.uid))
    assert kept("person", row.uid).state == "active"


def test_a_renamed_compound_is_found_by_its_new_name_everywhere() -> None:
    room = a_room()
    row = a_resident(home=room)
    top = Premises.objects.get(kind="compound")
    assert say(worker(), "premises", uid=top.uid, base=1, name="和园").state == "waiting"
    say(editor(), "premises", uid=top.uid, base=1, name="和园")
    assert kept("premises", room.uid).address == "和园3栋502室"
    assert kept("person", row.uid).find != row.find


def test_a_tree_has_no_cycle_and_lived_in_rooms_do_not_end() -> None:
    room = a_room()
    a_resident(home=room)
    top = Premises.objects.get(kind="compound")
    with pytest.raises(Conflict):
        say(editor(), "premises", uid=top.uid, base=1, parent=str(room.uid))
    with pytest.raises(Refused):
        say(editor(), "premises", uid=room.uid, base=1, ending="demolished")
    assert kept("premises", top.uid).version == 1


def test_risk_rises_at_once_and_falls_after_a_decision() -> None:
    room = a_room()
    with collected() as facts:
        assert say(worker(), "premises", uid=room.uid, base=1, risk="red").state == "applied"
    assert [fact.risk for fact in facts if isinstance(fact, PremisesRated)] == ["red"]
    assert say(worker(), "premises", uid=room.uid, base=2, risk="green").state == "waiting"
    assert kept("premises", room.uid).risk == "red"


def test_small_premises_stay_within_their_limits() -> None:
    with pytest.raises(Invalid) as refused:
        say(worker(), "premises", kind="shop", name="大卖场", small_kind="shop", floor_area=301)
    assert refused.value.field == "floor_area"


def test_relations_lie_where_their_resident_does() -> None:
    row = a_resident(home=a_room())
    say(worker(), "relation", resident=str(row.uid), kind="child", contact_name="王强", contact_phone="19911112222",
        emergency_rank=1)  # fmt: skip
    relation = Relation.objects.get()
    assert (relation.area, relation.value("contact_phone")) == (GRID, "19911112222")
    with pytest.raises(Invalid):
        say(worker(), "relation", resident=str(row.uid), kind="child")


def test_people_alike_are_noted_for_a_person() -> None:
    a_resident(birth_date="1950-01-01")
    a_resident(birth_date="1950-01-01")
    a_resident(name="李四", birth_date="1950-01-01")
    like = Likeness.objects.get()
    assert (like.reasons, like.area) == (["same_birth"], GRID)


def test_a_name_that_stands_for_many_is_no_likeness_and_hides_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody like more others than a person can judge is left to people; who shares a phone beside it is not."""
    monkeypatch.setattr("huying.ground.registry.likeness._MOST_ALIKE", 3)
    others = [a_resident(name="无名氏", birth_date="1900-01-01") for _number in range(4)]
    assert Likeness.objects.count() == 6, "each pair among four: a newcomer of them is like three at most"
    a_resident(name="无名氏", birth_date="1900-01-01")
    assert Likeness.objects.count() == 6, "the fifth is like four"
    friend = a_resident(name="无双", phone="19912340000")
    again = note_likenesses([*others, friend], MOMENT)
    assert again == 0
    twin = a_resident(name="无双", phone="19912340000")
    like = Likeness.objects.order_by("pk").last()
    assert like is not None and {like.one, like.other} == {friend.uid, twin.uid} and like.reasons == ["same_phone"]


def test_confirming_makes_fresh_without_a_new_version() -> None:
    row = a_resident()
    later = MOMENT + timedelta(days=3)
    confirm(actor=worker(72), now=later, kind="person", uid=row.uid)
    now = kept("person", row.uid)
    assert (now.checked_at, now.checked_by, now.version) == (later, "person:72", 1)
    with pytest.raises(NotFound):
        confirm(actor=worker(90, area=OTHER_GRID), now=later, kind="person", uid=row.uid)


def test_the_door_writes_down_who_looked() -> None:
    row = a_resident(phone="19912348823")
    with pytest.raises(Invalid):
        access.door(worker(), row, "", ["phone"], MOMENT)
    assert not AccessEntry.objects.exists()
    assert access.door(worker(), row, "电话回访", ["phone"], MOMENT) == {"phone": "19912348823"}
    entry = AccessEntry.objects.get()
    assert (entry.subject, entry.what) == (f"resident:{row.pk}", ["phone"])
    with pytest.raises(NotFound):
        access.door(worker(90, area=OTHER_GRID), row, "看看", ["phone"], MOMENT)


def test_a_merged_or_unknown_version_is_refused() -> None:
    row = a_resident()
    with pytest.raises(Invalid):
        say(worker(), "person", uid=row.uid, base=7, employer="一厂")
    with pytest.raises(NotFound):
        say(worker(), "person", uid=uuid4(), base=3, employer="一厂")
    with pytest.raises(Invalid):
        say(worker(), "castle", name="x")
