"""What the drain writes, in one transaction with the cursor: a batch is taken wholly and once, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from django.db import connection, transaction

from huying.kernel.stream import PARTITIONS, READINGS, URGENT, Message

from .memory import Memory, Seen
from .models import REJECTED_KEPT, Cursor
from .taking import SAMPLE, Refused

URGENT_PARTITION: Final = PARTITIONS
"""Under which number what waits on the urgent stream is kept in ``Due``."""
log = logging.getLogger("huying.readings")
_MARKS: Final = 24 * 32  # a mark an hour for a month
_MARK_MINUTES: Final = 60

# COPY parses what it is given once. The table is empty after every commit; the DELETE is for a transaction within another.
_TOLD: Final = """
CREATE TEMP TABLE IF NOT EXISTS readings_told (d bigint, a float8, r float8, q bigint, v jsonb, s jsonb)
ON COMMIT DELETE ROWS;
DELETE FROM readings_told
"""
_COPY: Final = "COPY readings_told FROM STDIN"
_LAST: Final = """
INSERT INTO devices_lastvalue AS l (device_id, at, received_at, seq, values, online, silent_since, state)
SELECT d, to_timestamp(a / 1000.0), to_timestamp(r / 1000.0), q, v, true, NULL, s FROM readings_told ORDER BY d
ON CONFLICT (device_id) DO UPDATE SET at = excluded.at, received_at = greatest(l.received_at, excluded.received_at),
       seq = coalesce(excluded.seq, l.seq), values = l.values || excluded.values, online = true, silent_since = NULL,
       state = l.state || excluded.state
 WHERE coalesce((l.state #> '{%(mark)s,p}')::int, -1) = (excluded.state #> '{%(mark)s,b}')::int
"""
_LOOKED: Final = """
UPDATE devices_lastvalue AS l SET online = l.online AND NOT quiet, state = l.state || s,
       silent_since = CASE WHEN quiet THEN coalesce(l.silent_since, l.received_at) ELSE l.silent_since END
  FROM json_to_recordset(%s::json) AS t(d bigint, quiet boolean, s jsonb) WHERE l.device_id = d
"""
_DUE: Final = """
INSERT INTO readings_due (device_id, partition, at)
SELECT d, p, to_timestamp(a / 1000.0) FROM unnest(%s::bigint[], %s::smallint[], %s::float8[]) AS t(d, p, a) ORDER BY d, p
ON CONFLICT (device_id, partition) DO UPDATE SET at = excluded.at
"""
_MOVE: Final = """
UPDATE readings_cursor SET seq = %s, spool = %s, spool_size = %s, taken = taken + %s, readings = readings + %s,
       repeated = repeated + %s, refused = refused + %s, marks = %s, updated_at = %s
 WHERE stream = %s AND partition = %s AND seq = %s AND born IS NOT DISTINCT FROM %s::timestamptz
"""
_REFUSED: Final = """
INSERT INTO readings_rejected AS r (stream, code, why, count, seq, sample, first_at, last_at)
SELECT %s, code, why, count, seq, sample, at, at
  FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bytea[], %s::timestamptz[])
       AS t(code, why, count, seq, sample, at)
 ORDER BY code, why
ON CONFLICT (stream, code, why) DO UPDATE
   SET count = r.count + excluded.count, seq = excluded.seq, sample = excluded.sample, last_at = excluded.last_at
"""
_TRIM: Final = """
DELETE FROM readings_rejected WHERE id IN (
    SELECT id FROM readings_rejected ORDER BY last_at DESC, id DESC OFFSET %s)
"""


class Stale(Exception):
    """Another process wrote of one of these devices meanwhile: what we remember of it is old."""


class Overtaken(Exception):
    """Somebody else has moved this cursor: what we remember is not what is."""


@transaction.atomic
def open_cursor(stream: str, partition: int, *, born: datetime | None = None) -> Cursor:
    """The cursor of a partition, made at the first time. ``born``: when the stream was made, if that is known.

    The numbers of a stream that was made anew begin again, and so does the cursor; what was taken of the old one stays.
    """
    Cursor.objects.get_or_create(stream=stream, partition=partition)
    cursor = Cursor.objects.select_for_update().get(stream=stream, partition=partition)
    if born is not None and cursor.born != born:
        if cursor.born is not None:
            log.error("%s %s was made anew at %s: it is taken from its beginning", stream, partition, born)
            cursor.seq, cursor.marks = 0, []
        cursor.born = born
        cursor.save(update_fields=["born", "seq", "marks"])
    return cursor


def hold_cursor(cursor: Cursor) -> None:
    """For a transaction that takes no messages: raises :class:`Overtaken` when the cursor is not where we think."""
    held = Cursor.objects.select_for_update().filter(pk=cursor.pk, seq=cursor.seq, born=cursor.born)
    if not held.values_list("pk").first():
        raise Overtaken(f"{cursor.stream} {cursor.partition}")


def move_cursor(
    cursor: Cursor, *, seq: int, spool: tuple[str, int], counts: tuple[int, int, int, int], now: datetime
) -> dict[str, Any]:
    """Move the cursor of the batch's transaction; what it says from now on, for when that has committed.

    ``counts``: messages, readings, repeated, refused. Raises :class:`Overtaken` when it does not stand where it stood.
    """
    marks = _marked(cursor.marks, seq, now)
    values = (
        seq,
        *spool,
        *counts,
        orjson.dumps(marks).decode(),
        now,
        cursor.stream,
        cursor.partition,
        cursor.seq,
        cursor.born,
    )
    with connection.cursor() as ask:
        ask.execute(_MOVE, values)
        if ask.rowcount != 1:
            raise Overtaken(f"{cursor.stream} {cursor.partition}")
    return {"seq": seq, "spool": spool[0], "spool_size": spool[1], "marks": marks, "updated_at": now}


def _marked(marks: Sequence[Sequence[int]], seq: int, now: datetime) -> list[Sequence[int]]:
    minute = int(now.timestamp()) // 60
    if marks and minute - marks[-1][0] < _MARK_MINUTES:
        return list(marks)
    return [*marks, [minute, seq]][-_MARKS:]


def write_last(memory: Memory, changed: Mapping[int, Seen]) -> None:
    """The last values and rule states of the devices that spoke. Raises :class:`Stale`; two trips for any number."""
    if not changed:
        return
    raw, dumps, state_of = _raw(), orjson.dumps, memory.state_of
    raw.execute(_TOLD)
    rows = [
        b"%d\t%d\t%d\t%b\t%b\t%b\n"
        % (
            pk,
            one.at or one.received,
            one.received,
            b"\\N" if one.seq is None else b"%d" % one.seq,
            dumps(one.changed).replace(b"\\", b"\\\\"),
            dumps(state_of(one)).replace(b"\\", b"\\\\"),
        )
        for pk, one in changed.items()
    ]
    with raw.cursor().copy(_COPY) as copy:
        copy.write(b"".join(rows))
    if raw.execute(_LAST % {"mark": memory.mark}).rowcount != len(changed):
        raise Stale


def write_looked(looked: Mapping[int, tuple[bool, dict[str, Any]]]) -> None:
    """Devices looked at though they said nothing: whether they count as silent, and their rule states."""
    if looked:
        rows = [{"d": pk, "quiet": quiet, "s": state} for pk, (quiet, state) in sorted(looked.items())]
        _raw().execute(_LOOKED, (orjson.dumps(rows).decode(),))


def write_due(due: Iterable[tuple[int, int, int]]) -> None:
    """When to look again at a device: (device, partition, ms)."""
    rows = sorted(due)
    if rows:
        _raw().execute(_DUE, tuple(list(column) for column in zip(*rows, strict=True)))


def drop_due(devices: Sequence[int], partitions: Sequence[int]) -> None:
    """Nothing waits for these devices any more."""
    if devices:
        _raw().execute(
            "DELETE FROM readings_due WHERE device_id = ANY(%s) AND partition = ANY(%s)",
            (list(devices), list(partitions)),
        )


def note_refused(stream: str, refused: Mapping[tuple[str, str], Refused]) -> None:
    """What could not be taken: counted by sender and reason, the latest kept, the table bounded."""
    if not refused:
        return
    rows = [
        (code, _storable(why), one.count, one.message.seq, one.message.data[:SAMPLE], one.message.at)
        for (code, why), one in list(refused.items())[-REJECTED_KEPT:]
    ]
    raw = _raw()
    raw.execute(_REFUSED, (stream, *(list(column) for column in zip(*rows, strict=True))))
    raw.execute(_TRIM, (REJECTED_KEPT,))


def refuse_message(
    stream: str, cursor: Cursor, message: Message, code: str, why: str, *, now: datetime
) -> dict[str, Any]:
    """Step over a message nothing could be made of, and keep it to be looked at."""
    with transaction.atomic():
        note_refused(stream, {(code[:64], why[:200]): Refused(1, message)})
        spool = (cursor.spool, cursor.spool_size)
        return move_cursor(cursor, seq=message.seq, spool=spool, counts=(1, 0, 0, 1), now=now)


def mark_of(stream: str) -> str:
    """Under which letter a stream's rule states are kept in ``LastValue.state``."""
    return {READINGS: "r", URGENT: "u"}[stream]


def _storable(text: str) -> str:
    return text.replace("\x00", "")


def _raw() -> Any:
    """The driver's own connection, for statements whose one value is large; in the current transaction."""
    connection.ensure_connection()
    return connection.connection
