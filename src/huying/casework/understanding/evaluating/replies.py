"""`huying evaluate replies`: does the relevance measure know a reply again, and how good are the replies of a file?

For every message its true reply is put among others drawn at random from the same file, and the measure orders them.
The measure sees texts only: which row a reply stands in, who wrote the message and when are kept from it. Ties count as
the mean of the places they share. Large files are worked through in random blocks, so memory stays bounded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from huying.kernel.console import Console
from huying.kernel.errors import Invalid
from huying.kernel.tables import rows_of

from ..replies.judging import LOW, WEIGHTS, Advice, Background, judge, relevance_matrix

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
@click.option("--message", "messages", help="Columns of the message, divided by commas, title first.")
@click.option("--reply", "answer", help="Column of the reply.")
@click.option(
    "--candidates", type=click.IntRange(min=2), default=20, show_default=True, help="Replies to choose among."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the draw.")
@click.option(
    "--aspects", "sampled", type=click.IntRange(min=0), default=400, show_default=True, help="Rows to judge in full."
)
@click.option(
    "--json", "out", is_flag=False, flag_value="-", metavar="[OUT]", help="Write one JSON object to OUT, or print it."
)
def replies(
    file: Path, messages: str | None, answer: str | None, candidates: int, seed: int, sampled: int, out: str | None
) -> None:
    """Measure on a table of messages and replies: is the true reply put first, and how do the aspects spread?"""
    console = Console(as_json=out == "-")
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
    if out not in (None, "-"):
        text = json.dumps({**facts, "summary": summary}, ensure_ascii=False, indent=1)
        Path(str(out)).write_text(text + "\n", encoding="utf-8")
    console.done(summary, **facts)


def read_exchanges(file: Path, messages: str | None, answer: str | None) -> tuple[list[Exchange], list[str]]:
    """Rows that have both a message and a reply, and the columns they were read from."""
    try:
        rows = rows_of(file)
        header = [str(cell).strip().lstrip("\ufeff") for cell in next(rows, [])]
        wanted = (
            [name.strip() for name in messages.split(",") if name.strip()]
            if messages
            else _present(header, MESSAGE_COLUMNS)
        )
        answers = [answer.strip()] if answer else _present(header, REPLY_COLUMNS)[:1]
        for name in (*wanted, *answers):
            if name not in header:
                raise click.BadParameter(f"no column {name!r}; there are {', '.join(header)}")
        if not wanted or not answers:
            raise click.UsageError(f"name the columns with --message and --reply; there are {', '.join(header)}")
        places, place = [header.index(name) for name in wanted], header.index(answers[0])
        cells = [([_cell(row, at) for at in places], _cell(row, place)) for row in rows]
    except Invalid as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    return _exchanges([(asked, said) for asked, said in cells if any(asked) and said]), [*wanted, *answers]


def _exchanges(cells: Sequence[tuple[list[str], str]]) -> list[Exchange]:
    lengths = [len(asked[0]) for asked, _said in cells] or [0]
    titled = bool(cells) and len(cells[0][0]) > 1 and float(np.percentile(lengths, 90)) <= _TITLE_LENGTH
    first = 1 if titled else 0
    return [Exchange(asked[0] if titled else "", "\n".join(asked[first:]), said) for asked, said in cells]


def _present(header: Sequence[str], names: Sequence[str]) -> list[str]:
    return [name for name in names if name in header]


def _cell(row: Sequence[Any], at: int) -> str:
    return str(row[at]).strip() if at < len(row) and row[at] is not None else ""


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
