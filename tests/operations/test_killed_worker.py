"""kill -9 of the background worker in the middle of a job: the job is done again, and its lock stops nobody for ever."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from procrastinate.exceptions import AlreadyEnqueued

from huying.config.instance import children
from huying.senses.reports.tasks import send
from tests.conftest import address_of_database, part_environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
JOB = "reports.send_tellings"  # with a lock: one at a time
PATIENCE = 90.0


class Worker:
    """The program's own worker on this test's database."""

    def __init__(self) -> None:
        self.log = Path(settings.HUYING_DATA_DIR) / "worker.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "huying.config.instance.worker"]
        with self.log.open("ab") as log:
            self.process = children.start(command, log=log, env=part_environment())

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Worker]:
    one = Worker()
    one.start()
    yield one
    one.kill()


def jobs(status: str) -> list[tuple[int, int]]:
    """(id, attempts) of the jobs in a state."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, attempts FROM procrastinate_jobs WHERE task_name = %s AND status = %s::procrastinate_job_status"
            " ORDER BY id",
            [JOB, status],
        )
        return cursor.fetchall()


def enqueue() -> None:
    """One more, unless the minute has already brought it."""
    with suppress(AlreadyEnqueued):
        send.defer(timestamp=0)


def until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s {what}"
        time.sleep(0.05)


def test_what_a_dead_worker_was_doing_is_done_again(worker: Worker) -> None:
    with psycopg.connect(address_of_database()) as holding:
        holding.execute("LOCK TABLE reports_telling IN ACCESS EXCLUSIVE MODE")  # the job cannot end
        enqueue()
        until(lambda: bool(jobs("doing")), "for the job to begin")
        worker.kill()
    ((stuck, tries),) = jobs("doing")
    worker.start()
    until(lambda: stuck not in dict(jobs("doing") + jobs("todo")), "for it, or the minute's next, to be done")
    assert "its worker died" in worker.log.read_text(), "its end was noticed"
    assert tries == 0 and not jobs("failed")
    enqueue()  # and its lock is free
    until(lambda: not jobs("doing") and not jobs("todo"), "for the next of its kind")
