"""What the drain remembers of devices between two batches, so that a steady flow asks the database nothing.

One process writes what one partition says, so its memory is right as long as its transactions commit; after one that did
not, it forgets. A device may speak in two partitions (for itself and through its gateway), and these may belong to two
processes: who wrote a state last stands in it (``p``), and a write by somebody who did not know of that fails (``Stale``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from huying.senses.alarms.engine import State
from huying.senses.devices.directory import Known

from .engines import Pair

MOST: Final = 250_000  # devices; the longest unheard are forgotten first
AGAIN_MS: Final = 120_000
UNDER_WAY: Final = 16  # messages a device may have sent without an answer
SET_BACK: Final = 15 * 60 * 1000  # ms; older than this is a clock set back, not a reading that comes late

_LOAD: Final = """
SELECT l.device_id, (extract(epoch FROM l.at) * 1000)::bigint, (extract(epoch FROM l.received_at) * 1000)::bigint,
       l.seq, l.online, ARRAY(SELECT jsonb_object_keys(l.values)), l.state::text
  FROM devices_lastvalue l WHERE l.device_id = ANY(%s) ORDER BY l.device_id
"""
_DUE: Final = """
SELECT device_id, (extract(epoch FROM at) * 1000)::bigint FROM readings_due WHERE device_id = ANY(%s) AND partition = ANY(%s)
"""


class Seen:
    """One device: ``at`` and ``received`` in ms, ``old`` the times of fields not in the newest reading, engine states."""

    __slots__ = (
        "at",
        "before",
        "changed",
        "judged",
        "kept_due",
        "known",
        "old",
        "online",
        "own",
        "pair",
        "received",
        "rules",
        "said",
        "seq",
        "silence",
    )

    def __init__(self, known: Known) -> None:
        self.known = known
        self.pair: Pair | None = None  # its engines, while they are those in force
        self.at = self.received = 0
        self.before = -1  # who wrote its state last
        self.seq: int | None = None
        self.own: tuple[str, ...] = ()  # fields of the newest reading
        self.old: dict[str, int] = {}
        self.rules: State | None = None  # of the rules about what it says
        self.silence: State | None = None  # of the rules about its silence, while one of them stands
        self.judged = False  # whether ``silence`` changed in this batch
        self.online = True
        self.kept_due: int | None = None  # what the table says, in ms
        self.changed: dict[str, Any] | None = None  # values of this batch, while it is being taken
        self.said: dict[
            int, tuple[int, int]
        ] = {}  # of readings without a time of their own: number → when first, and what

    def heard_again(self, seq: int, arrived: int, values: dict[str, Any]) -> bool:
        """Whether a reading without a time of its own is one of the last that were heard, by its number and what it says.

        A device that did not hear us sends all again that was under way: a few, and soon. What is the same ``AGAIN_MS``
        after it was first heard is a device whose number never changes, however often it was heard in between.
        """
        what = hash(frozenset(values.items()))
        before, said = self.said.pop(seq, None), self.said
        again = before is not None and before[1] == what and arrived - before[0] <= AGAIN_MS
        said[seq] = before if again and before is not None else (arrived, what)
        if len(said) > UNDER_WAY:
            del said[next(iter(said))]
        return again

    def takes(self, at: int, seq: int | None) -> bool:
        """Whether a reading of this moment is the newest, or the device's clock was set back."""
        if at >= self.at:
            return True
        return self.at - at > SET_BACK and (seq is None or self.seq is None or seq > self.seq)

    def told(self, at: int, seq: int | None, values: dict[str, Any]) -> dict[str, Any]:
        """The values that are news: each field is as new as the reading it came with."""
        if self.takes(at, seq):
            own = tuple(values)
            if own == self.own:  # it says the same things each time
                self.at, self.seq = at, seq
                return values
            if self.own:
                old, before = self.old, self.at
                for field in self.own:
                    if field not in values:
                        old[field] = before
                for field in values:
                    old.pop(field, None)
            self.at, self.seq, self.own = at, seq, own
            return values
        news = {
            field: value for field, value in values.items() if field not in self.own and self.old.get(field, 0) <= at
        }
        for field in news:
            self.old[field] = at
        return news


class Memory:
    """The devices one process has heard of, by primary key. ``stream`` names whose states these are: r or u."""

    def __init__(self, mark: str, partitions: Sequence[int]) -> None:
        self.mark, self.partitions, self.writer = mark, list(partitions), min(partitions)
        self._seen: dict[int, Seen] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def forget(self, devices: Iterable[int] | None = None) -> None:
        """All, or those a batch that did not commit has touched."""
        if devices is None:
            self._seen.clear()
            return
        for one in devices:
            self._seen.pop(one, None)

    def of(self, connection: Any, wanted: dict[int, Known], *, anew: bool = False) -> dict[int, Seen]:
        """What is remembered of these devices; what is not is read. ``anew``: all is read, and locked until the commit."""
        seen = self._seen
        if missing := list(wanted) if anew else [pk for pk in wanted if pk not in seen]:
            self._read(connection, missing, wanted, " FOR UPDATE" if anew else "")
        found = {}
        for pk, known in wanted.items():
            one = found[pk] = seen[pk]
            if one.known is not known:
                one.known, one.pair = known, None
        return found

    def _read(self, connection: Any, missing: list[int], wanted: dict[int, Known], lock: str) -> None:
        for pk in missing:
            self._seen.pop(pk, None)
            self._seen[pk] = Seen(wanted[pk])
        for pk, at, received, seq, online, fields, state in connection.execute(_LOAD + lock, (missing,)):
            one = self._seen[pk]
            one.at, one.received, one.seq, one.online = at, received, seq, online
            kept = orjson.loads(state)
            one.silence = kept.get("s")
            if mine := kept.get(self.mark):
                one.at, one.before, one.old, one.rules = mine["at"], mine["p"], mine.get("old", {}), mine.get("rules")
                one.own = tuple(field for field in fields if field not in one.old)
        for pk, at in connection.execute(_DUE, (missing, self.partitions)):
            one = self._seen[pk]
            one.kept_due = at if one.kept_due is None else min(at, one.kept_due)

    def state_of(self, one: Seen) -> dict[str, Any]:
        """What is kept of a device in its ``LastValue.state``; of its silence only what was judged here just now."""
        mine: dict[str, Any] = {"at": one.at, "p": self.writer, "b": one.before, "rules": one.rules}
        if one.old:
            mine["old"] = one.old
        return {self.mark: mine, "s": one.silence} if one.judged else {self.mark: mine}

    def tidy(self) -> None:
        """Forget the longest unheard when there are too many; between batches."""
        if len(self._seen) > MOST:
            for pk in list(self._seen)[: MOST // 10]:
                del self._seen[pk]
