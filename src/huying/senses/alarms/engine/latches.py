"""One step of a rule, remembered: quiet, met but not long enough, on, left but not long enough. Pure.

A latch is 0 (quiet), ``[1, since, readings, last]`` (met, waiting), 2 (on) or ``[3, since]`` (left, waiting); times are
milliseconds of the device's own clock. Latches are replaced, never changed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from .grammar import DOWNWARD, EQUAL, Guard, Rule, Step, Value

QUIET: Final = 0
ON: Final = 2
Latch = Any
Compare = Callable[[Any, Any], bool]

COMPARE: Final[dict[str, Compare]] = {
    "over": operator.gt, "at_least": operator.ge, "under": operator.lt, "at_most": operator.le,
    "is": operator.eq, "is_not": operator.ne,
}  # fmt: skip


class Spec(NamedTuple):
    """A step made ready: the comparison that meets it, the one that keeps it, and how long each has to last (ms)."""

    severity: int
    meets: Compare
    threshold: Value
    keeps: Compare
    leave: Value
    lasting: int
    in_a_row: int
    clearing: int


def spec_of(rule: Rule, step: Step) -> Spec:
    """The ready form of a step. Deviations and movements are always compared upwards."""
    plain = rule.test.baseline is None and rule.test.op in COMPARE
    meets = COMPARE[rule.test.op] if plain else operator.ge
    if not plain and rule.test.op in ("over", "under"):
        meets = operator.gt
    keeps, leave = meets, step.threshold
    if step.leave is not None:
        leave = step.leave
        keeps = operator.le if plain and rule.test.op in DOWNWARD else operator.ge
    return Spec(
        step.severity,
        meets,
        step.threshold,
        keeps,
        leave,
        step.lasting * 1000,
        step.in_a_row,
        rule.clear.lasting * 1000,
    )


def advance(latch: Latch, met: bool, kept: bool, t: int, spec: Spec, counts: bool) -> Latch:
    """The latch after a look at time ``t``. ``counts``: it was a reading, not time alone."""
    if latch == QUIET:
        if not met:
            return QUIET
        if not spec.lasting and spec.in_a_row <= 1:
            return ON
        return [1, t, 1 if counts or spec.in_a_row <= 1 else 0, t]
    if latch == ON:
        if kept:
            return ON
        return [3, t] if spec.clearing else QUIET
    if latch[0] == 1:
        return _waiting(latch, t, spec, counts) if met else QUIET
    if kept:
        return ON
    return QUIET if t - latch[1] >= spec.clearing else latch


def _waiting(latch: Latch, t: int, spec: Spec, counts: bool) -> Latch:
    _phase, since, readings, last = latch
    if counts and t > last:
        readings, last = readings + 1, t
    if t - since >= spec.lasting and readings >= spec.in_a_row:
        return ON
    return latch if last == latch[3] else [1, since, readings, last]


def is_on(latch: Latch) -> bool:
    """Whether the step is in force: on, or left but not for long enough."""
    return latch == ON or (latch != QUIET and bool(latch[0] == 3))


def restarted(latch: Latch) -> Latch:
    """The latch when the device's clock was set back: what waited starts anew, what is on stays on."""
    if latch in (QUIET, ON):
        return latch
    return ON if latch[0] == 3 else QUIET


def ripe_at(latch: Latch, spec: Spec) -> int | None:
    """When time alone could change it."""
    if latch in (QUIET, ON):
        return None
    if latch[0] == 3:
        return int(latch[1] + spec.clearing)
    return int(latch[1] + spec.lasting) if latch[2] >= spec.in_a_row else None


def fulfils(guards: tuple[Guard, ...], values: Any) -> bool:
    """Whether a reading fulfils all these conditions; one it does not carry is fulfilled."""
    for guard in guards:
        value = values.get(guard.field)
        if value is not None and not COMPARE[guard.op](value, guard.threshold):
            return False
    return True


def explicitly(guard: Guard, values: Any) -> bool:
    """Whether a reading carries the field and fulfils the condition."""
    value = values.get(guard.field)
    return value is not None and COMPARE[guard.op](value, guard.threshold)


__all__ = [
    "COMPARE", "EQUAL", "ON", "QUIET", "Compare", "Latch", "Spec", "advance", "explicitly", "fulfils", "is_on",
    "restarted", "ripe_at", "spec_of",
]  # fmt: skip
