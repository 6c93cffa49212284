"""What of a reading is compared: the value itself, a share of another, a movement, a distance from the usual. Pure.

A signal is called with the field's value, all values, the time (ms) and its memory (JSON or None), and gives the number to
compare (None: nothing can be said) and the memory after. Memories are replaced, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .grammar import DOWNWARD, Rule, Test
from .learning import Habit

Memory = Any
Signal = Callable[[Any, Mapping[str, Any], int, Memory], tuple[Any, Memory]]

RATE_PARTS = 10
"""A rise or fall within a time is measured over whole tenths of it: the tenth under way and the ten before."""


def share_of(test: Test) -> Signal:
    """The value as a percentage of a number, or of another field of the same reading."""
    whole = test.percent_of

    def fixed(value: Any, values: Mapping[str, Any], t: int, memory: Memory) -> tuple[Any, Memory]:
        return 100.0 * value / whole, memory

    def told(value: Any, values: Mapping[str, Any], t: int, memory: Memory) -> tuple[Any, Memory]:
        full = values.get(whole)  # type: ignore[arg-type]
        return (100.0 * value / full if full else None), memory

    return told if isinstance(whole, str) else fixed


def change() -> Signal:
    """How far the value is from the one before. Memory: [value before, value, its time]; a repeated reading sees the same."""

    def signal(value: Any, values: Mapping[str, Any], t: int, memory: Memory) -> tuple[Any, Memory]:
        if memory is None:
            return None, [None, value, t]
        before = memory[0] if memory[2] == t else memory[1]
        return (None if before is None else abs(value - before)), [before, value, t]

    return signal


def movement(test: Test) -> Signal:
    """How far the value has risen from the lowest (fallen from the highest) of the last ``within`` seconds.

    Memory: [tenth, extreme, tenth, extreme, …], each higher than the one before: only those that a later one does not make
    superfluous, at most eleven.
    """
    width = test.within * 1000 // RATE_PARTS
    sign = 1 if test.op == "rises_by" else -1

    def signal(value: Any, values: Mapping[str, Any], t: int, memory: Memory) -> tuple[Any, Memory]:
        part, height = t // width, sign * value
        if memory is None or height <= memory[1]:
            return 0, [part, height]
        if memory[0] < part - RATE_PARTS or memory[-1] >= height:
            memory = _needed(memory, part - RATE_PARTS, height)
            if not memory:
                return 0, [part, height]
        if memory[-2] != part:
            memory = [*memory, part, height]
        return height - memory[1], memory

    return signal


def _needed(memory: Memory, oldest: int, height: float) -> Memory:
    """What is neither too old nor superfluous beside this height."""
    begins, ends = 0, len(memory)
    while begins < ends and memory[begins] < oldest:
        begins += 2
    while ends > begins and memory[ends - 1] >= height:
        ends -= 2
    return memory[begins:ends]


def deviation(test: Test, habit: Habit, nearest: float) -> Signal:
    """How far the value is beyond the usual, less what the device's own restlessness excuses."""
    below = test.op in DOWNWARD

    def signal(value: Any, values: Mapping[str, Any], t: int, memory: Memory) -> tuple[Any, Memory]:
        memory = habit.entered(memory, t)
        usual = memory[2]
        if usual is None:
            return (value if habit.raw else None), memory
        excused = habit.spread * memory[3] - nearest
        away = usual - value if below else value - usual
        return (away - excused if excused > 0 else away), memory

    return signal


def signal_of(rule: Rule, habit: Habit | None) -> Signal | None:
    """The signal of a rule; None: the value itself."""
    test = rule.test
    if habit is not None:
        return deviation(test, habit, float(rule.steps[0].threshold))
    if test.op in ("rises_by", "falls_by"):
        return movement(test)
    if test.op == "changes_by":
        return change()
    return share_of(test) if test.percent_of is not None else None
