"""Many rows at once: COPY into tables and blocks of ids, inside the current Django transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final

import orjson
from django.db import connection, models
from psycopg.types.json import Jsonb

from huying.kernel.gathering import Question, ask_together, later, often, send

FEW: Final = 24
Prepare = Callable[[Any], Any]
_NEW_IDS = often(
    "new_ids", "SELECT nextval(pg_get_serial_sequence($1::text, $2::text)) FROM generate_series(1, $3::int)"
)


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into the table of a model and return how many.

    ``columns`` are field names (or ``x_id`` for foreign keys); each row holds Python values in that order: aware
    datetimes, lists for arrays, any JSON value for JSON fields, bytes, ``None`` for SQL NULL. Columns left out get
    their database default; Python defaults, ``save()`` and signals do not run. Database errors are Django's.
    """
    table, names, prepare = _plan(model, tuple(columns))
    count = 0
    send()  # a COPY is no statement that could wait, and none may wait behind it
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(_prepared(row, prepare) if prepare else row)
            count += 1
    return count


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Like ``copy_rows``, but one INSERT when there are few rows, which may wait (``gathering``); always one statement."""
    if not rows:
        return 0
    if len(rows) > FEW:
        return copy_rows(model, columns, rows)
    later(*insertion(model, columns, rows))
    return len(rows)


def insertion(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Question:
    """The one INSERT of some rows, to be asked together with others; ``RETURNING`` may be put behind it."""
    table, names, prepare = _plan(model, tuple(columns))
    slot = f"({', '.join(['%s'] * len(columns))})"
    values = [value for row in rows for value in (_prepared(row, prepare) if prepare else row)]
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([slot] * len(rows))}", values


def allocate_ids(model: type[models.Model], n: int) -> list[int]:
    """Take ``n`` ids from the sequence of the model's primary key, in ascending order; one query.

    Ids of a transaction that rolls back are lost, as with any sequence.
    """
    if n <= 0:
        return []
    return allocate_each((model, n))[0]


def allocate_each(*wanted: tuple[type[models.Model], int]) -> list[list[int]]:
    """Like ``allocate_ids`` for several models, still in one query: the ids of each, in the order asked."""
    answers = ask_together(*(new_ids(model, n) for model, n in wanted))
    return [[value for (value,) in rows] for rows in answers]


def new_ids(model: type[models.Model], n: int) -> Question:
    """The question for ``n`` ids, to be asked together with others; one row each, in ascending order."""
    table, column = _quote(model._meta.db_table), model._meta.pk.column
    return _NEW_IDS, (table, column, n)


@cache
def _plan(model: type[models.Model], columns: tuple[str, ...]) -> tuple[str, str, list[tuple[int, Prepare]]]:
    """The table and the columns as SQL names them, and what must be prepared: the same for every row ever written."""
    fields = [_field(model, name) for name in columns]
    names = ", ".join(_quote(str(field.column)) for field in fields)
    return _quote(model._meta.db_table), names, _preparers(fields)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    raise ValueError(f"{model.__name__} has no column {name!r}")


def _preparers(fields: Sequence[models.Field[Any, Any]]) -> list[tuple[int, Prepare]]:
    return [(index, _as_json) for index, field in enumerate(fields) if isinstance(field, models.JSONField)]


def _prepared(row: Sequence[Any], prepare: Sequence[tuple[int, Prepare]]) -> list[Any]:
    values = list(row)
    for index, change in prepare:
        values[index] = change(values[index])
    return values


def _as_json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value, dumps=_dumps)


def _dumps(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
