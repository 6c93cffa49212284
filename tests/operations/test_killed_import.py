"""kill -9 of the worker in the middle of an import, and a database that ends its connections: the import goes on to its end."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from huying.ground.registry.actions import uploading
from huying.ground.registry.factories import GRID
from huying.ground.registry.models import ImportRun, Resident, Upload
from huying.ground.registry.tests.desk_cast import make_desk
from huying.kernel import clock

from .test_killed_worker import PATIENCE, Worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROWS = 4_000
SURNAMES = "赵钱孙李周吴郑王"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the worker puts what it needs for a while."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def worker(transactional_db: None, place: Path) -> Iterator[Worker]:
    one = Worker()
    one.start()
    yield one
    one.kill()


def begun() -> tuple[Upload, int]:
    """A file of many people whose import has begun, and how many people there were before."""
    desk = make_desk()
    file = io.StringIO()
    write = csv.writer(file).writerow
    write(["姓名", "电话"])
    for number in range(ROWS):
        write([f"{SURNAMES[number % len(SURNAMES)]}大明", f"139{number:08}"])
    one = uploading.take_upload(
        actor=desk.actors["editor"], now=clock.now(), uid=uuid4(), kind="person", area=GRID, name="人员.csv",
        content=file.getvalue().encode(),
    )  # fmt: skip
    before = Resident.objects.count()
    return uploading.begin_upload(one.uid, actor=desk.actors["editor"], now=clock.now()), before


def until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s {what}"
        time.sleep(0.02)


def done_rows(one: Upload) -> int:
    return ImportRun.objects.filter(file_sha256=one.run_key).values_list("next_row", flat=True).first() or 0


def ended_connections() -> int:
    """End those of the worker that are at the registry just now, or were last; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query LIKE '%registry_%' AND query NOT LIKE '%procrastinate%'"
        )
        return int(cursor.fetchone()[0])


def ends_whole(one: Upload, before: int) -> None:
    until(lambda: Upload.objects.filter(pk=one.pk, state="done").exists(), "for the import to end")
    one.refresh_from_db()
    assert (one.said["born"], one.said["rejected"], one.content) == (ROWS, 0, None)
    people = Resident.objects.order_by("-pk")[:ROWS]
    assert Resident.objects.count() == before + ROWS
    assert len({each.value("phone") for each in people}) == ROWS


def test_a_killed_import_goes_on(worker: Worker, place: Path) -> None:
    one, before = begun()
    until(lambda: done_rows(one) > 500, "for the first steps")
    worker.kill()
    stood = done_rows(one)
    assert 500 < stood < ROWS, "it was in the middle"
    assert Upload.objects.get(pk=one.pk).is_under_way
    assert not [each for each in place.rglob("*") if each.is_file()], "nothing plain stays on disk"
    worker.start()
    ends_whole(one, before)
    assert one.said["resumed_at"] >= stood


def test_an_import_whose_connection_was_ended_goes_on(worker: Worker) -> None:
    one, before = begun()
    until(lambda: done_rows(one) > 500, "for the first steps")
    until(lambda: ended_connections() >= 1, "for a statement of the import to be seen")
    assert done_rows(one) < ROWS, "it was in the middle"
    ends_whole(one, before)
