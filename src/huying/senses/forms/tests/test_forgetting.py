"""Somebody is erased from the registry: what forms, phones and tasks say about them goes as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import IntegrityError, connection, transaction
from django.db.migrations import AddConstraint
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import factories as place
from huying.casework.cases.factories import IN_GRID_1, NOW, Cast
from huying.ground.registry.actions import change, erase_resident, forget_ended, merge_records
from huying.ground.registry.models import Resident
from huying.kernel.actor import Actor, system
from huying.kernel.errors import Refused
from huying.kernel.indexes import BuildIndex
from huying.kernel.models import Entry, StoredFile
from huying.kernel.trace import verify
from huying.senses.forms import actions, factories, queries
from huying.senses.forms.actions import receiving
from huying.senses.forms.models import Submission, SubmissionRevision

DAY = timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    yield place.make_cast()


def resident(cast: Cast, name: str = "欧阳独特名") -> Resident:
    uid = uuid4()
    change(
        actor=cast.tang_grid, now=NOW, kind="person", uid=uid, base=0, changes={"name": name}, source="test",
    )  # fmt: skip
    return Resident.objects.get(uid=uid)


def visit(actor: Actor, subject: UUID, answers: Any, **more: Any) -> Submission:
    told = {"form": "small", "version": "1", "begun_at": NOW - DAY / 48, "ended_at": NOW, "position": (*IN_GRID_1, 8.0)}
    return actions.receive(
        actor=actor, now=NOW, op_id=uuid4(), answers=answers, subject=("person", subject), **(told | more)
    )


def erase(row: Resident) -> None:
    erase_resident(actor=system("test"), now=NOW + DAY, resident=row, why="本人书面申请")


def held(words: str) -> int:
    """Rows of forms that hold these words in plain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM forms_submission s WHERE s::text LIKE %(like)s)"
            " + (SELECT count(*) FROM forms_submissionrevision r WHERE r::text LIKE %(like)s)",
            {"like": f"%{words}%"},
        )
        return int(cursor.fetchone()[0])


def test_answers_signatures_and_what_was_corrected_go_and_evidence_stays(cast: Cast) -> None:
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row, other = resident(cast), resident(cast, "别人")
    files = factories.pictures(2, actor=cast.tang_grid, now=NOW)
    front, photo = files
    answers = {
        "clear": "no", "keeper": "张三", "front": str(front),
        "_findings": {"clear": factories.failing([photo], note="欧阳独特名家门口")},
    }  # fmt: skip
    made = visit(cast.tang_grid, row.uid, answers, files=files)
    actions.amend_submission(
        made.uid, answers=answers | {"keeper": "李四"}, reason="欧阳独特名说错了", author_window=DAY,
        actor=cast.tang_grid, now=NOW,
    )  # fmt: skip
    kept = visit(cast.tang_grid, other.uid, {"clear": "yes", "keeper": "王五"})
    assert held("欧阳独特名") == 2
    erase(row)
    made.refresh_from_db()
    assert (made.state, made.answers, made.private, made.lon) == ("erased", {}, None, None)
    assert [(one["item"], one["note"]) for one in made.findings] == [("0514", "")]
    assert held("欧阳独特名") == 0
    revision = SubmissionRevision.objects.get()
    assert (revision.answers, revision.private, revision.reason) == ({}, None, "")
    assert revision.amended_by == cast.tang_grid.ref
    assert list(StoredFile.objects.filter(subject=f"submission:{made.pk}")) == [files[photo]]
    assert Entry.objects.filter(chain=f"submission:{made.uid}", verb="forget_answers").count() == 1
    assert verify(keys={}).ok
    kept.refresh_from_db()
    assert (kept.state, queries.sealed_answers(kept)) == ("received", {"keeper": "王五"})


