"""Being told to stop by a signal."""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import suppress


class Stopping(threading.Event):
    """An event that a signal may set, however often and whatever it interrupts.

    Setting takes no lock: the handler of a signal runs in the middle of whatever the main thread does, also of a wait or of
    another handler that hold an ordinary event's lock, and would wait for it for ever. Once set it stays so.
    """

    def __init__(self, *signals: signal.Signals) -> None:
        super().__init__()
        self._told = False
        self._heard, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        for one in signals:
            signal.signal(one, lambda *_: self.set())

    def set(self) -> None:
        self._told = True
        with suppress(BlockingIOError):  # it rang often enough
            os.write(self._bell, b".")

    def is_set(self) -> bool:
        return self._told

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is set, at the latest after so many seconds. What is rung is never read, so that all who wait hear it."""
        if not self._told:
            bell = select.poll()
            bell.register(self._heard, select.POLLIN)
            bell.poll(None if timeout is None else timeout * 1000)
        return self._told

    def __del__(self) -> None:
        os.close(self._heard)
        os.close(self._bell)
