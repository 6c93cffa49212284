"""The chance of one matter for all pairs of many messages at once: the same curve as ``likeness``, in blocks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from huying.insight.hotspots import likeness
from huying.insight.hotspots.likeness import Features, Rarity
from huying.insight.hotspots.places import NameIndex
from huying.insight.hotspots.where import Grounds

if TYPE_CHECKING:
    from scipy import sparse

_BLOCK = 256  # messages a block; a block of ten thousand needs about 30 MB
_LEAST = 0.03  # chances below are left out
Floats = NDArray[np.float32]
Doubts = NDArray[np.float64]
Numbers = NDArray[np.int_]
_HOPELESS = -4.0  # a score that is a chance below the least


def likely_pairs(
    entries: Sequence[Features],
    days: Sequence[float | None],
    rarity: Rarity,
    advance: Callable[[int], None],
    first: int | None = None,
) -> Iterator[tuple[int, int, float]]:
    """Pairs i < j with a chance worth keeping; ``days`` of the messages count from any fixed day.

    ``first``: only pairs whose i is one of the first so many.
    """
    vectors = _vectors(entries, rarity)
    turned = vectors.T.tocsr()
    names = _Names(entries)
    marks = _Marks(entries, days)
    count = len(entries) if first is None else first
    for start in range(0, count, _BLOCK):
        rows = range(start, min(start + _BLOCK, count))
        words = np.asarray((vectors[rows.start : rows.stop] @ turned).todense(), dtype=np.float32)
        shared = np.zeros_like(words)
        for at, row in enumerate(rows):
            names.fill(shared[at], entries[row])
        ones, others = np.nonzero((words > 0.1) | (shared > 0.1))
        keep = ones + start < others
        ones, others = ones[keep], others[keep]
        chances = marks.chances(words[ones, others], shared[ones, others], ones + start, others)
        likely = chances > _LEAST
        found = (ones[likely] + start).tolist(), others[likely].tolist(), chances[likely].tolist()
        yield from zip(*found, strict=True)
        advance(len(rows))


class _Marks:
    """What is known of each message beside words and names; ``likeness.alike_chance`` for many pairs at once."""

    def __init__(self, entries: Sequence[Features], days: Sequence[float | None]) -> None:
        self._placed = np.array([entry.placed for entry in entries])
        self._when = np.array([np.nan if day is None else day for day in days], dtype=np.float64)
        self._grounds = Grounds([entry.where for entry in entries])
        self._sure = _sure_names(entries)

    def chances(self, words: Floats, names: Floats, ones: Numbers, others: Numbers) -> Floats:
        """Of pairs with these likenesses."""
        near = np.exp(-np.abs(self._when[ones] - self._when[others]) / likeness.NEAR_DAYS)
        strangers = self._placed[ones] & self._placed[others] & (names < likeness.SAME_NAME)
        named = names
        if self._grounds.known:
            doubt, surely, close, one_spot = self._grounds.judge(ones, others)
            strangers &= ~one_spot
            named = np.where(close & ~strangers, np.maximum(names, np.float32(likeness.NEIGHBOURS)), names)
        score = likeness.WORDS * words + likeness.ROOT * np.sqrt(words) + likeness.BASE
        score = score + (likeness.NAMES + likeness.NEAR * np.nan_to_num(near)) * named
        unnamed = np.where(named < likeness.SAME_NAME, likeness.UNNAMED, 0.0)
        score -= np.where(strangers, likeness.STRANGERS, unnamed)
        if self._grounds.known:
            score -= self._doubts(score, doubt, surely, ones, others)
        found: Floats = (1 / (1 + np.exp(-score))).astype(np.float32)
        return found

    def _doubts(
        self, score: NDArray[np.floating], doubt: Doubts, surely: Doubts, ones: Numbers, others: Numbers
    ) -> Doubts:
        """Points off; whether both surely name the same is only looked up where that decides."""
        far = np.flatnonzero((doubt > surely) & (score - surely > _HOPELESS))
        common = np.asarray(self._sure[ones[far]].multiply(self._sure[others[far]]).sum(axis=1)).ravel() > 0
        doubt[far] = np.where(common, surely[far], doubt[far])
        return doubt


def _sure_names(entries: Sequence[Features]) -> sparse.csr_matrix:
    from scipy import sparse  # slow to import: only who uses it waits for it

    columns: dict[str, int] = {}
    places = [[columns.setdefault(core, len(columns)) for core in sorted(entry.sure)] for entry in entries]
    starts = np.cumsum([0, *map(len, places)])
    flat = np.array([one for row in places for one in row], np.int32)
    return sparse.csr_matrix((np.ones(len(flat), np.int8), flat, starts), shape=(len(entries), max(1, len(columns))))


def _vectors(entries: Sequence[Features], rarity: Rarity) -> sparse.csr_matrix:
    from scipy import sparse  # slow to import: only who uses it waits for it

    columns: dict[str, int] = {}
    places: list[int] = []
    weights: list[float] = []
    starts = [0]
    known: dict[str, float] = {}
    for entry in entries:
        for word, weight in rarity.vector(entry.words, known).items():
            places.append(columns.setdefault(word, len(columns)))
            weights.append(weight)
        starts.append(len(places))
    shape = (len(entries), max(1, len(columns)))
    return sparse.csr_matrix((np.array(weights, np.float32), np.array(places, np.int32), starts), shape=shape)


class _Names:
    """Which messages carry which name, for filling a row with how well names match."""

    def __init__(self, entries: Sequence[Features]) -> None:
        self._index = NameIndex()
        holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, entry in enumerate(entries):
            for name in entry.names:
                self._index.add(name.core)
                holders[name.core].append((number, sqrt(name.weight)))
        self._holders = {
            core: (np.array([number for number, _ in held]), np.array([root for _, root in held], np.float32))
            for core, held in holders.items()
        }
        self._alike: dict[str, list[tuple[str, float]]] = {}

    def fill(self, row: Floats, entry: Features) -> None:
        for name in entry.names:
            if name.core not in self._alike:
                self._alike[name.core] = self._index.alike(name.core)
            for core, likeness_of_both in self._alike[name.core]:
                numbers, roots = self._holders[core]
                row[numbers] = np.maximum(row[numbers], np.float32(likeness_of_both * sqrt(name.weight)) * roots)
