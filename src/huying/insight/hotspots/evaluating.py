"""`huying evaluate hot-issues`: from a table of messages to a table of groups, for measuring and for a first look."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import click

from huying.casework.understanding.evaluating.tables import columns_of, table_of
from huying.insight.hotspots.grouping import Message, grouped
from huying.insight.hotspots.heat import figures_of, heat
from huying.insight.hotspots.likeness import features
from huying.insight.hotspots.naming import Naming, named
from huying.kernel.console import Console, json_option
from huying.kernel.tables import moment

COLUMNS = ("cluster", "rank", "heat", "name", "place", "from", "to", "id")


@dataclass(frozen=True, slots=True)
class _Source:
    """In which column to find what."""

    id: str
    texts: Sequence[str]
    time: str
    likes: str | None
    dislikes: str | None
    user: str | None

    def rows(self, file: Path) -> list[dict[str, str]]:
        """Every row of the table with these columns."""
        needed = {"--id": self.id, "--text": self.texts, "--time": self.time}
        return table_of(file, {**needed, "--likes": self.likes, "--dislikes": self.dislikes, "--user": self.user})


@dataclass(frozen=True, slots=True)
class _Issue:
    messages: Sequence[Message]
    naming: Naming
    heat: float


@click.command("hot-issues")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "id_column", required=True, metavar="COL", help="Column of the message's number.")
@click.option(
    "--text",
    "text_columns",
    required=True,
    type=columns_of,
    metavar="COL,COL",
    help="Columns of text; the first is the title.",
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
    text_columns: list[str],
    time_column: str,
    likes_column: str | None,
    dislikes_column: str | None,
    user_column: str | None,
    at_least: int,
    out: Path,
) -> None:
    """Group the messages of FILE (csv or xlsx) into hot issues, the hottest first, one row a message."""
    began = perf_counter()
    source = _Source(id_column, text_columns, time_column, likes_column, dislikes_column, user_column)
    given = list(_messages(source.rows(file), source))
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


def _messages(rows: Iterable[dict[str, str]], source: _Source) -> Iterator[tuple[str, Message]]:
    """Each row's number as shown, and its message; within the run a message goes by its row, for numbers may repeat."""
    for number, row in enumerate(rows):
        title, *rest = (row[name] for name in source.texts)
        if not (title or any(rest) or row[source.id]):
            continue  # an empty line at the end of a sheet
        written = moment(row[source.time], UTC)
        yield (
            row[source.id],
            Message(
                id=f"{number:08d}",
                title=title,
                text="\n".join(rest),
                time=written.replace(tzinfo=None) if written else None,
                likes=_number(row.get(source.likes or "", "")),
                dislikes=_number(row.get(source.dislikes or "", "")),
                user=row.get(source.user or "", ""),
            ),
        )


def _number(said: str) -> int:
    try:
        return int(float(said or 0))
    except (ValueError, OverflowError):
        return 0
