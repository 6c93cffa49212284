"""The drain: `python -m huying.senses.readings.worker` takes what devices say, `--urgent` what cannot wait.

One process drains all partitions by default: reading the stream and the database's work fill two cores. With more,
`--processes 2` shares the partitions among as many. The urgent stream has a process of its own, so that no backlog of
readings delays an SOS.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from huying.kernel.stream import PARTITIONS, READINGS, URGENT

if TYPE_CHECKING:
    from huying.kernel.stream import Connection, Message, StreamState
    from huying.senses.readings.recording import Recorder

MOST: Final = {READINGS: 4_000, URGENT: 200}
PATIENCE: Final = 0.5  # seconds without a message until the clock is looked at
GATHER: Final = 0.15  # seconds a trickle of readings is let gather, so that a few do not cost a transaction each
FEW: Final = 400
AGAIN: Final = 0.5  # seconds until the database is tried again
KEEP_HOUSE: Final = 20.0  # seconds between two looks at what may be purged
SOON: Final = (
    2.0  # the same when it has just begun and while the stream is full: who is killed again and again makes room too
)
FULL: Final = 0.8
KEPT_HOURS: Final = int(os.environ.get("HUYING_STREAM_HOURS", "") or 24)
log = logging.getLogger("huying.readings")


class Worker:
    """Drains some partitions of one stream until told to stop."""

    def __init__(self, stream: str, partitions: Sequence[int]) -> None:
        from huying.senses.readings.recording import LOST, Recorder

        self._lost = LOST
        self.stream, self.partitions = stream, tuple(partitions)
        self.recorder: Recorder = Recorder(stream, partitions)
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="record")  # one thread: one connection, one memory
        self._opening = asyncio.Lock()
        self._opened = 0  # how often all was opened anew
        self._listening: datetime | None = None
        self._renewals = -1

    async def run(self, stop: asyncio.Event) -> None:
        connection = await self._connected(stop)
        if connection is None:
            return
        await self._open(connection, 0)
        jobs = [asyncio.create_task(self._drain(connection, number)) for number in self.partitions]
        jobs.append(asyncio.create_task(self._keep_house(connection)))
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*jobs, stopping], return_when=asyncio.FIRST_COMPLETED)
            for job in done - {stopping}:
                job.result()
        finally:
            for job in (*jobs, stopping):
                job.cancel()
            await asyncio.gather(*jobs, stopping, return_exceptions=True)
            await self._do(self.recorder.close)
            self._hand.shutdown()
            with suppress(Exception):
                await connection.close()

    async def _connected(self, stop: asyncio.Event) -> Connection | None:
        from huying.kernel.stream import StreamUnavailable, connect, ensure_streams

        while not stop.is_set():
            try:
                connection = await connect(name=f"readings {self.stream.lower()} {os.getpid()}")
                await ensure_streams(connection)
                return connection
            except StreamUnavailable as error:
                log.warning("the stream is not there yet: %s", error.hint or error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), AGAIN)
        return None

    async def _open(self, connection: Connection, opened: int) -> None:
        """Stand where the cursors say, as soon as stream and database answer. ``opened``: how often that was done when it broke."""
        from huying.kernel.stream import StreamUnavailable, ensure_streams, fullness
        from huying.senses.readings.recording import Busy

        async with self._opening:
            while self._opened == opened:
                try:
                    await ensure_streams(connection)
                    state = await fullness(connection, self.stream)
                    await self._do(self.recorder.open, state.born)
                    self._opened += 1
                except (*self._lost, Busy, StreamUnavailable) as error:
                    log.warning("cannot begin yet: %s: %s", type(error).__name__, str(error).strip())
                    await asyncio.sleep(AGAIN)

    async def _drain(self, connection: Connection, partition: int) -> None:
        """Take batch after batch; after a loss begin again where the cursor stands."""
        from huying.kernel.stream import StreamRenewed, drain

        while True:
            async with self._opening:  # a number and the stream it counts in belong together
                opened, born = self._opened, self.recorder.born
                after = self.recorder.cursors[partition].seq
            source = drain(
                connection, self.stream, partition=None if self.stream == URGENT else partition,
                after=after, most=MOST[self.stream], patience=PATIENCE, born=born,
            )  # fmt: skip
            try:
                async with aclosing(source) as batches:  # type: ignore[type-var]
                    await self._take_all(connection, partition, batches, born)
            except (*self._lost, StreamRenewed) as error:
                log.warning("%s %s: %s: %s", self.stream, partition, type(error).__name__, str(error).strip())
                await asyncio.sleep(AGAIN)
                await self._open(connection, opened)

    async def _take_all(self, connection: Connection, partition: int, batches: Any, born: datetime | None) -> None:
        looked = 0.0
        async for batch in batches:
            moment = self._heard(connection, batch)
            if batch:
                await self._do(self._record, partition, batch, born)
            if moment is not None and time.monotonic() - looked >= 1.0:
                looked = time.monotonic()
                await self._do(self._tick, partition, moment)
            if 0 < len(batch) < FEW and self.stream == READINGS:
                await asyncio.sleep(GATHER)

    def _heard(self, connection: Connection, batch: list[Message]) -> datetime | None:
        """Up to which moment the stream is heard; None while it is not."""
        from huying.kernel.clock import now

        if not connection.is_connected:
            self._listening = None
            return None
        if connection.renewals != self._renewals or self._listening is None:
            self._renewals, self._listening = connection.renewals, now()
        return batch[-1].at if batch else now()

    def _record(self, partition: int, batch: list[Message], born: datetime | None) -> None:
        from huying.kernel.clock import now

        self.recorder.record(partition, batch, now=now(), born=born)

    def _tick(self, partition: int, moment: datetime) -> None:
        from huying.senses.readings.ticking import AT_ONCE, tick

        while tick(self.recorder, [partition], now=moment, listening=self._listening or moment) == AT_ONCE:
            pass

    async def _keep_house(self, connection: Connection) -> None:
        """Purge what is taken, by whichever process: by age, and all of it when the stream fills. What waits stays."""
        from huying.kernel.stream import StreamUnavailable, fullness, purge

        pause = SOON
        while True:
            await asyncio.sleep(pause)
            try:
                state = await fullness(connection, self.stream)
                pause = SOON if state.share > FULL else KEEP_HOUSE
                upto = await self._purgeable(connection, state)
                if upto >= state.first_seq:
                    await purge(connection, self.stream, partition=None, upto=upto)
            except StreamUnavailable as error:
                log.warning("%s: %s", self.stream, error.hint or error)
                self._listening = None
            except self._lost as error:
                log.warning("%s: %s", type(error).__name__, str(error).strip())

    async def _purgeable(self, connection: Connection, state: StreamState) -> int:
        """Up to which number everything may go."""
        from huying.senses.readings.queries import standing
        from huying.senses.readings.waiting import taken_upto

        own = list(self.recorder.cursors.values())
        limit = time.time() / 60 - KEPT_HOURS * 60
        upto = state.last_seq if state.share > FULL else max(_older(one.marks, limit) for one in own)
        if upto < state.first_seq:
            return 0
        seqs = (await self._do(standing, self.stream)).seqs
        return min(upto, await taken_upto(connection, self.stream, seqs, state.last_seq))

    async def _do(self, work: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._hand, work, *values)


def _older(marks: Sequence[Sequence[int]], minute: float) -> int:
    """The last sequence number noted before a minute; 0 without one."""
    return max((seq for at, seq in marks if at <= minute), default=0)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="huying.senses.readings.worker", description=__doc__)
    parser.add_argument("--urgent", action="store_true", help="drain the urgent stream")
    parser.add_argument("--partitions", default="", help="only these, such as 0,2 [all]")
    parser.add_argument("--processes", type=int, default=int(os.environ.get("HUYING_READINGS_PROCESSES", "") or 1))
    parser.add_argument("--tied", action="store_true", help="end when standard input does: with whoever started this")
    chosen = parser.parse_args(arguments)
    partitions = [int(one) for one in chosen.partitions.split(",") if one] or list(range(PARTITIONS))
    if chosen.urgent:
        return _alone(URGENT, [0], tied=chosen.tied)
    if chosen.processes > 1:
        return _many(partitions, min(chosen.processes, len(partitions)))
    return _alone(READINGS, partitions, tied=chosen.tied)


def _alone(stream: str, partitions: list[int], *, tied: bool) -> int:
    import django

    django.setup()
    # What was loaded stays; of what each batch makes, nearly all is gone again by itself.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)

    async def run() -> None:
        stop = asyncio.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, stop.set)
        if tied:
            asyncio.get_running_loop().add_reader(0, stop.set)  # nobody writes there: it is readable when it ends
        await Worker(stream, partitions).run(stop)

    asyncio.run(run())
    return 0


def _many(partitions: list[int], processes: int) -> int:
    """As many processes; when one ends, all end, and whoever started us starts us again."""
    command = [sys.executable, "-m", "huying.senses.readings.worker", "--tied", "--processes", "1", "--partitions"]
    shares = [",".join(map(str, partitions[number::processes])) for number in range(processes)]
    running = [subprocess.Popen([*command, share], stdin=subprocess.PIPE) for share in shares]

    def end(*_: object) -> None:
        for one in running:
            one.terminate()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, end)
    while all(one.poll() is None for one in running):
        time.sleep(0.5)
    end()
    return max(abs(one.wait()) for one in running)


if __name__ == "__main__":
    sys.exit(main())
