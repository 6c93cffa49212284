"""How good is a classifier, and does it still fit what people write? Plain figures, the same everywhere. Pure.

Probabilities are texts × labels. "Sure" means the probability of the likeliest label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .classifier import learn
from .copies import groups
from .cutting import words
from .lessons import folds as dealt

BINS = 15
PRECISIONS = (0.90, 0.95, 0.98)
_PAIRS = 10
_TOLD = 4  # digits after the point


def report_card(truth: Sequence[str], probabilities: NDArray[np.floating], labels: Sequence[str]) -> dict[str, Any]:
    """All figures of one examination, ready for JSON.

    Labels of ``truth`` that the classifier does not know count as mistakes and as classes of their own. Raises
    ValueError when there is nothing to judge or shapes differ.
    """
    if not len(truth) or probabilities.shape != (len(truth), len(labels)):
        raise ValueError("as many rows of probabilities as true labels are needed, at least one")
    best = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(truth)), best].astype(np.float64)
    said = [labels[number] for number in best]
    right = np.array([one == other for one, other in zip(said, truth, strict=True)])
    classes = _per_class(truth, said)
    return {
        "texts": len(truth),
        "accuracy": _round(float(right.mean())),
        "macro_f1": _round(float(np.mean([one["f1"] for one in classes.values()]))),
        "per_class": {name: {key: _round(value) for key, value in one.items()} for name, one in classes.items()},
        "confused": _confused(truth, said),
        "ece": _round(expected_calibration_error(sure, right)),
        "reliability": reliability(sure, right),
        "coverage": {f"{precision:.2f}": coverage(sure, right, precision) for precision in PRECISIONS},
    }


def expected_calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Mean distance between how sure and how often right, over equal bins of sureness (Guo et al., 2017)."""
    gaps = (abs(one["sure"] - one["right"]) * one["texts"] for one in _bins(sure, right, bins))
    return float(sum(gaps)) / max(1, len(sure))


def reliability(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> list[dict[str, Any]]:
    """For each bin of sureness that is not empty: where it begins and ends, its texts, mean sureness and share right."""
    return [{key: _round(value) for key, value in one.items()} for one in _bins(sure, right, bins)]


def _bins(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int) -> list[dict[str, Any]]:
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    found = []
    for number in np.unique(place).tolist():
        inside = place == number
        found.append(
            {
                "from": number / bins,
                "to": (number + 1) / bins,
                "texts": int(inside.sum()),
                "sure": float(sure[inside].mean()),
                "right": float(right[inside].mean()),
            }
        )
    return found


def coverage(sure: NDArray[np.float64], right: NDArray[np.bool_], precision: float) -> dict[str, float | None]:
    """The largest share of texts, surest first, of which at least ``precision`` are right, and how sure they are.

    Texts equally sure are taken together. The threshold is None when no share is good enough.
    """
    order = np.argsort(-sure, kind="stable")
    ranked = sure[order]
    precise = np.cumsum(right[order]) / np.arange(1, len(sure) + 1)
    last_of_equals = np.append(ranked[1:] != ranked[:-1], True)
    enough = np.flatnonzero((precise >= precision) & last_of_equals)
    if not len(enough):
        return {"share": 0.0, "threshold": None}
    return {"share": _round((int(enough[-1]) + 1) / len(sure)), "threshold": float(ranked[enough[-1]])}


def cross_examined(
    texts: Sequence[str], labels: Sequence[str], *, folds: int = 5, seed: int = 0
) -> NDArray[np.float32]:
    """Probabilities of every text by a classifier that saw neither it nor its near copies.

    Texts × sorted different labels. A label found in one fold only has probability 0 there. Raises ValueError
    when a fold leaves fewer than two labels to learn.
    """
    names = sorted(set(labels))
    numbers = {name: number for number, name in enumerate(names)}
    truth = np.array([numbers[label] for label in labels], dtype=np.int64)
    fold = dealt(groups(texts), truth, min(folds, max(2, len(texts))), seed)
    found = np.zeros((len(texts), len(names)), dtype=np.float32)
    for number in range(int(fold.max()) + 1):
        held, rest = np.flatnonzero(fold == number).tolist(), np.flatnonzero(fold != number).tolist()
        model = learn([texts[at] for at in rest], [labels[at] for at in rest], seed=seed)
        found[np.ix_(held, [numbers[name] for name in model.labels])] = model.probabilities([texts[at] for at in held])
    return found


def drift(
    before: Sequence[str], after: Sequence[str], *, labels_before: Sequence[str] = (), labels_after: Sequence[str] = ()
) -> dict[str, float | None]:
    """How far later texts are from earlier ones.

    ``unknown_words``: share of the later texts' words (each as often as it occurs) that no earlier text has, 0..1;
    ``label_shift``: Jensen–Shannon divergence of the two label mixes in bits, 0..1. None where nothing is to compare.
    """
    known = {word for text in before for word in words(text)}
    later = [word for text in after for word in words(text)]
    unknown = sum(word not in known for word in later) / len(later) if later else None
    shift = divergence(labels_before, labels_after) if labels_before and labels_after else None
    return {"unknown_words": unknown, "label_shift": shift}


def divergence(one: Iterable[str], other: Iterable[str]) -> float:
    """Jensen–Shannon divergence of two mixes in bits: 0 for the same mix, 1 for mixes without a common label."""
    first, second = Counter(one), Counter(other)
    names = sorted({*first, *second})
    shares = np.array([[mix[name] / mix.total() for name in names] for mix in (first, second)])
    middle = shares.mean(axis=0)
    parts = np.where(shares > 0, shares * np.log2(np.where(shares > 0, shares, 1.0) / middle), 0.0)
    return float(np.clip(parts.sum(axis=1).mean(), 0.0, 1.0))


def _per_class(truth: Sequence[str], said: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of every label that is true or was said."""
    support, claims = Counter(truth), Counter(said)
    hits = Counter(one for one, other in zip(truth, said, strict=True) if one == other)
    return {
        name: {
            "precision": hits[name] / claims[name] if claims[name] else 0.0,
            "recall": hits[name] / support[name] if support[name] else 0.0,
            "f1": 2 * hits[name] / (claims[name] + support[name]),
            "support": support[name],
        }
        for name in sorted({*support, *claims})
    }


def _confused(truth: Sequence[str], said: Sequence[str]) -> list[dict[str, Any]]:
    """The most frequent mistakes: what it was, what was said, how often."""
    wrong = Counter((one, other) for one, other in zip(truth, said, strict=True) if one != other)
    ranked = sorted(wrong.items(), key=lambda pair: (-pair[1], pair[0]))[:_PAIRS]
    return [{"truth": one, "said": other, "texts": texts} for (one, other), texts in ranked]


def _round(value: float) -> float:
    return value if isinstance(value, int) else round(value, _TOLD)
