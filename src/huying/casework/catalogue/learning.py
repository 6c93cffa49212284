"""The learning behind the classifier: one centre a kind, sharpened against its neighbours. Needs numpy and scipy only.

A text is a row of weighted pieces (``grams``); a kind is the mean of what it is called and how people say it. A few
steps of multinomial regression from there push kinds apart that share words. How sure the model is comes from the
share of the best kind and from how much the text says at all; the constants were fitted on held-out phrases and are
watched by a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from huying.casework.catalogue.grams import grams, plain

if TYPE_CHECKING:
    from scipy import sparse

Lessons = Sequence[tuple[str, Sequence[str]]]
Found = tuple[str, float, tuple[str, ...]]
Floats = NDArray[np.float32]

_AT_ONCE = 2048
_SHARP = 11.0  # turns likeness (0..1) into the scale of the regression
_STEPS, _PACE, _MOMENTUM = 8, 4.0, 0.9
# Sureness of the best kind: a + b·log-odds of its share + c·log of what the text says + d·share of known pieces.
_SURE = (-2.7, 0.434, 1.276, -0.558)
_REST = 0.5  # of what is left, how much the following kinds together may claim


@dataclass(frozen=True, slots=True)
class Model:
    """Codes of the kinds, the vocabulary with its weights, and one row of pulls a piece."""

    codes: tuple[str, ...]
    vocabulary: dict[str, int]
    names: tuple[str, ...]
    rarity: Floats
    cohesion: Floats  # how much a piece is a word: 1 when its ends never occur apart
    pulls: Floats  # pieces × kinds

    def propose(self, texts: Sequence[str], k: int) -> list[list[Found]]:
        """The best kinds of each text with confidence and the words that led there; none if no piece is known."""
        if not self.codes:
            return [[] for _ in texts]
        found: list[list[Found]] = []
        for start in range(0, len(texts), _AT_ONCE):
            found += self._propose(texts[start : start + _AT_ONCE], min(k, len(self.codes)))
        return found

    def _propose(self, texts: Sequence[str], k: int) -> list[list[Found]]:
        known, said, coverage = vectors(texts, self.vocabulary, self.rarity)
        shares = _shares(np.asarray(known @ self.pulls, dtype=np.float32))
        best = np.argpartition(-shares, k - 1, axis=1)[:, :k] if k < shares.shape[1] else np.argsort(-shares, axis=1)
        order = np.argsort(-np.take_along_axis(shares, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        top = np.take_along_axis(shares, best, axis=1)
        sure = confidences(top, said, coverage)
        rows: list[list[Found]] = []
        starts, kinds, chances = known.indptr.tolist(), best.tolist(), sure.tolist()
        for row in range(len(texts)):
            span = slice(starts[row], starts[row + 1])
            pieces = known.indices[span]
            if not len(pieces):
                rows.append([])
                continue
            force = known.data[span] * self.cohesion[pieces] * self.pulls[pieces, best[row][:, None]]
            reasons = self._reasons(plain(texts[row]), pieces, force)
            rows.append(
                [(self.codes[kind], *one) for kind, *one in zip(kinds[row], chances[row], reasons, strict=True)]
            )
        return rows

    def _reasons(self, text: str, pieces: NDArray[np.int32], force: Floats) -> list[tuple[str, ...]]:
        """For each kind what in the text spoke for it."""
        strongest = np.argsort(-force, axis=1)[:, :12]
        forces = np.take_along_axis(force, strongest, axis=1).tolist()
        return [
            _spoken(text, [self.names[piece] for piece, strong in zip(found, strengths, strict=True) if strong > 0])
            for found, strengths in zip(pieces[strongest].tolist(), forces, strict=True)
        ]


def _spoken(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Up to three stretches of the text that do not overlap, strongest first; longer than a character if any is."""
    taken: list[tuple[int, int]] = []
    chosen: list[str] = []
    for name in names:
        if len(name) == 1:
            continue
        at = text.find(name)
        end = at + len(name)
        for start, stop in taken:
            if start < end and at < stop:
                break
        else:
            taken.append((at, end))
            chosen.append(name)
            if len(chosen) == 3:
                break
    return tuple(chosen or names[:1])


