"""How the drain fares: what the cursors say, beside what the stream itself says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from huying.kernel.stream import StreamState, StreamUnavailable, connect, fullness

from . import queries
from .queries import Standing
from .waiting import waiting


@dataclass(frozen=True, slots=True)
class Fares:
    """One stream: how far it is taken (``standing``), how full it is, and how many messages wait; None: it does not answer."""

    standing: Standing
    waiting: int | None
    state: StreamState | None
    why: str = ""


def fares() -> list[Fares]:
    """Every stream; a stream that does not answer still has what its cursors say."""
    standings = queries.standings()
    try:
        with ThreadPoolExecutor(1) as hand:  # whoever asks may have a loop of its own already
            return hand.submit(asyncio.run, _asked(standings)).result()
    except StreamUnavailable as error:
        return [Fares(one, None, None, str(error.hint or error)) for one in standings]


async def _asked(standings: Sequence[Standing]) -> list[Fares]:
    connection = await connect(name="status")
    try:
        return [
            Fares(one, await waiting(connection, one.stream, one.seqs), await fullness(connection, one.stream))
            for one in standings
        ]
    finally:
        await connection.close()
