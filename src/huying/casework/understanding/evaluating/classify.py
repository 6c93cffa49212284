"""`huying evaluate classify`: learn from labelled tables, judge another one, and say honestly how well. Needs no instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np

from huying.kernel.console import Console

from ..learning.classifier import Classifier, learn
from ..learning.copies import overlapping
from ..learning.report_card import report_card
from .tables import columns_of, offer, opened, present, report_option, require

WORDS = ("seg_text",)  # columns that hold a text already cut into words, read where a file has none of those named
_ALONE = 200  # texts judged one by one for the time of one
_existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their labels; ``skipped`` rows had no text or no label; ``columns`` is where the text was read."""

    texts: list[str]
    labels: list[str]
    skipped: int
    columns: tuple[str, ...]


@click.command("classify")
@click.option(
    "--train", "trains", type=_existing, multiple=True, required=True, help="Table to learn from; repeatable."
)
@click.option("--test", type=_existing, required=True, help="Table to judge.")
@click.option(
    "--text",
    "columns",
    required=True,
    type=columns_of,
    metavar="COL[,COL]",
    help="Columns of the text, title first; those a file has are joined.",
)
@click.option("--label", required=True, metavar="COL", help="Column of the true label.")
@click.option("--drop-overlap", is_flag=True, help="Do not learn from texts that are nearly the same as one judged.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the folds for calibration.")
@report_option
def classify(
    console: Console,
    trains: tuple[Path, ...],
    test: Path,
    columns: list[str],
    label: str,
    drop_overlap: bool,
    seed: int,
) -> None:
    """Learn from --train, judge --test, and report how well: F1, calibration, coverage, confusion and speed."""
    lessons = [labelled(file, columns, label.strip()) for file in trains]
    examined = labelled(test, columns, label.strip())
    for file, one in zip((*trains, test), (*lessons, examined), strict=True):
        console.say(
            f"{file.name}: {len(one.texts):,} texts from {' + '.join(one.columns)}, {one.skipped:,} rows skipped"
        )
    facts = examine(lessons, examined, drop_overlap=drop_overlap, seed=seed)
    console.done(_summary(facts), **facts)


def labelled(file: Path, columns: Sequence[str], label: str) -> Labelled:
    """The rows of a table that have text and label; several columns are joined in the order asked for.

    A file that has none of the columns is read by one of ``WORDS``. Raises click.ClickException when it has none of
    these either, no such label column, or is no table.
    """
    with opened(file) as table:
        found = present(table, columns) or present(table, WORDS)[:1]
        if not found:
            missing = f"none of the columns {', '.join(columns)}; {offer(table)}"
            raise click.BadParameter(missing, param_hint="--text")
        require(table, [label], "--label")
        rows = list(table.rows([*found, label]))
    said = [(" ".join(row[name] for name in found if row[name]), row[label]) for row in rows]
    kept = [(text, label) for text, label in said if text and label]
    return Labelled([text for text, _ in kept], [label for _, label in kept], len(rows) - len(kept), tuple(found))


def examine(lessons: Sequence[Labelled], examined: Labelled, *, drop_overlap: bool, seed: int) -> dict[str, Any]:
    """Every figure of one run. Raises click.ClickException when there is too little to learn or nothing to judge."""
    texts = [text for one in lessons for text in one.texts]
    labels = [label for one in lessons for label in one.labels]
    if not examined.texts:
        raise click.ClickException("the table to judge has no row with text and label")
    common = overlapping(texts, examined.texts)
    if drop_overlap:
        kept = np.flatnonzero(~common)
        texts, labels = [texts[at] for at in kept], [labels[at] for at in kept]
    if len(set(labels)) < 2:
        raise click.ClickException("at least two different labels are needed to learn")
    began = perf_counter()
    model = learn(texts, labels, seed=seed)
    learned = perf_counter()
    chances = model.probabilities(examined.texts)
    judged = perf_counter()
    card = report_card(examined.labels, chances, model.labels)
    return {
        **{name: card[name] for name in ("macro_f1", "accuracy", "ece")},
        "coverage_at_98": card["coverage"]["0.98"]["share"],
        "coverage": card["coverage"],
        "per_class": card["per_class"],
        "confused": card["confused"],
        "confusion": _confusion(examined.labels, [model.labels[at] for at in chances.argmax(axis=1)]),
        "reliability": card["reliability"],
        "train_seconds": round(learned - began, 3),
        "texts_per_second": {
            "train": round(len(texts) / (learned - began), 1),
            "classify": round(len(examined.texts) / (judged - learned), 1),
        },
        "p50_ms": _alone(model, examined.texts[:_ALONE]),
        "counts": {
            "train": len(texts),
            "test": len(examined.texts),
            "skipped_train": sum(one.skipped for one in lessons),
            "skipped_test": examined.skipped,
            "overlap": int(common.sum()),
            "dropped": int(common.sum()) if drop_overlap else 0,
            "labels": len(model.labels),
        },
    }


def _confusion(truth: Sequence[str], said: Sequence[str]) -> dict[str, dict[str, int]]:
    """True label → said label → texts, without noughts."""
    found: dict[str, dict[str, int]] = {}
    for one, other in sorted(zip(truth, said, strict=True)):
        row = found.setdefault(one, {})
        row[other] = row.get(other, 0) + 1
    return found


def _alone(model: Classifier, texts: Sequence[str]) -> float:
    """Median time of judging one text by itself with its reasons, in milliseconds."""
    times = []
    for text in texts:
        began = perf_counter()
        model.guesses([text])
        times.append(perf_counter() - began)
    return round(float(np.median(times)) * 1000, 3)


def _summary(facts: dict[str, Any]) -> str:
    counts, speed = facts["counts"], facts["texts_per_second"]
    overlap = (
        "dropped from training" if counts["dropped"] else "ALSO IN TRAINING" if counts["overlap"] else "no overlap"
    )
    return (
        f"macro-F1 {facts['macro_f1']:.3f}, accuracy {facts['accuracy']:.3f}, ECE {facts['ece']:.3f}, "
        f"{facts['coverage_at_98']:.0%} of texts at 98 % precision; learned {counts['train']:,} texts in "
        f"{facts['train_seconds']:.1f} s, judged {counts['test']:,} at {speed['classify']:,.0f}/s, one in "
        f"{facts['p50_ms']:.1f} ms; {counts['overlap']:,} near-copies {overlap}"
    )
