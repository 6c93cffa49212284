"""`huying evaluate duplicates`: is a message recognised as one that was raised before?

Messages come in the order of time; each is asked for among all earlier ones, found by rare words and then compared.
Pairs are counted among those found and all pairs of a group: what was never found counts as missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np

from huying.kernel.console import Console
from huying.kernel.tables import moment

from ..repeats.likeness import LIKELY, Matter, Rarity, rank
from ..repeats.rare_words import RareWords
from .tables import columns_of, report_option, table_of


@dataclass(frozen=True, slots=True)
class Message:
    """One row: the matter it raises, and the group it belongs to; "" for none."""

    matter: Matter
    text: str
    group: str


@click.command("duplicates")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "key", required=True, metavar="COL", help="Column that identifies a message.")
@click.option(
    "--text", "texts", required=True, type=columns_of, metavar="COL[,COL]", help="Columns of the text, title first."
)
@click.option("--group", required=True, metavar="COL", help="Column that is equal for messages about one matter.")
@click.option("--time", metavar="COL", help="Column of the time; without it rows count as in order.")
@click.option("--place", metavar="COL", help="Column of the place as said.")
@click.option("--candidates", type=click.IntRange(min=5), default=30, show_default=True, help="Messages compared each.")
@report_option
def duplicates(
    console: Console,
    file: Path,
    key: str,
    texts: list[str],
    group: str,
    time: str | None,
    place: str | None,
    candidates: int,
) -> None:
    """Measure the suggestion of duplicates on a table whose messages are grouped by matter."""
    messages = read_messages(file, key=key, texts=texts, group=group, time=time, place=place)
    if not messages:
        raise click.ClickException(f"{file.name}: no row with a text")
    facts = {"file": file.name, **measure(messages, candidates=candidates)}
    summary = (
        f"recall@1 {facts['recall_at_1']:.1%}, recall@5 {facts['recall_at_5']:.1%} of {facts['with_earlier']:,} repeats, "
        f"pair F1 {facts['default']['f1']:.3f} (best {facts['best']['f1']:.3f} at {facts['best']['threshold']}), "
        f"{facts['ms_per_query']:.1f} ms a message"
    )
    console.done(summary, **facts)


def read_messages(
    file: Path, *, key: str, texts: list[str], group: str, time: str | None = None, place: str | None = None
) -> list[Message]:
    """The rows that have a text, by time where it is known and else as they stand."""
    asked = {"--id": key, "--group": group, "--text": texts, "--time": time, "--place": place}
    found = []
    for row in table_of(file, asked):
        said = [row[name] for name in texts]
        title, text = (said[0], "\n".join(said[1:])) if len(said) > 1 else ("", said[0])
        if not (title or text):
            continue
        at = moment(row[time], UTC) if time else None
        matter = Matter(text=text, title=title, place=row[place] if place else "", at=at, key=row[key])
        found.append(Message(matter, f"{title}\n{matter.place}\n{text}", row[group]))
    found.sort(key=lambda one: (one.matter.at is None, one.matter.at or datetime.max.replace(tzinfo=UTC)))
    return found


def measure(messages: Sequence[Message], *, candidates: int) -> dict[str, Any]:
    """All figures; times are wall-clock of finding and comparing, without reading the file."""
    rarity = Rarity.of(one.text for one in messages)
    index = RareWords(rarity)
    seen: Counter[str] = Counter()
    scores, same = list[float](), list[bool]()
    repeats = firsts = fives = pairs = 0
    started = perf_counter()
    for message in messages:
        earlier = [messages[number] for number in index.like(message.text, most=candidates)]
        groups = {one.matter.key: one.group for one in earlier}
        ranked = rank(message.matter, [one.matter for one in earlier], most=candidates, rarity=rarity)
        hits = [bool(message.group) and groups[other.key] == message.group for other, _likeness in ranked]
        scores += [likeness.score for _other, likeness in ranked]
        same += hits
        if message.group and seen[message.group]:
            repeats, firsts, fives = repeats + 1, firsts + any(hits[:1]), fives + any(hits[:5])
            pairs += seen[message.group]
        seen[message.group] += 1
        index.add(message.text)
    seconds = perf_counter() - started
    return {
        "count": len(messages),
        "with_earlier": repeats,
        "recall_at_1": round(firsts / repeats, 4) if repeats else 0.0,
        "recall_at_5": round(fives / repeats, 4) if repeats else 0.0,
        "pairs": pairs,
        **thresholds(scores, same, pairs),
        "ms_per_query": round(1000 * seconds / len(messages), 2),
    }


def thresholds(scores: Sequence[float], same: Sequence[bool], pairs: int) -> dict[str, Any]:
    """Precision, recall and F1 of pairs at the default threshold and at the one with the best F1."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    ranked, right = np.asarray(scores, dtype=np.float64)[order], np.cumsum(np.asarray(same, dtype=np.int64)[order])

    def at(threshold: float) -> dict[str, float]:
        kept = int(np.searchsorted(-ranked, -threshold, side="right"))
        hits = int(right[kept - 1]) if kept else 0
        precision, recall = hits / kept if kept else 0.0, hits / pairs if pairs else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        return {
            "threshold": threshold,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(f1, 4),
        }

    steps = [at(round(step / 100, 2)) for step in range(1, 100)]
    return {"default": at(LIKELY), "best": max(steps, key=lambda one: (one["f1"], one["threshold"]))}
