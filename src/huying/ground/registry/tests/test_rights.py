"""What a resident may ask for, and what is left after erasure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from huying.ground.registry import access, queries
from huying.ground.registry.actions import (
    answer_right,
    ask_right,
    begin_care,
    end_care,
    record_consent,
    withdraw_consent,
)
from huying.ground.registry.factories import OTHER_GRID, a_resident, a_room, editor, kept, say, worker
from huying.ground.registry.facts import ResidentErased
from huying.ground.registry.models import Consent, Proposal, Relation, Residence, RightsRequest
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.factories import MOMENT
from huying.kernel.facts import collected

pytestmark = pytest.mark.django_db
SELF = Actor("resident", "user:9", "王秀英")


def test_erasure_leaves_nothing_personal() -> None:
    row = a_resident(home=a_room(), phone="19912348823", birth_date="1950-01-01")
    say(worker(), "relation", resident=str(row.uid), kind="child", contact_name="王强壮", contact_phone="19911112222")
    say(worker(), "person", uid=row.uid, base=1, name="王秀瑛")
    record_consent(actor=SELF, now=MOMENT, resident=row, purpose="寄送通知", notice="2026-01", how="portal")
    asked = ask_right(actor=SELF, now=MOMENT, kind="erasure", text="已经搬走，请删除", resident=row)
    assert asked.due_at == MOMENT + timedelta(days=30)
    assert ask_right(actor=SELF, now=MOMENT, kind="erasure", text="再说一次", resident=row).pk == asked.pk
    with collected() as facts:
        answer_right(actor=editor(), now=MOMENT, request_id=asked.pk, grant=True, answer="已核实并删除")
    assert [fact.uid for fact in facts if isinstance(fact, ResidentErased)] == [row.uid]
    now = kept("person", row.uid)
    assert (now.state, now.ending, now.private, now.find, now.id_blind) == ("ended", "erased", None, [], None)
    assert not Residence.objects.filter(resident=row.uid, state="active").exists()
    assert Relation.objects.get().private is None
    assert Consent.objects.get().withdrawn_at == MOMENT
    assert not Proposal.objects.filter(decided_at=None).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM registry_change WHERE private IS NOT NULL AND kind IN ('person', 'relation')"
        )
        assert cursor.fetchone()[0] == 0
    assert queries.find(editor(), "王秀英", ended=True).rows == []
    with pytest.raises(Forbidden):
        access.door(editor(), now, "看看还有没有", ["name"], MOMENT)
    with pytest.raises(Refused):
        say(editor(), "person", uid=row.uid, base=now.version, name="王秀英")


def test_who_stands_on_a_list_is_not_erased() -> None:
    row = a_resident()
    made = begin_care(
        actor=editor(), now=MOMENT, resident=row.uid, list="disabled", basis="残疾人保障法", until=date(2026, 9, 1)
    )
    asked = ask_right(actor=SELF, now=MOMENT, kind="erasure", text="请删除", resident=row)
    with pytest.raises(Refused):
        answer_right(actor=editor(), now=MOMENT, request_id=asked.pk, grant=True, answer="删除")
    assert (kept("person", row.uid).value("name"), RightsRequest.objects.get().state) == ("王秀英", "open")
    end_care(actor=editor(), now=MOMENT, uid=made.uid, base=1)
    answer_right(actor=editor(), now=MOMENT, request_id=asked.pk, grant=True, answer="删除")
    assert kept("person", row.uid).ending == "erased"


def test_requests_are_answered_once_with_words_by_who_may() -> None:
    row = a_resident()
    asked = ask_right(actor=SELF, now=MOMENT, kind="correction", text="名字写错了", resident=row)
    with pytest.raises(NotFound):
        answer_right(actor=worker(), now=MOMENT, request_id=asked.pk, grant=True, answer="好的")
    with pytest.raises(Invalid):
        answer_right(actor=editor(), now=MOMENT, request_id=asked.pk, grant=False, answer=" ")
    answer_right(actor=editor(), now=MOMENT, request_id=asked.pk, grant=False, answer="与户口簿一致")
    with pytest.raises(Refused):
        answer_right(actor=editor(), now=MOMENT, request_id=asked.pk, grant=True, answer="再改")
    with pytest.raises(Invalid):
        ask_right(actor=SELF, now=MOMENT, kind="revenge", text="请删除", resident=row)
    with pytest.raises(NotFound):
        ask_right(actor=worker(90, area=OTHER_GRID), now=MOMENT, kind="copy", text="代为申请", resident=row)
    assert RightsRequest.objects.count() == 1


def test_consent_is_given_once_and_withdrawn() -> None:
    row = a_resident()
    given = record_consent(actor=worker(), now=MOMENT, resident=row, purpose="活动通知", notice="2026-01", how="paper")
    with pytest.raises(Conflict):
        record_consent(actor=worker(), now=MOMENT, resident=row, purpose="活动通知", notice="2026-01", how="paper")
    with pytest.raises(Invalid):
        record_consent(actor=worker(), now=MOMENT, resident=row, purpose=" ", notice="2026-01", how="paper")
    with pytest.raises(NotFound):
        withdraw_consent(actor=worker(90, area=OTHER_GRID), now=MOMENT, consent=given)
    withdraw_consent(actor=SELF, now=MOMENT, consent=given)
    with pytest.raises(Refused):
        withdraw_consent(actor=SELF, now=MOMENT, consent=given)
    record_consent(actor=worker(), now=MOMENT, resident=row, purpose="活动通知", notice="2026-02", how="paper")
    assert Consent.objects.count() == 2
