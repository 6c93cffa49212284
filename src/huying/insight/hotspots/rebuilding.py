"""Reports grouped in bulk, slice by slice: the whole history (``huying hotspots rebuild``), or what a worker has to catch up.

A slice is some thousand reports in the order they came; they are compared with each other, all at once, and with what was
said before, whenever that was. Each slice is one transaction: a
rebuild that broke off goes on where it was, one that is repeated finds nothing to do, and a worker's round in between waits
for the next minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, QuerySet

from huying.kernel.locks import lock_name
from huying.kernel.progress import Progress, Silent
from huying.senses.reports.models import Report

from . import indexing
from .actions import (
    KEPT,
    LOCK,
    READING,
    last_taken,
    message_of,
    move,
    regroup,
    retire,
    said,
    spoken,
    taken,
    untaken,
    write,
)  # fmt: skip
from .indexing import Index, key_of
from .models import FEWEST, HotIssue, HotMessage
from .ranking import refresh

SLICE: Final = 10_000
_NAMED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many messages were read, and how many issues the place has now."""

    messages: int
    issues: int


def rebuild(*, again: bool = False, size: int = SLICE, progress: Progress | None = None) -> Rebuilt:
    """Group every report that is not grouped yet, or was by an older reader. ``again``: all of them anew, and all named anew.

    An issue keeps its number and its joint case as long as most of its messages stay together.
    """
    watcher = progress or Silent()
    if again:
        HotMessage.objects.update(reading=0)
    work = _Work(_unread, HotMessage.objects.filter(reading=READING))
    if not isinstance(watcher, Silent):
        watcher.start("hot issues", 2 * work.waiting().count())  # a long count: only for whoever watches
    count = _work_off(work, size, watcher)
    watcher.finish()
    if again:
        _name_all()
    indexing.forget()
    return Rebuilt(count, HotIssue.objects.filter(messages__gte=FEWEST).count())


def catch_up(*, now: datetime, size: int = SLICE) -> int:
    """Group what no round has taken yet: what came behind the last one taken, and is not too old to find others.

    Returns how many. It reads nothing of what is grouped already but the messages of the last year, as rounds do; two queries
    where nothing waits.
    """
    after = last_taken()
    known = HotMessage.objects.filter(at__gte=now - KEPT)
    count = _work_off(_Work(lambda: untaken(now, after), known), size, Silent())
    if count:
        indexing.forget()
    return count


@dataclass(frozen=True, slots=True)
class _Work:
    """Which reports wait, asked anew for every slice, and which messages they are compared with."""

    waiting: Callable[[], QuerySet[Report]]
    known: QuerySet[HotMessage]


def _work_off(work: _Work, size: int, watcher: Progress) -> int:
    count, last = 0, 0
    while reports := list(work.waiting().filter(pk__gt=last).order_by("id")[:size]):
        count += _take(work, reports, watcher)
        last = reports[-1].pk
    return count


def _name_all() -> None:
    """Names as they are made now, also of what did not change; a few at a time, so that no worker waits long."""
    ids = list(HotIssue.objects.filter(messages__gte=FEWEST).order_by("id").values_list("pk", flat=True))
    for start in range(0, len(ids), _NAMED_AT_ONCE):
        with transaction.atomic():
            lock_name(LOCK)
            refresh(ids[start : start + _NAMED_AT_ONCE])


def _unread() -> QuerySet[Report]:
    return spoken(Report.objects.all()).exclude(Exists(taken().filter(reading=READING)))


@transaction.atomic
def _take(work: _Work, reports: list[Report], watcher: Progress) -> int:
    """One slice; reports that were erased or taken while it waited for the lock are left out."""
    lock_name(LOCK)
    waiting = set(work.waiting().filter(pk__in=[one.pk for one in reports]).values_list("pk", flat=True))
    reports = [one for one in reports if one.pk in waiting]
    if not reports:
        return 0
    index = _before(work, reports)
    known = set(index.at)
    was = dict(HotMessage.objects.filter(report__in=waiting).values_list("report_id", "issue_id"))
    old = _kept(was, index)
    for report in reports:
        _add(index, report, old.get(report.pk))
        watcher.advance(1)
    begun = set(index.issues.values())
    changed, homes = regroup(index, [key_of(one.pk) for one in reports], watcher.advance)
    move(index, [key for ids in changed.values() for key in ids if key in known])
    write(index, reports)
    retire(homes)
    shared = HotIssue.objects.filter(pk__in=set(was.values()), messages__gt=1).values_list("pk", flat=True)
    named = {index.issues[key] for key, ids in changed.items() if len(ids) > 1 or index.issues[key] in begun}
    refresh(named | set(homes.values()) | set(shared))
    return len(reports)


def _before(work: _Work, reports: list[Report]) -> Index:
    """What they are compared with, the latest that was said before the last of them."""
    last = max(said(one) for one in reports)
    return indexing.restored(last, work.known.filter(at__lte=last))


def _kept(was: Mapping[int, int], index: Index) -> dict[int, int]:
    """The issue each report was in, where that may be kept: not where read messages it is not compared with have it."""
    elsewhere = HotMessage.objects.filter(issue__in=set(was.values()), reading=READING).values_list(
        "issue_id", flat=True
    )
    barred = set(elsewhere.distinct()) - set(index.issues.values())
    return {report_id: issue_id for report_id, issue_id in was.items() if issue_id not in barred}


def _add(index: Index, report: Report, issue_id: int | None) -> None:
    key, message = key_of(report.pk), message_of(report)
    group = key if issue_id is None else f"i{issue_id}"
    index.groups.restore(key, message.features(), message.time, group)
    index.at[key] = said(report)
    if issue_id is not None:
        index.issues[group] = issue_id
