"""One process's part of the drain, without the stream: what batches say is written, each wholly and once."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError, connection, transaction

from huying.kernel.actor import system
from huying.kernel.errors import HuyingError
from huying.kernel.live import announce_all
from huying.kernel.stream import URGENT, Message, code_of
from huying.senses.alarms.actions import apply_events
from huying.senses.devices.actions import answer_command
from huying.senses.devices.directory import directory

from . import actions, places
from .engines import Engines
from .memory import Memory, Seen
from .models import Cursor
from .spool import Spool
from .taking import Read, Taken, read_messages, take

ANNOUNCED: Final = 2.0  # seconds between two words to the screens about the same place
MOST_CODES: Final = 40  # devices named to a screen; more: look at all
LOST: Final = (
    OperationalError, InterfaceError, InternalError, ProgrammingError, psycopg.OperationalError, psycopg.InterfaceError,
    psycopg.InternalError, psycopg.ProgrammingError, OSError, actions.Overtaken, actions.Stale,
)  # fmt: skip
"""The database or the disk is not there, writes nothing now (a replica, a table being changed), or somebody else has gone
on: nothing of that is a message's fault. Go back to the cursor, try again."""
DEVICES: Final = system("devices")
log = logging.getLogger("huying.readings")


class Busy(Exception):
    """Another process on this machine drains the partition."""


