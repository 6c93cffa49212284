"""Somebody needs help now: a call, a fall, smoke, gas. Waits for nothing, and a message that comes late still counts. Pure.

What has been told is remembered as episodes ``[[first, last], …]`` of the device's own time, the newest four: a repeated or
late message of one of them is not a new call. The latch is 0, ``[1, arrived, hit]`` (may still be called off), ``[2, arrived]``
(on; the arrival of the last hit) or ``[3, since, arrived]`` (left, not long enough).
"""

from __future__ import annotations

from typing import Final

from .grammar import Rule
from .judges import Entry, Judge, Values
from .latches import COMPARE, QUIET, explicitly, fulfils

EPISODES: Final = 4


class Urgent(Judge):
    """An urgent rule. Late readings are looked at too: they may raise it, never end it."""

    __slots__ = ("_after", "_clearing", "_same", "_unless", "_want", "_within")
    late_too = True

    def __init__(self, rule: Rule, field: str) -> None:
        super().__init__(rule, field)
        self._same, self._want = COMPARE[rule.test.op], rule.steps[0].threshold
        self._after = None if rule.clear.after is None else rule.clear.after * 1000
        self._clearing = rule.clear.lasting * 1000
        self._unless = rule.unless
        self._within = rule.unless.within * 1000 if rule.unless else 0

    def read(self, t: int, now: int, values: Values, entry: Entry, calm: bool) -> Entry:
        return self._read(t, now, values, entry, late=False)

    def read_late(self, t: int, now: int, values: Values, entry: Entry) -> Entry:
        """The entry after a reading older than the newest."""
        return self._read(t, now, values, entry, late=True)

    def tick(self, t: int, now: int, entry: Entry) -> Entry:
        if entry is None or entry[1] == QUIET:
            return entry
        told, latch = entry
        if latch[0] == 1 and now - latch[1] >= self._within:
            return [told, [2, now]]
        if latch[0] == 2 and self._after is not None and now - latch[1] >= self._after:
            return [told, QUIET]
        if latch[0] == 3 and t - latch[1] >= self._clearing:
            return [told, QUIET]
        return entry

    def ripe(self, t: int, offset: int, entry: Entry) -> list[int]:
        latch = entry[1]
        if latch == QUIET:
            return []
        if latch[0] == 1:
            return [latch[1] + self._within]
        if latch[0] == 2:
            return [] if self._after is None else [latch[1] + self._after]
        return [latch[1] + self._clearing + offset]

    def restarted(self, t: int, now: int, entry: Entry) -> Entry:
        """A new clock: episodes of the old one stay known, what was being left starts to be left anew."""
        told, latch = entry
        return [told, [2, latch[2]]] if latch != QUIET and latch[0] == 3 else entry

    def _mark(self) -> str:
        return "~urgent"

    def level(self, entry: Entry) -> int:
        return self.specs[0].severity if entry[1] != QUIET and entry[1][0] != 1 else 0

    def _read(self, t: int, now: int, values: Values, entry: Entry, *, late: bool) -> Entry:
        value = values.get(self.field)
        entry = self.tick(t, now, entry) if entry is not None and not late else entry
        if value is not None:
            if self._same(value, self._want) and fulfils(self.rule.only_while, values):
                entry = self._hit(t, now, entry, late)
            elif not late:
                entry = self._left(t, entry)
        if self._unless is not None and entry is not None and entry[1] != QUIET and entry[1][0] == 1:
            in_time = 0 <= t - entry[1][2] <= self._within
            if in_time and explicitly(self._unless.guard, values):
                return [entry[0], QUIET]
        return entry

    def _hit(self, t: int, now: int, entry: Entry, late: bool) -> Entry:
        told, latch = entry if entry is not None else ([], QUIET)
        known = any(first <= t <= last for first, last in told)
        if latch == QUIET:
            if known:
                return entry
            return [[*told, [t, t]][-EPISODES:], [1, now, t] if self._unless else [2, now]]
        if known:
            return entry
        first, last = told[-1]
        told = [*told[:-1], [min(first, t), max(last, t)]]
        if latch[0] == 1 or (late and latch[0] == 3):
            return [told, latch]
        return [told, [2, now]]

    def _left(self, t: int, entry: Entry) -> Entry:
        if entry is None or self._after is not None or entry[1] == QUIET or entry[1][0] == 1:
            return entry
        told, latch = entry
        if latch[0] == 2:
            latch = [3, t, latch[1]] if self._clearing else QUIET
        elif t - latch[1] >= self._clearing:
            latch = QUIET
        return [told, latch]
