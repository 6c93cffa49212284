"""What a rule would have done with readings of the past. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from .grammar import Event, Rule, State, Value
from .running import Engine
from .words import Names

FIRST: Final = 10


class Past(NamedTuple):
    """A reading of the past: whose, when by the device's clock (ms since 1970), what; ``arrived`` None: it came at once."""

    device: str
    at: int
    values: Mapping[str, Value]
    arrived: int | None = None


class Raised(NamedTuple):
    """An alarm that would have been raised: whose, the event, and when it ended (None: it lasts)."""

    device: str
    event: Event
    ended: datetime | None


@dataclass(slots=True)
class Replayed:
    """What would have happened.

    ``raised``: how many alarms; ``minutes``: how long alarms were in force, all together; ``first``: the first ten;
    ``by_alarm`` and ``by_device``: how many of each; ``readings``: how many were looked at.
    """

    raised: int = 0
    minutes: float = 0.0
    readings: int = 0
    first: list[Raised] = field(default_factory=list)
    by_alarm: Counter[str] = field(default_factory=Counter)
    by_device: Counter[str] = field(default_factory=Counter)


def replay(
    rules: Sequence[Rule] | Engine,
    readings: Iterable[Past],
    *,
    until: datetime | None = None,
    names: Names | None = None,
) -> Replayed:
    """Judge readings of the past, of any number of devices, each device's in the order they came.

    Time passes between the readings as it did: what ripens without a reading ripens (up to ``until``, if given). Alarms
    still in force at the end count up to ``until``, or to the device's last reading.
    """
    engine = rules if isinstance(rules, Engine) else Engine(rules, names)
    run = _Run(engine)
    for past in readings:
        run.reading(past)
    return run.finished(None if until is None else round(until.timestamp() * 1000))


class _Run:
    """One replay: the state and the next due moment of each device."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._silence = engine.soonest_silence()
        self._states: dict[str, State] = {}
        self._due: dict[str, int] = {}
        self._open: dict[tuple[str, str], tuple[Event, int]] = {}
        self._last: dict[str, int] = {}
        self._found = Replayed()

    def reading(self, past: Past) -> None:
        device, at, values, arrived = past
        now = at if arrived is None else arrived
        if self._due.get(device, now) < now:
            self._ripen(device, now)
        before = self._states.get(device)
        if before is not None and at >= before["t"] and self._engine.idle(before, values):
            before["t"], before["n"] = at, now  # the state is this run's own: nobody sees it change
            self._found.readings += 1
            self._last[device] = now
            if self._silence is not None:
                self._due[device] = now + self._silence
            return
        state, events = self._engine.step_ms(before, at, now, values)
        self._states[device] = state
        self._found.readings += 1
        self._last[device] = now
        if events:
            self._happened(device, events)
        due = self._engine.due_ms(state)
        if due is not None:
            self._due[device] = due
        else:
            self._due.pop(device, None)

    def finished(self, until: int | None) -> Replayed:
        for device in list(self._states):
            if until is not None:
                self._ripen(device, until)
        for (device, _alarm), (_event, place) in list(self._open.items()):
            end = until if until is not None else self._last[device]
            self._ended(device, _event, place, end, None)
        return self._found

    def _ripen(self, device: str, until: int) -> None:
        """Let time pass for one device."""
        engine, state = self._engine, self._states[device]
        due = engine.due_ms(state)
        while due is not None and due < until:
            state, events = engine.tick_ms(state, due)
            self._states[device] = state
            if events:
                self._happened(device, events)
            due = engine.due_ms(state)

    def _happened(self, device: str, events: Sequence[Event]) -> None:
        found = self._found
        for event in events:
            key = (device, event.alarm)
            if event.what == "raise":
                found.raised += 1
                found.by_alarm[event.alarm] += 1
                found.by_device[device] += 1
                place = len(found.first) if len(found.first) < FIRST else -1
                if place >= 0:
                    found.first.append(Raised(device, event, None))
                self._open[key] = (event, place)
            elif event.what == "clear" and key in self._open:
                raised, place = self._open.pop(key)
                self._ended(device, raised, place, round(event.at.timestamp() * 1000), event.at)

    def _ended(self, device: str, raised: Event, place: int, end: int, ended: datetime | None) -> None:
        began = round(raised.at.timestamp() * 1000)
        self._found.minutes += max(end - began, 0) / 60_000
        if place >= 0 and ended is not None:
            self._found.first[place] = Raised(device, raised, ended)
