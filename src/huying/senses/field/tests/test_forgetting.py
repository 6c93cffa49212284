"""Somebody is erased from the registry: nobody calls on them any more, and what was noted at their door goes."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from huying.casework.cases.factories import GRID_1, NOW, Cast
from huying.ground.registry.actions import begin_care, change, end_care, erase_resident
from huying.ground.registry.models import Premises, Resident
from huying.kernel.actor import system
from huying.kernel.errors import Conflict
from huying.senses.field import actions
from huying.senses.field.models import Dispute, Sighting, Task
from huying.senses.field.rules import Ask, TaskKind
from huying.senses.forms.models import Submission
from huying.senses.sync.actions import take_operations
from huying.senses.sync.factories import make_device, raw, sent
from huying.senses.sync.models import Operation

from .test_disputing import at_noon, in_dispute, shop

__all__ = ["at_noon", "shop"]
FIELD, TEST = system("field"), system("test")
TODAY = date(2026, 3, 10)


def resident(cast: Cast, name: str) -> Resident:
    uid = uuid4()
    change(actor=cast.tang_grid, now=NOW, kind="person", uid=uid, base=0, changes={"name": name}, source="test")
    Resident.objects.filter(uid=uid).update(area=GRID_1)
    return Resident.objects.get(uid=uid)


def asked(row: Resident, key: str) -> Task:
    ask = Ask(
        source="test", key=key, kind=TaskKind.VISIT, title="走访", area=GRID_1, opens_on=TODAY,
        due_on=TODAY + timedelta(days=3), subject_kind="person", subject_uid=row.uid, address="丽景园3栋502室",
        lon=120.005, lat=30.005,
    )  # fmt: skip
    (uid,) = actions.ask_tasks([ask], actor=FIELD, now=NOW)
    return Task.objects.get(uid=uid)


def test_what_was_noted_at_the_door_goes_and_that_somebody_went_stays(cast: Cast) -> None:
    row, other = resident(cast, "王秀英"), resident(cast, "别人")
    passed, waiting, theirs = asked(row, "a"), asked(row, "b"), asked(other, "c")
    for task in (passed, theirs):
        actions.skip_task(task.uid, why="other", words="住到女儿家去了", actor=cast.tang_grid, now=NOW, at=NOW)
    Sighting.objects.create(uid=uuid4(), task=passed, by_name="唐", text="门口没有人", at=NOW, received_at=NOW)
    law = begin_care(
        actor=TEST, now=NOW, resident=row.uid, list="disabled", basis="残疾人保障法", until=date(2026, 9, 1)
    )
    end_care(actor=TEST, now=NOW, uid=law.uid, base=1)
    erase_resident(actor=TEST, now=NOW, resident=row, why="本人申请")
    passed.refresh_from_db(), waiting.refresh_from_db(), theirs.refresh_from_db()
    assert (passed.state, passed.skip, passed.skip_words, passed.address, passed.lon) == (
        "skipped",
        "other",
        "",
        "",
        None,
    )
    assert (waiting.state, waiting.address) == ("ended", "")
    assert Sighting.objects.get().text is None
    assert (theirs.skip_words, theirs.address) == ("住到女儿家去了", "丽景园3栋502室")
    assert actions.forget_subjects([uuid4()], now=NOW) == 0


def test_a_correction_in_dispute_goes_with_them_or_in_its_time(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    assert actions.forget_disputes(now=NOW + timedelta(days=100), keep=timedelta(days=101)) == 0
    about = uuid4()
    Submission.objects.filter(pk=made.pk).update(subject_kind="person", subject_uid=about)
    actions.forget_subjects([about], now=NOW)
    dispute.refresh_from_db()
    assert (dispute.change, dispute.reason, dispute.files, dispute.state) == ("", "", {}, "left")
    with pytest.raises(Conflict):
        actions.decide_dispute(dispute.pk, take=True, words="采用", actor=cast.qian_supervisor, now=NOW)
    Dispute.objects.update(reason="看错了", change="{}")
    assert actions.forget_disputes(now=NOW + timedelta(days=101), keep=timedelta(days=100)) == 1
    assert actions.forget_disputes(now=NOW + timedelta(days=101), keep=timedelta(days=100)) == 0


def test_what_phones_sent_about_them_is_cleared_at_once(cast: Cast) -> None:
    row, other = resident(cast, "王秀英"), resident(cast, "别人")
    device = make_device(cast.tang_grid, now=NOW)[0]
    body = {"kind": "person", "changes": {"note": "独居"}}
    ops = [raw("record", at=NOW, subject=str(one.uid), base=1, body=body) for one in (row, other)]
    ops.append(raw("record", at=NOW, subject=str(row.uid), base=9, body={"kind": "person", "changes": {"born": "x"}}))
    take_operations(actor=cast.tang_grid, device=device, now=NOW, operations=sent(*ops))
    assert Operation.objects.filter(sealed__isnull=False).count() == 3
    erase_resident(actor=TEST, now=NOW, resident=row, why="本人申请")
    assert [one.subject for one in Operation.objects.filter(sealed__isnull=False)] == [other.uid]
    assert Operation.objects.count() == 3
