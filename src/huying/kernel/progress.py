"""Progress of long work, shown on a terminal and silent elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import IO, Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Told how much is done; long work calls ``advance`` every few hundred steps."""

    def start(self, what: str, total: int | None) -> None: ...
    def advance(self, steps: int) -> None: ...
    def finish(self) -> None: ...


class Silent:
    """Progress that nobody watches."""

    def start(self, what: str, total: int | None) -> None:
        return None

    def advance(self, steps: int) -> None:
        return None

    def finish(self) -> None:
        return None


class Terminal:
    """One line on standard error, redrawn at most once per hundredth of the work."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._what, self._total, self._done, self._shown = "", 0, 0, -1

    def start(self, what: str, total: int | None) -> None:
        self._what, self._total, self._done, self._shown = what, total or 0, 0, -1
        self._draw()

    def advance(self, steps: int) -> None:
        self._done += steps
        self._draw()

    def finish(self) -> None:
        self._stream.write(f"\r{self._what}  {self._done:,}\x1b[K\n")
        self._stream.flush()

    def _draw(self) -> None:
        share = self._done * 100 // self._total if self._total else self._done // 1000
        if share == self._shown:
            return
        self._shown = share
        label = f"{min(share, 100)} %" if self._total else ""
        self._stream.write(f"\r{self._what}  {self._done:,} {label}\x1b[K")
        self._stream.flush()


def for_terminal(*, quiet: bool = False) -> Progress:
    """Terminal progress when standard error is a terminal, else silence."""
    return Silent() if quiet or not sys.stderr.isatty() else Terminal()


def track(items: Iterable[T], what: str, total: int | None = None, progress: Progress | None = None) -> Iterator[T]:
    """Pass items through and show how many have passed."""
    watcher = progress or for_terminal()
    watcher.start(what, total)
    waiting = 0
    for item in items:
        yield item
        waiting += 1
        if waiting == 100:
            watcher.advance(waiting)
            waiting = 0
    watcher.advance(waiting)
    watcher.finish()
