"""The slow oracle: keeps everything that ever arrived and decides each time by definition, from the beginning.

It shares nothing with the engine but the grammar: no latches, no windows kept, wall time by zoneinfo.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from huying.senses.alarms.engine.grammar import Rule, Step

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPS = {
    "over": operator.gt, "at_least": operator.ge, "under": operator.lt, "at_most": operator.le,
    "is": operator.eq, "is_not": operator.ne,
}  # fmt: skip


@dataclass
class Look:
    """A moment at which the rule was looked at: what it saw, and the alarms in force just before."""

    t: int
    now: int
    values: dict[str, Any] | None  # None: time alone
    calm: bool = True


@dataclass
class Oracle:
    """One rule on one field, and every reading and tick of one device."""

    rule: Rule
    field: str
    looks: list[Look] = field(default_factory=list)
    newest: int | None = None
    newest_now: int = 0
    heard: int | None = None
    calls: list[tuple[int, int, bool, dict[str, Any]]] = field(default_factory=list)  # at, now, late, values
    moments: list[int] = field(default_factory=list)

    def reading(self, at: int, now: int, values: dict[str, Any], calm: bool) -> None:
        late = self.newest is not None and at < self.newest
        self.heard = now
        self.calls.append((at, now, late, values))
        if not late:
            self.newest, self.newest_now = at, now
            self.looks.append(Look(at, now, values, calm))

    def tick(self, now: int) -> None:
        if self.newest is not None:
            self.looks.append(Look(self.newest + now - self.newest_now, now, None))
            self.calls.append((0, now, False, {}))

    def severity(self) -> int:
        """The severity in force after everything so far."""
        if self.rule.urgent:
            return self.rule.steps[0].severity if self._urgent() else 0
        if self.rule.test.op == "no_data":
            return self._silent()
        if self.rule.test.op == "unchanged":
            return self._still()
        seen = self._seen()
        return max((step.severity for step in self.rule.steps if self._on(step, seen)), default=0)

    # comparisons

    def _seen(self) -> list[tuple[Look, Any]]:
        """What is compared at each look: a number, or None for a look that proves nothing, or "shut" out of schedule."""
        found: list[tuple[Look, Any]] = []
        learned: list[tuple[int, float]] = []
        for index, look in enumerate(self.looks):
            shut = bool(self.rule.schedule) and not opened(self.rule, look.t)
            source = look.values
            if source is None:
                if self.rule.test.holds:
                    source = next(
                        (one.values for one in reversed(self.looks[:index]) if one.values and self.field in one.values),
                        None,
                    )
                elif not shut and self.rule.times is None:
                    continue
            value = (source or {}).get(self.field)
            if (
                value is None
                and (look.values is not None or self.rule.times is None)
                and not (shut and look.values is None)
            ):
                continue
            if look.values is None and not self.rule.test.holds:
                found.append((look, "shut"))
                continue
            seen = self._compared(index, look, value, source or {}, learned)
            if seen is not None:
                found.append((look, "shut" if shut or not self._fulfilled(source or {}) else seen))
            self._learn(look, value, seen, found, learned)
        return found

    def _compared(
        self, index: int, look: Look, value: Any, values: dict[str, Any], learned: list[tuple[int, float]]
    ) -> Any:
        test = self.rule.test
        past = [
            (one.t, one.values[self.field])
            for one in self.looks[: index + 1]
            if one.values and self.field in one.values
        ]
        if test.op in ("rises_by", "falls_by"):
            width = test.within * 1000 // 10
            window = [known for t, known in past if t // width >= look.t // width - 10]
            return value - min(window) if test.op == "rises_by" else max(window) - value
        if test.op == "changes_by":
            before = [known for t, known in past if t < look.t]
            return abs(value - before[-1]) if before else None
        if test.percent_of is not None:
            whole = values.get(test.percent_of) if isinstance(test.percent_of, str) else test.percent_of
            return 100.0 * value / whole if whole else None
        if test.baseline is None:
            return value
        return self._deviation(look, value, learned)

    def _deviation(self, look: Look, value: float, learned: list[tuple[int, float]]) -> float | None:
        base, test = self.rule.test.baseline, self.rule.test
        assert base is not None
        here = slot(base, look.t)
        samples = [one for where, one in learned if where < here and cell(base, where) == cell(base, here)]
        kept = {"all": 28, "hour": base.learn, "week": -(-base.learn // 7)}[base.by]
        samples = samples[-kept:]
        if len(samples) < max(-(-kept * 6 // 10), 2):
            return value if base.before == "raw" else None
        usual = median(samples)
        stray = 1.4826 * median(abs(one - usual) for one in samples) if base.spread else 0.0
        if base.most is not None:
            usual = min(usual, base.most)
        away = usual - value if test.op in ("under", "at_most") else value - usual
        return away - max(0.0, base.spread * stray - float(self.rule.steps[0].threshold))

    def _learn(self, look: Look, value: Any, seen: Any, found: list[Any], learned: list[tuple[int, float]]) -> None:
        base = self.rule.test.baseline
        if base is None or look.values is None or not look.calm:
            return
        if any(where == slot(base, look.t) for where, _one in learned):
            return
        nearest = self.rule.steps[0]
        if seen is not None and self._meets(nearest, seen):
            return
        if any(self._on(step, found) for step in self.rule.steps):
            return
        if self._fulfilled(look.values):
            learned.append((slot(base, look.t), value))

    def _fulfilled(self, values: dict[str, Any]) -> bool:
        return all(
            guard.field not in values or OPS[guard.op](values[guard.field], guard.threshold)
            for guard in self.rule.only_while
        )

    def _meets(self, step: Step, seen: Any) -> bool:
        if isinstance(seen, str) and seen == "shut":
            return False
        test = self.rule.test
        if test.op in OPS and test.baseline is None:
            return OPS[test.op](seen, step.threshold)
        return seen > step.threshold if test.op in ("over", "under") else seen >= step.threshold

    def _keeps(self, step: Step, seen: Any) -> bool:
        if isinstance(seen, str) and seen == "shut":
            return False
        if step.leave is None:
            return self._meets(step, seen)
        down = self.rule.test.op in ("under", "at_most") and self.rule.test.baseline is None
        return seen <= step.leave if down else seen >= step.leave

    def _on(self, step: Step, seen: list[tuple[Look, Any]]) -> bool:
        if self.rule.times is not None:
            return self._repeated(step, seen)
        began, ended = -1, -1
        for index in range(len(seen)):
            if self._lasted(step, seen[: index + 1]):
                began = index
            if self._left(step, seen[: index + 1]):
                ended = index
        return began > ended

    def _lasted(self, step: Step, seen: list[tuple[Look, Any]]) -> bool:
        """Whether it is met now, and was without a break for long enough and by enough readings."""
        run = []
        for look, value in reversed(seen):
            if not self._meets(step, value):
                break
            run.append(look)
        if not run:
            return False
        run.reverse()
        times = {look.t for look in run if look.values is not None}
        readings = len(times if run[0].values is not None else {t for t in times if t > run[0].t})
        return run[-1].t - run[0].t >= step.lasting * 1000 and (step.in_a_row == 1 or readings >= step.in_a_row)

    def _left(self, step: Step, seen: list[tuple[Look, Any]]) -> bool:
        run = []
        for look, value in reversed(seen):
            if self._keeps(step, value):
                break
            run.append(look.t)
        return bool(run) and run[0] - run[-1] >= self.rule.clear.lasting * 1000

    def _repeated(self, step: Step, seen: list[tuple[Look, Any]]) -> bool:
        times = self.rule.times
        assert times is not None
        on = False
        hits: list[int] = []
        before = False
        for look, value in seen:
            if look.values is not None:
                met = self._meets(step, value)
                if met and not (times.onsets and before) and look.t not in hits:
                    hits.append(look.t)
                before = met
            count = sum(1 for hit in hits if look.t - times.within * 1000 < hit)
            on = count >= times.n or (on and count > 0)
        return on

    # time without something

    def _silent(self) -> int:
        if not self.looks and not self.calls:
            return 0
        if self.calls[-1][3] or not self.looks or self.looks[-1].values is not None:
            return 0
        assert self.heard is not None
        gone = self.looks[-1].now - self.heard
        return max((step.severity for step in self.rule.steps if gone >= float(step.threshold) * 60_000), default=0)

    def _still(self) -> int:
        carrying = [one for one in self.looks if one.values and self.field in one.values]
        if not carrying:
            return 0
        look = carrying[-1]
        if not opened(self.rule, self.looks[-1].t):
            return 0
        since, last = carrying[0].t, carrying[0].values[self.field]  # type: ignore[index]
        for one in carrying[1:]:
            value = one.values[self.field]  # type: ignore[index]
            moved = value > last if self.rule.test.counter else value != last
            if moved or not self._fulfilled(one.values or {}):
                since = one.t
            last = value
        if self.rule.schedule and opened(self.rule, look.t):
            since = max(since, opening(self.rule, look.t))
        elif self.rule.schedule:
            return 0
        gone = look.t - since
        if not self._fulfilled(look.values or {}) or look is carrying[0]:
            return 0
        later = [one for one in self.looks if one.values is None and one.t >= look.t and one.now >= look.now]
        if any(not opened(self.rule, one.t) for one in later):
            return 0
        return max((step.severity for step in self.rule.steps if gone >= float(step.threshold) * 60_000), default=0)

    # urgent

    def _urgent(self) -> bool:
        """Told once each episode; ended by time (after), or by readings that say otherwise for long enough."""
        rule = self.rule
        want, after = rule.steps[0].threshold, rule.clear.after
        episodes: list[list[int]] = []
        phase, since, arrived, left = "off", 0, 0, None
        newest = 0
        newest_now = 0
        for at, now, late, values in self.calls:
            if not late:
                t = at if values else newest + now - newest_now
                if phase == "waiting" and rule.unless and now - since >= rule.unless.within * 1000:
                    phase, arrived = "on", now
                elif phase == "on" and after is not None and now - arrived >= after * 1000:
                    phase = "off"
                elif phase == "on" and left is not None and t - left >= rule.clear.lasting * 1000:
                    phase, left = "off", None
                if values:
                    newest, newest_now = at, now
            if self.field in values:
                hit = OPS[rule.test.op](values[self.field], want) and self._fulfilled(values)
                known = any(first <= at <= last for first, last in episodes[-4:])
                if hit and phase == "off" and not known:
                    episodes.append([at, at])
                    phase, since, arrived, left = ("waiting" if rule.unless else "on"), now, now, None
                elif hit and phase != "off" and not known:
                    episodes[-1] = [min(episodes[-1][0], at), max(episodes[-1][1], at)]
                    if phase == "on" and not (late and left is not None):
                        arrived, left = now, None
                elif not hit and not late and phase == "on" and after is None:
                    left = at if left is None else left
                    if at - left >= rule.clear.lasting * 1000:
                        phase, left = "off", None
            if phase == "waiting" and rule.unless is not None:
                guard = rule.unless.guard
                started = episodes[-1]
                first_hit = self._first_hit(episodes, since)
                del started
                in_time = 0 <= at - first_hit <= rule.unless.within * 1000
                if guard.field in values and in_time and OPS[guard.op](values[guard.field], guard.threshold):
                    phase = "off"
        return phase == "on"

    def _first_hit(self, episodes: list[list[int]], since: int) -> int:
        """The device's time of the hit that arrived at ``since`` and began the newest episode."""
        first, last = episodes[-1]
        return next(at for at, now, _late, values in self.calls if now == since and first <= at <= last and values)


