"""Files handed in for importing: judged by their bytes, kept sealed, begun once, resumed, gone afterwards."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from openpyxl import Workbook
from pytest_django import DjangoAssertNumQueries

from huying.ground.registry import access, looking
from huying.ground.registry import queries_uploads as reads
from huying.ground.registry.actions import importing, uploading
from huying.ground.registry.factories import GRID, OTHER_GRID, a_room
from huying.ground.registry.models import Change, ImportRun, Reject, Resident, Upload
from huying.ground.registry.reasons import REASONS, stopped, which, why
from huying.kernel import clock
from huying.kernel.actor import system
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.trace import Entry

from .desk_cast import Desk, make_desk

pytestmark = pytest.mark.django_db
State = Upload.State
PEOPLE = (
    ["姓名", "电话", "备用"],
    ["赵大明", "13911110000", "x"],
    ["钱小红", "不是电话", ""],
    ["孙丽", "13911110002", ""],
)


@pytest.fixture
def desk(db: None) -> Desk:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # what another test's program left
    return make_desk()


def text(*rows: list[str]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode("utf-8-sig")


def workbook(*rows: list[str]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def packed(*names: str, content: bytes = b"<a/>") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, content)
    return file.getvalue()


def take(desk: Desk, content: bytes = text(*PEOPLE), who: str = "editor", **more: Any) -> Upload:
    given: dict[str, Any] = {"uid": uuid4(), "kind": "person", "area": GRID, "name": "人员.csv", **more}
    return uploading.take_upload(actor=desk.actors[who], now=clock.now(), content=content, **given)


def run(desk: Desk, one: Upload, mapping: dict[str, str] | None = None) -> Upload:
    uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now(), mapping=mapping)
    uploading.run_upload(one.pk, now=clock.now())
    one.refresh_from_db()
    return one


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [uploading.TASK])
        return int(cursor.fetchone()[0])


def nothing_came_in() -> bool:
    return not (ImportRun.objects.exists() or Reject.objects.exists() or Resident.objects.exclude(pk=_known()).exists())


def _known() -> int:
    return int(Resident.objects.order_by("pk").values_list("pk", flat=True)[0])


@pytest.mark.parametrize("content", [text(*PEOPLE), workbook(*PEOPLE)], ids=["csv", "xlsx"])
def test_a_file_is_kept_sealed_imported_and_gone(desk: Desk, content: bytes) -> None:
    one = take(desk, content)
    assert (one.rows, one.titles, one.header[1]) == (3, ["姓名", "电话", "备用"], ["电话", 3])
    assert "赵大明".encode() not in bytes(one.content) and content not in bytes(one.content)
    assert nothing_came_in()
    done = run(desk, one)
    assert (done.state, done.content, done.said["born"], done.said["rejected"]) == (State.DONE, None, 2, 1)
    assert list(reads.rejects(done)) == [(3, "phone", "bad_phone")]
    assert reads.stand(done) == reads.Stand(3, born=2, rejected=1)
    assert Resident.objects.filter(area=GRID).exclude(pk=_known()).count() == 2
    verbs = Entry.objects.filter(chain=f"registry-upload:{one.uid}").order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["upload", "begin", "finish"]
    again = run(desk, take(desk, content))
    assert (again.said["born"], again.said["same"]) == (0, 2)


def test_handing_in_twice_keeps_one(desk: Desk) -> None:
    one = take(desk)
    assert take(desk, uid=one.uid).pk == one.pk
    assert (Upload.objects.count(), Entry.objects.filter(chain=f"registry-upload:{one.uid}").count()) == (1, 1)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_table"),
    "a page": (b"\n <html><table><tr><td>x</td></tr></table></html>", "not_a_table"),
    "old or locked": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not_a_table"),
    "half a zip": (workbook(*PEOPLE)[:300], "not_a_table"),
    "a document": (packed("word/document.xml"), "not_a_table"),
    "a workbook of nonsense": (packed("[Content_Types].xml", "xl/workbook.xml", content=b"<" * 999), "not_a_table"),
    "utf-16": ("姓名,电话".encode("utf-16"), "not_a_table"),
    "no header": (text(["", ""], ["赵大明", "13911110000"]), "no_header"),
    "no columns": (text([f"列{number}" for number in range(looking.MOST_COLUMNS + 1)]), "no_header"),
    "a letter": (("这是一封信" * 30).encode(), "no_header"),
    "an endless cell": (b'"' + b"x" * 200_000, "not_a_table"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_table_is_refused_and_leaves_nothing(desk: Desk, name: str) -> None:
    content, code = HOSTILE[name]
    entries = Entry.objects.count()
    with pytest.raises(Invalid) as refused:
        take(desk, content, name="人员.xlsx")
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert not Upload.objects.exists() and Entry.objects.count() == entries


@pytest.mark.parametrize(
    ("limit", "value", "content", "code"),
    [
        ("MOST_BYTES", 40, text(*PEOPLE), "too_large"),
        ("MOST_UNPACKED", 2_000, workbook(*PEOPLE), "too_large"),  # small as a file, large once unpacked
        ("MOST_ROWS", 2, text(*PEOPLE), "too_many_rows"),
    ],
)
def test_there_are_limits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, content: bytes, code: str
) -> None:
    monkeypatch.setattr(looking, limit, value)
    with pytest.raises(Invalid) as refused:
        take(desk, content)
    assert refused.value.code == code and not Upload.objects.exists()


def test_only_registry_editors_hand_in_and_only_for_their_area(desk: Desk) -> None:
    for who in ("worker", "supervisor", "discipline"):
        with pytest.raises(Forbidden):
            take(desk, who=who)
    with pytest.raises(Forbidden):
        take(desk, area="449002")
    with pytest.raises(Invalid):
        take(desk, kind="castle")
    assert not Upload.objects.exists()
    one = take(desk)
    stranger = desk.actors["worker"]
    for step in (uploading.begin_upload, uploading.drop_upload):
        with pytest.raises(NotFound):
            step(one.uid, actor=stranger, now=clock.now())  # type: ignore[operator]
    with pytest.raises(NotFound):
        access.get_upload(stranger, one.uid)
    assert jobs() == 0 and Upload.objects.get().state == State.LOOKED


def test_it_begins_once_all_columns_are_there(desk: Desk) -> None:
    one = take(desk, text(["住户姓名", "电话"], ["赵大明", "13911110000"]))
    read = reads.understood(one, {})
    assert [(column.title, column.field) for column in read.columns] == [("住户姓名", ""), ("电话", "phone")]
    assert [field.name for field in read.lacking] == ["name"] and "name" in dict(read.free)
    for mapping in ({}, {"name": "没有这一列"}, {"castle": "住户姓名"}):
        with pytest.raises(Invalid):
            uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now(), mapping=mapping)
    assert (jobs(), Upload.objects.get().state) == (0, State.LOOKED)
    done = run(desk, one, {"name": "住户姓名"})
    assert (done.state, done.said["born"], jobs()) == (State.DONE, 1, 1)


def test_beginning_twice_is_one_job_and_what_is_over_is_over(desk: Desk) -> None:
    one, editor = take(desk), desk.actors["editor"]
    for _time in range(2):
        uploading.begin_upload(one.uid, actor=editor, now=clock.now())
    assert jobs() == 1
    with pytest.raises(Refused):
        uploading.drop_upload(one.uid, actor=editor, now=clock.now())
    uploading.run_upload(one.pk, now=clock.now())
    with pytest.raises(Refused):
        uploading.begin_upload(one.uid, actor=editor, now=clock.now())
    steps = Change.objects.count()
    uploading.run_upload(one.pk, now=clock.now())  # a job taken up again after it was done
    assert (Change.objects.count(), jobs()) == (steps, 1)


def test_rows_outside_the_editors_area_are_not_taken(desk: Desk) -> None:
    room, other = a_room(desk.actors["worker"], name="601室"), a_room(desk.actors["other"], compound="别处小区")
    desk.people["editor"].appointments.update(area=GRID)
    rows = [["姓名", "现住址"], ["赵大明", room.address], ["钱小红", other.address]]
    before = Resident.objects.filter(area=OTHER_GRID).count()
    done = run(desk, take(desk, text(*rows)))
    assert (done.said["born"], list(reads.rejects(done))) == (1, [(3, "", "forbidden")])
    assert Resident.objects.filter(area=OTHER_GRID).count() == before


def test_an_editor_who_is_one_no_longer_imports_nothing(desk: Desk) -> None:
    one = take(desk)
    uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now())
    desk.people["editor"].appointments.all().delete()
    uploading.run_upload(one.pk, now=clock.now())
    one.refresh_from_db()
    assert (one.state, one.error, one.content is None) == (State.FAILED, "forbidden", False)
    assert nothing_came_in()


def test_what_was_cut_off_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_STEP", 2)
    rows = [[f"赵{sign}", f"1391111000{number}"] for number, sign in enumerate("一二三四五")]
    one = take(desk, text(["姓名", "电话"], *rows))
    taken: list[int] = []
    original = importing._Reader.take

    def pulled(reader: Any, step: Any, last: int) -> None:
        if len(taken) == 2:
            raise RuntimeError("the plug")
        taken.append(last)
        original(reader, step, last)

    with monkeypatch.context() as patched:
        patched.setattr(importing._Reader, "take", pulled)
        with pytest.raises(RuntimeError):
            run(desk, one)
    one.refresh_from_db()
    stood = reads.stand(one)
    assert (one.state, one.error, one.content is None) == (State.FAILED, "broken", False)
    assert (stood.done, stood.born) == (3, 3)
    done = run(desk, one)
    assert (done.state, done.said["born"], done.said["resumed_at"]) == (State.DONE, 5, 4)
    assert Resident.objects.exclude(pk=_known()).count() == 5


def test_what_nobody_begins_is_put_away(desk: Desk) -> None:
    dropped, late, young = take(desk), take(desk), take(desk)
    uploading.drop_upload(dropped.uid, actor=desk.actors["editor"], now=clock.now())
    Upload.objects.filter(pk=late.pk).update(at=clock.now() - looking.UNBEGUN_KEPT - timedelta(minutes=1))
    assert uploading.clear_uploads(actor=system("retention"), now=clock.now()) == 1
    states = dict(Upload.objects.values_list("pk", "state"))
    assert states == {dropped.pk: State.DROPPED, late.pk: State.DROPPED, young.pk: State.LOOKED}
    assert set(Upload.objects.filter(content=None).values_list("pk", flat=True)) == {dropped.pk, late.pk}
    assert nothing_came_in()


def test_reading_costs(desk: Desk, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, editor = take(desk), desk.actors["editor"]
    take(desk)
    with django_assert_num_queries(1):
        assert len([row.person.label for row in reads.upload_page(editor).rows]) == 2
    with django_assert_num_queries(1):
        found = access.get_upload(editor, one.uid)
    with django_assert_num_queries(0):
        reads.understood(found, {})
    with django_assert_num_queries(1):
        reads.stand(found)
    with django_assert_num_queries(1):
        reads.first_rejects(found)


def test_every_reason_is_said_in_words() -> None:
    assert all(why(code) == str(words) for code, words in REASONS.items())
    assert "单独登记" in why("something new")
    assert "核对任职" in stopped("forbidden") and "已经收下的都在" in stopped("broken")
    assert (which("person", "phone"), which("person", "uid"), which("person", "")) == ("电话", "编号", "")
