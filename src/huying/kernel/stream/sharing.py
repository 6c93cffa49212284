"""One reading of a stream for all partitions that are drained through a connection.

A partition of its own would need a filter, which costs the server ten times the reading; here each takes what is its own.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

from huying.kernel.stream.connection import Connection
from huying.kernel.stream.errors import StreamRenewed
from huying.kernel.stream.reading import Reader
from huying.kernel.stream.streams import Message

_AT_ONCE: Final = 2000  # messages of one batch, and what a lane may hold before the reader waits for it
_PAUSE: Final = 0.5
_log = logging.getLogger(__name__)


class Lane:
    """One partition of a shared reading, and what has come for it but is not taken yet."""

    def __init__(self, shared: SharedReading, partition: int, after: int, most: int) -> None:
        self.shared, self.partition, self.most = shared, str(partition), most
        self.seq = after  # the last that was put into it
        self.come: list[Message] = []
        self.arrived = asyncio.Event()
        self.ended: StreamRenewed | None = None

    async def next(self, patience: float) -> list[Message]:
        if not self.come and self.ended is None:
            self.arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.arrived.wait(), patience)
        if self.ended is not None:
            raise self.ended
        batch = self.come[: self.most]
        del self.come[: self.most]
        self.shared.room.set()
        return batch

    async def close(self) -> None:
        await self.shared.leave(self)

    def end(self, why: StreamRenewed) -> None:
        """What has come is of a stream that is gone."""
        self.ended = why
        self.arrived.set()

    def put(self, messages: list[Message]) -> None:
        """Those behind what it has: the reader goes back for a slower lane, so some come again."""
        if messages and messages[0].seq <= self.seq:
            messages = [message for message in messages if message.seq > self.seq]
        if messages:
            self.come += messages
            self.seq = messages[-1].seq
            self.arrived.set()


class SharedReading:
    """One reader for all lanes of a stream; it waits while any of them is full."""

    def __init__(self, connection: Connection, stream: str) -> None:
        self.connection, self.stream = connection, stream
        self.lanes: set[Lane] = set()
        self.room = asyncio.Event()
        self.reader: Reader | None = None
        self.work: asyncio.Task[None] | None = None

    def join(self, partition: int, after: int, most: int, born: datetime | None) -> Lane:
        lane = Lane(self, partition, after, most)
        self.lanes.add(lane)
        if self.reader is None:
            self.reader = Reader(self.connection, self.stream, after, _AT_ONCE, born)
            self.work = asyncio.create_task(self._work(self.reader))
        elif after < self.reader.seq:
            self.reader.go_back(after)
        return lane

    async def leave(self, lane: Lane) -> None:
        self.lanes.discard(lane)
        self.room.set()
        if self.lanes or self.work is None or self.reader is None:
            return
        self._retire()
        self.work.cancel()
        with suppress(asyncio.CancelledError):
            await self.work
        await self.reader.close()

    def _retire(self) -> None:
        """Whoever comes now begins a new one."""
        readings = _readings.get(self.connection, {})
        if readings.get(self.stream) is self:
            del readings[self.stream]

    async def _work(self, reader: Reader) -> None:
        while True:
            try:
                await self._deal_out(reader)
            except StreamRenewed as renewed:
                self._retire()
                for lane in self.lanes:
                    lane.end(renewed)
                return
            except Exception:
                _log.exception("%s: reading it begins again", self.stream)
                reader.go_back(min((lane.seq for lane in self.lanes), default=reader.seq))
                await asyncio.sleep(_PAUSE)

    async def _deal_out(self, reader: Reader) -> None:
        opened = reader.opened
        while True:
            if any(len(lane.come) >= _AT_ONCE for lane in self.lanes):
                self.room.clear()
                await self.room.wait()
                continue
            batch = await reader.next(_PAUSE)
            if reader.opened != opened:  # after a power cut the stream may end before what a lane has
                opened = reader.opened
                for lane in self.lanes:
                    lane.seq = min(lane.seq, reader.ends)
            if batch:
                parts: dict[str, list[Message]] = {}
                for message in batch:
                    parts.setdefault(message.subject[2], []).append(message)
                for lane in self.lanes:
                    lane.put(parts.get(lane.partition, []))


_readings: WeakKeyDictionary[Connection, dict[str, SharedReading]] = WeakKeyDictionary()


def shared_reading(connection: Connection, stream: str) -> SharedReading:
    """The reading of a stream that all drains through this connection share."""
    readings = _readings.setdefault(connection, {})
    if stream not in readings:
        readings[stream] = SharedReading(connection, stream)
    return readings[stream]
