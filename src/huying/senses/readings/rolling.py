"""The history in Parquet: spool files rolled into days, small files put together, old days let go.

A file appears whole or not at all (written under another name, then renamed), before what it was made from goes. A death in
between leaves rows twice, never none: whoever reads takes equal rows once (``history.py``), and putting together does too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from huying.senses.devices.kinds import Kind, kinds

from . import duck, places
from .spool import sealed

SMALL: Final = 64 * 1024 * 1024  # bytes: files below this are put together
MANY: Final = 8  # so many small files of one day
AT_ONCE: Final = 6  # spool files in one go: bounds memory
_ROWS: Final = 20_480  # a row group: what one device's chart must read of a file at least
_WRITE: Final = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS})"


@dataclass(frozen=True, slots=True)
class Rolled:
    """What was done: spool files gone, Parquet files written, readings in them."""

    spooled: int = 0
    written: int = 0
    readings: int = 0


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else is at work on the history; two would write the same rows twice."""
    places.spool_root().mkdir(parents=True, exist_ok=True)
    with (places.spool_root() / "rolling.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def roll(current: Mapping[tuple[str, int], str]) -> Rolled:
    """Roll every spool file that is closed: those before the one named by its cursor (stream, partition) → file."""
    files = [
        path for (stream, number), name in sorted(current.items()) for path in sealed(_folder(stream, number), name)
    ]
    total = Rolled()
    for start in range(0, len(files), AT_ONCE):
        part = files[start : start + AT_ONCE]
        written, readings = _rolled(part)
        for path in part:
            path.unlink()
        total = Rolled(total.spooled + len(part), total.written + written, total.readings + readings)
    return total


def _folder(stream: str, partition: int) -> Path:
    return places.spool_of(stream, partition)


def _rolled(files: Sequence[Path]) -> tuple[int, int]:
    """One Parquet file a kind and day; how many files and readings."""
    names = [str(path) for path in files]
    first, last = min(path.stem for path in files), max(path.stem for path in files)
    written = readings = 0
    with duck.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE lines AS SELECT * FROM {duck.spool_lines(names)}")
        for kind in kinds().values():
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE rolled AS {duck.as_history('lines', kind)}")
            days = cursor.execute("SELECT CAST(moment AS DATE) AS day, count(*) FROM rolled GROUP BY day").fetchall()
            for day, count in days:
                folder = places.day_folder(kind.code, day)
                _write(
                    cursor,
                    f"SELECT * FROM rolled WHERE CAST(moment AS DATE) = DATE '{day}'",
                    kind,
                    folder / f"{first}-{last}",
                )
                written, readings = written + 1, readings + count
        cursor.execute("DROP TABLE IF EXISTS rolled; DROP TABLE lines")
    return written, readings


def _write(cursor: Any, rows: str, kind: Kind, target: Path) -> Path:
    """The distinct rows, by device and time, in a file that is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    final = target.with_suffix(".parquet")
    number = 0
    while final.exists():  # of an earlier rolling that died before its spool files went
        number += 1
        final = target.with_name(f"{target.name}-{number}.parquet")
    draft = final.with_suffix(".draft")
    others = ", ".join(duck.quoted(name) for name in duck.columns(kind) if name != "received")
    distinct = f"SELECT {others}, min(received) AS received FROM ({rows}) GROUP BY ALL ORDER BY device, moment"
    cursor.execute(f"COPY ({distinct}) TO '{_escaped(draft)}' {_WRITE}")
    with draft.open("rb") as handle:
        os.fsync(handle.fileno())
    draft.rename(final)
    return final


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def compact(*, upto: date | None = None) -> int:
    """Put the small files of each day together, ``upto`` a day; how many files there are fewer."""
    fewer = 0
    for kind in kinds().values():
        for day, folder in places.days_of(kind.code):
            if upto is not None and day > upto:
                continue
            for leftover in folder.glob("*.draft"):
                leftover.unlink()
            small = [path for path in places.parquet_in(folder) if path.stat().st_size < SMALL]
            if len(small) >= (MANY if upto is None else 2):
                _together(kind, small)
                fewer += len(small) - 1
    return fewer


def _together(kind: Kind, files: Sequence[Path]) -> None:
    first, last = files[0].stem.split("-")[0], max(path.stem.split("-")[1] for path in files)
    rows = duck.filed([str(path) for path in files], kind)
    with duck.cursor() as cursor:
        _write(cursor, rows, kind, files[0].with_name(f"{first}-{last}"))
    for path in files:
        path.unlink()


def let_go(today: date) -> int:
    """Remove the days older than each kind keeps; how many days went."""
    gone = 0
    for kind in kinds().values():
        for day, folder in places.days_of(kind.code):
            if day < today - timedelta(days=kind.keep_days):
                shutil.rmtree(folder)
                gone += 1
    return gone
