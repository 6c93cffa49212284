"""Locks, always taken in one order so that two writers can wait for each other but never deadlock.

Order across tables is the order of rooms (lower rooms first); within a table rows are locked by ascending id.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, TypeVar

from django.db import connection, models, transaction

from huying.kernel.gathering import Question, ask_together

M = TypeVar("M", bound=models.Model)


def lock_rows(model: type[M], ids: Iterable[Any]) -> list[M]:
    """Lock rows FOR UPDATE in ascending id order and return them in that order; ids that do not exist are left out.

    Only the rows of this table are locked, not what they point to. Needs a transaction.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return []
    return list(model._default_manager.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))


def lock_name(name: str, *, shared: bool = False) -> None:
    """Hold an advisory lock by name until the transaction ends; waits for whoever holds it.

    Shared holders do not wait for each other, only for one that wants the name for itself.
    """
    ask_together(locking(name, shared=shared))


def locking(name: str, *, shared: bool = False) -> Question:
    """``lock_name`` as a question, to be asked together with what may only be done under the lock."""
    _need_transaction()
    return f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", [_number(name)]


def lock_names(names: Iterable[str]) -> None:
    """Hold several advisory locks by name, in one order whoever asks and in one trip; nothing for no names."""
    numbers = sorted({_number(name) for name in names})
    if not numbers:
        return
    _need_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_advisory_xact_lock(one)) FROM unnest(%s::bigint[]) one", [numbers])


def try_lock_name(name: str) -> bool:
    """Like ``lock_name``, but returns False at once when somebody else holds it."""
    _need_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number(name)])
        row = cursor.fetchone()
    return bool(row and row[0])


def _need_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Locks live as long as a transaction; wrap the action in transaction.atomic().")


def _number(name: str) -> int:
    return int.from_bytes(sha256(f"huying:{name}".encode()).digest()[:8], "big", signed=True)
