"""Fewer trips to the database: small writes wait for one another, and several questions are asked together.

Inside ``gathering()`` a statement given to ``later`` is kept, in order, until something else is asked of the database or
the block ends; then all that were kept go together. Nothing can be read or written past them, so an action means the
same with and without; only an error of such a statement (a broken constraint) shows where they are sent, not where they
were given. Outside such a block ``later`` sends at once. The block belongs inside one transaction.

What is asked at every step in the same words is declared with ``often`` or ``finding``: the database then plans it once a connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection, models

M = TypeVar("M", bound=models.Model)
Question = tuple[str, Sequence[Any]]
Rows = list[tuple[Any, ...]]
_kept: ContextVar[list[Question] | None] = ContextVar("huying_gathered", default=None)
_often: dict[str, str] = {}  # how it is asked → how it is planned
_planned: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # what each connection has planned


def often(name: str, sql: str) -> str:
    """What is asked again and again: ``sql`` with numbered places of a known type (``$1::text[]``), under a name of its own.

    The answer takes the place of the words in a question; its values are those of the places, in their order.
    """
    places = len(set(re.findall(r"\$\d+", sql)))
    asked = f"EXECUTE huying_{name}" + (f"({', '.join(['%s'] * places)})" if places else "")
    _often[asked] = f"PREPARE huying_{name} AS {sql}"
    return asked


def finding(name: str, model: type[M], where: str) -> Callable[..., M | None]:
    """A row that is looked up again and again by the same unique condition (``uid = $1::uuid``), asked for anew each time.

    What it gives takes the values and returns the row or None. For models whose columns need no conversion.
    """
    fields = model._meta.concrete_fields
    if odd := [one.name for one in fields if hasattr(one, "from_db_value")]:
        raise ValueError(f"{model.__name__} has columns that are converted: {odd}")
    names, quoted = [one.attname for one in fields], [connection.ops.quote_name(str(one.column)) for one in fields]
    asked = often(name, f"SELECT {', '.join(quoted)} FROM {model._meta.db_table} WHERE {where}")

    def find(*values: Any) -> M | None:
        (rows,) = ask_together((asked, values))
        return model.from_db(connection.alias, names, rows[0]) if rows else None

    return find


@contextmanager
def gathering() -> Iterator[None]:
    """Keep what is given to ``later``; if the block fails, what is still kept is forgotten with the transaction."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set([])
    try:
        with connection.execute_wrapper(_send_before):
            yield
            send()
    finally:
        _kept.reset(token)


def later(sql: str, values: Sequence[Any]) -> None:
    """Have a statement carried out whose answer nobody needs. It is a single one and its values stay as they are."""
    kept = _kept.get()
    if kept is None:
        _execute([(sql, values)])
    else:
        kept.append((sql, values))


def ask_together(*questions: Question) -> list[Rows]:
    """The rows of each question, in the order asked; one trip for all, and for what waits."""
    if not questions:
        return []
    waiting = _taken()
    return _execute([*waiting, *questions], len(waiting))


def send() -> None:
    """Send what is kept, in one trip."""
    if waiting := _taken():
        _execute(waiting, len(waiting))


def _taken() -> list[Question]:
    """What is kept, kept no longer."""
    kept = _kept.get()
    waiting = list(kept or ())
    if kept:
        kept.clear()
    return waiting


def _execute(statements: Sequence[Question], silent: int = 1) -> list[Rows]:
    """Carry out several statements as one; the rows of those after the first ``silent``."""
    answers: list[Rows] = []
    with connection.cursor() as cursor:
        for sql, _values in statements:
            if sql in _often:
                _plan(sql)
        cursor.execute(";\n".join(cursor.mogrify(sql, values) for sql, values in statements))
        for place in range(len(statements)):
            if place >= silent:
                answers.append(cursor.fetchall())
            cursor.nextset()
    return answers


def _plan(asked: str) -> None:
    """Have it planned on this connection, once; what is planned stays so, whatever becomes of the transaction."""
    link = connection.connection
    planned = _planned.setdefault(link, set())
    if asked not in planned:
        with connection.wrap_database_errors:
            link.execute(_often[asked])
        planned.add(asked)


def _send_before(
    execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]
) -> Any:  # the form Django asks of a wrapper
    send()
    return execute(sql, values, many, context)