class Recorder:
    """Cursors, spools and memory of some partitions of a stream. For one thread; after ``LOST`` call ``open`` again."""

    def __init__(self, stream: str, partitions: Sequence[int]) -> None:
        self.stream, self.partitions = stream, tuple(partitions)
        self.urgent = stream == URGENT
        due = [actions.URGENT_PARTITION] if self.urgent else list(partitions)
        self.memory = Memory(actions.mark_of(stream), due)
        self.engines = Engines(urgent=self.urgent)
        self.cursors: dict[int, Cursor] = {}
        self._spools = {number: Spool(places.spool_of(stream, number)) for number in partitions}
        self._locks: list[IO[bytes]] = []
        self.born: datetime | None = None
        self._moved: dict[str, set[str]] = {}
        self._announced = 0.0

    # --- beginning and beginning again ---------------------------------------------------------------------------------

    def open(self, born: datetime | None = None) -> None:
        """Stand where the cursors say, in the stream made at ``born``. Raises what is in ``LOST``, and :class:`Busy`."""
        self.born = born
        if not self._locks:
            self._locks = [_held(spool.folder) for spool in self._spools.values()]
        self.memory.forget()
        if not connection.in_atomic_block:
            connection.close()
        for number, spool in self._spools.items():
            cursor = actions.open_cursor(self.stream, number, born=born)
            spool.go_back(cursor.spool, cursor.spool_size)
            self.cursors[number] = cursor

    def close(self) -> None:
        self.close_files()
        connection.close()

    def close_files(self) -> None:
        """Let the partitions go: another may drain them."""
        for spool in self._spools.values():
            spool.close()
        for lock in self._locks:
            lock.close()
        self._locks = []

    # --- batches --------------------------------------------------------------------------------------------------------

    def record(
        self, partition: int, messages: Sequence[Message], *, now: datetime, born: datetime | None = None
    ) -> None:
        """Write what a batch says. A message nothing can be made of is found by halving, kept aside and stepped over.

        ``born``: of which stream the batch is. Raises ``Overtaken`` when the cursors count in another by now.
        """
        if born is not None and born != self.born:
            raise actions.Overtaken(f"{self.stream} {partition}: of {born}, not of {self.born}")
        error = self._tried(partition, messages, now)
        if error is None:
            return
        self._go_back()
        if len(messages) > 1:
            half = len(messages) // 2
            self.record(partition, messages[:half], now=now)
            self.record(partition, messages[half:], now=now)
            return
        (message,) = messages
        log.error("%s %s cannot be taken and is stepped over", message.subject, message.seq, exc_info=error)
        cursor, why = self.cursors[partition], f"failed: {type(error).__name__}"
        self._stands(
            cursor, actions.refuse_message(self.stream, cursor, message, code_of(message.subject), why, now=now)
        )

    def _tried(self, partition: int, messages: Sequence[Message], now: datetime) -> Exception | None:
        """What is wrong with a batch, if anything is; raises what is in ``LOST``, which is wrong with us."""
        try:
            self._record(partition, messages, now)
        except LOST:
            raise
        except Exception as error:
            return error
        return None

    def _record(self, partition: int, messages: Sequence[Message], now: datetime) -> None:
        cursor = self.cursors[partition]
        self.engines.refresh()
        found = read_messages(messages, directory)
        with transaction.atomic():
            seen = self.memory.of(connection.connection, found.devices)
            taken = take(found, seen, self.engines)
            spool = self._spools[partition].append(taken.lines, now)
            due = self._write(partition, found, taken, now)
            counts = (len(messages), taken.readings, taken.repeated, sum(one.count for one in found.refused.values()))
            moved = actions.move_cursor(cursor, seq=messages[-1].seq, spool=spool, counts=counts, now=now)
        self._stands(cursor, moved)
        for one in taken.changed.values():
            one.changed, one.judged, one.before = None, False, self.memory.writer
        for one, at in due:
            one.kept_due = at
        self.memory.tidy()

    def _write(self, partition: int, found: Read, taken: Taken, now: datetime) -> list[tuple[Seen, int]]:
        actions.write_last(self.memory, taken.changed)
        due = [(one, at) for one in taken.changed.values() if (at := self._sooner(one)) is not None]
        home = actions.URGENT_PARTITION if self.urgent else partition
        actions.write_due((one.known.pk, home, at) for one, at in due)
        self._answer(found, now)
        if taken.happened:
            apply_events(taken.happened, now=now)
        actions.note_refused(self.stream, found.refused)
        self._announce(taken)
        return due

    def _sooner(self, one: Seen) -> int | None:
        """When to look at a device next, in ms, if that is sooner than what the table says."""
        at = self.next_look(one, one.received)
        return at if at is not None and (one.kept_due is None or at < one.kept_due) else None

    def next_look(self, one: Seen, heard: int) -> int | None:
        """The moment in ms at which time alone may change something about a device last heard at ``heard``."""
        engine = self.engines.of_seen(one)
        moments = []
        ripe = engine.talk.due_ms(one.rules)
        if ripe is not None:
            moments.append(ripe)
        if engine.patience is not None:
            moments.append(heard + engine.patience)
        return min(moments, default=None)

    def _answer(self, found: Read, now: datetime) -> None:
        """Devices say what became of commands; an answer to what was never asked of them is kept aside."""
        for known, answer, message in found.answers:
            try:
                with transaction.atomic():
                    heard = answer_command(actor=DEVICES, now=now, device_id=known.pk, answer=answer)
            except HuyingError as error:
                found.refuse(known.code, f"answer: {error.code}", message)
                continue
            if heard is None:
                found.refuse(known.code, "answer: not_its_command", message)

    # --- screens --------------------------------------------------------------------------------------------------------

    def _announce(self, taken: Taken) -> None:
        for one in taken.changed.values():
            codes = self._moved.setdefault(one.known.area[:12], set())
            if len(codes) <= MOST_CODES:
                codes.add(one.known.code)
        self.announce()

    def announce(self) -> None:
        """Tell screens which devices said something, at most every ``ANNOUNCED`` seconds; in a transaction."""
        if not self._moved or time.monotonic() - self._announced < ANNOUNCED:
            return
        moved, self._moved, self._announced = self._moved, {}, time.monotonic()
        announce_all(
            (f"devices:{area}", {"codes": sorted(codes)} if len(codes) <= MOST_CODES else None)
            for area, codes in moved.items()
        )

    # --- what stands ----------------------------------------------------------------------------------------------------

    def _go_back(self) -> None:
        """After a transaction that did not commit: memory and spool as the database has it."""
        self.memory.forget()
        for number, spool in self._spools.items():
            spool.go_back(self.cursors[number].spool, self.cursors[number].spool_size)

    @staticmethod
    def _stands(cursor: Cursor, moved: dict[str, Any]) -> None:
        for name, value in moved.items():
            setattr(cursor, name, value)


def _held(folder: Path) -> IO[bytes]:
    """Hold a partition's spool; the kernel lets go when the holder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Busy(str(folder)) from error
    return lock


__all__ = ["LOST", "Busy", "Recorder"]
