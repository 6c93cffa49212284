"""Real parts for proofs: a nats-server, PostgreSQL, and the drain's own processes, all to be killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from huying.casework.cases import factories
from huying.config.instance import children
from huying.kernel import clock
from huying.kernel.stream import READINGS, URGENT, publisher, reading_subject, urgent_subject
from huying.senses.devices import directory
from huying.senses.devices.actions import register_devices
from huying.senses.devices.factories import draft, make_keeper
from huying.senses.devices.models import Device, LastValue
from huying.senses.readings import queries
from huying.senses.readings.models import Cursor
from tests.conftest import part_environment

SECONDS = float(os.environ.get("HUYING_TEST_SECONDS", "") or 4)
LOAD = int(os.environ.get("HUYING_TEST_LOAD", "") or 1)
# Between two readings of one device: however many are sent, none is of a time to come, which would not be believed.
STEP = timedelta(seconds=1) if LOAD == 1 and SECONDS < 30 else timedelta(milliseconds=20)
PATIENCE = 120  # seconds a device keeps what it could not hand over
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


class Drain:
    """`python -m huying.senses.readings.worker` on this test's database and stream; it can be killed and started again."""

    def __init__(self, *arguments: str, place: Path) -> None:
        self.arguments, self.place = arguments, place
        self.log = Path(settings.HUYING_DATA_DIR) / "drain.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.largest = 0

    def start(self) -> None:
        env = part_environment(HUYING_LOG_LEVEL="WARNING")
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "huying.senses.readings.worker", *self.arguments]
            self.process = children.start(command, log=log, env=env)

    def kill(self) -> None:
        """kill -9, with what it started."""
        assert self.process is not None
        for one in (*psutil.Process(self.process.pid).children(recursive=True), self.process):
            one.kill()
        self.process.wait(10)

    def stop(self) -> float:
        """Ask it to end; how many seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return time.monotonic() - began

    def memory(self) -> int:
        """Megabytes it holds now."""
        assert self.process is not None
        return int(psutil.Process(self.process.pid).memory_info().rss // 1_000_000)


@pytest.fixture
def place(transactional_db: None, streams: Any) -> Iterator[Path]:
    """An empty place with its streams, and the directory where history lies."""
    directory.forget()
    root = Path(settings.HUYING_DATA_DIR)
    for name in ("spool", "history"):
        shutil.rmtree(root / name, ignore_errors=True)
    yield root


@pytest.fixture
def drains(place: Path) -> Iterator[Callable[..., Drain]]:
    """Starts drains; whatever happens they end with the test."""
    made: list[Drain] = []

    def start(*arguments: str) -> Drain:
        one = Drain(*arguments, place=place)
        one.start()
        made.append(one)
        return one

    yield start
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.kill()


@pytest.fixture
def keeper(place: Path) -> Any:
    return make_keeper(factories.make_cast())


class Fleet:
    """Devices that speak, and remember what they were acknowledged."""

    def __init__(self, keeper: Any, number: int, kind: str = "smart_breaker", prefix: str = "b") -> None:
        self.codes = [f"{prefix}-{n}" for n in range(number)]
        register_devices([draft(code, kind) for code in self.codes], actor=keeper, now=clock.now())
        self.devices = {one.code: one for one in Device.objects.filter(code__in=self.codes)}
        self.said: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
        self.lot = Random(number)
        self.next = 0

    def body(self, code: str, seq: int, **values: Any) -> dict[str, Any]:
        at = BEGAN + seq * STEP
        return {
            "ts": int(at.timestamp() * 1000),
            "seq": seq,
            "v": values or {"leak": round(self.lot.uniform(1, 20), 1)},
        }

    def turn(self, number: int) -> list[tuple[str, int, dict[str, Any]]]:
        """The next readings of everybody in turn."""
        said = []
        for _ in range(number):
            code, seq = self.codes[self.next % len(self.codes)], self.next // len(self.codes)
            self.next += 1
            said.append((code, seq, self.body(code, seq)))
        return said

    def publish(self, said: list[tuple[str, int, dict[str, Any]]]) -> int:
        """Send until all is acknowledged, as devices do; how many attempts failed."""
        waiting, failed = said, 0
        deadline = time.monotonic() + PATIENCE
        while waiting:
            items = [(reading_subject(code), json.dumps(body).encode(), "") for code, _seq, body in waiting]
            results = publisher().publish_many(items)
            left = []
            for one, result in zip(waiting, results, strict=True):
                if isinstance(result, int):
                    self.said[one[0]][one[1]] = one[2]["v"]
                else:
                    left.append(one)
            failed += len(left)
            if len(left) < len(waiting):
                deadline = time.monotonic() + PATIENCE
            waiting = left
            if waiting:
                assert time.monotonic() < deadline, results
                time.sleep(0.1)
        return failed

    def press(self, code: str) -> None:
        publisher().publish(urgent_subject(code), json.dumps({"seq": 1, "v": {"sos": True}}).encode())

    def check(self) -> None:
        """Everything that was acknowledged is in the history, once, and the newest is the last value."""
        wrong = []
        for code, said in self.said.items():
            rows = queries.readings(
                self.devices[code], BEGAN - timedelta(days=1), BEGAN + timedelta(days=2), most=1_000_000
            )
            kept = [(seq, values) for _at, seq, values in rows]
            if kept != sorted(said.items()):
                wrong.append((code, len(kept), len(said)))
        assert not wrong, f"{len(wrong)} devices: (code, kept, said) {wrong[:5]}"
        last = {one.device.code: one for one in LastValue.objects.select_related("device")}
        for code, said in self.said.items():
            newest = max(said)
            assert (last[code].seq, last[code].values) == (newest, said[newest]), code


def taken(stream: str = READINGS) -> int:
    """Messages taken by now."""
    return int(Cursor.objects.filter(stream=stream).aggregate(n=Sum("taken"))["n"] or 0)


def until(reached: Callable[[], bool], patience: float = 60.0, what: str = "") -> float:
    """Wait for something of other processes; how many seconds it took."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < patience, f"waited {patience:.0f} s {what}"
        with transaction.atomic():
            pass
        time.sleep(0.02)
    return time.monotonic() - began


__all__ = ["LOAD", "PATIENCE", "READINGS", "SECONDS", "URGENT", "Drain", "Fleet", "taken", "until"]
