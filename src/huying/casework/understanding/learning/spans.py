"""The stretches of a text that spoke loudest. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .features import Floats, Runs

_LOUDEST = 12  # runs of a text that are looked at
_WIDE = 8  # signs of a stretch that grew from overlapping runs
_MANY = 3


def spoken(read: Runs, chosen: NDArray[np.int64], forces: Floats) -> list[tuple[str, ...]]:
    """For every text up to three stretches, loudest first; ``forces`` belong to the runs numbered ``chosen``."""
    order = np.lexsort((-forces, read.rows[chosen]))
    chosen = chosen[order]
    rows = read.rows[chosen]
    starts = np.searchsorted(rows, np.arange(len(read.texts) + 1)).tolist()
    found: list[tuple[str, ...]] = []
    for row, text in enumerate(read.texts):
        loud = chosen[starts[row] : min(starts[row + 1], starts[row] + _LOUDEST)]
        places = zip(read.firsts[loud].tolist(), read.lasts[loud].tolist(), strict=True)
        found.append(_stretches(text, [(first, last + 1) for first, last in places]))
    return found


def _stretches(text: str, places: list[tuple[int, int]]) -> tuple[str, ...]:
    """Runs that overlap grow together while the stretch stays short; what it then overlaps is left out."""
    grown: list[tuple[int, int]] = []
    for first, last in places:
        near = next((at for at, (begin, end) in enumerate(grown) if first < end and begin < last), None)
        if near is None:
            grown.append((first, last))
            continue
        wider = (min(first, grown[near][0]), max(last, grown[near][1]))
        free = all(at == near or not (wider[0] < end and begin < wider[1]) for at, (begin, end) in enumerate(grown))
        if free and wider[1] - wider[0] <= _WIDE:
            grown[near] = wider
    said = dict.fromkeys(text[begin:end].replace(" ", "") for begin, end in grown)
    return tuple(said)[:_MANY]
