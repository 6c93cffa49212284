"""Forms in the database: versions that never change, submissions taken once, amendments that keep what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from huying.casework.cases import factories as place
from huying.casework.cases.factories import GRID_1, GRID_3, IN_GRID_1, NOW, Cast
from huying.kernel import facts
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.files import may_see
from huying.kernel.models import Entry, StoredFile
from huying.senses.forms import access, actions, factories, queries
from huying.senses.forms.actions import publishing
from huying.senses.forms.facts import FormPublished, SubmissionAmended, SubmissionReceived
from huying.senses.forms.models import Form, FormVersion, Submission, SubmissionFile, SubmissionRevision

BEGUN = NOW - timedelta(minutes=10)
DAY = timedelta(days=1)
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


def amend(made: Submission, actor: Actor, answers: Any, *, now: datetime = NOW, **more: Any) -> Submission:
    told = {"reason": "写错了", "author_window": timedelta(hours=72)} | more
    return actions.amend_submission(made.uid, answers=answers, actor=actor, now=now, **told)


def test_an_amendment_keeps_what_was_said(cast: Cast) -> None:
    factories.published(now=NOW)
    made = send(cast.tang_grid, {"clear": "yes", "keeper": "张三"})
    with facts.collected() as told:
        amend(made, cast.tang_grid, {"clear": "yes", "keeper": "李四"})
    (fact,) = [one for one in told if isinstance(one, SubmissionAmended)]
    assert (fact.number, fact.author, fact.reason) == (1, cast.tang_grid.ref, "写错了")
    assert SubmissionReceived not in [type(one) for one in told]
    revision = SubmissionRevision.objects.get()
    assert revision.private == '{"keeper":"张三"}' and revision.reason == "写错了"
    made.refresh_from_db()
    assert made.state == "amended" and queries.sealed_answers(made) == {"keeper": "李四"}
    with pytest.raises(IntegrityError), transaction.atomic():
        SubmissionRevision.objects.update(reason="没有")


def test_who_may_amend_and_until_when(cast: Cast) -> None:
    factories.published(now=NOW)
    made, said = send(cast.tang_grid, {"clear": "yes"}), {"clear": "yes", "keeper": "李四"}
    late = NOW + timedelta(hours=72, seconds=1)
    for actor, now, error, code in (
        (cast.ji_discipline, NOW, Forbidden, "not_yours"),
        (cast.he_sanitation, NOW, NotFound, "submission_not_found"),
        (cast.tang_grid, late, Refused, "too_late"),
    ):
        with pytest.raises(error) as refused:
            amend(made, actor, said, now=now)
        assert refused.value.code == code
    entries = Entry.objects.count()
    for wrong, code in (({"reason": " "}, "invalid"), ({"seen": 1}, "amended_meanwhile")):
        with pytest.raises((Invalid, Conflict)) as bad:
            amend(made, cast.tang_grid, said, **wrong)
        assert bad.value.code == code
    for answers, code in (({"clear": "yes"}, "nothing_changed"), ({"clear": "maybe"}, "answers_wrong")):
        with pytest.raises(Invalid) as bad:
            amend(made, cast.tang_grid, answers)
        assert bad.value.code == code
    assert not SubmissionRevision.objects.exists() and Entry.objects.count() == entries
    amend(made, cast.qian_supervisor, said, now=late)
    assert SubmissionRevision.objects.get().amended_by == cast.qian_supervisor.ref


def test_an_amendment_of_the_same_operation_is_made_once(cast: Cast) -> None:
    factories.published(now=NOW)
    made, other, op = send(cast.tang_grid, {"clear": "yes"}), send(cast.tang_grid, {"clear": "yes"}), uuid4()
    for _turn in range(2):
        amend(made, cast.tang_grid, {"clear": "yes", "keeper": "李四"}, op=op)
    assert SubmissionRevision.objects.count() == 1
    with pytest.raises(Refused):
        amend(other, cast.tang_grid, {"clear": "yes", "keeper": "李四"}, op=op)
    assert SubmissionRevision.objects.count() == 1


def test_what_was_taken_once_is_corrected_though_it_is_wrong_by_todays_rules(cast: Cast) -> None:
    factories.published(now=NOW)
    files = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    made = send(cast.tang_grid, {"clear": "yes", "front": str(next(iter(files)))}, files=files, ended_at=NOW + 9 * DAY)
    SubmissionFile.objects.all().delete()
    with facts.collected() as told:
        amend(made, cast.tang_grid, {"clear": "yes"})
    (fact,) = [one for one in told if isinstance(one, SubmissionAmended)]
    assert fact.ended_at == NOW, "nothing was finished later than it came"
    assert queries.whole_answers(Submission.objects.get()) == {"clear": "yes"}


def test_versions_stand_side_by_side_and_personal_answers_stay_hidden(cast: Cast) -> None:
    factories.published(now=NOW)
    files = factories.pictures(2, actor=cast.tang_grid, now=NOW)
    front, photo = (str(one) for one in files)
    decided = {"_findings": {"clear": factories.failing([UUID(photo)], note="堆纸箱")}}
    made = send(cast.tang_grid, {"clear": "no", "keeper": "张三", "front": front} | decided, files=files)
    made = amend(made, cast.qian_supervisor, {"clear": "yes", "keeper": "李四"}, reason="复核")
    with CaptureQueriesContext(connection) as asked:
        first, second = queries.versions_of(made)
    assert len(asked) == 2
    assert (first.number, first.by, first.changed) == (0, cast.tang_grid.ref, ())
    assert (second.number, second.by_name, second.reason) == (1, "钱督办", "复核")
    said = {one.path: (one.before, one.after, one.hidden) for one in second.changed}
    assert said["clear"] == ("否", "是", False) and said["keeper"] == ("＊＊＊", "＊＊＊", True)
    assert said["front"][1] == "" and said["_findings/clear"][1] == "" and "堆纸箱" in said["_findings/clear"][0]


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


def test_shipped_forms_are_renewed_unless_the_place_has_its_own(cast: Cast, monkeypatch: Any, tmp_path: Any) -> None:
    def ship(code: str, version: str) -> None:
        (tmp_path / f"{code}.xlsx").write_bytes(factories.book(factories.EXITS, form_id=code, version=version))

    def refresh(*take: str) -> dict[str, str]:
        return {one.code: one.state for one in actions.refresh_shipped(actor=actions.LOADER, now=NOW, take=take)}

    for code in ("as_came", "changed", "retired"):
        ship(code, "1")
    monkeypatch.setattr(publishing, "SHIPPED", tmp_path)
    assert len(actions.load_shipped(actor=system("founding"), now=NOW)) == 3
    own = factories.book(factories.EXITS[:1], form_id="changed", version="1a")
    actions.import_form(own, actor=EDITOR, now=NOW, name="changed.xlsx")
    actions.publish_version("changed", 2, actor=EDITOR, now=NOW)
    actions.retire_form("retired", reason="不用", actor=EDITOR, now=NOW)
    assert refresh() == {"as_came": "same", "changed": "own", "retired": "retired"}
    for code in ("as_came", "changed", "retired", "fresh"):
        ship(code, "2")
    with pytest.raises(NotFound):
        refresh("nothing_such")
    assert FormVersion.objects.count() == 4
    assert refresh() == {"as_came": "renewed", "changed": "own", "fresh": "new", "retired": "retired"}
    assert refresh("changed") == {"as_came": "same", "changed": "renewed", "fresh": "same", "retired": "retired"}
    current = dict(Form.objects.values_list("code", "current__version"))
    assert current == {"as_came": "2", "changed": "2", "fresh": "2", "retired": "1"}
    with pytest.raises(Forbidden):
        actions.refresh_shipped(actor=cast.tang_grid, now=NOW)


def test_many_submissions_cost_the_queries_of_one_and_stand_or_fall_together(cast: Cast) -> None:
    factories.published(now=NOW)
    files = factories.pictures(4, actor=cast.tang_grid, now=NOW)

    def filled(answers: dict[str, Any], **more: Any) -> actions.Filled:
        told = {"form": "small", "version": "1", "begun_at": BEGUN, "ended_at": NOW, "files": files} | more
        return actions.Filled(op_id=uuid4(), answers=answers, **told)

    def cost(given: list[actions.Filled]) -> int:
        with CaptureQueriesContext(connection) as asked:
            actions.receive_many(given, actor=cast.tang_grid, now=NOW)
        return len(asked)

    one, two, three, four = (str(upload) for upload in files)
    cost([filled({"clear": "yes"})])
    single = cost([filled({"clear": "yes", "keeper": "甲", "front": one})])
    several = [filled({"clear": "yes", "keeper": name, "front": photo}) for name, photo in (("乙", two), ("丙", three))]
    assert cost(several) <= single
    made = actions.receive_many([*several, several[0]], actor=cast.tang_grid, now=NOW)
    assert [row.uid for row in made] == [several[0].op_id, several[1].op_id, several[0].op_id]
    attached = StoredFile.objects.filter(pk__in=[file.pk for file in files.values()]).order_by("pk")
    own = dict(Submission.objects.values_list("uid", "pk"))
    assert [row.subject for row in attached][1:] == [*(f"submission:{own[row.op_id]}" for row in several), ""]
    count = Submission.objects.count()
    good, bad = filled({"clear": "yes", "front": four}), filled({"clear": "maybe"})
    with pytest.raises(Invalid):
        actions.receive_many([good, bad], actor=cast.tang_grid, now=NOW)
    assert Submission.objects.count() == count
    assert StoredFile.objects.get(pk=files[UUID(four)].pk).subject == ""
