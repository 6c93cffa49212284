"""The ceiling: the rows an action wrote, written once more into identical empty tables by plain SQL.

The identical tables are those of a second database, made from the first one before the action ran: same columns,
indexes, constraints, triggers and rows. Text for COPY and for INSERT is prepared before the clock starts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

IN_ONE_INSERT = 1_000
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY c.oid
"""
_COLUMNS = """
SELECT attname FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND atttypid <> 'xid8'::regtype
 ORDER BY attnum
"""


@dataclass(slots=True)
class Part:
    """The rows of one table that one batch wrote."""

    table: str
    columns: list[str]
    rows: int
    copied: bytes
    inserts: list[bytes] = field(default_factory=list)


def counts(place: Any) -> dict[str, int]:
    """Rows of every table with a running number, by exact count."""
    found = {}
    for (table,) in place.execute(_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        found[table] = place.execute(query).fetchone()[0]
    return found


def highest(place: Any, tables: Sequence[str]) -> dict[str, int]:
    """The highest id of each table."""
    return {
        table: place.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table))).fetchone()[0]
        for table in tables
    }


def captured(place: Any, table: str, above: int, up_to: int) -> Part:
    """The rows of a table with ids in a stretch, as text for COPY and as INSERT statements."""
    columns = [row[0] for row in place.execute(_COLUMNS, [table]).fetchall()]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    chosen = sql.SQL("SELECT {} FROM {} WHERE id > {} AND id <= {} ORDER BY id").format(
        names, sql.Identifier(table), above, up_to
    )
    with place.cursor() as cursor, cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(chosen)) as copy:
        text = b"".join(bytes(block) for block in copy)
    rows = text.split(b"\n")[:-1]
    part = Part(table, columns, len(rows), text)
    head = sql.SQL("INSERT INTO {} ({}) VALUES ").format(sql.Identifier(table), names).as_string(place).encode()
    values = [b"(" + b",".join(_literal(cell) for cell in row.split(b"\t")) + b")" for row in rows]
    part.inserts = [head + b",".join(values[i : i + IN_ONE_INSERT]) for i in range(0, len(values), IN_ONE_INSERT)]
    return part


def _literal(cell: bytes) -> bytes:
    """A cell of COPY's text form as an SQL literal of unknown type; an E-string has the same escapes."""
    return b"NULL" if cell == b"\\N" else b"E'" + cell.replace(b"'", b"\\'") + b"'"


def write_copied(place: psycopg.Connection[Any], batches: Sequence[Sequence[Part]]) -> float:
    """Seconds to COPY the batches, one transaction each."""
    began = time.perf_counter()
    for batch in batches:
        with place.transaction(), place.cursor() as cursor:
            for part in batch:
                names = sql.SQL(", ").join(map(sql.Identifier, part.columns))
                into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(part.table), names)
                with cursor.copy(into) as copy:
                    copy.write(part.copied)
    return time.perf_counter() - began


def write_inserted(place: psycopg.Connection[Any], batches: Sequence[Sequence[Part]]) -> float:
    """Seconds to INSERT the batches, many rows a statement, one transaction each."""
    began = time.perf_counter()
    for batch in batches:
        with place.transaction(), place.cursor() as cursor:
            for part in batch:
                for statement in part.inserts:
                    cursor.execute(statement)
    return time.perf_counter() - began


def has_id(place: Any, table: str) -> bool:
    """Whether a table counts its rows in a column `id`."""
    asked = "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'id' AND atttypid IN (20, 23)"
    return place.execute(asked, [table]).fetchone() is not None
