"""What all web processes must know alike for a while: how often somebody tried, which code was used. A cache in PostgreSQL.

The default cache of the settings. Each call is one query; ``add`` and ``incr`` are atomic between processes, so that of
two who use a one-time code at the same moment one is refused. Whole numbers are kept as such, everything else pickled
under a signature of this instance: whoever can write the table cannot make a process run anything. The table is made by
migration 0005 and is no model: nothing refers to it, and nothing is lost with it but a few minutes' counting.
"""

from __future__ import annotations

import pickle
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.utils.crypto import constant_time_compare, salted_hmac

TABLE: Final = "kernel_shared"
_LIVES: Final = "(ends IS NULL OR ends > clock_timestamp())"
_ENDS: Final = "clock_timestamp() + %s::double precision * interval '1 second'"
_PUT: Final = f"""INSERT INTO {TABLE} AS held (name, number, value, ends) VALUES (%s, %s, %s, {_ENDS})
    ON CONFLICT (name) DO UPDATE SET number = excluded.number, value = excluded.value, ends = excluded.ends"""

_OVER: Final = "held.number IS NULL OR held.ends <= clock_timestamp()"
_COUNT: Final = f"""INSERT INTO {TABLE} AS held (name, number, ends)
    VALUES (%(name)s, %(times)s, clock_timestamp() + %(seconds)s::double precision * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET value = NULL,
        number = excluded.number + CASE WHEN {_OVER} THEN 0 ELSE held.number END,
        ends = CASE WHEN {_OVER} THEN excluded.ends ELSE held.ends END
    RETURNING number"""


class SharedCache(BaseCache):
    """The cache named by ``BACKEND``. Option ``LEAST``: prefixes of keys and the seconds they are kept at the least."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._least: dict[str, float] = (params.get("OPTIONS") or {}).get("LEAST", {})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.get_many([key], version=version).get(key, default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[str, Any]:
        names = {self._name(key, version): key for key in keys}
        rows = _ask(f"SELECT name, number, value FROM {TABLE} WHERE name = ANY(%s) AND {_LIVES}", [list(names)])
        found = {names[name]: number if value is None else _open(name, value) for name, number, value in rows}
        return {key: value for key, value in found.items() if value is not _FORGED}

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        name = self._name(key, version)
        _ask(_PUT, [name, *_closed(name, value), self._seconds(key, timeout)])

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self._name(key, version)
        rows = _ask(
            f"{_PUT} WHERE held.ends <= clock_timestamp() RETURNING 1",
            [name, *_closed(name, value), self._seconds(key, timeout)],
        )
        return bool(rows)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        ends = [self._seconds(key, timeout), self._name(key, version)]
        return bool(_ask(f"UPDATE {TABLE} SET ends = {_ENDS} WHERE name = %s AND {_LIVES} RETURNING 1", ends))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Raises ``ValueError`` when there is no living number of this name."""
        rows = _ask(
            f"UPDATE {TABLE} SET number = number + %s WHERE name = %s AND number IS NOT NULL AND {_LIVES} RETURNING number",
            [delta, self._name(key, version)],
        )
        if not rows:
            raise ValueError(f"Key '{key}' not found")
        return int(rows[0][0])

    def count(self, key: str, times: int, seconds: float) -> int:
        """``add`` of nought and ``incr`` in one: how often since the first time, at most ``seconds`` ago."""
        name = self._name(key, None)
        rows = _ask(_COUNT, {"name": name, "times": times, "seconds": self._seconds(key, seconds)})
        return int(rows[0][0])

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(_ask(f"DELETE FROM {TABLE} WHERE name = %s RETURNING 1", [self._name(key, version)]))

    def clear(self) -> None:
        _ask(f"DELETE FROM {TABLE}", [])

    def _name(self, key: str, version: int | None) -> str:
        return _name(self.make_key(key, version=version))

    def _seconds(self, key: str, timeout: Any) -> float | None:
        """How long from now; ``None`` keeps for ever, nothing or less is over at once."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            return None
        return max([float(seconds), *(least for prefix, least in self._least.items() if key.startswith(prefix))])


def forget_what_ended() -> int:
    """Delete what is over; how much that was."""
    return len(_ask(f"DELETE FROM {TABLE} WHERE ends < clock_timestamp() - %s RETURNING 1", [timedelta(minutes=5)]))


_FORGED: Final = object()


def _name(key: str) -> str:
    """Keys longer than the column are named by their hash."""
    return key if len(key) <= 250 else f"#{sha256(key.encode()).hexdigest()}"


def _closed(name: str, value: Any) -> tuple[int | None, bytes | None]:
    if type(value) is int and abs(value) < 1 << 62:
        return value, None
    plain = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return None, _signature(name, plain) + plain


def _open(name: str, kept: bytes | memoryview) -> Any:
    data = bytes(kept)
    signature, plain = data[:32], data[32:]
    return pickle.loads(plain) if constant_time_compare(signature, _signature(name, plain)) else _FORGED


def _signature(name: str, plain: bytes) -> bytes:
    mac = salted_hmac("huying.kernel.sharing", name.encode() + b"\0" + plain, settings.SECRET_KEY, algorithm="sha256")
    return mac.digest()


def _ask(sql: str, given: list[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall() if cursor.description else []
