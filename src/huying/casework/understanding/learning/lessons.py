"""Learning from labelled texts: which runs to keep, how much each tells, and honest folds. Pure.

Runs are weighed by what they tell about the label (the divergence of the labels seen with a run from the labels of all
texts), which did better here than rarity alone; a ridge regression then finds the pulls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .features import SPAN, Floats, Ints, levelled, runs, table_of
from .regression import ridge

if TYPE_CHECKING:
    from scipy import sparse

_AT_ONCE = 4096
_CELLS = 16_000_000  # columns × labels of a model at most: 32 MB when kept
_WIDEST = 400_000
_DOUBT, _LEAST = 2.0, 0.1  # texts of the usual mix added to every run; strength of a run that tells nothing
FIRMNESS = 0.4
_SOME, _MANY = 500, 3000  # texts from which on a run must occur in two, in three of them


@dataclass(frozen=True, slots=True)
class Linear:
    """A text's runs, weighed by ``strengths``, times ``pulls`` (columns × labels) are its scores."""

    columns: Ints
    strengths: Floats
    pulls: Floats

    def scores(self, counts: sparse.csr_matrix) -> Floats:
        """Texts × labels, for counts whose columns are those of this model."""
        found: Floats = np.asarray(levelled(counts, self.strengths) @ self.pulls, dtype=np.float32)
        return found


def counted(texts: Sequence[str]) -> tuple[Ints, sparse.csr_matrix]:
    """Hashes of the runs worth keeping, and texts × these hashes."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    every = np.arange(SPAN, dtype=np.int32)
    parts = [runs(texts[start : start + _AT_ONCE]).counted(every, SPAN) for start in range(0, len(texts), _AT_ONCE)]
    times = sum((np.bincount(part.indices, minlength=SPAN) for part in parts), np.zeros(SPAN, np.int64))
    rare = 3 if len(texts) >= _MANY else 2 if len(texts) >= _SOME else 1
    hashes = np.flatnonzero(times >= rare).astype(np.int32)
    table = table_of(hashes)
    counts = sparse.vstack([chosen(part, table, len(hashes)) for part in parts], format="csr")
    return hashes, counts


def chosen(counts: sparse.csr_matrix, table: Ints, width: int) -> sparse.csr_matrix:
    """The same texts with the columns that ``table`` names (-1: left out); faster than indexing by columns."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    columns = table[counts.indices]
    kept = columns >= 0
    before = np.concatenate([[0], np.cumsum(kept)])
    return sparse.csr_matrix(
        (counts.data[kept], columns[kept], before[counts.indptr]), shape=(counts.shape[0], width), dtype=np.float32
    )


def fitted(counts: sparse.csr_matrix, labels: NDArray[np.int64], count: int, weights: Floats) -> Linear:
    """A linear model of these texts."""
    told, times = _told(counts, labels, count)
    width = min(_WIDEST, max(1000, _CELLS // count), counts.shape[1])
    worth = told * times
    columns = np.sort(np.argpartition(-worth, width - 1)[:width]) if width < counts.shape[1] else np.arange(width)
    table = np.full(counts.shape[1], -1, dtype=np.int32)
    table[columns] = np.arange(len(columns), dtype=np.int32)
    strengths = (np.sqrt(told[columns]) + _LEAST).astype(np.float32)
    rows = levelled(chosen(counts, table, len(columns)), strengths)
    pulls = ridge(rows, labels, count, weights, FIRMNESS)
    return Linear(columns.astype(np.int32), strengths, pulls)


def _told(
    counts: sparse.csr_matrix, labels: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What each column tells of the label, in nats (Kullback–Leibler), and in how many texts it occurs."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    usual = np.bincount(labels, minlength=count) / max(1, len(labels))
    member = sparse.csr_matrix(
        (np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))), shape=(count, len(labels))
    )
    ones = sparse.csr_matrix((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)
    seen = (member @ ones).tocoo()
    times = np.bincount(counts.indices, minlength=counts.shape[1])
    total = times + _DOUBT
    share = (seen.data + _DOUBT * usual[seen.row]) / total[seen.col]
    gains = share * np.log(share / usual[seen.row])
    told = np.bincount(seen.col, weights=gains, minlength=counts.shape[1]).astype(np.float64)
    unseen = 1.0 - np.bincount(seen.col, weights=usual[seen.row], minlength=counts.shape[1])
    told += unseen * _DOUBT / total * np.log(_DOUBT / total)
    return np.maximum(told, 0.0), times


def folds(groups: NDArray[np.int64], labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """A fold for every text, groups undivided and labels spread evenly."""
    _, firsts, inverse = np.unique(groups, return_index=True, return_inverse=True)
    chance = np.random.default_rng(seed).random(len(firsts))
    order = np.lexsort((chance, labels[firsts]))
    fold = np.empty(len(firsts), dtype=np.int64)
    fold[order] = np.arange(len(firsts)) % count
    found: NDArray[np.int64] = fold[inverse]
    return found
