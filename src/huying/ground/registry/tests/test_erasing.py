"""What ended is kept no longer than this place decided; what is erased leaves no copy behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.ground.registry import access, queries
from huying.ground.registry.actions import (
    ask_right,
    begin_care,
    change,
    erase_resident,
    expire_care,
    forget_ended,
    merge_records,
    undo_merge,
)
from huying.ground.registry.factories import a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.facts import ResidentErased
from huying.ground.registry.models import CareEntry, Change, Proposal, Relation, Residence, RightsRequest
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Forbidden, Refused
from huying.kernel.factories import MOMENT
from huying.kernel.facts import collected, subscribe, unsubscribe
from huying.kernel.indexes import BuildIndex
from huying.kernel.models import Entry

pytestmark = pytest.mark.django_db
SELF = Actor("resident", "user:9", "王秀英")
KEEP = timedelta(days=1095)


def forget(days: int) -> int:
    return forget_ended(actor=system("retention"), now=MOMENT + timedelta(days=days), keep=KEEP)


def gone(kind: str, row: Any) -> bool:
    """Nothing of it can be read, neither from the record nor from its history; not even that there was a number to call."""
    now = kept(kind, row.uid)
    steps = Change.objects.filter(kind=kind, subject=row.uid)
    told = getattr(now, "reachable", False)
    return now.private is None and not told and not any(step.private or step.plain for step in steps)


def test_erasing_reaches_the_doubles_that_were_merged_and_what_was_asked() -> None:
    row, double = a_resident(phone="19912348823"), a_resident(name="王秀瑛", phone="19912348823")
    first = a_resident(name="王秀")
    merge_records(actor=editor(), now=MOMENT, kind="person", keep=double.uid, other=first.uid)
    merge_records(actor=editor(), now=MOMENT, kind="person", keep=row.uid, other=double.uid)
    ask_right(actor=SELF, now=MOMENT, kind="correction", text="我叫王秀英，电话写错了", resident=row)
    RightsRequest.objects.update(state="refused", answer="与户口簿一致", answered_at=MOMENT)
    with collected() as facts:
        erase_resident(actor=editor(), now=MOMENT, resident=row, why="本人申请")
    assert all(gone("person", one) for one in (row, double, first))
    assert RightsRequest.objects.get().text is None
    (told,) = (fact for fact in facts if isinstance(fact, ResidentErased))
    assert set(told.uids) == {row.uid, double.uid, first.uid}
    assert kept("person", double.uid).merged_into_id == row.uid  # a signpost, and nothing but that
    with pytest.raises(Forbidden):
        access.door(editor(), kept("person", double.uid), "看看还有没有", ["name"], MOMENT)
    with pytest.raises(Refused):
        undo_merge(actor=editor(), now=MOMENT, kind="person", other=double.uid)
    assert kept("person", double.uid).state == "merged"


def test_what_waited_for_a_decision_waits_no_more() -> None:
    row, op = a_resident(), uuid4()
    change(
        actor=worker(), now=MOMENT, kind="person", uid=row.uid, base=row.version, changes={"phone": "13811112222"},
        source="form", op=op, review="always",
    )  # fmt: skip
    assert Proposal.objects.get().state == "waiting"
    erase_resident(actor=editor(), now=MOMENT, resident=row, why="本人申请")
    left = Proposal.objects.get()
    assert (left.state, left.values, left.decided_by, left.decided_at) == ("declined", None, "", MOMENT)


def test_who_moved_away_is_forgotten_after_the_time_and_not_a_day_before() -> None:
    stays, left = a_resident(name="张三丰"), a_resident(home=a_room(), phone="19912348823")
    say(editor(), "person", uid=left.uid, base=left.version, ending="moved", ended_on=MOMENT.date().isoformat())
    assert forget(1095) == 0 and kept("person", left.uid).value("name") == "王秀英"
    with collected() as facts:
        assert forget(1097) > 0
    assert [fact.uid for fact in facts if isinstance(fact, ResidentErased)] == [left.uid]
    assert gone("person", left) and kept("person", left.uid).ending == "erased"
    assert queries.find(editor(), "8823", ended=True).rows == []
    assert kept("person", stays.uid).value("name") == "张三丰"
    assert Entry.objects.filter(chain=f"registry:{left.uid}", actor_ref="system:retention").exists()
    assert forget(1097) == 0


def test_a_double_is_forgotten_while_the_one_that_was_kept_stays() -> None:
    row, double = a_resident(phone="19912348823"), a_resident(name="王秀瑛", phone="19912348824")
    merge_records(actor=editor(), now=MOMENT, kind="person", keep=row.uid, other=double.uid)
    assert forget(1094) == 0
    with collected() as facts:
        assert forget(1096) == 1
    assert not any(isinstance(fact, ResidentErased) for fact in facts)  # they live here: what is known of them stays
    assert gone("person", double) and kept("person", double.uid).merged_into_id == row.uid
    assert kept("person", row.uid).value("phone") == "19912348823" and kept("person", row.uid).state == "active"


def test_what_was_said_under_an_emptied_double_goes_with_the_record_that_was_kept() -> None:
    row, double = a_resident(phone="19912348823"), a_resident(name="王秀瑛", phone="19912348824")
    merge_records(actor=editor(), now=MOMENT, kind="person", keep=row.uid, other=double.uid)
    assert forget(1096) == 1
    with collected() as facts:
        erase_resident(actor=editor(), now=MOMENT + timedelta(days=1097), resident=row, why="本人申请")
    (told,) = (fact for fact in facts if isinstance(fact, ResidentErased))
    assert set(told.uids) == {row.uid, double.uid}
    emptied = Change.objects.filter(subject=double.uid, verb=Change.Verb.ERASED)
    assert emptied.count() == 1  # and not once more


def test_each_person_is_forgotten_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [a_resident(name=name, phone=f"1991234882{place}") for place, name in enumerate(("甲一", "乙二", "丙三"))]
    for row in left:
        say(editor(), "person", uid=row.uid, base=row.version, ending="moved", ended_on=MOMENT.date().isoformat())
    monkeypatch.setattr("huying.ground.registry.actions.erasing._MOST_AT_ONCE", 2)
    levels: list[int] = []

    def fail(facts: Sequence[ResidentErased]) -> None:
        levels.append(len(facts))
        if facts[0].uid == left[1].uid:
            raise RuntimeError("a room above cannot")

    subscribe(ResidentErased)(fail)
    try:
        with pytest.raises(RuntimeError):
            forget(1097)
    finally:
        unsubscribe(fail)
    assert levels == [1, 1]
    assert [gone("person", row) for row in left] == [True, False, False]
    assert forget(1097) == 2 and all(gone("person", row) for row in left)


def test_lists_stays_and_contacts_that_ended_go_and_those_in_force_stay() -> None:
    row = a_resident(home=a_room())
    law = "残疾人保障法"
    begin_care(
        actor=editor(),
        now=MOMENT,
        resident=row.uid,
        list="disabled",
        basis=law,
        reason="肢体二级",
        until=date(2026, 9, 1),
    )
    contact = say(
        worker(), "relation", resident=str(row.uid), kind="child", contact_name="王强", contact_phone="13811112222"
    )
    say(editor(), "relation", uid=contact.uid, base=1, ending="done")
    say(worker(), "relation", resident=str(row.uid), kind="child", contact_name="王刚", contact_phone="13811112223")
    expire_care(actor=system("registry"), now=MOMENT + timedelta(days=400))
    assert forget(1500) > 0
    assert not CareEntry.objects.exists() and not Change.objects.filter(kind="care").exclude(plain={}).exists()
    assert [one.secrets["contact_name"] for one in Relation.objects.all()] == ["王刚"]
    assert Residence.objects.get(resident=row.uid).until is None
    assert kept("person", row.uid).value("name") == "王秀英"


def test_closed_places_no_longer_name_whom_to_call() -> None:
    shop = say(worker(), "premises", kind="shop", name="小卖部", keeper_name="赵老板", keeper_phone="13811112222")
    open_one = say(worker(), "premises", kind="shop", name="早餐店", keeper_name="钱老板")
    say(editor(), "premises", uid=shop.uid, base=1, ending="closed")
    assert forget(1200) == 1
    closed = kept("premises", shop.uid)
    assert gone("premises", closed) and closed.name == "小卖部"
    assert queries.find(editor(), "1112 小卖部", ended=True).rows == []
    assert kept("premises", open_one.uid).value("keeper_name") == "钱老板"
    assert forget(1200) == 0


def steps_of_the_night() -> list[str]:
    """How the database finds what each step of a night's forgetting goes through."""
    with CaptureQueriesContext(connection) as asked:
        forget(1200)
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for one in asked.captured_queries:
            if one["sql"].startswith("SELECT") and " LIMIT " in one["sql"] and "FOR UPDATE" not in one["sql"]:
                cursor.execute("EXPLAIN " + one["sql"])
                found.append("\n".join(line for (line,) in cursor.fetchall()))
    return found


