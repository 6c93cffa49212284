"""More comes than can be taken: nothing is lost, memory stays, the backlog drains, and an SOS does not wait for it."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from huying.kernel.stream import URGENT, publisher, reading_subject
from huying.senses.alarms.models import Alarm
from huying.senses.devices.models import LastValue
from huying.senses.readings.models import Cursor, Rejected

from .conftest import BEGAN, LOAD, Fleet, taken, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FLOOD = 12_000 * LOAD
GROWTH = 60  # megabytes a drain may grow under a flood


def test_a_flood_drains_while_an_sos_is_heard_at_once(keeper: Any, drains: Any) -> None:
    fleet, worn = Fleet(keeper, 200), Fleet(keeper, 10, "wearable", "w")
    drain, urgent = drains(), drains("--urgent")
    fleet.publish(fleet.turn(400))
    worn.publish([(code, 0, worn.body(code, 0, heart_rate=70.0)) for code in worn.codes])
    until(lambda: taken() >= 410, what="for the drain to begin")
    until(lambda: Cursor.objects.filter(stream=URGENT).exists(), what="for the urgent drain to begin")
    before, grown, done = drain.memory(), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            grown.append(drain.memory() - before)
            time.sleep(0.05)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    fleet.publish(fleet.turn(FLOOD))
    waited = []
    for number, code in enumerate(worn.codes, 1):
        worn.press(code)
        waited.append(until(lambda n=number: Alarm.objects.filter(kind="sos").count() >= n, 20, "for an SOS"))
    waiting = 410 + FLOOD - taken()
    until(lambda: taken() >= 410 + FLOOD, 300 + FLOOD / 1000, "for the flood to drain")
    done.set()
    watching.join()
    fleet.check()
    assert max(waited) <= 2.0, f"an SOS was an alarm after {max(waited):.1f} s, {waiting:,} readings waiting"
    assert max(grown) < GROWTH, f"grew by {max(grown)} MB"
    assert urgent.stop() < 10


def test_disorder_duplicates_garbage_and_wrong_clocks_spoil_nothing(keeper: Any, drains: Any) -> None:
    fleet = Fleet(keeper, 20)
    said = fleet.turn(2_000)
    order = sorted(said, key=lambda one: one[1] + fleet.lot.uniform(0, 20))  # up to twenty seconds out of order
    noise = [
        (reading_subject(code), data, "") for code in ("b-1", "nobody") for data in (b"\x00\xff", b"{}", b"[1,2", b"7")
    ]
    publisher().publish_many(noise * 25)
    fleet.publish(order)
    fleet.publish(fleet.lot.sample(said, 500))  # sent again
    ahead = {"ts": int((BEGAN + timedelta(days=30)).timestamp() * 1000), "seq": 999, "v": {"leak": 3.0}}
    skewed = Fleet(keeper, 1, prefix="skewed")
    publisher().publish(reading_subject("skewed-0"), json.dumps(ahead).encode())
    sent = len(noise) * 25 + len(said) + 500 + 1
    drain = drains()
    until(lambda: taken() >= sent, what="for all to be taken")
    fleet.check()
    last = LastValue.objects.get(device=skewed.devices["skewed-0"])
    assert abs(last.at - last.received_at) < timedelta(seconds=1), "a clock far ahead is not believed"
    kept = {(one.code, one.why): one.count for one in Rejected.objects.all()}
    assert kept[("nobody", "not_json")] == 50 and kept[("b-1", "unknown_form")] == 50
    assert sum(kept.values()) == len(noise) * 25
    assert drain.stop() < 10


def test_partitions_shared_by_two_processes(keeper: Any, drains: Any) -> None:
    fleet = Fleet(keeper, 40)
    drain = drains("--processes", "2")
    fleet.publish(fleet.turn(1_000))
    until(lambda: taken() >= 1_000, what="for all to be taken")
    fleet.check()
    assert drain.stop() < 10
