"""Sends what is played at its own time, faster, or as fast as it is taken, and keeps the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from .ledger import Ledger
from .play import Message
from .sinks import Sink, envelopes

TICK: Final = 0.1  # seconds: what is due within one goes together
AT_ONCE: Final = 1000  # messages


class Pace:
    """The clock of a run: ``began`` is the simulated moment it starts at, ``speed`` how much faster than life; 0: no wait."""

    def __init__(self, began: float, speed: float) -> None:
        self.began, self.speed = began, speed
        self._started = time.monotonic()

    def now(self) -> float:
        """The simulated moment."""
        return self.began + (time.monotonic() - self._started) * self.speed if self.speed else float("inf")

    def wait_until(self, moment: float, pause: Callable[[float], bool]) -> bool:
        """Wait for a simulated moment; False when told to stop meanwhile."""
        while self.speed and (left := (moment - self.now()) / self.speed) > 0:
            if pause(min(left, 1.0)):
                return False
        return True


def send_all(
    messages: Iterator[Message], sink: Sink, ledger: Ledger, pace: Pace, pause: Callable[[float], bool],
    told: Callable[[int], None] = lambda _count: None,
) -> None:  # fmt: skip
    """Send until the messages end or ``pause`` (wait so many seconds) says True. ``told`` hears how many went each time."""
    waiting: list[Message] = []
    for message in messages:
        if waiting and (message.at > pace.now() or len(waiting) >= AT_ONCE):
            _send(waiting, sink, ledger, told)
            waiting = []
            if pause(0.0):
                return
        if message.at > pace.now() and not pace.wait_until(message.at + TICK * pace.speed, pause):
            return
        waiting.append(message)
    if waiting:
        _send(waiting, sink, ledger, told)


def _send(waiting: list[Message], sink: Sink, ledger: Ledger, told: Callable[[int], None]) -> None:
    parts = envelopes(waiting)
    for one, ok in zip(parts, sink.send(parts), strict=True):
        ledger.note(one.messages, [ok] * len(one.messages))
    told(len(waiting))
