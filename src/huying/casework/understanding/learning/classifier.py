"""What is a text about? Learned from the place's own closed cases, honest about how sure it is. Pure.

``learn`` fits a linear model over runs of signs and calibrates it on texts it had not seen; the result is a plain value
that can be kept as bytes without pickle.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .calibration import Calibration, calibrate, mixed
from .copies import groups
from .features import SPAN, Floats, Ints, Runs, runs, table_of
from .lessons import Linear, counted, fitted, folds
from .spans import Span, spoken, telling

if TYPE_CHECKING:
    from scipy import sparse

_AT_ONCE = 1024
_FORMAT = 1
_FOLDS, _FEW_FOLDS, _MUCH = 5, 2, 400_000  # texts × labels from which on two folds of a sample must do
_SAMPLE = 12_000


@dataclass(frozen=True, slots=True)
class Guess:
    """One label it might be, the chance that it is (0..1), and up to three passages of the text that led there."""

    label: str
    probability: float
    words: tuple[str, ...]


class Classifier:
    """A learned model; it never changes, so threads may share it."""

    def __init__(self, labels: tuple[str, ...], hashes: Ints, linear: Linear, calibration: Calibration) -> None:
        self.labels = labels
        self._hashes = hashes
        self._linear = linear
        self._calibration = calibration
        self._table = table_of(hashes)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Texts × labels (in the order of ``labels``), calibrated; every row sums to one."""
        parts = [self._judged(read) for read in _batches(texts)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.labels)), dtype=np.float32)

    def guesses(self, texts: Sequence[str], k: int = 3, names: Sequence[Sequence[str]] = ()) -> list[list[Guess]]:
        """The ``k`` likeliest labels of every text, likeliest first.

        ``names``, for every text the names of places in it, are never given as what led there.
        """
        found: list[list[Guess]] = []
        for read in _batches(texts):
            chances = self._judged(read)
            places = names[len(found) : len(found) + len(read.texts)] or [()] * len(read.texts)
            words = [telling(text, named) for text, named in zip(read.texts, places, strict=True)]
            best = np.argsort(-chances, axis=1, kind="stable")[:, :k]
            tops = np.take_along_axis(chances, best, axis=1).tolist()
            reasons = [self._reasons(read, best[:, place], words) for place in range(best.shape[1])]
            for row, kinds in enumerate(best.tolist()):
                found.append(
                    [
                        Guess(self.labels[kind], tops[row][place], reasons[place][row])
                        for place, kind in enumerate(kinds)
                    ]
                )
        return found

    def dump(self) -> bytes:
        """The whole model as an npz file with a JSON head."""
        head = {"format": _FORMAT, "labels": self.labels, "slope": self._calibration.slope}
        kept = io.BytesIO()
        np.savez_compressed(
            kept,
            head=np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), dtype=np.uint8),
            hashes=self._hashes,
            strengths=self._linear.strengths,
            pulls=self._linear.pulls.astype(np.float16),
            shifts=self._calibration.shifts,
        )
        return kept.getvalue()

    @classmethod
    def load(cls, blob: bytes) -> Classifier:
        """The model that was dumped. Raises ValueError for anything else."""
        try:
            with np.load(io.BytesIO(blob), allow_pickle=False) as kept:
                head = json.loads(kept["head"].tobytes())
                arrays = {name: kept[name] for name in ("hashes", "strengths", "pulls", "shifts")}
            if head["format"] != _FORMAT:
                raise ValueError(f"format {head['format']} is not {_FORMAT}")
            labels, slope = tuple(map(str, head["labels"])), float(head["slope"])
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            LookupError,
            TypeError,
            ValueError,
            RuntimeError,
            MemoryError,
        ) as error:
            raise ValueError(f"not a kept classifier: {error}") from error
        _check(labels, **arrays)
        pulls = arrays["pulls"].astype(np.float32)
        columns = np.arange(len(pulls), dtype=np.int32)
        linear = Linear(columns, arrays["strengths"], pulls)
        return cls(labels, arrays["hashes"], linear, Calibration(slope, arrays["shifts"]))

    def _judged(self, read: Runs) -> Floats:
        counts = read.counted(self._table, len(self._hashes))
        return self._calibration.probabilities(self._linear.scores(counts))

    def _reasons(self, read: Runs, kinds: NDArray[np.int64], words: Sequence[Sequence[Span]]) -> list[tuple[str, ...]]:
        """For every text the words that spoke for the kind given."""
        columns = self._table[read.hashes]
        known = np.flatnonzero(columns >= 0)
        at = columns[known]
        forces = read.weights[known] * self._linear.strengths[at] * self._linear.pulls[at, kinds[read.rows[known]]]
        return spoken(read, words, known[forces > 0], forces[forces > 0])