def fit(lessons: Lessons) -> Model:
    """Learn from what kinds are called and how people say them; the first line of a kind, its name, counts double."""
    kinds_of: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for _, lines in lessons:
        pieces = [piece for line in lines for piece in grams(line)]
        times.update(pieces)
        kinds_of.update(set(pieces))
    vocabulary = {piece: i for i, piece in enumerate(sorted(kinds_of))}
    total = 1 + len(lessons)
    rarity = np.array([log(total / kinds_of[piece]) + 0.05 for piece in vocabulary], dtype=np.float32)
    rows = [(line, column) for column, (_, lines) in enumerate(lessons) for line in (*lines[:1], *lines)]
    known, _said, _coverage = vectors([line for line, _ in rows], vocabulary, rarity)
    kinds = np.array([column for _, column in rows], dtype=np.int64)
    pulls = _sharpen(known, kinds, _centres(known, kinds, len(lessons))) if rows else np.zeros((0, 0), np.float32)
    cohesion = np.array([_cohesion(piece, times) for piece in vocabulary], dtype=np.float32)
    return Model(tuple(code for code, _ in lessons), vocabulary, tuple(vocabulary), rarity, cohesion, pulls)


def _cohesion(piece: str, times: Counter[str]) -> float:
    ends = min(times.get(piece[0], 1), times.get(piece[-1], 1))
    return 0.15 + min(1.0, times[piece] / max(1, ends))


def _centres(known: sparse.csr_matrix, kinds: NDArray[np.int64], count: int) -> Floats:
    """The normalised mean of every kind's lines, as columns."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    member = sparse.csr_matrix((np.ones(len(kinds), np.float32), (kinds, np.arange(len(kinds)))), (count, len(kinds)))
    centres = np.asarray((member @ known).todense(), dtype=np.float32).T
    length: Floats = np.maximum(np.linalg.norm(centres, axis=0), 1e-9).astype(np.float32)
    result: Floats = np.ascontiguousarray(centres / length * np.float32(_SHARP))
    return result


def _sharpen(known: sparse.csr_matrix, kinds: NDArray[np.int64], pulls: Floats) -> Floats:
    """A few steps of multinomial regression, beginning at the centres."""
    turned = known.T.tocsr()
    speed = np.zeros_like(pulls)
    pace = np.float32(_PACE * pulls.shape[1] / max(1, len(kinds)))
    at = np.arange(len(kinds))
    for _ in range(_STEPS):
        error = _shares(np.asarray(known @ (pulls + _MOMENTUM * speed), dtype=np.float32))
        error[at, kinds] -= 1
        speed = (_MOMENTUM * speed - pace * np.asarray(turned @ error, dtype=np.float32)).astype(np.float32)
        pulls = pulls + speed
    return pulls


def vectors(
    texts: Sequence[str], vocabulary: dict[str, int], rarity: Floats
) -> tuple[sparse.csr_matrix, Floats, Floats]:
    """One normalised row a text, with how much it says (length before normalising) and the share of known pieces."""
    from scipy import sparse  # slow to import: only who uses it waits for it

    width = max(1, len(vocabulary))
    places: list[int] = []  # row · width + column of every known piece, as often as it occurs
    different: list[int] = []
    find = vocabulary.get
    for row, text in enumerate(texts):
        pieces = grams(text)
        different.append(len(set(pieces)))
        base = row * width
        places += [base + index for index in map(find, pieces) if index is not None]
    cells, counts = np.unique(np.array(places, dtype=np.int64), return_counts=True)
    rows, columns = np.divmod(cells, width)
    starts = np.searchsorted(rows, np.arange(len(texts) + 1))
    values = ((1 + np.log(counts)) * rarity[columns]).astype(np.float32) if len(cells) else np.zeros(0, np.float32)
    matrix = sparse.csr_matrix((values, columns.astype(np.int32), starts), shape=(len(texts), len(vocabulary)))
    squares = np.concatenate([[0.0], np.cumsum(values.astype(np.float64) ** 2)])
    said = np.sqrt(np.maximum(squares[starts[1:]] - squares[starts[:-1]], 0.0)).astype(np.float32)
    matrix.data /= np.repeat(np.where(said > 0, said, 1.0), np.diff(matrix.indptr)).astype(np.float32)
    coverage = np.diff(starts) / np.maximum(different, 1)
    return matrix, said, coverage.astype(np.float32)


def confidences(top: Floats, said: Floats, coverage: Floats) -> Floats:
    """The chance of each proposed kind to be right; never rising from one to the next."""
    first = np.clip(top[:, 0], 1e-6, 1 - 1e-6)
    a, b, c, d = _SURE
    score = a + b * np.log(first / (1 - first)) + c * np.log1p(said) + d * coverage
    best = 1 / (1 + np.exp(-score))
    others = np.sqrt(top[:, 1:])
    rest = others / np.maximum(others.sum(axis=1), 1e-6)[:, None] * ((1 - best) * _REST)[:, None]
    sure: Floats = np.minimum.accumulate(np.column_stack([best, rest]), axis=1).astype(np.float32)
    return sure


def _shares(scores: Floats) -> Floats:
    raised: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised
