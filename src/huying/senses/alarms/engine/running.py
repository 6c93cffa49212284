"""The engine: the rules of one device, made ready once; each reading and each moment of time gives a new state and what
happened to its alarms. Pure: times are arguments, states are replaced and never changed.

A state is JSON: ``t`` the newest time by the device's clock and ``n`` when that arrived (ms), ``s`` when anything last
arrived (if later), ``k`` the last tick, ``r`` the judges' entries, ``a`` the alarms in force with their severity, ``v`` which
set of rules wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from .grammar import LATE_FOR, Event, ReadingLike, Rule, State, Value
from .judges import Entry, Judge, Repeats, Values
from .lasting import Silence, Still
from .learning import Learned
from .urgent import Urgent
from .words import Names, told

_LATE_MS: Final = LATE_FOR * 1000
_BARE: Final = len("tnrav")
"""Keys of a state that was neither ticked nor told something late since its newest reading."""
_AGAIN_MS: Final = 60_000
"""How long after a tick that changed nothing, though it was due, the next one is due."""


def judges_of(rules: Iterable[Rule]) -> list[Judge]:
    """The judges of the rules in force: one for each rule and field."""
    return [_judge(rule, field) for rule in rules if rule.active for field in rule.test.fields or ("",)]


def _judge(rule: Rule, field: str) -> Judge:
    if rule.urgent:
        return Urgent(rule, field)
    if rule.test.op == "no_data":
        return Silence(rule, field)
    if rule.test.op == "unchanged":
        return Still(rule, field)
    return Repeats(rule, field) if rule.times else Judge(rule, field)


class Engine:
    """The rules of one device (or of many that have the same rules): make it once, use it for every reading.

    ``names``: what the kind's fields are called (``kinds()[kind].fields``), for the words of events.
    """

    def __init__(self, rules: Sequence[Rule], names: Names | None = None) -> None:
        judges = judges_of(rules)
        self._names = names or {}
        self._judges: dict[str, Judge] = {judge.key: judge for judge in judges}
        self._silences = [judge for judge in judges if isinstance(judge, Silence)]
        self._urgent = [judge for judge in judges if isinstance(judge, Urgent)]
        self._reading: list[tuple[str, Callable[[Values], bool], Judge]] = [
            (judge.key, judge.quiet, judge) for judge in judges if not isinstance(judge, Silence) or judge.field
        ]
        self._whole = [judge for judge in self._silences if not judge.field]
        self._by_alarm: dict[str, list[Judge]] = {}
        for judge in judges:
            self._by_alarm.setdefault(judge.rule.alarm, []).append(judge)
        shape = ";".join(f"{judge.key}:{judge.rule.alarm}:{len(judge.specs)}" for judge in judges)
        self._version = crc32(shape.encode())

    def step(self, state: State | None, reading: ReadingLike, *, now: datetime) -> tuple[State, list[Event]]:
        """The state and the events after a reading that arrived at ``now`` (aware; the stream's time, not the wall's)."""
        return self.step_ms(state, round(reading.at.timestamp() * 1000), round(now.timestamp() * 1000), reading.values)

    def step_ms(self, state: State | None, at: int, now: int, values: Values) -> tuple[State, list[Event]]:
        """:meth:`step` with milliseconds since 1970."""
        touched: list[Judge] = []
        if not state:
            old: dict[str, Entry] = {}
            alarms: dict[str, int] = {}
        else:
            if state["v"] != self._version:
                state = self._fitted(state)
                touched += self._judges.values()
            if at < state["t"]:
                if now - state["n"] < _LATE_MS:
                    return self._late(state, at, now, values, touched)
                state = self._set_back(state, at, now)
            old, alarms = state["r"], state["a"]
        entries = old
        calm = not alarms
        for key, quiet, judge in self._reading:
            entry = old.get(key)
            if entry is None and quiet(values):
                continue
            after = judge.read(at, now, values, entry, calm)
            if after is not entry:
                if entries is old:
                    entries = dict(old)
                _put(entries, key, after)
                if entry is None or after is None or entry[1:] != after[1:]:
                    touched.append(judge)
        for silence in self._whole:
            if silence.key in entries:
                entries = {key: entry for key, entry in entries.items() if key != silence.key}
                touched.append(silence)
        made = {"t": at, "n": now, "r": entries, "a": alarms, "v": self._version}
        if not touched and (not alarms or alarms.keys() <= self._by_alarm.keys()):
            return made, []
        made["a"], events = self._settled(alarms, entries, touched, at, values)
        return made, events

    def tick(
        self,
        state: State | None,
        now: datetime,
        *,
        listening_since: datetime | None = None,
        hold: Container[str] = (),
    ) -> tuple[State, list[Event]]:
        """The state and the events at a moment without a reading: what lasts ripens, silence is noticed.

        Only when every reading that arrived before ``now`` was stepped. ``listening_since``: from when on the stream was
        heard without a gap; silence before that was ours. ``hold``: alarm kinds whose silence means nothing now (the
        gateway is silent): they are withdrawn, and come when they are no longer held.
        """
        since = round(listening_since.timestamp() * 1000) if listening_since is not None else 0
        return self.tick_ms(state, round(now.timestamp() * 1000), since, hold)

    def tick_ms(
        self, state: State | None, now: int, since: int = 0, hold: Container[str] = ()
    ) -> tuple[State, list[Event]]:
        """:meth:`tick` with milliseconds since 1970."""
        if not state:
            return state or {}, []
        touched: list[Judge] = []
        if state["v"] != self._version:
            state = self._fitted(state)
            touched += self._judges.values()
        at = state["t"] + max(now - state["n"], 0)
        heard = max(state.get("s", 0), state["n"])
        old, entries = state["r"], dict(state["r"])
        for key, entry in old.items():
            judge = self._judges[key]
            if not isinstance(judge, Silence):
                _put(entries, key, judge.tick(at, now, entry))
        for silence in self._silences:
            entry = old.get(silence.key)
            held = silence.rule.alarm in hold
            _put(entries, silence.key, silence.withheld(entry) if held else silence.listened(now, heard, since, entry))
        for key in old.keys() | entries.keys():
            if old.get(key) != entries.get(key):
                touched.append(self._judges[key])
        made = {**state, "r": entries, "v": self._version, "k": now}
        made["a"], events = self._settled(state["a"], entries, touched, at, {})
        return made, events

    def due(self, state: State | None) -> datetime | None:
        """The first moment at which :meth:`tick` could change anything; None: only a reading can."""
        found = self.due_ms(state)
        return None if found is None else _moment(found)

    def due_ms(self, state: State | None) -> int | None:
        """:meth:`due` in milliseconds since 1970."""
        if not state or state["v"] != self._version:
            return state["n"] if state else None
        arrived, ticked = state["n"], state.get("k", 0)
        at = state["t"] + max(ticked - arrived, 0)
        heard, offset = max(state.get("s", 0), arrived), arrived - state["t"]
        entries = state["r"]
        moments: list[int] = []
        for key, entry in entries.items():
            judge = self._judges[key]
            if not isinstance(judge, Silence):
                moments += judge.ripe(at, offset, entry)
        for silence in self._silences:
            moments += silence.silent_from(heard, entries.get(silence.key))
        return min((moment if moment > ticked else ticked + _AGAIN_MS for moment in moments), default=None)

    def learning(self, state: State | None) -> dict[str, Learned]:
        """For each rule with a baseline (``rule``, or ``rule/field`` with several): how much it learned of this device."""
        entries = state["r"] if state else {}
        found = {}
        for key, judge in self._judges.items():
            if judge.habit is not None:
                entry = entries.get(key)
                found[judge.name] = judge.habit.learned(entry[0] if entry else None)
        return found

    def idle(self, state: State, values: Values) -> bool:
        """Whether a reading that is not late would change nothing but the time: nothing is remembered, nothing is met."""
        if state["r"] or state["a"] or len(state) != _BARE or state["v"] != self._version:
            return False
        return all(quiet(values) for _key, quiet, _judge in self._reading)

    def soonest_silence(self) -> int | None:
        """After how many milliseconds without a word the device counts as silent, at the soonest; None: never."""
        return min((moment for silence in self._whole for moment in silence.silent_from(0, None)), default=None)

    @staticmethod
    def alarms(state: State | None) -> Mapping[str, int]:
        """The alarms in force by this state, with their severity."""
        return dict(state["a"]) if state else {}

    def _late(self, state: State, at: int, now: int, values: Values, touched: list[Judge]) -> tuple[State, list[Event]]:
        """A reading older than the newest: it says that the device lives, and an urgent call in it counts."""
        old = state["r"]
        entries = dict(old)
        late: tuple[Silence | Urgent, ...] = (*self._silences, *self._urgent)
        for judge in late:
            entry = old.get(judge.key)
            after = judge.read_late(at, now, values, entry)
            if after is not entry:
                _put(entries, judge.key, after)
                touched.append(judge)
        made = {**state, "r": entries, "s": max(now, state.get("s", 0)), "v": self._version}
        made["a"], events = self._settled(state["a"], entries, touched, at, values)
        return made, events

    def _set_back(self, state: State, at: int, now: int) -> State:
        """The device's clock runs in the past for good: go on by it, with what was waiting started anew."""
        entries: dict[str, Entry] = {}
        for key, entry in state["r"].items():
            _put(entries, key, self._judges[key].restarted(at, now, entry))
        return {**state, "r": entries, "t": at, "n": now}

    def _fitted(self, state: State) -> State:
        """The state of another set of rules, made to fit this one: entries of rules that are no more are dropped."""
        entries = {key: self._judges[key].fresh(entry) for key, entry in state["r"].items() if key in self._judges}
        return {**state, "r": entries}

    def _settled(
        self, alarms: Mapping[str, int], entries: Mapping[str, Entry], touched: Sequence[Judge], at: int, values: Values
    ) -> tuple[dict[str, int], list[Event]]:
        """The alarms in force by these entries, and what changed."""
        after, events = dict(alarms), []
        for alarm in {judge.rule.alarm: None for judge in touched} | {
            a: None for a in alarms if a not in self._by_alarm
        }:
            before = alarms.get(alarm, 0)
            levels = {
                judge.key: judge.level(entries[judge.key])
                for judge in self._by_alarm.get(alarm, ())
                if judge.key in entries
            }
            severity = max(levels.values(), default=0)
            if severity == before:
                continue
            movers = [judge for judge in touched if judge.rule.alarm == alarm]
            mover = max(movers, key=lambda judge: levels.get(judge.key, 0), default=None)
            what = "clear" if not severity else "severity" if before else "raise"
            events.append(self._event(what, alarm, severity or before, at, mover, values))
            if severity:
                after[alarm] = severity
            else:
                del after[alarm]
        return after, events

    def _event(
        self, what: str, alarm: str, severity: int, at: int, mover: Judge | None, values: Mapping[str, Value]
    ) -> Event:
        if mover is None:  # its rule is no more
            return Event(what, "", alarm, severity, _moment(at), None, "", told(None, what, severity, None, "", {}))
        value = values.get(mover.field) if mover.field else None
        words = told(mover.rule, what, severity, value, mover.field, self._names)
        return Event(what, mover.rule.code, alarm, severity, _moment(at), value, mover.field, words)


def _put(entries: dict[str, Any], key: str, entry: Entry) -> None:
    if entry is None:
        entries.pop(key, None)
    else:
        entries[key] = entry


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
