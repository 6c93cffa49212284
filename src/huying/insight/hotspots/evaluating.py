"""`huying evaluate hot-issues`: from a table of messages to a table of groups, for measuring and for a first look."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from huying.insight.hotspots.grouping import Message, grouped
from huying.insight.hotspots.heat import figures_of, heat
from huying.insight.hotspots.likeness import features
from huying.insight.hotspots.naming import Naming, named
from huying.kernel.console import Console, json_option
from huying.kernel.tables import rows_of

COLUMNS = ("cluster", "rank", "heat", "name", "place", "from", "to", "id")
_TIME = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})(?:\D+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where in a row to find what."""

    id: int
    texts: tuple[int, ...]
    time: int
    likes: int | None
    dislikes: int | None
    user: int | None


@dataclass(frozen=True, slots=True)
class _Issue:
    messages: Sequence[Message]
    naming: Naming
    heat: float


@click.command("hot-issues")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "id_column", required=True, metavar="COL", help="Column of the message's number.")
@click.option(
    "--text", "text_columns", required=True, metavar="COL,COL", help="Columns of text; the first is the title."
)
@click.option("--time", "time_column", required=True, metavar="COL", help="Column of the time it was written.")
@click.option("--likes", "likes_column", metavar="COL", help="Column of likes.")
@click.option("--dislikes", "dislikes_column", metavar="COL", help="Column of dislikes.")
@click.option("--user", "user_column", metavar="COL", help="Column of who wrote, so that one person counts once.")
@click.option("--at-least", default=1, show_default=True, type=click.IntRange(1), help="Smallest group to write.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="CSV file to write.")
@json_option
def hot_issues(
    console: Console,
    file: Path,
    id_column: str,
    text_columns: str,
    time_column: str,
    likes_column: str | None,
    dislikes_column: str | None,
    user_column: str | None,
    at_least: int,
    out: Path,
) -> None:
    """Group the messages of FILE (csv or xlsx) into hot issues, the hottest first, one row a message."""
    began = perf_counter()
    rows = rows_of(file)
    header = [_text(cell) for cell in next(rows, [])]
    texts = tuple(_column(header, name.strip(), "--text") for name in text_columns.split(","))
    likes, dislikes, user = (
        _column(header, name, option) if name else None
        for name, option in ((likes_column, "--likes"), (dislikes_column, "--dislikes"), (user_column, "--user"))
    )
    source = _Source(
        _column(header, id_column, "--id"), texts, _column(header, time_column, "--time"), likes, dislikes, user
    )
    given = list(_messages(rows, source))
    progress = console.progress()
    progress.start("hot issues", 2 * len(given))
    issues = _ranked(grouped([message for _, message in given], progress.advance))
    progress.finish()
    written = [issue for issue in issues if len(issue.messages) >= at_least]
    _write(out, written, {message.id: shown for shown, message in given})
    seconds = round(perf_counter() - began, 1)
    alone = sum(len(issue.messages) == 1 for issue in issues)
    said = (
        f"{len(given):,} messages in {len(issues):,} groups, {alone:,} of them alone, written to {out} in {seconds} s"
    )
    facts = {"messages": len(given), "groups": len(issues), "alone": alone, "written": len(written), "seconds": seconds}
    console.done(said, file=str(out), **facts)


def _ranked(groups: Sequence[Sequence[Message]]) -> list[_Issue]:
    """Hottest first, as of the latest message of all."""
    times = [message.time for group in groups for message in group if message.time]
    now = max(times, default=datetime(1970, 1, 1))  # noqa: DTZ001 - times of a table have no zone
    issues = [
        _Issue(
            group,
            named([(message.title, features(message.title, message.text)) for message in group[:_NAMED_BY]]),
            heat(figures_of(group, now)).total,
        )
        for group in groups
    ]
    return sorted(issues, key=lambda issue: (-issue.heat, -len(issue.messages), issue.messages[0].id))


_NAMED_BY = 30  # messages of a group are enough to name it


def _write(out: Path, issues: Sequence[_Issue], shown: dict[str, str]) -> None:
    with out.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for rank, issue in enumerate(issues, 1):
            times = [message.time for message in issue.messages if message.time]
            first = min(times).isoformat(" ") if times else ""
            last = max(times).isoformat(" ") if times else ""
            lead = (rank, rank, f"{issue.heat:.2f}", issue.naming.name, issue.naming.place, first, last)
            writer.writerows((*lead, shown[message.id]) for message in issue.messages)


def _column(header: Sequence[str], name: str, option: str) -> int:
    if name in header:
        return header.index(name)
    raise click.BadParameter(f"there is no column {name!r}; the table has: {', '.join(header)}", param_hint=option)


def _messages(rows: Iterator[list[Any]], source: _Source) -> Iterator[tuple[str, Message]]:
    """Each row's number as shown, and its message; within the run a message goes by its row, for numbers may repeat."""
    for number, row in enumerate(rows):

        def cell(at: int | None, row: list[Any] = row) -> Any:
            return row[at] if at is not None and at < len(row) else ""

        title, *rest = (_text(cell(at)) for at in source.texts)
        if not (title or any(rest) or _text(cell(source.id))):
            continue  # an empty line at the end of a sheet
        yield (
            _text(cell(source.id)),
            Message(
                id=f"{number:08d}",
                title=title,
                text="\n".join(rest),
                time=time_of(cell(source.time)),
                likes=_number(cell(source.likes)),
                dislikes=_number(cell(source.dislikes)),
                user=_text(cell(source.user)),
            ),
        )


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell if cell is not None else "").strip()


def _number(cell: Any) -> int:
    try:
        return int(float(cell or 0))
    except (TypeError, ValueError):
        return 0


def time_of(cell: Any) -> datetime | None:
    """A time as sheets and people write it, without zone; None for what is none."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    found = _TIME.search(str(cell or ""))
    if not found:
        return None
    try:
        return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
