"""DuckDB for the history: one engine a process, bounded in memory, and the columns a kind has.

It is imported when first needed: most processes never read the history.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from huying.senses.devices.kinds import Kind

if TYPE_CHECKING:
    import duckdb

MEMORY: Final = "512MB"
THREADS: Final = 2
TYPES: Final = {"number": "DOUBLE", "bool": "BOOLEAN", "text": "VARCHAR", "choice": "VARCHAR"}
# Column of the spool and how it becomes one of the history, whose times are UTC.
SPOOL: Final = "{k: 'VARCHAR', d: 'BIGINT', a: 'BIGINT', r: 'BIGINT', s: 'BIGINT', v: 'JSON'}"
OWN: Final = {"device": "BIGINT", "moment": "TIMESTAMP", "received": "TIMESTAMP", "seq": "BIGINT"}

_engine: duckdb.DuckDBPyConnection | None = None
_founding = threading.Lock()


@contextmanager
def cursor() -> Iterator[Any]:
    """A connection of its own to this process's engine; several threads may have one each."""
    import duckdb

    global _engine
    with _founding:
        if _engine is None:
            config: dict[str, Any] = {"memory_limit": MEMORY, "threads": THREADS, "preserve_insertion_order": False}
            room = settings.HUYING_DATA_DIR / "spool" / "tmp"
            room.mkdir(parents=True, exist_ok=True)
            config["temp_directory"] = str(room)
            _engine = duckdb.connect(":memory:", config=config)
            _engine.execute("SET parquet_metadata_cache = true")
    own = _engine.cursor()
    try:
        yield own
    finally:
        own.close()


def file_errors() -> tuple[type[Exception], ...]:
    """What is raised when a file is not there any more."""
    import duckdb

    return (duckdb.IOException,)


def columns(kind: Kind) -> dict[str, str]:
    """The history's columns of a kind: SQL type by name; fields are prefixed, so that none can be named as our own."""
    return {**OWN, **{column(code): TYPES[one.type] for code, one in kind.fields.items()}}


def column(field: str) -> str:
    return f"v_{field}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def texts(values: list[str]) -> str:
    """A list of texts as an SQL literal, for what cannot be a parameter."""
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"


def spool_lines(files: list[str]) -> str:
    """The lines of spool files; half a line at the end, being written, is left out."""
    return f"read_ndjson({texts(files)}, columns={SPOOL}, ignore_errors=true)"


def as_history(lines: str, kind: Kind) -> str:
    """A kind's spool lines, as rows of the history."""
    fields = "".join(
        f", TRY_CAST(v->>'{code}' AS {TYPES[one.type]}) AS {quoted(column(code))}" for code, one in kind.fields.items()
    )
    return (
        "SELECT d AS device, make_timestamp(a * 1000) AS moment, make_timestamp(r * 1000) AS received, s AS seq"
        f"{fields} FROM {lines} WHERE k = '{kind.code}'"
    )


def filed(files: list[str], kind: Kind) -> str:
    """The rows of Parquet files; a field that a file does not know yet is null."""
    every = columns(kind)
    nothing = ", ".join(f"NULL::{kind_of} AS {quoted(name)}" for name, kind_of in every.items())
    listed = ", ".join(map(quoted, every))
    found = f"SELECT * FROM read_parquet({texts(files)}, union_by_name=true, hive_partitioning=false)"
    return f"SELECT {listed} FROM (SELECT {nothing} WHERE false UNION ALL BY NAME {found})"
