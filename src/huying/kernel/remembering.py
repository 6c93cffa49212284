"""Within one action nothing shared is asked for twice: which version of the catalogue, the directory or the ground holds.

Snapshots of shared things are kept in memory and found by a version that costs a small query. Inside ``remembering()``
that query is asked once; outside, every time. The block belongs inside one transaction, whose end is the end of what is
remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_held: ContextVar[dict[Hashable, Any] | None] = ContextVar("huying_remembered", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Answers of ``once`` stay the same until the end of the outermost such block."""
    if _held.get() is not None:
        yield
        return
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """``ask()``, or what it said before within the same block."""
    held = _held.get()
    if held is None:
        return ask()
    if key not in held:
        held[key] = ask()
    answer: T = held[key]
    return answer