def test_a_night_finds_what_is_over_by_its_indexes() -> None:
    indexes = (
        "resident_ended", "resident_doubles", "relation_ended", "residence_ended", "residence_until",
        "careentry_ended", "premises_kept", "household_kept", "organisation_kept",
    )  # fmt: skip
    for _number in range(30):  # a town, if a small one: what an empty table's statistics are is chance
        a_resident()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_resident, registry_change")
    plans = steps_of_the_night()
    assert [name for name, plan in zip(indexes, plans, strict=True) if f" registry_{name} " not in plan] == []


def test_a_night_in_small_steps_forgets_all_and_goes_through_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    shops = [say(worker(), "premises", kind="shop", name=name, keeper_name="赵") for name in ("甲店", "乙店", "丙店")]
    for row in shops:
        say(editor(), "premises", uid=row.uid, base=1, ending="closed")
    monkeypatch.setattr("huying.ground.registry.actions.erasing._MOST_AT_ONCE", 1)
    steps = [plan for plan in steps_of_the_night() if " registry_premises_kept " in plan]
    assert len(steps) == 4 and ["ended_on >=" in plan for plan in steps] == [False, True, True, True]
    assert all(gone("premises", row) for row in shops) and forget(1200) == 0


def test_its_indexes_are_built_while_others_write() -> None:
    migration = import_module("huying.ground.registry.migrations.0005_forgetting").Migration
    assert {type(one) for one in migration.operations} == {BuildIndex} and migration.atomic is False
