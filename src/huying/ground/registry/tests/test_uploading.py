"""Files handed in for importing: judged by their bytes, kept sealed, begun once, resumed, gone afterwards."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from openpyxl import Workbook
from pytest_django import DjangoAssertNumQueries

from huying.ground.organisation.access import actor_for
from huying.ground.organisation.factories import make_appointment, make_person
from huying.ground.registry import access, looking
from huying.ground.registry import queries_uploads as reads
from huying.ground.registry.actions import uploading
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


def test_another_mapping_begins_from_the_first_row(desk: Desk) -> None:
    one = take(desk, text(["住户", "曾用", "电话"], ["赵大明", "赵小明", "13911110000"]))
    first = uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now(), mapping={"name": "住户"})
    ImportRun.objects.create(
        kind="person", file_sha256=first.run_key, file_name="x", started_at=clock.now(), next_row=2, born=1
    )  # as if its only step had been taken before it stopped
    Upload.objects.update(state=State.FAILED, finished_at=clock.now())
    same = uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now(), mapping={"name": "住户"})
    assert same.run_key == first.run_key and reads.stand(same).done == 1
    Upload.objects.update(state=State.FAILED, finished_at=clock.now())
    done = run(desk, one, {"name": "曾用"})
    assert (done.state, done.said["born"], done.said["resumed_at"]) == (State.DONE, 1, 0)
    assert done.run_key != first.run_key
    names = {person.value("name") for person in Resident.objects.exclude(pk=_known())}
    assert names == {"赵小明"}


def test_going_back_to_an_earlier_mapping_begins_anew_too(desk: Desk) -> None:
    one, keys = take(desk, text(["住户", "曾用", "电话"], ["赵大明", "赵小明", "13911110000"])), []
    for title in ("住户", "曾用", "住户"):
        begun = uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now(), mapping={"name": title})
        keys.append(begun.run_key)
        Upload.objects.update(state=State.FAILED, finished_at=clock.now())
    assert len(set(keys)) == 3


def test_each_file_has_its_own_rejects(desk: Desk) -> None:
    first = run(desk, take(desk))
    second = take(desk)
    assert (list(reads.rejects(second)), reads.first_rejects(second), reads.stand(second)) == ([], [], reads.Stand(0))
    run(desk, second)
    second.refresh_from_db()
    assert list(reads.rejects(first)) == list(reads.rejects(second)) == [(3, "phone", "bad_phone")]
    assert Reject.objects.count() == 2


def test_an_import_that_was_finished_but_not_said_so_keeps_its_counts(desk: Desk) -> None:
    done = run(desk, take(desk))
    Upload.objects.update(state=State.RUNNING, content=b"", said={})
    uploading.run_upload(done.pk, now=clock.now())
    done.refresh_from_db()
    assert (done.state, done.said["born"], done.said["rejected"]) == (State.DONE, 2, 1)


def test_an_import_whose_job_is_gone_can_go_on(desk: Desk) -> None:
    one, other, editor = take(desk), take(desk), desk.actors["editor"]
    for each in (one, other):
        uploading.begin_upload(each.uid, actor=editor, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE (args->>'upload_id')::bigint = %s", [one.pk])
    Upload.objects.filter(pk=one.pk).update(state=State.RUNNING)
    assert uploading.clear_uploads(actor=system("retention"), now=clock.now()) == 0
    assert dict(Upload.objects.values_list("pk", "state")) == {one.pk: State.FAILED, other.pk: State.WAITING}
    assert run(desk, one).state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_on_two_connections_at_once_is_one(desk: Desk) -> None:
    uid, together = uuid4(), Barrier(2)

    def hand_in() -> int:
        try:
            together.wait(10)
            return int(take(desk, uid=uid).pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        kept = {each.result(30) for each in [pool.submit(hand_in) for _time in range(2)]}
    assert kept == set(Upload.objects.values_list("pk", flat=True)) and len(kept) == 1
    assert Entry.objects.filter(chain=f"registry-upload:{uid}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_leaves_it_under_way(desk: Desk) -> None:
    one = take(desk)
    uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now())
    with connection.execute_wrapper(_away), pytest.raises(uploading.AWAY):
        uploading.run_upload(one.pk, now=clock.now())
    assert Upload.objects.get().is_under_way
    uploading.run_upload(one.pk, now=clock.now())
    assert Upload.objects.get().state == State.DONE


def _away(*_given: Any) -> None:
    raise OperationalError("the server closed the connection unexpectedly")


def test_whoever_goes_on_is_not_who_handed_it_in(desk: Desk) -> None:
    one = take(desk)
    author, colleague = desk.people["editor"], make_person("王交班", username="registry-colleague")
    make_appointment(colleague, author.appointments.get().unit, "registry_editor", GRID)
    uploading.begin_upload(one.uid, actor=actor_for(colleague.user, now=clock.now()), now=clock.now())
    one.refresh_from_db()
    assert (one.person_id, one.begun_by_id) == (author.pk, colleague.pk)
    assert take(desk, uid=one.uid).pk == one.pk
    uploading.run_upload(one.pk, now=clock.now())
    assert Change.objects.filter(source="import").values_list("author_name", flat=True)[0] == colleague.name


def test_anothers_number_or_another_file_is_refused(desk: Desk) -> None:
    one = take(desk)
    for more in ({"content": text(*PEOPLE[:2])}, {"area": OTHER_GRID}, {"kind": "household"}):
        with pytest.raises(Refused):
            take(desk, uid=one.uid, **more)
    assert (Upload.objects.count(), Upload.objects.get().kind) == (1, "person")


@pytest.mark.parametrize(
    "cell", ["13911110000", "１３９１１１１００００", "330102199001011234", "zhao@example.com", "010-88886666"]
)
def test_a_first_row_of_data_is_refused(desk: Desk, cell: str) -> None:
    with pytest.raises(Invalid) as refused:
        take(desk, text(["赵大明", cell], ["钱小红", "13911110001"]))
    assert "第一行要是表头" in str(refused.value.message) and refused.value.code == "no_header"
    assert not Upload.objects.exists()
    assert take(desk, text(["住户", "联系", "2026年 320000 元"], ["赵大明", "13911110000", ""])).rows == 1


def test_what_ended_names_nobody_and_is_gone_in_time(desk: Desk) -> None:
    done, dropped = run(desk, take(desk)), take(desk)
    uploading.drop_upload(dropped.uid, actor=desk.actors["editor"], now=clock.now())
    for one in Upload.objects.all():
        assert (one.content, one.name, one.header, one.mapping) == (None, "", [], {})
    Upload.objects.filter(pk=done.pk).update(finished_at=clock.now() - looking.ENDED_KEPT - timedelta(minutes=1))
    uploading.clear_uploads(actor=system("retention"), now=clock.now())
    assert (list(Upload.objects.values_list("pk", flat=True)), Reject.objects.count()) == ([dropped.pk], 0)


def test_what_failed_waits_from_then_on(desk: Desk) -> None:
    one = take(desk)
    Upload.objects.update(state=State.FAILED, at=clock.now() - timedelta(days=30), finished_at=clock.now())
    assert uploading.clear_uploads(actor=system("retention"), now=clock.now()) == 0
    Upload.objects.update(finished_at=clock.now() - looking.UNBEGUN_KEPT - timedelta(minutes=1))
    assert uploading.clear_uploads(actor=system("retention"), now=clock.now()) == 1
    one.refresh_from_db()
    assert one.state == State.DROPPED


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
    with django_assert_num_queries(0):
        reads.stand(found)
    with django_assert_num_queries(0):
        reads.first_rejects(found)
    begun = uploading.begin_upload(one.uid, actor=editor, now=clock.now())
    with django_assert_num_queries(1):
        reads.stand(begun)
    with django_assert_num_queries(1):
        reads.first_rejects(begun)


def test_every_reason_is_said_in_words() -> None:
    assert all(why(code) == str(words) for code, words in REASONS.items())
    assert "单独登记" in why("something new")
    assert "核对任职" in stopped("forbidden") and "已经收下的都在" in stopped("broken")
    assert (which("person", "phone"), which("person", "uid"), which("person", "")) == ("电话", "编号", "")