def test_forgetting_again_changes_nothing_and_nothing_is_written_over_it(cast: Cast) -> None:
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row = resident(cast)
    made = visit(cast.tang_grid, row.uid, {"clear": "yes", "keeper": "张三"})
    erase(row)
    entries = Entry.objects.count()
    assert actions.forget_answers([row.uid], actor=system("forms"), now=NOW + DAY, why="registry") == 0
    assert Entry.objects.count() == entries
    with pytest.raises(Refused) as refused:
        actions.amend_submission(
            made.uid, answers={"clear": "yes", "keeper": "欧阳独特名"}, reason="补上", author_window=3 * DAY,
            actor=cast.tang_grid, now=NOW + DAY,
        )  # fmt: skip
    assert refused.value.code == "erased" and held("欧阳独特名") == 0


@pytest.mark.parametrize("late", [{"clear": "yes", "keeper": "欧阳独特名"}, {"clear": "欧阳独特名"}])
def test_nothing_is_taken_in_about_somebody_who_was_erased(cast: Cast, late: dict[str, str]) -> None:
    """Also not a wrong one, which its author would be asked to mend."""
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row, double = resident(cast), resident(cast, "欧阳特名")
    merge_records(actor=system("test"), now=NOW, kind="person", keep=row.uid, other=double.uid)
    erase(row)
    entries = Entry.objects.count()
    for uid in (row.uid, double.uid):
        with pytest.raises(Refused) as refused:
            visit(cast.tang_grid, uid, late)
        assert refused.value.code == "erased"
    assert (Submission.objects.count(), Entry.objects.count()) == (0, entries)


def test_a_form_that_came_while_they_were_erased_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """It had begun before them and waited for the name of the record."""
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row = resident(cast)
    locks = receiving.lock_names

    def after_them(names: Iterable[str]) -> None:
        erase(row)
        locks(names)

    monkeypatch.setattr(receiving, "lock_names", after_them)
    with pytest.raises(Refused), transaction.atomic():
        visit(cast.tang_grid, row.uid, {"clear": "yes", "keeper": "欧阳独特名"})
    assert not Submission.objects.exists()


def test_an_emptied_double_is_still_filled_in_for_who_it_turned_out_to_be(cast: Cast) -> None:
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row, double = resident(cast), resident(cast, "欧阳特名")
    merge_records(actor=system("test"), now=NOW, kind="person", keep=row.uid, other=double.uid)
    assert forget_ended(actor=system("retention"), now=NOW + 1096 * DAY, keep=1095 * DAY) == 1
    assert visit(cast.tang_grid, double.uid, {"clear": "yes"}).state == "received"


def test_what_was_filled_in_under_a_double_stays_as_long_as_who_it_turned_out_to_be(cast: Cast) -> None:
    factories.published(now=NOW, huying_subject="person", huying_kind="走访")
    row, double = resident(cast), resident(cast, "欧阳特名")
    made = visit(cast.tang_grid, double.uid, {"clear": "yes", "keeper": "张三"})
    merge_records(actor=system("test"), now=NOW, kind="person", keep=row.uid, other=double.uid)
    assert forget_ended(actor=system("retention"), now=NOW + 1096 * DAY, keep=1095 * DAY) == 1
    made.refresh_from_db()
    assert (made.state, made.answers) == ("received", {"clear": "yes"})
    erase(row)
    made.refresh_from_db()
    assert (made.state, made.answers) == ("erased", {})