def learn(
    texts: Sequence[str], labels: Sequence[str], *, weights: Sequence[float] | None = None, seed: int = 0
) -> Classifier:
    """Learn which label a text has. ``weights`` (positive, one a text) say how much each example counts.

    Raises ValueError when lengths differ, weights are not positive, or there are fewer than two labels.
    """
    names, truth, loads = _checked(texts, labels, weights)
    hashes, counts = counted(texts)
    linear = fitted(counts, truth, len(names), loads)
    calibration, mix = _calibrated(texts, counts, truth, len(names), loads, seed)
    pulls = linear.pulls @ mix
    pulls = pulls.astype(np.float16).astype(np.float32)  # as kept, so that a loaded model says the very same
    columns = np.arange(len(pulls), dtype=np.int32)
    return Classifier(names, hashes[linear.columns], Linear(columns, linear.strengths, pulls), calibration)


def _checked(
    texts: Sequence[str], labels: Sequence[str], weights: Sequence[float] | None
) -> tuple[tuple[str, ...], NDArray[np.int64], Floats]:
    """The different labels, each text's label by number, and weights with mean one."""
    names = tuple(sorted({str(label) for label in labels}))
    if len(texts) != len(labels) or (weights is not None and len(weights) != len(texts)):
        raise ValueError("texts, labels and weights must be equally many")
    if len(names) < 2:
        raise ValueError("at least two different labels are needed")
    loads = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not np.all(np.isfinite(loads) & (loads > 0)):
        raise ValueError("weights must be positive numbers")
    numbers = {name: number for number, name in enumerate(names)}
    truth = np.array([numbers[label] for label in labels], dtype=np.int64)
    return names, truth, (loads / loads.mean()).astype(np.float32)


def _calibrated(
    texts: Sequence[str], counts: sparse.csr_matrix, truth: NDArray[np.int64], count: int, loads: Floats, seed: int
) -> tuple[Calibration, Floats]:
    """Calibration and mix from scores of texts kept from the model scoring them, their near copies included."""
    much = len(texts) * count > _MUCH
    if much and len(texts) > _SAMPLE:
        used = np.sort(np.random.default_rng(seed).choice(len(texts), _SAMPLE, replace=False))
        texts, counts, truth, loads = [texts[place] for place in used], counts[used], truth[used], loads[used]
    parts = min(_FEW_FOLDS if much else _FOLDS, len(texts))
    fold = folds(groups(texts), truth, parts, seed)
    scores = np.zeros((len(texts), count), dtype=np.float32)
    for part in range(parts):
        held, rest = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        if len(held) and len(rest):
            linear = fitted(counts[rest], truth[rest], count, loads[rest])
            scores[held] = linear.scores(counts[held][:, linear.columns])
    honest = np.empty_like(scores)  # mixed by what other folds taught, so that the mix does not flatter itself
    for part in range(parts):
        held, rest = fold == part, fold != part
        honest[held] = scores[held] @ mixed(scores[rest], truth[rest], loads[rest])
    return calibrate(honest, truth, loads), mixed(scores, truth, loads)


def _batches(texts: Sequence[str]) -> Iterator[Runs]:
    for start in range(0, len(texts), _AT_ONCE):
        yield runs(texts[start : start + _AT_ONCE])


def _check(labels: tuple[str, ...], hashes: Ints, strengths: Floats, pulls: Floats, shifts: Floats) -> None:
    """Raises ValueError when the parts of a kept model do not fit each other."""
    width = len(hashes)
    fits = (
        hashes.shape == strengths.shape == (width,)
        and pulls.shape == (width, len(labels))
        and shifts.shape == (len(labels),)
        and hashes.dtype == np.int32
        and bool(np.all((hashes >= 0) & (hashes < SPAN)))
        and all(bool(np.all(np.isfinite(part))) for part in (strengths, pulls, shifts))
    )
    if not fits:
        raise ValueError("not a kept classifier: its parts do not fit each other")
