"""The index new messages are compared with: kept in memory, made again from the stored rows when another process wrote.

Only used under the lock of the one writer. What is kept of a message goes in and out of JSON here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from huying.senses.reports.models import Report

from .grouping import Groups
from .likeness import Features
from .models import HotMessage
from .places import Name
from .where import NOWHERE, Where

# The rows as one value that is another one as soon as a message came, went or moved to another issue.
_MARK = (
    "SELECT max(report_id), count(*), sum(hashint8extended(issue_id, report_id))"
    f" FROM {HotMessage._meta.db_table} WHERE at >= %s"
)
MOST: Final = 20_000  # messages held; about 10 kB each
_held: dict[str, Index] = {}


@dataclass(slots=True)
class Index:
    """The groups of messages said since a moment, and which stored issue each one is, by the key of the group.

    ``at``: when each message was said.
    """

    since: datetime
    at: dict[str, datetime] = field(default_factory=dict)
    groups: Groups = field(default_factory=Groups)
    issues: dict[str, int] = field(default_factory=dict)
    mark: Any = None


@contextmanager
def held(since: datetime, *, anew: bool = False) -> Iterator[Index]:
    """The index, to be changed together with the rows; forgotten when that fails. ``anew``: without what is older."""
    name = str(connection.settings_dict["NAME"])
    index = _held.pop(name, None)
    if index is None or anew or index.mark != _mark(index.since):
        index = restored(since)
    yield index
    index.mark = _mark(index.since)
    _held[name] = index


def forget() -> None:
    """Empty the memory, as when the program begins."""
    _held.clear()


def key_of(report_id: int) -> str:
    """What a report is called among the groups."""
    return f"r{report_id}"


def report_of(key: str) -> int:
    return int(key[1:])


def written(kept: Features) -> dict[str, Any]:
    """Words and names as JSON; where it was said is read from its case each time, for that may be set right."""
    words = {word: round(weight, 4) for word, weight in kept.words.items()}
    return {"words": words, "names": [[one.text, one.core, one.kind, round(one.weight, 4)] for one in kept.names]}


def read(stored: dict[str, Any], where: Where = NOWHERE) -> Features:
    """Features from JSON; what was stripped of an old message reads as nothing."""
    return Features(stored.get("words", {}), tuple(Name(*one) for one in stored.get("names", ())), where)


def where_of(report: Report) -> Where:
    """What is known of a report beside its words; needs its case."""
    return _where(report.lon, report.lat, *(getattr(report.case, name) for name in _OF_CASE))


def area_of(report: Report) -> str:
    """The code of the smallest ground its case is known to be on."""
    case = report.case
    return case.grid or case.community or case.town or case.county


def restored(since: datetime, rows: QuerySet[HotMessage] | None = None) -> Index:
    """The index of what was said since a moment, or of these rows, at most the latest twenty thousand; one query.

    Groups go by the id of their issue.
    """
    index = Index(since)
    if rows is None:
        rows = HotMessage.objects.filter(at__gte=since)
    latest = rows.order_by("-at", "-report_id").values("pk")[:MOST]
    wanted = HotMessage.objects.filter(pk__in=latest).order_by("report_id")
    columns = ("report_id", "issue_id", "at", "features", "report__lon", "report__lat")
    of_case = tuple(f"report__case__{name}" for name in _OF_CASE)
    for report_id, issue_id, at, stored, *known in wanted.values_list(*columns, *of_case):
        key = f"i{issue_id}"
        index.groups.restore(key_of(report_id), read(stored, _where(*known)), at, key)
        index.issues[key] = issue_id
        index.at[key_of(report_id)] = at
    return index


_OF_CASE = ("lon", "lat", "grid", "community", "item_code")


def _where(
    lon: float | None,
    lat: float | None,
    case_lon: float | None,
    case_lat: float | None,
    grid: str,
    community: str,
    kind: str,
) -> Where:
    """A report's own point, else that of its case."""
    known = lon is not None and lat is not None
    return Where(grid or community, lon if known else case_lon, lat if known else case_lat, kind)


def _mark(since: datetime) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [since])
        return cursor.fetchone()
