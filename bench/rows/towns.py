"""A registry of very many people from one of a hundred thousand: the same town again and again, by SQL.

A copy has uids, door codes, blind fingerprints and days of its own; names, addresses and the pieces they are found by are those
of the original, as they would repeat themselves among very many people.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KINDS = ("premises", "person", "organisation", "household", "facility", "care")


def copy_town(copies: int) -> None:
    """Write the records of every kind that is listed ``copies`` times more. They have no history."""
    from django.db import connection, transaction

    from huying.ground.registry.models import MODELS

    models = [MODELS[kind] for kind in KINDS]
    with connection.cursor() as cursor, _without_indexes(cursor, [model._meta.db_table for model in models]):
        last = {model: _last(cursor, model._meta.db_table) for model in models}
        for number in range(1, copies + 1):
            with transaction.atomic():
                for model in models:
                    cursor.execute(_copy(model, last[model]), {"n": str(number)})


def _last(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT max(id) FROM {table}")
    return int(cursor.fetchone()[0])


def _copy(model: Any, last: int) -> str:
    fields = [field for field in model._meta.concrete_fields if field.name != "id"]
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(field) for field in fields)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id <= {last} ORDER BY id"


def _value(field: Any) -> str:
    column = f'"{field.column}"'
    if field.name == "uid" or (field.is_relation and getattr(field, "to_fields", [""])[0] == "uid"):
        return f"md5({column}::text || %(n)s)::uuid"
    if field.name == "code":
        return f"substr(md5({column} || %(n)s), 1, 12)"
    if field.name == "credit_code":
        return f"upper(substr(md5({column} || %(n)s), 1, 18))"
    if field.name == "id_blind":
        return f"sha256({column} || %(n)s::bytea)"
    if field.name == "checked_at":
        return f"{column} - (hashtext(uid::text || %(n)s) & 63) * interval '1 day'"
    return column


@contextmanager
def _without_indexes(cursor: Any, tables: list[str]) -> Iterator[None]:
    """Indexes that guard nothing are built afterwards, and stamps for replicas are left out."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid::regclass::text = ANY(%s) AND NOT i.indisunique",
        [tables],
    )
    built = cursor.fetchall()
    for name, _definition in built:
        cursor.execute(f"DROP INDEX {name}")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    cursor.execute("SET maintenance_work_mem = '1GB'")
    for _name, definition in built:
        cursor.execute(definition)
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
