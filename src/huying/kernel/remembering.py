"""Within one action nothing shared is asked for twice: which version of the catalogue, the directory or the ground holds.

Snapshots of shared things are kept in memory and found by a stamp: a small value in the database that is another one as
soon as they change. Inside ``remembering()`` all stamps are asked together in one query; outside, one at a time. The block
belongs inside one transaction, whose end is the end of what is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from zlib import crc32

from huying.kernel.gathering import Question, Rows, ask_together, often

_watched: dict[str, str] = {}
_held: ContextVar[dict[str, Any] | None] = ContextVar("huying_remembered", default=None)


@contextmanager
def remembering(*also: Question) -> Iterator[list[Rows]]:
    """Stamps stay the same until the end of the outermost such block.

    ``also`` is what the block wants to know at once: asked in one trip with the stamps, its answers are given in order.
    """
    if _held.get() is not None:
        yield ask_together(*also)
        return
    held: dict[str, Any] = {}
    token = _held.set(held)
    try:
        if not also:
            yield []
            return
        *answers, (stamps,) = ask_together(*also, _question(_watched))
        held.update(zip(_watched, stamps, strict=True))
        yield answers
    finally:
        _held.reset(token)


def watch(name: str, sql: str) -> None:
    """Declare a stamp: ``sql`` selects one value (no row counts as ``None``) that changes with what it stands for."""
    _watched[name] = sql


def stamp(name: str) -> Any:
    """The present stamp; inside ``remembering()`` the one its first question found."""
    held = _held.get()
    if held is None:
        return _ask([name])[0]
    if not held:
        held.update(zip(_watched, _ask(_watched), strict=True))
    return held[name]


def _ask(names: Iterable[str]) -> Sequence[Any]:
    ((row,),) = ask_together(_question(names))
    return row


def _question(names: Iterable[str]) -> Question:
    return _asked(f"SELECT {', '.join(f'({_watched[name]})' for name in names)}"), ()


@lru_cache
def _asked(sql: str) -> str:
    return often(f"stamps_{crc32(sql.encode()):08x}", sql)
