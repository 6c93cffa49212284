"""Reading a stream in order: a consumer of the server's that is thrown away as soon as anything is odd.

It is without a name, acknowledgements and filter (a filter by subject costs the server ten times the reading) and reads
ahead a little. It numbers what it delivers, so a gap is seen at once; after a gap, a lost connection or silence a new one
begins behind the last message handed out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from nats.errors import Error as NatsError
from nats.js import JetStreamManager, api
from nats.js.errors import NotFoundError

from huying.kernel.stream.connection import Connection
from huying.kernel.stream.errors import StreamRenewed
from huying.kernel.stream.streams import Message

_BEAT: Final = 1.0  # seconds between two signs of life while the server has nothing to deliver
_SILENCE: Final = 3.5  # seconds without one after which nobody is there any more
_EXPIRES: Final = 30.0  # seconds one request is kept waiting
_MOST_BYTES: Final = 8 << 20  # of one request
_OPENING: Final = 2.0  # seconds the server may take to make a consumer
_KEPT_FOR: Final = 30.0  # seconds the server keeps a consumer nobody asks
_NANO: Final = 1_000_000_000
# What ends a request in the ordinary way; everything else ends the consumer.
_ORDINARY: Final = (b"404", b"408")
_ORDINARY_409: Final = (b"maxbytes", b"batch completed")
_log = logging.getLogger(__name__)


class Reader:
    """One consumer at a time, and what it has delivered but nobody has taken yet."""

    def __init__(
        self, connection: Connection, stream: str, after: int, most: int, born: datetime | None = None
    ) -> None:
        self.connection, self.stream = connection, stream
        self.born = born  # when the stream whose numbers these are was made; None: whenever it was
        self.seq, self.most = after, most
        self.come: deque[tuple[bytes, bytes, bytes]] = deque()
        self.arrived = asyncio.Event()
        self.wanted = 0  # asked for and not come yet
        self.delivered = 0  # the consumer's own count
        self.heard = 0.0
        self.renewals = -1
        self.broken = ""
        self.ends = 0  # where the stream ended when the consumer was made
        self.opened = 0  # how many consumers there were
        self.consumer, self.inbox, self.asked = "", "", 0
        self.subscription: Any = None
        self.opening: asyncio.Task[None] | None = None

    async def next(self, patience: float) -> list[Message]:
        if not await self._ready(patience):
            return []
        await self._ask()
        if not self.come:
            self.arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.arrived.wait(), patience)
            if not self.come and time.monotonic() - self.heard > max(_SILENCE, patience):
                self.broken = "silence"
        return self._taken()

    def go_back(self, seq: int) -> None:
        """Begin again behind `seq`."""
        self.seq = seq
        self.come.clear()
        self.broken = "begun again"

    async def close(self) -> None:
        if self.opening is not None:
            self.opening.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.opening
        await self._drop()

    # --- the consumer ------------------------------------------------------------------------------------------------

    async def _ready(self, patience: float) -> bool:
        """Whether there is a consumer; a new one is made in the background, for as long as that takes."""
        if self.subscription is not None and not self.broken and self.renewals == self.connection.renewals:
            return True
        if not self.connection.is_connected:
            await asyncio.sleep(patience)
            return False
        if self.opening is None:
            self.opening = asyncio.create_task(self._open())
        done, _waiting = await asyncio.wait({self.opening}, timeout=patience)
        if not done:
            return False
        task, self.opening = self.opening, None
        if (error := task.exception()) is None:
            return True
        if isinstance(error, StreamRenewed):
            raise error
        _log.warning("%s cannot be read: %s", self.stream, str(error) or type(error).__name__)
        await asyncio.sleep(patience)
        return False

    async def _open(self) -> None:
        await self._drop()
        self.renewals = self.connection.renewals
        manager = self.connection.jsm(timeout=_OPENING)
        found = await self._found(manager)
        if self.born is not None and found.created != self.born:
            raise StreamRenewed(f"{self.stream}: of {found.created}, not of {self.born}")
        self.born, last = found.created, found.state.last_seq
        self.ends = last
        if last < self.seq:
            _log.error("%s ends at %d, before the cursor %d: messages were lost with it", self.stream, last, self.seq)
            self.seq = last
        self.broken = ""  # before `seq` is read: whoever goes back from here on breaks this consumer too
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.seq + 1,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=_KEPT_FOR,
            max_waiting=8,
            mem_storage=True,
            num_replicas=1,
        )
        self.consumer = (await manager.add_consumer(self.stream, config)).name
        self.inbox = self.connection.new_inbox()
        self.wanted = self.delivered = 0
        self.subscription = await self.connection.subscribe_sink(f"{self.inbox}.*", self._sink)
        self.heard = time.monotonic()
        self.opened += 1

    async def _found(self, manager: JetStreamManager) -> api.StreamInfo:
        """The stream. One that is gone is as good as made anew: nothing behind the old numbers will ever come."""
        try:
            return await manager.stream_info(self.stream)
        except NotFoundError as error:
            if self.born is None:
                raise
            raise StreamRenewed(f"{self.stream}: that of {self.born} is gone") from error

    async def _drop(self) -> None:
        self.come.clear()
        if self.subscription is None:
            return
        subscription, self.subscription = self.subscription, None
        with suppress(NatsError, OSError):
            await self.connection.unsubscribe_sink(subscription)
            await self.connection.publish(f"$JS.API.CONSUMER.DELETE.{self.stream}.{self.consumer}")

    async def _ask(self) -> None:
        """Keep between one and two batches on their way or waiting, so that reader and server work at the same time."""
        missing = 2 * self.most - self.wanted - len(self.come)
        if missing < self.most:
            return
        self.asked += 1
        body = {
            "batch": missing,
            "max_bytes": _MOST_BYTES,
            "expires": int(_EXPIRES * _NANO),
            "idle_heartbeat": int(_BEAT * _NANO),
        }
        if not self.wanted:
            self.heard = time.monotonic()
        self.wanted += missing
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.consumer}"
        try:
            await self.connection.publish(subject, orjson.dumps(body), reply=f"{self.inbox}.{self.asked}")
        except NatsError as error:
            self.broken = str(error)

    # --- what comes ----------------------------------------------------------------------------------------------------

    def _sink(self, subject: bytes, reply: bytes, header: bytes, body: bytes) -> None:
        """Called by the connection for each message; a status has a number behind the protocol's name."""
        self.heard = time.monotonic()
        if header[8:9] == b" ":
            self._heed(header)
        else:
            self.wanted -= 1
            self.come.append((subject, reply, body))
        if not self.arrived.is_set():
            self.arrived.set()

    def _heed(self, header: bytes) -> None:
        """The status of a request: a sign of life, its ordinary end, or the end of the consumer."""
        first, _, rest = header.partition(b"\r\n")
        code, why = first[9:12], first[13:].lower()
        if code == b"100":
            return
        if code in _ORDINARY or (code == b"409" and any(end in why for end in _ORDINARY_409)):
            for line in rest.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"nats-pending-messages":
                    self.wanted -= int(value)
                    return
        self.broken = first[9:].decode(errors="replace")

    def _taken(self) -> list[Message]:
        """What has come, in order; behind a gap nothing is taken and the consumer is thrown away."""
        batch: list[Message] = []
        if self.broken:
            return batch
        come, seq, delivered = self.come, self.seq, self.delivered
        for _ in range(min(self.most, len(come))):
            subject, reply, body = come.popleft()
            fields = reply.split(b".")
            place = (
                5 if len(fields) == 9 else 7
            )  # $JS.ACK.[domain.account.]stream.consumer.times.seq.count.time.pending
            if int(fields[place + 1]) != delivered + 1 or int(fields[place]) <= seq:
                self.broken = "a gap"
                break
            seq, delivered = int(fields[place]), delivered + 1
            at = datetime.fromtimestamp(int(fields[place + 2]) / _NANO, UTC)
            batch.append(Message(seq, subject.decode(), body, at))
        self.seq, self.delivered = seq, delivered
        return batch
