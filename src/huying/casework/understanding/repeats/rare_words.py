"""Earlier messages that share rare words with a new one: an index for tens of thousands of texts in memory. Pure."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from huying.kernel.terms import tokens

from .likeness import Rarity

_KEPT: Final = 40  # rare words of a message that it is found by
_RECENT: Final = 400  # messages of one word that are looked at, the latest first
_READ: Final = 600


class RareWords:
    """Grows by ``add`` and is asked by ``like``; messages are numbered in the order they come."""

    def __init__(self, rarity: Rarity) -> None:
        self._rarity = rarity
        self._holding: dict[str, array[int]] = {}
        self.size = 0

    def rarest(self, text: str) -> list[tuple[str, float]]:
        """The rarest words of a text with their weights; what every fourth text says or more is none."""
        weighed = [(term, self._rarity.weight(term)) for term in tokens(text[:_READ])]
        weighed = [one for one in weighed if one[1] > 2.0]
        weighed.sort(key=lambda one: (-one[1], one[0]))
        common = sum(1 for one in weighed if self._rarity.holding.get(one[0], 0) == 1)
        return weighed[common : common + _KEPT]  # a word of this text alone finds nothing

    def add(self, text: str) -> None:
        for term, _weight in self.rarest(text):
            self._holding.setdefault(term, array("i")).append(self.size)
        self.size += 1

    def like(self, text: str, *, most: int = 30) -> list[int]:
        """Numbers of the messages that share most weight of rare words, best first."""
        found, weights = [], []
        for term, weight in self.rarest(text):
            if term in self._holding:
                holding = np.frombuffer(self._holding[term][-_RECENT:], dtype=np.int32)
                found.append(holding)
                weights.append(np.full(len(holding), weight))
        if not found:
            return []
        numbers, places = np.unique(np.concatenate(found), return_inverse=True)
        sums = np.bincount(places, weights=np.concatenate(weights))
        order = np.lexsort((-numbers, -sums))[:most]
        return [int(number) for number in numbers[order]]
