"""Texts that say nearly the same: the same message sent twice, or once raw and once cut into words. Pure.

MinHash over the two-sign runs of each text (Broder, 1997): texts that share a band of smallest hashes are compared
exactly, so unlike pairs never count and like ones are missed about once in a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .features import BITS, runs

if TYPE_CHECKING:
    from scipy import sparse

ALIKE = 0.5  # Jaccard likeness of runs from which on two texts count as the same
_BANDS, _DEEP = 24, 3
_AT_ONCE = 4096
_CROWD = 40  # of texts that share a band only neighbours are compared when they are more than this


def groups(texts: Sequence[str], *, alike: float = ALIKE) -> NDArray[np.int64]:
    """A number for each text; texts that say nearly the same, directly or by way of others, have the same."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    if not len(texts):
        return np.zeros(0, dtype=np.int64)
    from scipy.sparse.csgraph import connected_components  # slow to import, and only learning needs it

    pairs = _pairs(texts, alike)
    links = sparse.coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(texts), len(texts)))
    found: NDArray[np.int64] = connected_components(links, directed=False)[1].astype(np.int64)
    return found


def overlapping(texts: Sequence[str], others: Sequence[str], *, alike: float = ALIKE) -> NDArray[np.bool_]:
    """For each of ``texts`` whether one of ``others`` says nearly the same."""
    found = np.zeros(len(texts), dtype=np.bool_)
    pairs = _pairs([*texts, *others], alike)
    mixed = pairs[(pairs[:, 0] < len(texts)) & (pairs[:, 1] >= len(texts))]
    found[mixed[:, 0]] = True
    return found


def _pairs(texts: Sequence[str], alike: float) -> NDArray[np.int64]:
    """Pairs of like texts, the lower number first."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    marks: list[NDArray[np.int64]] = []
    kept: list[sparse.csr_matrix] = []
    for start in range(0, len(texts), _AT_ONCE):
        said = _said(texts[start : start + _AT_ONCE])
        kept.append(said)
        marks.append(_marks(said))
    said = sparse.vstack(kept, format="csr")
    pairs = _candidates(np.concatenate(marks, axis=1))
    return pairs[_alike(said, pairs, alike)]


def _said(texts: Sequence[str]) -> sparse.csr_matrix:
    """Texts × hashes of their runs of two signs and more, each one."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    found = runs(texts)
    kept = found.hashes < 1 << BITS  # each run once, those of openings are the same runs again
    longer = kept & (found.lasts > found.firsts)
    kept = longer if longer.any() else kept
    rows, hashes = found.rows[kept], found.hashes[kept]
    cells = np.unique(rows.astype(np.int64) << BITS | hashes)
    rows, columns = cells >> BITS, (cells & ((1 << BITS) - 1)).astype(np.int32)
    starts = np.searchsorted(rows, np.arange(len(texts) + 1))
    return sparse.csr_matrix((np.ones(len(cells), np.float32), columns, starts), shape=(len(texts), 1 << BITS))


def _marks(said: sparse.csr_matrix) -> NDArray[np.int64]:
    """Bands × texts: a number that is the same where ``_DEEP`` smallest hashes are; -1 for an empty text."""
    spread = np.random.default_rng(0).integers(1, 1 << 62, size=(_BANDS, _DEEP)).astype(np.uint64) | np.uint64(1)
    full = np.flatnonzero(np.diff(said.indptr))
    hashes = said.indices.astype(np.uint64) + np.uint64(1)
    marks = np.full((_BANDS, said.shape[0]), -1, dtype=np.int64)
    if not len(full):
        return marks
    for band in range(_BANDS):
        mark = np.zeros(len(full), dtype=np.uint64)
        for turn in spread[band]:
            mixed = (hashes * turn) ^ ((hashes * turn) >> np.uint64(29))
            least = np.minimum.reduceat(mixed * np.uint64(0xBF58476D1CE4E5B9), said.indptr[full])
            mark = mark * np.uint64(1_000_003) + (least >> np.uint64(7))
        marks[band, full] = (mark >> np.uint64(1)).astype(np.int64)
    return marks


def _candidates(marks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of texts that share a band, the lower number first, each once."""
    found: list[NDArray[np.int64]] = [np.zeros((0, 2), dtype=np.int64)]
    for mark in marks:
        order = np.argsort(mark, kind="stable")
        ranked = mark[order]
        for apart in range(1, _CROWD):
            same = np.flatnonzero((ranked[apart:] == ranked[:-apart]) & (ranked[apart:] >= 0))
            if not len(same):
                break
            found.append(np.column_stack([order[same], order[same + apart]]))
    pairs = np.concatenate(found)
    pairs.sort(axis=1)
    return np.unique(pairs, axis=0)


def _alike(said: sparse.csr_matrix, pairs: NDArray[np.int64], alike: float) -> NDArray[np.bool_]:
    """Which pairs share enough: of all runs of both, the share that is in both (Jaccard)."""
    sizes = np.diff(said.indptr)
    shared = np.zeros(len(pairs), dtype=np.float64)
    for start in range(0, len(pairs), _AT_ONCE):
        part = pairs[start : start + _AT_ONCE]
        both = said[part[:, 0]].multiply(said[part[:, 1]])
        shared[start : start + _AT_ONCE] = np.asarray(both.sum(axis=1)).ravel()
    total = sizes[pairs[:, 0]] + sizes[pairs[:, 1]] - shared
    found: NDArray[np.bool_] = shared >= alike * np.maximum(total, 1)
    return found
