"""What is usual for one device: the median of its quiet hours, and how far it strays (MAD). Pure.

Definition. Time is cut into slots: clock hours for ``hour`` and ``week``, a 28th of the learning time for ``all``. The first
quiet reading of a slot is its sample. A sample belongs to a cell: its hour of the day (24), its hour of the week (168), or
the only one. A cell keeps its newest samples (``kept``), and has learned enough with ``enough`` of them. The usual value at
a moment is the median of the samples its cell had before the slot began, capped by ``most``; one robust standard deviation
is 1.4826 times the median distance from that median. Memory: ``[slot, cells, usual, deviation]``; usual None: not learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Final, NamedTuple

from .grammar import Baseline
from .schedules import AHEAD_OF_UTC

HOUR: Final = 3_600_000
_SAMPLES_OF_ALL: Final = 28
_MONDAY: Final = 72  # hours from Monday to the Thursday on which 1970 began
_SHARE: Final = 0.6
_SCALE: Final = 1.4826

Memory = list[Any]


class Learned(NamedTuple):
    """How far learning has come: ``share`` of the cells that know enough, and the usual values among them (None: none)."""

    share: float
    enough: bool
    lowest: float | None
    highest: float | None


class Habit:
    """The ready form of a :class:`Baseline`."""

    __slots__ = ("cells", "enough", "kept", "most", "raw", "slot", "spread")

    def __init__(self, baseline: Baseline) -> None:
        self.cells = {"all": 1, "hour": 24, "week": 168}[baseline.by]
        self.kept = {"all": _SAMPLES_OF_ALL, "hour": baseline.learn, "week": ceil(baseline.learn / 7)}[baseline.by]
        self.enough = max(ceil(self.kept * _SHARE), 2)
        self.slot = HOUR if self.cells > 1 else baseline.learn * 24 * HOUR // _SAMPLES_OF_ALL
        self.most, self.spread, self.raw = baseline.most, baseline.spread, baseline.before == "raw"

    def slot_of(self, ms: int) -> int:
        """The number of the slot a moment is in."""
        return (ms + AHEAD_OF_UTC) // self.slot

    def cell_of(self, slot: int) -> int:
        """The cell a slot's sample belongs to."""
        if self.cells == 1:
            return 0
        return slot % 24 if self.cells == 24 else (slot + _MONDAY) % 168

    def entered(self, memory: Memory | None, ms: int) -> Memory:
        """The memory at this moment; a new one when a new slot has begun. Its last item: whether this slot was sampled."""
        slot = (ms + AHEAD_OF_UTC) // self.slot
        if memory is not None and memory[0] == slot:
            return memory
        cells = memory[1] if memory is not None else [[]] * self.cells
        usual, deviation = self.known(cells[self.cell_of(slot)])
        return [slot, cells, usual, deviation, False]

    def known(self, samples: Sequence[float]) -> tuple[float | None, float]:
        """The usual value and the robust deviation by these samples; (None, 0) when they are too few."""
        if len(samples) < self.enough:
            return None, 0.0
        usual = middle(samples)
        deviation = _SCALE * middle([abs(one - usual) for one in samples]) if self.spread else 0.0
        return (usual if self.most is None else min(usual, self.most)), deviation

    def sampled(self, memory: Memory, value: float) -> Memory:
        """The memory with this slot's sample taken."""
        slot, cells, usual, deviation, _done = memory
        cells = list(cells)
        cell = self.cell_of(slot)
        cells[cell] = [*cells[cell], value][-self.kept :]
        return [slot, cells, usual, deviation, True]

    def learned(self, memory: Memory | None) -> Learned:
        """How far learning has come."""
        if memory is None:
            return Learned(0.0, False, None, None)
        usual = [found for cell in memory[1] if (found := self.known(cell)[0]) is not None]
        share = len(usual) / self.cells
        return Learned(share, share >= 1.0, min(usual, default=None), max(usual, default=None))


def middle(values: Sequence[float]) -> float:
    """The median; of an even number the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
