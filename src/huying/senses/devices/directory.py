"""Every device by its code, kept in memory by whoever handles many readings, and never older than the database.

A row carries the number of the transaction that wrote it last (``changed``). Each look asks, in one query, for what was
written since the last one: rows older than every transaction still running are kept, younger ones are read again next time
(:mod:`huying.kernel.replicas` says why this misses nothing).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, Final, NamedTuple

from django.db import connection

from .models import Device
from .rules import DeviceState

MOST_CHANGES: Final = 5_000
"""When more rows than this changed since the last look, all of memory is forgotten instead."""


class Known(NamedTuple):
    """What the handling of a reading needs of its device."""

    pk: int
    code: str
    kind: str
    area: str
    gateway_pk: int | None
    state: str

    @property
    def counts(self) -> bool:
        """Whether what it sends counts: neither paused nor retired."""
        return self.state == DeviceState.ACTIVE


_COLUMNS: Final = "d.id, d.code, d.kind, d.area, d.gateway_id, d.state, d.changed"
_TABLE: Final = Device._meta.db_table
_CHANGES: Final = f"""
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           coalesce(pg_current_xact_id_if_assigned()::text::bigint, 9223372036854775807), {_COLUMNS}
      FROM (SELECT) one LEFT JOIN LATERAL (
           SELECT * FROM {_TABLE} WHERE changed >= %s ORDER BY changed LIMIT {MOST_CHANGES + 1}) d ON true"""
_ASKED: Final = f"SELECT {_COLUMNS} FROM {_TABLE} d WHERE d.code = ANY(%s)"


class Directory:
    """A memory of devices. One for each database; safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._horizon = 0
        self._lock = Lock()

    def ask(self, codes: Iterable[str]) -> dict[str, Known]:
        """The devices with these codes; codes nobody registered are left out. One query, two when some are new to it."""
        with self._lock:
            young = self._refresh()
            wanted = set(codes)
            found = {code: known for code in wanted if (known := self._known.get(code)) is not None}
            found.update((code, known) for code, known in young.items() if code in wanted)
            if missing := [code for code in wanted if code not in found]:
                found.update(self._read(_ASKED, [missing]))
            return found

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._known.clear()
            self._horizon = 0

    def _refresh(self) -> dict[str, Known]:
        """Learn what changed; what may still change is answered, and not kept."""
        if not self._horizon:
            rows = self._rows(_CHANGES, [2**63 - 1])
            self._horizon = min(rows[0][0], rows[0][1])
            return {}
        rows = self._rows(_CHANGES, [self._horizon])
        self._horizon = min(rows[0][0], rows[0][1])
        if len(rows) > MOST_CHANGES:
            self._known.clear()
            return {}
        return dict(self._kept(row[2:] for row in rows if row[2] is not None))

    def _read(self, sql: str, values: list[Any]) -> dict[str, Known]:
        return dict(self._kept(self._rows(sql, values)))

    def _kept(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, Known]]:
        for *columns, changed in rows:
            known = Known(*columns)
            if changed < self._horizon:
                self._known[known.code] = known
            else:
                self._known.pop(known.code, None)
            yield known.code, known

    @staticmethod
    def _rows(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


_directory = Directory()


def directory(codes: Iterable[str]) -> dict[str, Known]:
    """The devices with these codes, as the database has them now; unknown codes are left out."""
    return _directory.ask(codes)


def forget() -> None:
    """Forget what this process knows of devices: after the database was emptied or exchanged."""
    _directory.forget()
