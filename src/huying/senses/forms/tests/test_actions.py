"""Forms in the database: versions that never change, submissions taken once, amendments that keep what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import factories as place
from huying.casework.cases.factories import GRID_1, GRID_3, IN_GRID_1, NOW, Cast
from huying.kernel import facts
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.files import may_see
from huying.kernel.models import Entry
from huying.senses.forms import access, actions, factories, queries
from huying.senses.forms.facts import FormPublished, SubmissionAmended, SubmissionReceived
from huying.senses.forms.models import Form, FormVersion, Submission, SubmissionRevision

BEGUN = NOW - timedelta(minutes=10)
EDITOR = Actor("staff", "person:90", "易编辑", person_id=90, duties=(Duty("catalogue_editor"),))


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    yield place.make_cast()


def send(actor: Actor, answers: Any, op: UUID | None = None, **more: Any) -> Submission:
    told = {"form": "small", "version": "1", "begun_at": BEGUN, "ended_at": NOW, "position": (*IN_GRID_1, 8.0)} | more
    return actions.receive(actor=actor, now=NOW, op_id=op or uuid4(), answers=answers, **told)


def test_a_form_is_imported_published_and_kept(cast: Cast) -> None:
    content = factories.book(factories.EXITS)
    version = actions.import_form(content, actor=EDITOR, now=NOW, name="a.xlsx")
    assert version.published_at is None and bytes(version.source) == content
    assert list(queries.definitions()) == [] and queries.form_titles() == {}
    before = queries.mark()
    with facts.collected() as told:
        actions.publish_version("small", 1, actor=EDITOR, now=NOW)
    assert [type(one) for one in told] == [FormPublished]
    assert queries.mark() != before and queries.form_titles() == {"small": "小表"}
    assert [(code, number) for code, number, _body in queries.definitions()] == [("small", 1)]
    assert Entry.objects.filter(chain="form:small").count() == 2


def test_a_published_version_never_changes(cast: Cast) -> None:
    version = factories.published(now=NOW)
    assert actions.import_form(bytes(version.source), actor=EDITOR, now=NOW).pk == version.pk
    with pytest.raises(Refused) as refused:
        actions.import_form(factories.book(factories.EXITS[:1]), actor=EDITOR, now=NOW)
    assert refused.value.code == "version_published" and FormVersion.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        FormVersion.objects.update(version="9")
    later = actions.import_form(factories.book(factories.EXITS[:1], version="2"), actor=EDITOR, now=NOW)
    assert later.number == 2 and Form.objects.get().current_id == version.pk


def test_a_refused_file_leaves_nothing(cast: Cast) -> None:
    with pytest.raises(actions.FormRefused) as refused:
        actions.import_form(factories.book([{"type": "x", "name": "a"}]), actor=EDITOR, now=NOW)
    assert refused.value.problems[0].row == 2 and not Form.objects.exists()


def test_who_may_change_forms(cast: Cast) -> None:
    content = factories.book(factories.EXITS)
    with pytest.raises(Forbidden):
        actions.import_form(content, actor=cast.tang_grid, now=NOW)
    with pytest.raises(NotFound):
        actions.import_form(content, actor=Actor("resident", "user:1", "居民"), now=NOW)
    assert not Form.objects.exists()
    actions.import_form(content, actor=cast.zhao_centre, now=NOW)
    with pytest.raises(NotFound):
        access.get_version(cast.tang_grid, "small", 1)


def test_a_submission_is_taken_once(cast: Cast) -> None:
    factories.published(now=NOW)
    files = factories.pictures(2, actor=cast.tang_grid, now=NOW)
    front, photo = files
    op, task = uuid4(), uuid4()
    answers = {
        "clear": "no", "keeper": "张三", "front": str(front), "_findings": {"clear": factories.failing([photo], note="堆纸箱")},
    }  # fmt: skip
    with facts.collected() as told:
        made = send(cast.tang_grid, answers, op, files=files, task_uid=task, subject=("premises", uuid4()))
    (fact,) = [one for one in told if isinstance(one, SubmissionReceived)]
    assert (fact.op, fact.form, fact.kind, fact.task_uid, fact.area) == (op, "small", "inspection", task, GRID_1)
    (finding,) = fact.findings
    assert (finding["item"], finding["days"], finding["photos"]) == ("0514", 3, [files[photo].pk])
    assert "keeper" not in made.answers and queries.sealed_answers(made) == {"keeper": "张三"}
    assert {one.file_id for one in made.files.all()} == {file.pk for file in files.values()}
    files[front].refresh_from_db()
    assert may_see(cast.sun_checker, files[front]) is False and may_see(cast.qian_supervisor, files[front])
    with facts.collected() as again:
        assert send(cast.tang_grid, {"clear": "yes"}, op).pk == made.pk
    assert again == [] and Submission.objects.count() == 1


def test_sealed_answers_are_not_in_the_database_in_plain(cast: Cast) -> None:
    factories.published(now=NOW)
    send(cast.tang_grid, {"clear": "yes", "keeper": "欧阳独特名"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM forms_submission s WHERE s::text LIKE '%欧阳独特名%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("more", "error", "code"),
    [
        ({"form": "none"}, NotFound, "form_not_found"),
        ({"version": "9"}, NotFound, "form_not_found"),
        ({"subject": ("star", None)}, Invalid, "unknown_subject"),
        ({"answers": {"clear": "maybe"}}, Invalid, "answers_wrong"),
        ({"position": (120.025, 30.005, 5.0)}, Forbidden, "not_yours"),
    ],
)
def test_what_is_refused_leaves_nothing(cast: Cast, more: dict[str, Any], error: type[Exception], code: str) -> None:
    factories.published(now=NOW)
    entries = Entry.objects.count()
    with pytest.raises(error) as refused:
        send(cast.tang_grid, more.pop("answers", {"clear": "yes"}), **more)
    assert refused.value.code == code  # type: ignore[attr-defined]
    assert not Submission.objects.exists() and Entry.objects.count() == entries


def test_wrong_answers_are_named_in_the_error(cast: Cast) -> None:
    factories.published(now=NOW)
    with pytest.raises(Invalid) as refused:
        send(cast.tang_grid, {"clear": "no"})
    assert set(refused.value.fields) == {"clear#photos", "clear#how"}


def test_somebody_elses_operation_is_not_given_out(cast: Cast) -> None:
    factories.published(now=NOW)
    made = send(cast.tang_grid, {"clear": "yes"})
    other = Actor("staff", "person:91", "别人", person_id=91, duties=cast.tang_grid.duties)
    with pytest.raises(Refused) as refused:
        send(other, {"clear": "yes"}, made.uid)
    assert refused.value.code == "id_reused"


def test_an_old_phone_sends_an_old_version_of_a_retired_form(cast: Cast) -> None:
    factories.published(now=NOW)
    factories.published(factories.EXITS[:1], now=NOW, version="2")
    actions.retire_form("small", reason="换新表", actor=EDITOR, now=NOW)
    assert queries.form_titles() == {}
    assert send(cast.tang_grid, {"clear": "yes", "keeper": "李四"}).version.version == "1"


def test_an_amendment_keeps_what_was_said(cast: Cast) -> None:
    factories.published(now=NOW)
    made = send(cast.tang_grid, {"clear": "yes", "keeper": "张三"})
    with facts.collected() as told:
        actions.amend_submission(
            made.uid, answers={"clear": "yes", "keeper": "李四"}, reason="写错了", actor=cast.tang_grid, now=NOW
        )
    assert SubmissionAmended in [type(one) for one in told] and SubmissionReceived not in [type(one) for one in told]
    revision = SubmissionRevision.objects.get()
    assert revision.private == '{"keeper":"张三"}' and revision.reason == "写错了"
    made.refresh_from_db()
    assert made.state == "amended" and queries.sealed_answers(made) == {"keeper": "李四"}
    with pytest.raises(IntegrityError), transaction.atomic():
        SubmissionRevision.objects.update(reason="没有")


def test_who_may_amend(cast: Cast) -> None:
    factories.published(now=NOW)
    made = send(cast.tang_grid, {"clear": "yes"})
    for actor, error in ((cast.ji_discipline, Forbidden), (cast.he_sanitation, NotFound)):
        with pytest.raises(error):
            actions.amend_submission(made.uid, answers={"clear": "yes"}, reason="x", actor=actor, now=NOW)
    with pytest.raises(Invalid):
        actions.amend_submission(made.uid, answers={"clear": "yes"}, reason=" ", actor=cast.tang_grid, now=NOW)
    assert not SubmissionRevision.objects.exists()


def test_submissions_are_seen_in_ones_own_area(cast: Cast) -> None:
    factories.published(now=NOW)
    mine = send(cast.tang_grid, {"clear": "yes"})
    other = Actor("staff", "person:92", "邻格", person_id=92, duties=(Duty("grid_worker", GRID_3),))
    theirs = send(other, {"clear": "yes"}, position=(120.025, 30.005, 5.0))
    assert set(access.visible(cast.tang_grid)) == {mine} and set(access.visible(other)) == {theirs}
    assert set(access.visible(cast.qian_supervisor)) == {mine, theirs}
    assert not access.visible(cast.he_sanitation).exists()
    with CaptureQueriesContext(connection) as asked:
        rows = queries.submissions(cast.qian_supervisor).rows
        assert [row.form.code for row in rows] == ["small", "small"] and queries.titles(rows)
    assert len(asked) == 2


def test_shipped_forms_are_loaded_once(cast: Cast) -> None:
    new = actions.load_shipped(actor=system("founding"), now=NOW)
    assert len(new) == 23 and {"inspect_fire", "small_premises_fire", "visit_elder", "patrol"} <= set(new)
    assert actions.load_shipped(actor=system("founding"), now=NOW) == []
    with CaptureQueriesContext(connection) as asked:
        listed = queries.forms(cast.tang_grid)
    assert len(asked) == 1 and len(listed) == 23 and listed[0].post == "general"
