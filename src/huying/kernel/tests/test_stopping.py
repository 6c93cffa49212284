"""Stopping is heard at once and by all, and no number of signals gets in one another's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from huying.kernel.stopping import Stopping

PROGRAM = """
import signal
from huying.kernel.stopping import Stopping
stop = Stopping(signal.SIGINT, signal.SIGTERM)
print("ready", flush=True)
while not stop.wait(0.0001):
    pass
print("over", flush=True)
"""


def test_it_is_heard_at_once_by_all_who_wait_and_stays() -> None:
    stop = Stopping()
    assert not stop.wait(0.01) and not stop.is_set()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(stop.wait, 20) for _thread in range(3)]
        began = time.monotonic()
        stop.set()
        assert all(one.result(5) for one in waiting) and time.monotonic() - began < 5
    assert stop.is_set() and stop.wait() and stop.wait(0)


def test_telling_waits_for_no_lock() -> None:
    """A handler that interrupted whoever holds the lock of an ordinary event would wait for it for ever."""
    stop = Stopping()
    with ThreadPoolExecutor(1) as pool, stop._cond:  # type: ignore[attr-defined]
        pool.submit(stop.set).result(5)
        assert stop.wait(5)


def test_it_may_be_told_more_often_than_anybody_listens() -> None:
    stop = Stopping()
    for _time in range(100_000):
        stop.set()
    assert stop.wait(0)


@pytest.mark.parametrize("turn", range(3))
def test_a_storm_of_signals_ends_a_program(turn: int) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None and program.stdout.readline() == "ready\n"
        time.sleep(0.01 * turn)
        for number in range(200):
            if program.poll() is None:
                os.kill(program.pid, signal.SIGINT if number % 2 else signal.SIGTERM)
        try:
            said, _none = program.communicate(timeout=20)
        finally:
            program.kill()
    assert said == "over\n"
