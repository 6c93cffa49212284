"""The learning behind the classifier: weighted pieces of text against one centre a kind. Needs numpy and scipy only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from huying.casework.catalogue.grams import grams

Lessons = Sequence[tuple[str, Sequence[str]]]
Found = tuple[str, float, tuple[str, ...]]
_AT_ONCE = 2048
_SHARPNESS = 18.0


@dataclass(frozen=True, slots=True)
class Model:
    """Codes of the kinds, the vocabulary with its weights, and one row of weights a piece."""

    codes: tuple[str, ...]
    vocabulary: dict[str, int]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]  # pieces × kinds

    def propose(self, texts: Sequence[str], k: int) -> list[list[Found]]:
        """The best kinds of each text with confidence and the words that led there."""
        found: list[list[Found]] = []
        if not self.codes:
            return [[] for _ in texts]
        for start in range(0, len(texts), _AT_ONCE):
            found += self._propose(texts[start : start + _AT_ONCE], k)
        return found

    def _propose(self, texts: Sequence[str], k: int) -> list[list[Found]]:
        known = vectors(texts, self.vocabulary, self.idf)
        scores: NDArray[np.float32] = np.asarray(known @ self.weights, dtype=np.float32)
        sure = _softmax(scores * np.float32(_SHARPNESS)) * _informed(known)[:, None]
        best = np.argsort(-sure, axis=1)[:, :k]
        rows: list[list[Found]] = []
        names = list(self.vocabulary)
        for row, order in enumerate(best):
            span = slice(known.indptr[row], known.indptr[row + 1])
            pieces, amounts = known.indices[span], known.data[span]
            if not len(pieces):
                rows.append([])
                continue
            rows.append(
                [
                    (self.codes[c], float(sure[row, c]), _reasons(pieces, amounts * self.weights[pieces, c], names))
                    for c in order
                ]
            )
        return rows


def fit(lessons: Lessons) -> Model:
    """Learn from names and phrases: every kind's centre, pieces weighted by how rarely kinds share them."""
    spread: Counter[str] = Counter()
    for _, lines in lessons:
        spread.update({piece for line in lines for piece in grams(line)})
    vocabulary = {piece: i for i, piece in enumerate(sorted(spread))}
    total = max(1, len(lessons))
    idf = np.array([log((1 + total) / spread[piece]) for piece in vocabulary], dtype=np.float32)
    weights = np.zeros((len(vocabulary), len(lessons)), dtype=np.float32)
    for column, (_, lines) in enumerate(lessons):
        centre = np.asarray(vectors(lines, vocabulary, idf).sum(axis=0)).ravel()
        weights[:, column] = centre / (float(np.linalg.norm(centre)) or 1.0)
    return Model(tuple(code for code, _ in lessons), vocabulary, idf, weights)


def vectors(texts: Sequence[str], vocabulary: dict[str, int], idf: NDArray[np.float32]) -> sparse.csr_matrix:
    """One normalised row a text."""
    indices: list[int] = []
    counts: list[float] = []
    starts = [0]
    for text in texts:
        for piece, count in Counter(grams(text)).items():
            if (index := vocabulary.get(piece)) is not None:
                indices.append(index)
                counts.append(1.0 + log(count))
        starts.append(len(indices))
    columns = np.array(indices, dtype=np.int32)
    values = np.array(counts, dtype=np.float32) * idf[columns] if len(columns) else np.zeros(0, dtype=np.float32)
    matrix = sparse.csr_matrix((values, columns, np.array(starts)), shape=(len(texts), len(vocabulary)))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(norms > 0, norms, 1.0), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    raised: NDArray[np.float32] = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _informed(known: sparse.csr_matrix) -> NDArray[np.float64]:
    """How much a text says at all: few known pieces → near 0."""
    pieces = np.diff(known.indptr)
    informed: NDArray[np.float64] = 1 - np.exp(-pieces / 3.0)
    return informed


def _reasons(pieces: NDArray[np.int32], pulls: NDArray[np.float32], names: list[str]) -> tuple[str, ...]:
    order = np.argsort(-pulls)[:8]
    chosen: list[str] = []
    for i in order:
        name = names[pieces[i]]
        if pulls[i] <= 0 or len(name) < 2 or any(name in one or one in name for one in chosen):
            continue
        chosen.append(name)
    return tuple(chosen[:3])
