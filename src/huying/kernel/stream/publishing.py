"""Publishing from ordinary code: one connection a process, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import orjson
from nats.errors import Error as NatsError

from huying.kernel.stream.access import Access
from huying.kernel.stream.connection import Connection, connect
from huying.kernel.stream.errors import StreamFull, StreamRefused, StreamUnavailable
from huying.kernel.stream.streams import stored_subject

PATIENCE: Final = 5.0  # seconds the stream may take to acknowledge
_FIRST: Final = 2.0  # seconds for the first connection
_LOOK: Final = 0.25  # seconds between two looks whether the server is still there
_AT_ONCE: Final = 1000  # messages on their way; the server queues ten times as many before it refuses
# No room: in the stream, on the server's disk, in the account; or too fast for the server's queue.
_NO_ROOM: Final = frozenset({10002, 10023, 10047, 10077, 10167})

Result = TypeVar("Result")
Item = tuple[str, bytes, str]


class Publisher:
    """Publishes and waits for the stream's word. For any thread; not for coroutines (they have `Connection`)."""

    def __init__(self, *, name: str = "publisher", access: Access | None = None) -> None:
        self._name, self._access = name, access
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._connecting: asyncio.Lock | None = None
        self._inbox = ""
        self._count = 0
        self._waiting: dict[bytes, asyncio.Future[int | StreamRefused]] = {}

    def publish(self, subject: str, data: bytes, *, msg_id: str = "") -> int:
        """Store `data` under `hy.<code>.up` or `hy.<code>.urgent`; returns its seq. Raises `StreamFull`, `StreamUnavailable`.

        The same `msg_id` within two minutes is stored once; the seq of the first is returned.
        """
        (result,) = self.publish_many([(subject, data, msg_id)])
        if isinstance(result, StreamRefused):
            raise result
        return result

    def publish_many(self, items: Sequence[Item]) -> list[int | StreamRefused]:
        """`publish` for many `(subject, data, msg_id)`: the seq, or why not, of each in its place. Raises nothing."""
        try:
            return self._run(self._publish_many(items))
        except StreamRefused as refused:
            return [refused] * len(items)

    def tell(self, subject: str, data: bytes) -> None:
        """Pass `data` to whoever listens now (`hy.<code>.down`); nothing is kept. Raises `StreamUnavailable`."""
        self._run(self._tell(subject, data))

    def close(self) -> None:
        """Hang up; the next call connects again."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._hang_up(), loop).result(PATIENCE)
            loop.call_soon_threadsafe(loop.stop)

    # --- in the thread -------------------------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._connecting = asyncio.Lock()
                threading.Thread(target=_live, args=(self._loop,), name=self._name, daemon=True).start()
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    async def _connected(self) -> Connection:
        assert self._connecting is not None
        async with self._connecting:
            if self._connection is None:
                self._connection = await connect(name=self._name, access=self._access, patience=_FIRST)
                self._inbox = self._connection.new_inbox()
                await self._connection.subscribe_sink(f"{self._inbox}.*", self._answered)
        if not self._connection.is_connected:
            raise StreamUnavailable
        return self._connection

    async def _publish_many(self, items: Sequence[Item]) -> list[int | StreamRefused]:
        connection = await self._connected()
        results: list[int | StreamRefused] = []
        for start in range(0, len(items), _AT_ONCE):
            results += await self._publish_some(connection, items[start : start + _AT_ONCE])
        return results

    async def _publish_some(self, connection: Connection, items: Sequence[Item]) -> list[int | StreamRefused]:
        loop = asyncio.get_running_loop()
        tokens: list[bytes] = []
        futures: list[asyncio.Future[int | StreamRefused]] = []
        for subject, data, msg_id in items:
            self._count += 1
            reply = f"{self._inbox}.{self._count}"
            tokens.append(reply.encode())
            futures.append(loop.create_future())
            self._waiting[tokens[-1]] = futures[-1]
            headers = {"Nats-Msg-Id": msg_id} if msg_id else None
            try:
                await connection.publish(stored_subject(subject), data, reply=reply, headers=headers)
            except (NatsError, ValueError) as error:
                futures[-1].set_result(StreamRefused(hint=str(error)))
        waiting = {future for future in futures if not future.done()}
        deadline = loop.time() + PATIENCE
        while waiting and connection.is_connected and loop.time() < deadline:
            _done, waiting = await asyncio.wait(waiting, timeout=_LOOK)
        for token in tokens:
            self._waiting.pop(token, None)
        return [future.result() if future.done() else StreamUnavailable() for future in futures]

    async def _tell(self, subject: str, data: bytes) -> None:
        connection = await self._connected()
        try:
            await connection.publish(subject, data)
            await connection.flush(timeout=2)
        except (NatsError, OSError, TimeoutError) as error:
            raise StreamUnavailable(hint=str(error)) from error

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _answered(self, subject: bytes, reply: bytes, header: bytes, body: bytes) -> None:
        future = self._waiting.get(subject)
        if future is not None and not future.done():
            future.set_result(_result(header, body))


def _live(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()


def _result(header: bytes, body: bytes) -> int | StreamRefused:
    """What the server answered: a stream's acknowledgement, its refusal, or that no stream listens."""
    if header[8:12] == b" 503":
        return StreamUnavailable(hint="No stream takes this subject.")
    try:
        answer = orjson.loads(body)
        error = answer.get("error")
        if error is None:
            return int(answer["seq"])
        code, why = int(error.get("err_code", 0)), str(error.get("description", ""))
    except (orjson.JSONDecodeError, AttributeError, KeyError, ValueError):
        return StreamUnavailable(hint="The server's answer cannot be read.")
    if code in _NO_ROOM:
        return StreamFull(hint=why)
    return StreamUnavailable(hint=why) if error.get("code") == 503 else StreamRefused(hint=why)


def publisher() -> Publisher:
    """The publisher of this process."""
    return _publisher(os.getpid())


@cache
def _publisher(_pid: int) -> Publisher:
    return Publisher(name=f"publisher-{_pid}")
