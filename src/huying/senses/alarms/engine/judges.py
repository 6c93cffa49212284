"""One rule on one field, made ready to judge: comparisons and repeats. ``urgent`` and ``lasting`` have the other judges.

A judge's entry in a device's state is ``[memory, latch, latch, …]`` (one latch a step), or None: nothing to remember.
Entries are replaced, never changed. Times: ``t`` the device's clock, ``now`` the time of arrival, both in milliseconds. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .grammar import LASTING, Rule, Value
from .latches import ON, QUIET, Latch, Spec, advance, fulfils, is_on, restarted, ripe_at, spec_of
from .learning import Habit
from .schedules import Schedule, schedule_of
from .signals import Signal, signal_of

LEARNED: Final = "~usual"  # in the key of an entry that remembers what is usual

Values = Mapping[str, Value]
Entry = Any


class Judge:
    """What the engine needs of a judge; the plain comparisons and those with a memory.

    ``key`` names its entry and says what kind of memory it has, so that a rewritten rule never reads another's memory;
    ``quiet(values)`` is a quick look: True when a judge without entry has nothing to do.
    """

    __slots__ = (
        "_all_quiet",
        "_holds",
        "_signal",
        "field",
        "habit",
        "key",
        "name",
        "quiet",
        "rule",
        "schedule",
        "specs",
    )
    late_too = False
    """Whether it looks at late readings as well."""

    def __init__(self, rule: Rule, field: str) -> None:
        self.rule, self.field = rule, field
        self.specs: tuple[Spec, ...] = tuple(spec_of(rule, step) for step in rule.steps)
        self._all_quiet = [QUIET] * len(self.specs)
        self.schedule: Schedule | None = schedule_of(rule.schedule)
        self.habit = Habit(rule.test.baseline) if rule.test.baseline else None
        self._signal: Signal | None = None if rule.test.op in LASTING else signal_of(rule, self.habit)
        self._holds = rule.test.holds
        self.name = rule.code if len(rule.test.fields) < 2 else f"{rule.code}/{field}"
        self.key = self.name + self._mark()
        self.quiet: Callable[[Values], bool] = self._quick()

    def read(self, t: int, now: int, values: Values, entry: Entry, calm: bool) -> Entry:
        """The entry after a reading that is not late. ``calm``: no alarm of the device is raised."""
        value = values.get(self.field)
        if value is None:
            return entry
        memory: Any = entry[0] if entry is not None else None
        seen: Any = value
        if self._signal is not None:
            seen, memory = self._signal(value, values, t, memory)
            if self.habit is None and self._plainly_quiet(seen, entry):
                if entry is not None and memory is entry[0]:
                    return entry
                return None if memory is None else [memory, *self._all_quiet]
        if seen is None:  # nothing can be said: steps stay as they are
            bits = []
            latches = entry[1:] if entry is not None else self._all_quiet
        else:
            bits = self._bits(seen, values)
            latches = self._moved(bits, entry, t, True)
        if self.habit is not None:
            if not memory[4] and calm and not any(bit & 1 for bit in bits) and not any(latches):
                if fulfils(self.rule.only_while, values):
                    memory = self.habit.sampled(memory, float(value))
            elif entry is not None and memory is entry[0] and latches == entry[1:]:
                return entry
        elif self._holds:
            memory = bits if any(bits) else None
        return _entry(memory, latches)

    def _plainly_quiet(self, seen: Any, entry: Entry) -> bool:
        """Whether nothing was met before and the nearest step is not met now; then no further one is."""
        if entry is not None and entry[1:] != self._all_quiet:
            return False
        return seen is None or not self.specs[0].meets(seen, self.specs[0].threshold)

    def tick(self, t: int, now: int, entry: Entry) -> Entry:
        """The entry at a moment without a reading (the device's clock is believed to show ``t``)."""
        if entry is None:
            return None
        if self._holds:
            bits = entry[0] or [0] * len(self.specs)
            return _entry(entry[0], self._moved(bits, entry, t, False))
        if self.schedule is not None and not self.schedule.is_open(t):
            return _entry(entry[0], self._moved([0] * len(self.specs), entry, t, False))
        return entry

    def ripe(self, t: int, offset: int, entry: Entry) -> list[int]:
        """The moments of arrival time at which time alone could change the entry, seen from device time ``t``."""
        latches = [pair for pair in zip(entry[1:], self.specs, strict=False) if pair[0] != QUIET]
        if not self._holds and (self.schedule is None or self.schedule.is_open(t)):
            latches = [pair for pair in latches if pair[0] == ON and self.schedule is not None]
        found = [moment + offset for latch, spec in latches if (moment := ripe_at(latch, spec)) is not None]
        if self.schedule is not None and (latches or (self._holds and entry[0])):
            change = self.schedule.next_change(t)
            found += [] if change is None else [change + offset]
        return found

    def restarted(self, t: int, now: int, entry: Entry) -> Entry:
        """The entry after the device's clock was set back to ``t``."""
        memory = entry[0] if self.habit is not None or self._holds else None
        return _entry(memory, [restarted(latch) for latch in entry[1:]])

    def level(self, entry: Entry) -> int:
        """The highest severity in force."""
        highest = 0
        for latch, spec in zip(entry[1:], self.specs, strict=False):
            if spec.severity > highest and latch != QUIET and is_on(latch):
                highest = spec.severity
        return highest

    def fresh(self, entry: Entry) -> Entry:
        """The entry of an older version of the rule, made to fit this one."""
        latches = list(entry[1 : 1 + len(self.specs)])
        return [entry[0], *latches, *[QUIET] * (len(self.specs) - len(latches))]

    def _mark(self) -> str:
        """What is remembered besides the latches, for the key."""
        test = self.rule.test
        if self.habit is not None:
            return f"{LEARNED}{self.habit.cells}.{self.habit.slot // 1000}"
        if self._signal is not None and test.percent_of is None:
            return f"~{test.op}{test.within}"
        return f"~holds{len(self.specs)}" if self._holds else ""

    def _bits(self, seen: Any, values: Values) -> list[int]:
        """For each step: 1 it is met, 2 it is kept, 3 both, 0 neither."""
        bits = []
        fulfilled = None
        for spec in self.specs:
            bit = (1 if spec.meets(seen, spec.threshold) else 0) | (2 if spec.keeps(seen, spec.leave) else 0)
            if bit and self.rule.only_while:
                fulfilled = fulfils(self.rule.only_while, values) if fulfilled is None else fulfilled
                bit = bit if fulfilled else 0
            bits.append(bit)
        return bits

    def _moved(self, bits: list[int], entry: Entry, t: int, counts: bool) -> list[Latch]:
        if self.schedule is not None and not self.schedule.is_open(t):
            bits = [0] * len(bits)
        before = entry[1:] if entry is not None else self._all_quiet
        return [
            advance(latch, bit & 1 > 0, bit & 2 > 0, t, spec, counts)
            for latch, bit, spec in zip(before, bits, self.specs, strict=False)
        ]

    def _quick(self) -> Callable[[Values], bool]:
        field = self.field
        if self.rule.test.op in LASTING or (self._signal is not None and self.rule.test.percent_of is None):
            return lambda values: field not in values
        if self._signal is not None:
            return self._quick_share()
        return _quick_looks(field, self.specs[0].threshold)[self.rule.test.op]

    def _quick_share(self) -> Callable[[Values], bool]:
        field, signal, spec = self.field, self._signal, self.specs[0]
        assert signal is not None

        def look(values: Values) -> bool:
            value = values.get(field)
            if value is None:
                return True
            share = signal(value, values, 0, None)[0]
            return share is None or not spec.meets(share, spec.threshold)

        return look


class Repeats(Judge):
    """A threshold met several times within a time. Latch: 0 or ``[on, met, time, time, …]``, the newest ``n`` hits.

    It is over when no hit is within the time any more.
    """

    __slots__ = ("_n", "_onsets", "_within")

    def __init__(self, rule: Rule, field: str) -> None:
        assert rule.times is not None
        super().__init__(rule, field)
        self._n, self._within, self._onsets = rule.times.n, rule.times.within * 1000, rule.times.onsets

    def tick(self, t: int, now: int, entry: Entry) -> Entry:
        if entry is None:
            return None
        return _entry(entry[0], [self._counted(latch, None, t) for latch in entry[1:]])

    def ripe(self, t: int, offset: int, entry: Entry) -> list[int]:
        return [latch[-1] + self._within + offset for latch in entry[1:] if latch != QUIET and latch[0]]

    def restarted(self, t: int, now: int, entry: Entry) -> Entry:
        """The hits so far are of another time; what is on goes on as if hit now."""
        return _entry(None, [[1, latch[1], t] if latch != QUIET and latch[0] else QUIET for latch in entry[1:]])

    def level(self, entry: Entry) -> int:
        on = (spec.severity for latch, spec in zip(entry[1:], self.specs, strict=False) if latch != QUIET and latch[0])
        return max(on, default=0)

    def _mark(self) -> str:
        return f"~times{super()._mark()}"

    def _moved(self, bits: list[int], entry: Entry, t: int, counts: bool) -> list[Latch]:
        if self.schedule is not None and not self.schedule.is_open(t):
            bits = [0] * len(bits)
        before = entry[1:] if entry is not None else self._all_quiet
        return [self._counted(latch, bit & 1, t) for latch, bit in zip(before, bits, strict=False)]

    def _counted(self, latch: Latch, met: int | None, t: int) -> Latch:
        on, before, *hits = latch if latch != QUIET else (0, 0)
        now_met = before if met is None else (met if self._onsets else 0)
        if met and not (self._onsets and before) and (not hits or t > hits[-1]):
            hits = [*hits, t][-self._n :]
        hits = [hit for hit in hits if hit > t - self._within]
        on = 1 if len(hits) >= self._n else (on if hits else 0)
        return [on, now_met, *hits] if on or now_met or hits else QUIET


def _entry(memory: Any, latches: Any) -> Entry:
    if memory is None and not any(latches):
        return None
    return [memory, *latches]


def _quick_looks(field: str, nearest: Any) -> dict[str, Callable[[Values], bool]]:
    """For each comparison: whether a reading plainly does not meet it. The value is taken once; that is the hot path."""

    def over(values: Values) -> bool:
        value = values.get(field)
        return value is None or value <= nearest

    def at_least(values: Values) -> bool:
        value = values.get(field)
        return value is None or value < nearest

    def under(values: Values) -> bool:
        value = values.get(field)
        return value is None or value >= nearest

    def at_most(values: Values) -> bool:
        value = values.get(field)
        return value is None or value > nearest

    def same(values: Values) -> bool:
        return bool(values.get(field) != nearest)

    def other(values: Values) -> bool:
        value = values.get(field)
        return value is None or bool(value == nearest)

    return {"over": over, "at_least": at_least, "under": under, "at_most": at_most, "is": same, "is_not": other}
