"""Whatever dies under load: what a device was acknowledged is taken once, and every alarm is raised once.

For minutes and at a hundred times the load, with PostgreSQL killed too:
`HUYING_TEST_SECONDS=300 HUYING_TEST_LOAD=100 pytest tests/devices`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import connection

from huying.senses.alarms.models import Alarm
from huying.senses.devices.models import LastValue
from huying.senses.readings import keeping

from .conftest import LOAD, PATIENCE, SECONDS, Fleet, taken, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LEAKING = 10
PAUSE = (
    1.5 if SECONDS < 30 else 10
)  # seconds at most between two strikes: what was started again comes to work in a long run


class Load(threading.Thread):
    """Devices that go on speaking; some leak, so that alarms are due."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(daemon=True)
        self.fleet, self.ending = fleet, threading.Event()
        self.failed = self.sent = 0
        self.broke: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ending.is_set():
                said = self.fleet.turn(100 * LOAD)
                for code, _seq, body in said:
                    if int(code.partition("-")[2]) < LEAKING:
                        body["v"] = {"leak": 500.0}
                self.failed += self.fleet.publish(said)
                self.sent += len(said)
                time.sleep(0.05 if LOAD == 1 else 0)
        except BaseException as error:
            self.broke = error


def _work(load: Load, strike: Callable[[], Any]) -> int:
    """Speak, strike at random moments, come to an end; how often it was struck."""
    lot, strikes, ends = Random(1), 0, time.monotonic() + SECONDS
    load.start()
    while time.monotonic() < ends:
        time.sleep(lot.uniform(0.3, PAUSE))
        strike()
        strikes += 1
    load.ending.set()
    load.join(PATIENCE + 30)
    assert load.broke is None and not load.is_alive(), load.broke
    return strikes


def _whole(load: Load) -> None:
    until(lambda: taken() >= load.sent, 60 + load.sent / 1000, "for the backlog to drain")
    load.fleet.check()
    leaks = list(Alarm.objects.filter(kind="leak").values_list("device__code", flat=True))
    assert sorted(leaks) == sorted(load.fleet.codes[:LEAKING]), "each leak is one alarm"


def test_the_drain_is_killed_at_random(keeper: Any, drains: Any) -> None:
    load = Load(Fleet(keeper, 60))
    drain = drains()

    def strike() -> None:
        keeping.roll_up()  # the history is rolled meanwhile
        drain.kill()
        drain.start()

    assert _work(load, strike) >= 2
    _whole(load)
    assert drain.stop() < 10


def test_the_server_of_the_stream_is_killed_at_random(keeper: Any, drains: Any, streams: Any) -> None:
    load = Load(Fleet(keeper, 60))
    drains()

    def strike() -> None:
        streams.kill()
        streams.start()

    assert _work(load, strike) >= 2
    _whole_at_least_once(load)


def _whole_at_least_once(load: Load) -> None:
    """What was not acknowledged is sent again and may be in the stream twice: in the history and in alarms it is once."""
    until(lambda: _last_seqs(load.fleet), 90 + load.sent / 1000, "for the backlog to drain")
    load.fleet.check()
    assert Alarm.objects.filter(kind="leak").count() == LEAKING


def _last_seqs(fleet: Fleet) -> bool:
    last = dict(LastValue.objects.values_list("device__code", "seq"))
    return all(last.get(code) == max(said) for code, said in fleet.said.items())


@pytest.mark.skipif(SECONDS < 30, reason="PostgreSQL serves the other tests too: only in a long run of its own")
def test_the_database_is_killed_at_random(keeper: Any, drains: Any, cluster: Any) -> None:
    load = Load(Fleet(keeper, 60))
    cluster.options.update(fsync="on", synchronous_commit="on", full_page_writes="on")  # as it runs in earnest

    def strike() -> None:
        connection.close()
        cluster.process.kill()
        cluster.process.wait()
        cluster.start()
        time.sleep(3)

    connection.close()
    cluster.stop()
    cluster.start()
    drains()

    assert _work(load, strike) >= 2
    _whole(load)
