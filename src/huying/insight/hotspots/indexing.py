"""The index new messages are compared with: kept in memory, made again from the stored rows when another process wrote.

Only used under the lock of the one writer. What is kept of a message goes in and out of JSON here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from .grouping import Groups
from .likeness import Features
from .models import HotMessage
from .places import Name

# The rows as one value that is another one as soon as a message came, went or moved to another issue.
_MARK = f"SELECT max(report_id), count(*), sum(hashint8extended(issue_id, report_id)) FROM {HotMessage._meta.db_table}"
_held: dict[str, Index] = {}


@dataclass(slots=True)
class Index:
    """The groups, and which stored issue each one is, by the key of the group."""

    groups: Groups = field(default_factory=Groups)
    issues: dict[str, int] = field(default_factory=dict)
    mark: Any = None


@contextmanager
def held(since: datetime, *, anew: bool = False) -> Iterator[Index]:
    """The index, to be changed together with the rows; forgotten when that fails. ``anew``: without what is older."""
    name = str(connection.settings_dict["NAME"])
    index = _held.pop(name, None)
    if index is None or anew or index.mark != _mark():
        index = _restored(since)
    yield index
    index.mark = _mark()
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
    """Features as JSON."""
    words = {word: round(weight, 4) for word, weight in kept.words.items()}
    return {"words": words, "names": [[one.text, one.core, one.kind, round(one.weight, 4)] for one in kept.names]}


def read(stored: dict[str, Any]) -> Features:
    """Features from JSON."""
    return Features(stored["words"], tuple(Name(*one) for one in stored["names"]))


def _restored(since: datetime) -> Index:
    """One query; groups go by the id of their issue."""
    index = Index()
    rows = HotMessage.objects.filter(at__gte=since).order_by("report_id")
    for report_id, issue_id, at, stored in rows.values_list("report_id", "issue_id", "at", "features").iterator():
        key = f"i{issue_id}"
        index.groups.restore(key_of(report_id), read(stored), at, key)
        index.issues[key] = issue_id
    return index


def _mark() -> Any:
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        return cursor.fetchone()
