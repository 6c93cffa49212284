"""A device's past, from Parquet and what is spooled beside it: buckets of a period, or its readings one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from huying.senses.devices.kinds import Kind

from . import duck, places

MOST_POINTS: Final = 2_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time in which there was something to say: figures by field; texts have only ``last``."""

    at: datetime
    count: int
    values: dict[str, dict[str, float | bool | str | None]]


@dataclass(frozen=True, slots=True)
class Series:
    """What a device said from ``since`` until ``until``, ``step`` long each; stretches without a reading are left out."""

    since: datetime
    until: datetime
    step: timedelta
    buckets: tuple[Bucket, ...]


def series(
    kind: Kind,
    device: int,
    fields: Sequence[str],
    since: datetime,
    until: datetime,
    points: int,
    folders: Sequence[str],
) -> Series:
    """At most ``points`` buckets of a device. ``folders`` are the names of the spools its readings may lie in."""
    width = max(1, -(-int((until - since).total_seconds() * 1000) // max(1, min(points, MOST_POINTS))))
    begin = int(since.timestamp() * 1000)
    figures = ", ".join(_figures(kind, code) for code in fields)
    wanted = ", ".join(duck.quoted(duck.column(code)) for code in fields)

    def ask(rows: str) -> str:
        return (
            f"SELECT (epoch_ms(moment) - {begin}) // {width} AS bucket, count(*){', ' if fields else ''}{figures} FROM "
            f"(SELECT DISTINCT moment, seq{', ' if fields else ''}{wanted} FROM ({rows}) WHERE {_which(device, since, until)}) "
            "GROUP BY bucket ORDER BY bucket"
        )

    answers = _asked(kind, since, until, folders, ask)
    step = timedelta(milliseconds=width)
    return Series(since, until, step, tuple(_bucket(since, step, fields, row) for row in answers))


def _figures(kind: Kind, code: str) -> str:
    name = duck.quoted(duck.column(code))
    last = f"arg_max({name}, moment)"
    if kind.fields[code].type in ("text", "choice"):
        return f"NULL, NULL, NULL, {last}"
    number = f"CAST({name} AS DOUBLE)"
    return f"min({number}), avg({number}), max({number}), {last}"


def _bucket(since: datetime, step: timedelta, fields: Sequence[str], row: Sequence[Any]) -> Bucket:
    values = {}
    for place, code in enumerate(fields):
        low, mean, high, last = row[2 + 4 * place : 6 + 4 * place]
        if last is not None:
            values[code] = {"min": low, "avg": mean, "max": high, "last": last}
    return Bucket(since + step * int(row[0]), int(row[1]), values)


def readings(
    kind: Kind, device: int, since: datetime, until: datetime, folders: Sequence[str], most: int
) -> list[tuple[datetime, int | None, dict[str, Any]]]:
    """The device's readings from ``since`` until before ``until``, by its own time, at most ``most``: (at, seq, values)."""
    fields = list(kind.fields)
    wanted = "".join(f", {duck.quoted(duck.column(code))}" for code in fields)

    def ask(rows: str) -> str:
        return (
            f"SELECT DISTINCT moment, seq{wanted} FROM ({rows}) WHERE {_which(device, since, until)} "
            f"ORDER BY moment, seq LIMIT {int(most)}"
        )

    return [
        (at.replace(tzinfo=UTC), seq, {code: one for code, one in zip(fields, values, strict=True) if one is not None})
        for at, seq, *values in _asked(kind, since, until, folders, ask)
    ]


def _which(device: int, since: datetime, until: datetime) -> str:
    return f"device = {int(device)} AND moment >= TIMESTAMP '{_utc(since)}' AND moment < TIMESTAMP '{_utc(until)}'"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


def _asked(
    kind: Kind, since: datetime, until: datetime, folders: Sequence[str], ask: Callable[[str], str]
) -> list[tuple[Any, ...]]:
    """Rows of a question over all files of the period. A file that was rolled away meanwhile: look again."""
    for _round in range(5):
        rows = _rows(kind, since, until, folders)
        if not rows:
            return []
        try:
            with duck.cursor() as cursor:
                return list(cursor.execute(ask(rows)).fetchall())
        except duck.file_errors():
            continue
    raise OSError("the history's files keep changing")


def _rows(kind: Kind, since: datetime, until: datetime, folders: Sequence[str]) -> str:
    # What is spooled is listed first: whatever is rolled after that is in both, and read once.
    spooled = [str(path) for name in folders for path in sorted((places.spool_root() / name).glob("*.ndjson"))]
    first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    filed = [
        str(path)
        for day, folder in places.days_of(kind.code)
        if first <= day <= last
        for path in places.parquet_in(folder)
    ]
    parts = []
    if filed:
        parts.append(duck.filed(filed, kind))
    if spooled:
        parts.append(duck.as_history(duck.spool_lines(spooled), kind))
    return " UNION ALL ".join(parts)
