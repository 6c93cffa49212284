"""The chance of one matter for all pairs of many messages at once: the same curve as ``likeness``, in blocks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from huying.insight.hotspots import likeness
from huying.insight.hotspots.likeness import Features, Rarity
from huying.insight.hotspots.places import NameIndex

_BLOCK = 256  # messages a block; a block of ten thousand needs about 30 MB
_LEAST = 0.03  # chances below are left out
Floats = NDArray[np.float32]


def likely_pairs(
    entries: Sequence[Features], days: Sequence[float | None], rarity: Rarity, advance: Callable[[int], None]
) -> Iterator[tuple[int, int, float]]:
    """Pairs i < j with a chance worth keeping; ``days`` of the messages count from any fixed day."""
    vectors = _vectors(entries, rarity)
    turned = vectors.T.tocsr()
    names = _Names(entries)
    placed = np.array([entry.placed for entry in entries])
    when = np.array([np.nan if day is None else day for day in days], dtype=np.float64)
    for start in range(0, len(entries), _BLOCK):
        rows = range(start, min(start + _BLOCK, len(entries)))
        words = np.asarray((vectors[rows.start : rows.stop] @ turned).todense(), dtype=np.float32)
        shared = np.zeros_like(words)
        for at, row in enumerate(rows):
            names.fill(shared[at], entries[row])
        chances = _chances(words, shared, placed[rows.start : rows.stop], placed, when[rows.start : rows.stop], when)
        ones, others = np.nonzero(chances > _LEAST)
        keep = ones + start < others
        ones, others = ones[keep], others[keep]
        yield from zip((ones + start).tolist(), others.tolist(), chances[ones, others].tolist(), strict=True)
        advance(len(rows))


def _chances(
    words: Floats,
    names: Floats,
    placed: NDArray[np.bool_],
    all_placed: NDArray[np.bool_],
    when: NDArray[np.float64],
    all_when: NDArray[np.float64],
) -> Floats:
    """``likeness.chance`` for a block against all; only where there is anything to go by."""
    chances = np.zeros_like(words)
    ones, others = np.nonzero((words > 0.1) | (names > 0.1))
    word, name = words[ones, others], names[ones, others]
    near = np.exp(-np.abs(when[ones] - all_when[others]) / likeness.NEAR_DAYS)
    score = likeness.WORDS * word + likeness.ROOT * np.sqrt(word) + likeness.BASE
    score += (likeness.NAMES + likeness.NEAR * np.nan_to_num(near)) * name
    penalty = np.where(placed[ones] & all_placed[others], likeness.STRANGERS, likeness.UNNAMED)
    score -= np.where(name < likeness.SAME_NAME, penalty, 0.0)
    chances[ones, others] = 1 / (1 + np.exp(-score))
    return chances


def _vectors(entries: Sequence[Features], rarity: Rarity) -> sparse.csr_matrix:
    columns: dict[str, int] = {}
    places: list[int] = []
    weights: list[float] = []
    starts = [0]
    for entry in entries:
        for word, weight in rarity.vector(entry.words).items():
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
