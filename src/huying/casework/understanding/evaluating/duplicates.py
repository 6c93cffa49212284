"""`huying evaluate duplicates`: is a message recognised as one that was raised before?

Messages come in the order of time; each is asked for among all earlier ones, found by rare words and then compared.
Pairs are counted among those found and all pairs of a group: what was never found counts as missed.
"""

from __future__ import annotations

import json
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

from ..repeats.likeness import LIKELY, Matter, Rarity, rank
from ..repeats.rare_words import RareWords
from .tables import columns_of, table_of

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


@dataclass(frozen=True, slots=True)
class Message:
    """One row: the matter it raises, and the group it belongs to; "" for none."""

    matter: Matter
    text: str
    group: str


@click.command("duplicates")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "key", required=True, metavar="COL", help="Column that identifies a message.")
@click.option("--text", "texts", required=True, metavar="COL[,COL]", help="Columns of the text, title first.")
@click.option("--group", required=True, metavar="COL", help="Column that is equal for messages about one matter.")
@click.option("--time", "moment", metavar="COL", help="Column of the time; without it rows count as in order.")
@click.option("--place", metavar="COL", help="Column of the place as said.")
@click.option("--candidates", type=click.IntRange(min=5), default=30, show_default=True, help="Messages compared each.")
@click.option(
    "--json", "out", is_flag=False, flag_value="-", metavar="[OUT]", help="Write one JSON object to OUT, or print it."
)
def duplicates(
    file: Path,
    key: str,
    texts: str,
    group: str,
    moment: str | None,
    place: str | None,
    candidates: int,
    out: str | None,
) -> None:
    """Measure the suggestion of duplicates on a table whose messages are grouped by matter."""
    console = Console(as_json=out == "-")
    messages = read_messages(file, key=key, texts=texts, group=group, moment=moment, place=place)
    if not messages:
        raise click.ClickException(f"{file.name}: no row with a text")
    facts = {"file": file.name, **measure(messages, candidates=candidates)}
    summary = (
        f"recall@1 {facts['recall_at_1']:.1%}, recall@5 {facts['recall_at_5']:.1%} of {facts['with_earlier']:,} repeats, "
        f"pair F1 {facts['default']['f1']:.3f} (best {facts['best']['f1']:.3f} at {facts['best']['threshold']}), "
        f"{facts['ms_per_query']:.1f} ms a message"
    )
    if out not in (None, "-"):
        text = json.dumps({**facts, "summary": summary}, ensure_ascii=False, indent=1)
        Path(str(out)).write_text(text + "\n", encoding="utf-8")
    console.done(summary, **facts)


def read_messages(
    file: Path, *, key: str, texts: str, group: str, moment: str | None = None, place: str | None = None
) -> list[Message]:
    """The rows that have a text, by time where it is known and else as they stand."""
    said, extra = columns_of(texts), [name for name in (moment, place) if name]
    found = []
    for row in table_of(file, [key, group, *said, *extra]):
        parts, rest = row[2 : 2 + len(said)], dict(zip(extra, row[2 + len(said) :], strict=True))
        title, text = (parts[0], "\n".join(parts[1:])) if len(parts) > 1 else ("", parts[0])
        if not (title or text):
            continue
        at = moment_of(rest.get(moment or "", ""))
        matter = Matter(text=text, title=title, place=rest.get(place or "", ""), at=at, key=row[0])
        found.append(Message(matter, f"{title}\n{matter.place}\n{text}", row[1]))
    found.sort(key=lambda one: (one.matter.at is None, one.matter.at or datetime.max.replace(tzinfo=UTC)))
    return found


def moment_of(said: str) -> datetime | None:
    """A time as tables write it; None for what is none."""
    for form in _FORMS:
        try:
            return datetime.strptime(said, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


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
