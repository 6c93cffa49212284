"""`huying evaluate replies`: does the relevance measure know a reply again, and how good are the replies of a file?

For every message its true reply is put among others drawn at random from the same file, and the measure orders them.
The measure sees texts only: which row a reply stands in, who wrote the message and when are kept from it. Ties count as
the mean of the places they share. Large files are worked through in random blocks, so memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from huying.kernel.console import Console

from ..replies.judging import LOW, WEIGHTS, Advice, Background, judge, relevance_matrix
from .tables import columns_of, offer, opened, present, report_option, require

MESSAGE_COLUMNS = ("留言主题", "留言详情", "标题", "内容", "title", "message")
REPLY_COLUMNS = ("答复意见", "答复内容", "回复", "答复", "reply")
_BLOCK = 3000
_TITLE_LENGTH = 120  # the first of several columns is a title when its texts are no longer than this


@dataclass(frozen=True, slots=True)
class Exchange:
    """One row: what was written and what was answered; ``title`` may be empty."""

    title: str
    message: str
    reply: str


@click.command("replies")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--message", "messages", type=columns_of, metavar="COL[,COL]", help="Columns of the message, title first."
)
@click.option("--reply", "answer", metavar="COL", help="Column of the reply.")
@click.option(
    "--candidates", type=click.IntRange(min=2), default=20, show_default=True, help="Replies to choose among."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the draw.")
@click.option(
    "--aspects", "sampled", type=click.IntRange(min=0), default=400, show_default=True, help="Rows to judge in full."
)
@report_option
def replies(
    console: Console,
    file: Path,
    messages: list[str] | None,
    answer: str | None,
    candidates: int,
    seed: int,
    sampled: int,
) -> None:
    """Measure on a table of messages and replies: is the true reply put first, and how do the aspects spread?"""
    exchanges, columns = read_exchanges(file, messages, answer)
    if len(exchanges) < 2:
        raise click.ClickException(f"{file.name}: at least two rows with a message and a reply are needed")
    console.say(f"{len(exchanges):,} messages with replies; columns {', '.join(columns)}")
    facts = {"file": file.name, "columns": columns, **choose(exchanges, candidates=candidates, seed=seed)}
    console.say("Judging a sample in full …")
    facts["aspects"] = spread(exchanges, sampled=sampled, seed=seed)
    summary = (
        f"true reply first of {facts['candidates']} in {facts['top1']:.1%}, MRR {facts['mrr']:.3f}, "
        f"{facts['count']:,} messages, {facts['seconds']:.1f} s"
    )
    console.done(summary, **facts)


def read_exchanges(file: Path, messages: list[str] | None, answer: str | None) -> tuple[list[Exchange], list[str]]:
    """Rows that have both a message and a reply, and the columns they were read from."""
    with opened(file) as table:
        asked = messages or present(table, MESSAGE_COLUMNS)
        said = answer.strip() if answer else next(iter(present(table, REPLY_COLUMNS)), "")
        if not asked or not said:
            raise click.UsageError(f"name the columns with --message and --reply; {offer(table)}")
        require(table, asked, "--message")
        require(table, [said], "--reply")
        cells = [([row[name] for name in asked], row[said]) for row in table.rows([*asked, said])]
    return _exchanges([(texts, reply) for texts, reply in cells if any(texts) and reply]), [*asked, said]


def _exchanges(cells: Sequence[tuple[list[str], str]]) -> list[Exchange]:
    lengths = [len(asked[0]) for asked, _said in cells] or [0]
    titled = bool(cells) and len(cells[0][0]) > 1 and float(np.percentile(lengths, 90)) <= _TITLE_LENGTH
    first = 1 if titled else 0
    return [Exchange(asked[0] if titled else "", "\n".join(asked[first:]), said) for asked, said in cells]


def choose(exchanges: Sequence[Exchange], *, candidates: int, seed: int) -> dict[str, Any]:
    """Top-1, mean reciprocal rank, count and seconds of finding the true reply again."""
    started = perf_counter()
    drawn = np.random.default_rng(seed)
    firsts, inverse, among = list[float](), list[float](), set[int]()
    lengths: list[int] = []
    for block in _blocks(drawn.permutation(len(exchanges)), candidates):
        rows = [exchanges[at] for at in block]
        scores = relevance_matrix([r.message for r in rows], [r.reply for r in rows], [r.title for r in rows])
        size = min(candidates, len(rows))
        among.add(size)
        for at in range(len(rows)):
            others = drawn.choice(len(rows) - 1, size - 1, replace=False)
            others += others >= at
            better, equal = _place(scores[at, at], scores[at, others])
            firsts.append(0.0 if better else 1 / (1 + equal))
            inverse.append(sum(1 / (1 + better + step) for step in range(equal + 1)) / (1 + equal))
            lengths.append(len(rows[at].reply))
    return {
        "count": len(exchanges),
        "candidates": max(among),
        "seed": seed,
        "top1": round(float(np.mean(firsts)), 4),
        "mrr": round(float(np.mean(inverse)), 4),
        "by_reply_length": _by_length(lengths, firsts),
        "seconds": round(perf_counter() - started, 2),
    }


def _blocks(order: NDArray[np.int64], candidates: int) -> Iterator[NDArray[np.int64]]:
    """Even blocks of at most about :data:`_BLOCK` rows, each large enough to draw from."""
    number = max(1, -(-len(order) // max(_BLOCK, candidates)))
    yield from np.array_split(order, number)


def _place(true: float, others: NDArray[np.float32]) -> tuple[int, int]:
    return int((others > true).sum()), int((others == true).sum())


def _by_length(lengths: Sequence[int], firsts: Sequence[float]) -> dict[str, dict[str, float]]:
    """Top-1 by length of the reply: those of a few signs say nothing that could be known again."""
    bounds = (("<60", 0, 60), ("60-199", 60, 200), (">=200", 200, 10**9))
    found: dict[str, dict[str, float]] = {}
    for name, low, high in bounds:
        of = [first for length, first in zip(lengths, firsts, strict=True) if low <= length < high]
        if of:
            found[name] = {"count": len(of), "top1": round(float(np.mean(of)), 4)}
    return found


def spread(exchanges: Sequence[Exchange], *, sampled: int, seed: int) -> dict[str, Any]:
    """How the aspects spread over a random sample; the rarity of words comes from the sample's own texts."""
    if not sampled:
        return {"count": 0}
    drawn = np.random.default_rng(seed).permutation(len(exchanges))[:sampled]
    rows = [exchanges[at] for at in drawn]
    known = Background.of([text for row in rows for text in (f"{row.title}。{row.message}", row.reply)])
    advice = [judge(row.message, row.reply, title=row.title, background=known) for row in rows]
    figures = {name: _figures([one.aspects[name].score for one in advice]) for name in WEIGHTS}
    return {"count": len(rows), "overall": _figures([one.overall for one in advice]), **figures, **_open(advice)}


def _open(advice: Sequence[Advice]) -> dict[str, float]:
    asked, unanswered = sum(len(one.requests) for one in advice), sum(len(one.unanswered) for one in advice)
    return {"requests": asked, "requests_unanswered": unanswered}


def _figures(scores: Sequence[float]) -> dict[str, float]:
    p10, median, p90 = (round(float(figure), 3) for figure in np.percentile(scores, (10, 50, 90)))
    low = round(float(np.mean(np.array(scores) < LOW)), 3)
    return {"mean": round(float(np.mean(scores)), 3), "p10": p10, "median": median, "p90": p90, "low": low}
