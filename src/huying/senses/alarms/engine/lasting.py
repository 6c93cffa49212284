"""Rules about time without something: a device that says nothing, a value that does not change. Pure."""

from __future__ import annotations

from .grammar import Rule
from .judges import Entry, Judge, Values
from .latches import ON, QUIET, fulfils

MINUTE_MS = 60_000


class Silence(Judge):
    """Nothing came for some minutes, by the clock of arrival. Memory: when the field was last heard (device: the state's own).

    Any reading ends it, a late one too.
    """

    __slots__ = ("_limits",)
    late_too = True

    def __init__(self, rule: Rule, field: str) -> None:
        super().__init__(rule, field)
        self._limits = [int(float(step.threshold) * MINUTE_MS) for step in rule.steps]

    def read(self, t: int, now: int, values: Values, entry: Entry, calm: bool) -> Entry:
        if not self.field:
            return None
        if values.get(self.field) is None:
            return entry
        return [now, *[QUIET] * len(self.specs)]

    def read_late(self, t: int, now: int, values: Values, entry: Entry) -> Entry:
        """A late word is a word too."""
        return self.read(t, now, values, entry, True)

    def listened(self, now: int, heard: int, since: int, entry: Entry) -> Entry:
        """The entry at a moment without a reading. ``heard``: the last from the device; ``since``: we listen without a gap."""
        if self.field:
            if entry is None:
                return None
            heard = entry[0]
        silent = now - max(since, heard)
        latches = [ON if silent >= limit else QUIET for limit in self._limits]
        if self.field:
            return [heard, *latches]
        return [None, *latches] if any(latches) else None

    def withheld(self, entry: Entry) -> Entry:
        """The entry while silence says nothing about this device (its gateway is silent)."""
        return [entry[0], *[QUIET] * len(self.specs)] if entry is not None and self.field else None

    def silent_from(self, heard: int, entry: Entry) -> list[int]:
        """The moments at which silence, last broken then, ripens further."""
        latches = entry[1:] if entry is not None else [QUIET] * len(self._limits)
        if self.field:
            if entry is None:
                return []
            heard = entry[0]
        return [heard + limit for limit, latch in zip(self._limits, latches, strict=False) if latch == QUIET]

    def restarted(self, t: int, now: int, entry: Entry) -> Entry:
        return entry

    def _mark(self) -> str:
        return "~silence"

    def level(self, entry: Entry) -> int:
        on = (spec.severity for spec, latch in zip(self.specs, entry[1:], strict=False) if latch == ON)
        return max(on, default=0)


class Still(Judge):
    """A value that has not changed for some minutes of readings; within a schedule: since it opened. Memory: [value, time].

    A reading that does not fulfil the conditions (the band is off) counts as change. Silence proves nothing: only readings do.
    """

    __slots__ = ("_counter", "_limits")

    def __init__(self, rule: Rule, field: str) -> None:
        super().__init__(rule, field)
        self._counter = rule.test.counter
        self._limits = [int(float(step.threshold) * MINUTE_MS) for step in rule.steps]

    def read(self, t: int, now: int, values: Values, entry: Entry, calm: bool) -> Entry:
        value = values.get(self.field)
        if value is None:
            return entry
        if entry is None or not fulfils(self.rule.only_while, values):
            return [[value, t], *[QUIET] * len(self.specs)]
        last, since = entry[0]
        if value > last if self._counter else value != last:
            since = t
        begins, in_force = since, True
        if self.schedule is not None:
            in_force = self.schedule.is_open(t)
            begins = max(since, self.schedule.opened_at(t))
        latches = [ON if in_force and t - begins >= limit else QUIET for limit in self._limits]
        if value == last and since == entry[0][1] and latches == entry[1:]:
            return entry
        return [[value, since], *latches]

    def tick(self, t: int, now: int, entry: Entry) -> Entry:
        if entry is None or self.schedule is None or self.schedule.is_open(t):
            return entry
        return [entry[0], *[QUIET] * len(self.specs)]

    def ripe(self, t: int, offset: int, entry: Entry) -> list[int]:
        change = self.schedule.next_change(t) if self.schedule is not None and self.level(entry) else None
        return [] if change is None else [change + offset]

    def restarted(self, t: int, now: int, entry: Entry) -> Entry:
        return [[entry[0][0], t], *entry[1:]]

    def _mark(self) -> str:
        return "~still"

    def level(self, entry: Entry) -> int:
        on = (spec.severity for spec, latch in zip(self.specs, entry[1:], strict=False) if latch == ON)
        return max(on, default=0)
