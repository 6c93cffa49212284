"""From texts to numbers: runs of one to three signs, hashed, counted and weighed, for many texts at once. Pure.

No word cutter is needed: runs of signs forgive slips of the pen and unknown names, and the very same runs are found in
a raw text and in one that was cut into words. What a text says first, its title, counts up to four times, and its runs
are counted once more as runs of an opening: "医院" there names the matter, further down perhaps the place. All is done on
whole arrays, several thousand texts a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .cutting import PAIRS, SINGLES, normalise

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

BITS = 22  # a run's hash, so that a table of all hashes stays at 24 MB, those of openings with it
SPAN = (1 << BITS) + (1 << (BITS - 1))  # hashes from 1 << BITS on are of runs in an opening
_RUN = 3  # signs of the longest run
_FIRST, _LATER, _REACH = 4.0, 1.0, 30.0  # weight of a text's first run, of its late ones, signs until the turn
_OPEN, _OPENING, _CLOSED = 3.0, 25.0, 56  # weight of a run that opens a text, signs until a third of it, until none
_SPREAD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_ENDS, _GAP, _NOUGHT = 10, 32, 48
_SINGLES = np.array(sorted(map(ord, SINGLES)), dtype=np.uint32)
_PAIRS = np.array(sorted((ord(first) << 21) | ord(second) for first, second in map(tuple, PAIRS)), dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Runs:
    """Every run of every text: its text's number, its hash, its weight, and where it stands in its text.

    A run of an opening is there twice, the second time by the hash it has in openings (``1 << BITS`` and more).
    """

    texts: list[str]  # normalised
    rows: Ints
    hashes: Ints
    weights: Floats
    firsts: Ints  # offset of the run's first sign in its own text
    lasts: Ints

    def counted(self, table: Ints, width: int) -> sparse.csr_matrix:
        """Texts × columns, weights summed; ``table`` gives each hash's column, -1 for none."""
        from scipy import sparse  # slow to import: only who uses it waits for it

        columns = table[self.hashes]
        known = columns >= 0
        entries = (self.weights[known], (self.rows[known], columns[known]))
        counts = sparse.coo_matrix(entries, shape=(len(self.texts), width), dtype=np.float32).tocsr()
        counts.data = np.log1p(0.5 * counts.data)
        return counts


def runs(texts: Sequence[str]) -> Runs:
    """All runs of the texts, stop words and spaces left out as if they were not there; numbers are one sign."""
    plain = [normalise(text) for text in texts]
    signs = np.frombuffer(("\n".join(plain) + "\n").encode("utf-32-le", "replace"), dtype=np.uint32)
    ends = signs == _ENDS
    kept = _said(signs)
    rows = (np.cumsum(ends) - ends).astype(np.int32)
    begins = np.concatenate([[0], np.flatnonzero(ends)[:-1] + 1]) if len(plain) else np.zeros(0, np.int64)
    offsets = (np.arange(len(signs)) - begins[rows]).astype(np.int32) if len(plain) else np.zeros(0, np.int32)
    signs, rows, offsets = signs[kept], rows[kept], offsets[kept]
    return _joined(plain, signs, rows, offsets)


def _said(signs: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which signs are read: not spaces, not stop words, of a number the first digit only."""
    digits = (signs >= _NOUGHT) & (signs <= _NOUGHT + 9)
    kept = (signs != _GAP) & ~np.isin(signs, _SINGLES)
    pairs = (signs[:-1].astype(np.uint64) << np.uint64(21)) | signs[1:]
    stops = np.flatnonzero(np.isin(pairs, _PAIRS))
    kept[stops] = kept[stops + 1] = False
    kept[1:] &= ~(digits[1:] & digits[:-1])
    found: NDArray[np.bool_] = kept
    return found


def _joined(plain: list[str], signs: NDArray[np.uint32], rows: Ints, offsets: Ints) -> Runs:
    """Runs of one to three neighbouring readable signs, then those of the openings once more."""
    digits = (signs >= _NOUGHT) & (signs <= _NOUGHT + 9)
    wide = np.where(digits, np.uint32(_NOUGHT), signs).astype(np.uint64)
    readable = digits | ((signs >= 0x3400) & (signs <= 0x9FFF)) | ((signs >= 97) & (signs <= 122))
    begins = np.searchsorted(rows, np.arange(len(plain))) if len(plain) else np.zeros(0, np.int64)
    places = np.arange(len(rows)) - (begins[rows] if len(plain) else 0)
    weights = (_LATER + (_FIRST - _LATER) * np.exp(-places / _REACH)).astype(np.float32)
    mixed = wide * _SPREAD[0]
    now, good = mixed, readable
    parts: list[tuple[NDArray[np.int64], Ints, int]] = []
    for length in range(1, _RUN + 1):
        if length > 1:
            now = (now[:-1] * _SPREAD[1]) ^ mixed[length - 1 :]
            good = good[:-1] & readable[length - 1 :]
        at = np.flatnonzero(good)
        hashes = (now[at] * (_SPREAD[2] + np.uint64(2 * length))) >> np.uint64(64 - BITS)
        parts.append((at, hashes.astype(np.int32), length))
    where = np.concatenate([at for at, _, _ in parts])
    last = np.concatenate([at + length - 1 for at, _, length in parts])
    folded = np.concatenate([hash_ for _, hash_, _ in parts])
    early = np.flatnonzero(places[where] < _CLOSED)
    opening = (_OPEN * np.exp(-((places[where[early]] / _OPENING) ** 2))).astype(np.float32)
    folded = np.concatenate([folded, (folded[early] >> 1) + (1 << BITS)])
    heavy = np.concatenate([weights[where], opening])
    where, last = np.concatenate([where, where[early]]), np.concatenate([last, last[early]])
    return Runs(plain, rows[where], folded, heavy, offsets[where], offsets[last])


def table_of(hashes: Ints) -> Ints:
    """Column of every possible hash; -1 for those not in ``hashes``."""
    table = np.full(SPAN, -1, dtype=np.int32)
    table[hashes] = np.arange(len(hashes), dtype=np.int32)
    return table


def levelled(matrix: sparse.csr_matrix, strengths: Floats) -> sparse.csr_matrix:
    """Columns multiplied by their strengths, then every row brought to length one (empty rows stay empty)."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    values = matrix.data * strengths[matrix.indices]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=values.astype(np.float64) ** 2, minlength=matrix.shape[0]))
    values = values / np.where(lengths > 0, lengths, 1.0)[rows]
    return sparse.csr_matrix((values.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