def slot(base: Any, t: int) -> int:
    """The number of the clock hour (or 28th of the learning time) in Shanghai."""
    local = t + 8 * 3_600_000
    return local // (base.learn * 24 * 3_600_000 // 28 if base.by == "all" else 3_600_000)


def cell(base: Any, number: int) -> int:
    if base.by == "all":
        return 0
    moment = datetime(1970, 1, 1) + timedelta(hours=number)
    return moment.hour if base.by == "hour" else moment.weekday() * 24 + moment.hour


def opened(rule: Rule, t: int) -> bool:
    """Whether the rule is in force, by the wall clock of Shanghai."""
    if not rule.schedule:
        return True
    local = datetime.fromtimestamp(t / 1000, UTC).astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    for window in rule.schedule:
        if window.begins < window.ends:
            if local.weekday() in window.days and window.begins <= minute < window.ends:
                return True
        elif (local.weekday() in window.days and minute >= window.begins) or (
            (local.weekday() - 1) % 7 in window.days and minute < window.ends
        ):
            return True
    return False


def opening(rule: Rule, t: int) -> int:
    """When the window around a moment began, minute by minute backwards."""
    moment = t - t % 60_000
    for _ in range(7 * 1440):
        if not opened(rule, moment - 60_000):
            return moment
        moment -= 60_000
    return moment
