"""Somebody is erased from the registry: nobody calls on them any more, and what was noted at their door goes."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import GRID_1, NOW, Cast
from huying.ground.registry.actions import begin_care, change, end_care, erase_resident, merge_records
from huying.ground.registry.facts import ResidentErased
from huying.ground.registry.models import Premises, Resident
from huying.kernel.actor import system
from huying.kernel.errors import Conflict
from huying.kernel.facts import publish
from huying.kernel.files import clear_unattached
from huying.kernel.indexes import BuildIndex
from huying.kernel.models import StoredFile
from huying.kernel.trace import verify
from huying.kernel.trace.models import PrivateValue
from huying.senses.field import actions
from huying.senses.field.models import Dispute, Finding, Sighting, SpotCheck, Task
from huying.senses.field.rules import Ask, TaskKind
from huying.senses.forms import factories
from huying.senses.forms.models import Submission
from huying.senses.sync.actions import take_operations
from huying.senses.sync.factories import make_device, raw, sent
from huying.senses.sync.models import Operation, Upload

from .test_correcting import correct, failing, fill
from .test_disputing import at_noon, in_dispute, phone, shop

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
    assert actions.forget_subjects([uuid4()], actor=FIELD, now=NOW, why="x") == 0


def test_a_correction_in_dispute_goes_with_them_or_in_its_time(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    assert actions.forget_disputes(actor=FIELD, now=NOW + timedelta(days=100), keep=timedelta(days=101)) == 0
    about = uuid4()
    Submission.objects.filter(pk=made.pk).update(subject_kind="person", subject_uid=about)
    actions.forget_subjects([about], actor=FIELD, now=NOW, why="x")
    dispute.refresh_from_db()
    assert (dispute.change, dispute.reason, dispute.files, dispute.state) == ("", "", {}, "left")
    with pytest.raises(Conflict):
        actions.decide_dispute(dispute.pk, take=True, words="采用", actor=cast.qian_supervisor, now=NOW)
    Dispute.objects.update(reason="看错了", change="{}")
    assert actions.forget_disputes(actor=FIELD, now=NOW + timedelta(days=101), keep=timedelta(days=100)) == 1
    assert actions.forget_disputes(actor=FIELD, now=NOW + timedelta(days=101), keep=timedelta(days=100)) == 0


def test_what_the_worker_said_to_a_verdict_goes_and_the_verdict_stays(cast: Cast) -> None:
    row = resident(cast, "王秀英")
    task = asked(row, "a")
    actions.skip_task(task.uid, why="other", words="住到女儿家去了", actor=cast.tang_grid, now=NOW, at=NOW)
    check = SpotCheck.objects.create(
        task=task, person_id=cast.tang_grid.person_id, area=GRID_1, drawn_on=TODAY, how="phone", result="not_done",
        words="她说没人来过", checked_by="person:1", checked_at=NOW,
    )  # fmt: skip
    actions.answer_verdict("spot", check.pk, text="王秀英记错了", actor=cast.tang_grid, now=NOW)
    assert PrivateValue.objects.filter(chain=f"spotcheck:{check.pk}").exists()
    erase_resident(actor=TEST, now=NOW, resident=row, why="本人申请")
    check.refresh_from_db()
    assert (check.words, check.answer, check.answered_at, check.result) == ("", "", None, "not_done")
    assert not PrivateValue.objects.filter(chain=f"spotcheck:{check.pk}").exists() and verify(keys={}).ok


def test_the_address_at_a_finding_goes(cast: Cast, shop: Premises) -> None:
    made, other = failing(cast, shop), failing(cast, shop)
    about = uuid4()
    Submission.objects.filter(pk=made.pk).update(subject_kind="person", subject_uid=about)
    Finding.objects.update(address="丽景园3栋502室")
    actions.forget_subjects([about], actor=FIELD, now=NOW, why="x")
    assert Finding.objects.get(submission=made.uid).address == ""
    assert Finding.objects.get(submission=other.uid).address == "丽景园3栋502室"


def uploaded(cast: Cast, count: int) -> dict[UUID, StoredFile]:
    """Pictures of a phone as they wait for what names them."""
    files = factories.pictures(count, actor=cast.tang_grid, now=NOW)
    for pk, file in files.items():
        Upload.objects.create(
            id=pk, person_id=cast.tang_grid.person_id, size=10, received=10, media_type="image/jpeg", state="whole",
            file=file, begun_at=NOW, moved_at=NOW,
        )  # fmt: skip
    return files


def with_picture(cast: Cast, shop: Premises) -> tuple[Submission, Dispute, StoredFile, StoredFile]:
    """Both found it blocked, each with a picture: that of the lead stands, that of the phone, just uploaded, is in dispute."""
    made = fill(cast, shop, {"clear": "yes"})
    theirs = factories.pictures(1, actor=cast.qian_supervisor, now=NOW)
    correct(made, cast.qian_supervisor, {"clear": "no", "_findings/clear": factories.failing([*theirs])}, files=theirs)
    own = uploaded(cast, 1)
    mine = {"clear": "no", "_findings/clear": factories.failing([*own], days=1)}
    phone(made, cast, mine, {"clear": "yes", "_findings/clear": None}, files=own)
    return made, Dispute.objects.get(), *theirs.values(), *own.values()


@pytest.mark.parametrize("way", ["left", "withdrawn", "time", "taken"])
def test_pictures_of_a_dispute_go_unless_something_names_them(cast: Cast, shop: Premises, way: str) -> None:
    made, dispute, stands, disputed = with_picture(cast, shop)
    late = NOW + timedelta(days=101)
    if way == "withdrawn":
        actions.withdraw_dispute(dispute.pk, actor=cast.tang_grid, now=NOW)
    elif way == "time":
        actions.forget_disputes(actor=FIELD, now=late, keep=timedelta(days=100))
    else:
        actions.decide_dispute(
            dispute.pk, take=way == "taken", words="去看过了", actor=cast.qian_supervisor, now=NOW + timedelta(hours=3)
        )
    dispute.refresh_from_db()
    assert dispute.files == {}
    kept = set(StoredFile.objects.filter(subject=f"submission:{made.pk}"))
    assert kept == ({stands, disputed} if way == "taken" else {stands})
    assert Upload.objects.get().file_id == (disputed.pk if way == "taken" else None)
    actions.forget_disputes(actor=FIELD, now=late, keep=timedelta(days=100))
    assert set(StoredFile.objects.filter(subject=f"submission:{made.pk}")) == kept


def test_why_something_was_disputed_leaves_the_trace_in_its_time(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    actions.decide_dispute(dispute.pk, take=False, words="去看过了", actor=cast.qian_supervisor, now=NOW)
    sealed = PrivateValue.objects.filter(chain=f"submission:{made.uid}")
    reasons = sealed.count()
    assert actions.forget_disputes(actor=FIELD, now=NOW + timedelta(days=101), keep=timedelta(days=100)) == 1
    assert sealed.count() == reasons - 2, "the reasons of corrections stay"
    assert not sealed.filter(label="words").exists() and verify(keys={}).ok


def test_many_erased_at_once_cost_no_more_statements(cast: Cast) -> None:
    def told(count: int) -> list[ResidentErased]:
        return [ResidentErased(uid=uuid4(), at=NOW, also=(uuid4(),)) for _turn in range(count)]

    counts = []
    for count in (1, 7):
        with CaptureQueriesContext(connection) as asked_for, transaction.atomic():
            publish(*told(count))
        counts.append(len(asked_for))
    assert counts[0] == counts[1]


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


@pytest.mark.parametrize("changes", [{"note": "王秀英独居"}, {"born": "王秀英"}])
def test_what_phones_send_after_them_is_not_kept(cast: Cast, changes: dict[str, str]) -> None:
    """Refused for their being erased or for anything else: nobody may mend it any more."""
    row, double, other = resident(cast, "王秀英"), resident(cast, "王秀瑛"), resident(cast, "别人")
    merge_records(actor=TEST, now=NOW, kind="person", keep=row.uid, other=double.uid)
    device = make_device(cast.tang_grid, now=NOW)[0]
    erase_resident(actor=TEST, now=NOW, resident=row, why="本人申请")
    body = {"kind": "person", "changes": changes}
    ops = [raw("record", at=NOW, subject=str(one.uid), base=9, body=body) for one in (row, double, other)]
    told = take_operations(actor=cast.tang_grid, device=device, now=NOW, operations=sent(*ops))
    assert {one.state for one in told[:2]} == {"refused"}
    assert set(Operation.objects.filter(sealed=None).values_list("subject", flat=True)) == {row.uid, double.uid}
    again = take_operations(actor=cast.tang_grid, device=device, now=NOW, operations=sent(*ops))
    assert [one.state for one in again] == [one.state for one in told], "known however late it is sent again"


def test_a_form_of_a_phone_after_them_leaves_neither_words_nor_pictures(cast: Cast) -> None:
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row, other = resident(cast, "王秀英"), resident(cast, "别人")
    device = make_device(cast.tang_grid, now=NOW)[0]
    erase_resident(actor=TEST, now=NOW, resident=row, why="本人申请")
    pictures = uploaded(cast, 2)
    ops = []
    for one, front in zip((row, other), pictures, strict=True):
        about = {"subject": {"kind": "person", "uid": str(one.uid)}, "form": "small", "version": "1"}
        said = {"answers": {"clear": "yes", "keeper": "张三", "front": str(front)}}
        ops.append(raw("submission", at=NOW, files=[str(front)], body=about | said))
    told = take_operations(actor=cast.tang_grid, device=device, now=NOW, operations=sent(*ops))
    assert [(one.state, one.code) for one in told] == [("refused", "erased"), ("applied", "")]
    assert [one.content is None for one in Operation.objects.order_by("seq")] == [True, False]
    assert list(Upload.objects.values_list("pk", flat=True)) == [list(pictures)[1]]
    clear_unattached(now=NOW + timedelta(hours=25))
    assert list(StoredFile.objects.all()) == [list(pictures.values())[1]]


def test_what_waits_about_them_is_refused_and_cleared_at_once(cast: Cast) -> None:
    row, other = resident(cast, "王秀英"), resident(cast, "别人")
    device = make_device(cast.tang_grid, now=NOW)[0]
    body = {"kind": "person", "changes": {"note": "王秀英独居"}}
    missing, (held,) = str(uuid4()), uploaded(cast, 1)
    ops = [
        raw("record", at=NOW, subject=str(one.uid), base=1, body=body, files=[missing, str(held)])
        for one in (row, other)
    ]
    told = take_operations(actor=cast.tang_grid, device=device, now=NOW, operations=sent(*ops))
    assert [one.state for one in told] == ["waiting", "waiting"]
    erase_resident(actor=TEST, now=NOW, resident=row, why="本人申请")
    gone, kept = Operation.objects.order_by("seq")
    assert (gone.state, gone.outcome["code"], gone.sealed, gone.files) == ("refused", "erased", None, [])
    assert kept.state == "waiting" and kept.sealed is not None and Upload.objects.filter(pk=held).exists()


def test_what_phones_sent_about_them_is_found_by_its_index(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as asked_for, transaction.atomic():
        publish(ResidentErased(uid=uuid4(), at=NOW))
    (sql,) = [one["sql"] for one in asked_for.captured_queries if 'UPDATE "sync_operation"' in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + sql)
        assert "operation_says_of" in "\n".join(line for (line,) in cursor.fetchall())
    migration = import_module("huying.senses.sync.migrations.0003_says_of").Migration
    assert [type(one) for one in migration.operations] == [BuildIndex] and migration.atomic is False
