"""Report cards of models on examples set aside: figures, the curve that precision is chosen by, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..rules import Example
from .classifier import Classifier
from .report_card import cross_examined, drift, report_card

Judge = Callable[[Sequence[str]], tuple[NDArray[Any], Sequence[str]]]
ClassOf = Callable[[str], str]
_POINTS: Final = 60  # of the curve
_WRONG: Final = 40  # cases kept to look at
_FEWEST: Final = 20  # matters a precision must rest on


def of_model(
    model: Classifier, asked: Sequence[Example], taught: Sequence[Example], class_of: ClassOf | None = None
) -> dict[str, Any]:
    """The card of a model, with the drift between what it learned from and what it was asked."""
    card = judged(lambda texts: (model.probabilities(texts), model.labels), asked, class_of)
    card["drift"] = drift(
        [one.text for one in taught],
        [one.text for one in asked],
        labels_before=[one.label for one in taught],
        labels_after=[one.label for one in asked],
    )
    return card


def of_phrases(phrases: Sequence[Example], class_of: ClassOf | None = None) -> dict[str, Any]:
    """How well the catalogue's own phrases tell its items apart, each judged by the others: all a new place can know."""
    said, meant = [one.text for one in phrases], [one.label for one in phrases]
    labels = sorted(set(meant))
    table = cross_examined(said, meant)
    card = judged(lambda texts: (table, labels), phrases, class_of)
    return {**card, "from": "phrases", "wrong": []}


def judged(judge: Judge, asked: Sequence[Example], class_of: ClassOf | None = None) -> dict[str, Any]:
    """The card of whatever gives probabilities (rows × labels) for texts, on examples it has not seen.

    With ``class_of`` the same is told of the classes the labels belong to, a class being as likely as its labels together.
    """
    table, labels = judge([one.text for one in asked])
    if not len(labels):
        return {}
    card = report_card([one.label for one in asked], table, labels)
    best, sure = table.argmax(axis=1), table.max(axis=1)
    right = np.array([labels[at] == one.label for at, one in zip(best, asked, strict=True)])
    card["curve"] = _curve(sure, right)
    if class_of is not None:
        card["classes"] = _of_classes(table, [class_of(one) for one in labels], [class_of(one.label) for one in asked])
    card["wrong"] = _wrong(asked, labels, best, sure, right)
    return card


def _of_classes(table: NDArray[Any], columns: Sequence[str], truth: Sequence[str]) -> dict[str, Any]:
    names = sorted(set(columns))
    summed = np.stack(
        [table[:, [at for at, one in enumerate(columns) if one == name]].sum(axis=1) for name in names], 1
    )
    card = report_card(truth, summed, names)
    return {key: card[key] for key in ("macro_f1", "accuracy", "ece", "per_class", "confused")}


def _curve(sure: NDArray[Any], right: NDArray[Any]) -> list[tuple[float, float, float]]:
    """(confidence, precision of all at least so sure, their share), most confident first."""
    order = np.argsort(-sure, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    ends = np.unique(np.linspace(min(_FEWEST, len(order)) - 1, len(order) - 1, _POINTS).astype(int))
    return [
        [round(float(sure[order[at]]), 4), round(float(reached[at]), 4), round((at + 1) / len(order), 4)]
        for at in ends.tolist()
    ]


def _wrong(
    asked: Sequence[Example], labels: Sequence[str], best: NDArray[Any], sure: NDArray[Any], right: NDArray[Any]
) -> list[dict[str, Any]]:
    """The cases it was most sure about and wrong."""
    rows = [at for at in np.argsort(-sure, kind="stable").tolist() if not right[at]][:_WRONG]
    return [
        {
            "case": asked[at].case_id,
            "said": labels[best[at]],
            "truth": asked[at].label,
            "sure": round(float(sure[at]), 4),
        }
        for at in rows
    ]