def test_what_was_said_before_a_correction_still_cannot_be_rewritten(cast: Cast) -> None:
    factories.published(now=NOW)
    made = visit(cast.tang_grid, resident(cast).uid, {"clear": "yes", "keeper": "张三"})
    actions.amend_submission(
        made.uid, answers={"clear": "yes"}, reason="没有负责人", author_window=DAY, actor=cast.tang_grid, now=NOW
    )
    for values in ({"reason": "别的"}, {"answers": {}, "private": None, "findings": [], "amended_by": "person:1"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SubmissionRevision.objects.update(**values)
    assert SubmissionRevision.objects.get().reason == "没有负责人"


def test_sealed_answers_go_in_their_time_and_all_others_stay(cast: Cast) -> None:
    factories.published(now=NOW)
    old, fresh = (visit(cast.tang_grid, uuid4(), {"clear": "yes", "keeper": "张三"}) for _turn in range(2))
    actions.amend_submission(
        old.uid, answers={"clear": "yes", "keeper": "李四"}, reason="换了人", author_window=DAY,
        actor=cast.tang_grid, now=NOW,
    )  # fmt: skip
    Submission.objects.filter(pk=fresh.pk).update(received_at=NOW + DAY)
    late = NOW + 30 * DAY + DAY / 2
    assert actions.forget_sealed(actor=system("retention"), now=NOW + 30 * DAY, keep=30 * DAY) == 0
    assert actions.forget_sealed(actor=system("retention"), now=late, keep=30 * DAY) == 1
    old.refresh_from_db(), fresh.refresh_from_db()
    assert (old.private, old.answers, old.state) == (None, {"clear": "yes"}, "amended")
    assert SubmissionRevision.objects.get().private is None and SubmissionRevision.objects.get().reason == "换了人"
    assert queries.sealed_answers(fresh) == {"keeper": "张三"}
    entries = Entry.objects.filter(chain="submissions", verb="forget_sealed").count()
    assert entries == 1 and actions.forget_sealed(actor=system("retention"), now=late, keep=30 * DAY) == 0


def test_sealed_answers_are_found_by_their_index_each_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.published(now=NOW)
    rows = [visit(cast.tang_grid, uuid4(), {"clear": "yes", "keeper": "张三"}) for _turn in range(3)]
    for row in rows[:2]:  # corrected: what was said before has to go as well
        actions.amend_submission(
            row.uid, answers={"clear": "yes"}, reason="不在了", author_window=DAY, actor=cast.tang_grid, now=NOW,
        )  # fmt: skip
    monkeypatch.setattr("huying.senses.forms.actions.forgetting._AT_ONCE", 1)
    with CaptureQueriesContext(connection) as asked:
        assert actions.forget_sealed(actor=system("retention"), now=NOW + 31 * DAY, keep=30 * DAY) == 3
    assert not Submission.objects.exclude(private=None).exists()
    assert not SubmissionRevision.objects.exclude(private=None).exists()
    steps = [one["sql"] for one in asked.captured_queries if one["sql"].endswith("LIMIT 1")]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plans = []
        for sql in steps:
            cursor.execute("EXPLAIN " + sql)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    assert [" submission_sealed " in plan for plan in plans] == [True] * 4, plans
    assert not [one for one in asked.captured_queries if 'JOIN "forms_submission' in one["sql"]], (
        "only what is due is read"
    )
    assert len(set(steps)) == len(steps), "each step goes on where the last one ended"


def test_what_was_sealed_before_an_upgrade_is_found_by_its_submission(cast: Cast) -> None:
    """A correction that took it away used to leave nothing sealed at the submission."""
    factories.published(now=NOW)
    made, never = (visit(cast.tang_grid, uuid4(), {"clear": "yes", "keeper": "张三"}) for _turn in range(2))
    actions.amend_submission(
        made.uid, answers={"clear": "yes"}, reason="不在了", author_window=DAY, actor=cast.tang_grid, now=NOW,
    )  # fmt: skip
    made.refresh_from_db()
    assert queries.sealed_answers(made) == {} and made.private == "{}"
    Submission.objects.update(private=None)
    for _turn in range(2):
        import_module("huying.senses.forms.migrations.0006_sealed_before").seal_nothing(apps, None)
    made.refresh_from_db(), never.refresh_from_db()
    assert (made.private, never.private) == ("{}", None)
    assert actions.forget_sealed(actor=system("retention"), now=NOW + 31 * DAY, keep=30 * DAY) == 1
    assert SubmissionRevision.objects.get().private is None


def test_what_is_stored_is_checked_while_others_write(db: None) -> None:
    erasing, sealed = (
        import_module(f"huying.senses.forms.migrations.{name}") for name in ("0004_erasing", "0005_sealed")
    )
    checks = [one for one in erasing.Migration.operations if isinstance(one, AddConstraint)]
    assert [type(one) for one in checks] == [AddConstraintNotValid]
    made = [type(one) for one in sealed.Migration.operations]
    assert made == [ValidateConstraint, BuildIndex] and sealed.Migration.atomic is False
    with connection.cursor() as cursor:
        cursor.execute("SELECT convalidated FROM pg_constraint WHERE conname = 'submission_state_known'")
        assert cursor.fetchall() == [(True,)]
