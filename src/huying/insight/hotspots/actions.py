"""Writes of the hot issues: messages join as they come, everything is looked at again at night, a joint case is opened.

One writer at a time, under a lock by name; the index of :mod:`indexing` changes together with the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from huying.kernel.locks import lock_name, lock_rows
from huying.kernel.privacy import mask_text
from huying.senses.reports.models import Report
from huying.senses.reports.rules import Channel

from . import indexing
from .grouping import Message
from .indexing import Index, key_of, report_of
from .joint import open_joint_case
from .models import HotIssue, HotMessage
from .ranking import refresh, title_for

KEPT: Final = timedelta(days=90)  # how long a message finds others
AT_ONCE: Final = 300  # a round of a few seconds; what is left comes with the next
_LATE = 2000  # numbers below the last one taken that may have been written after it
_UNSPOKEN = (Channel.CAMERA, Channel.DEVICE)  # what machines report is not what people speak of
_LOCK = "hotspots"

__all__ = ["consolidate", "forget_erased", "open_joint_case", "refresh_heat", "take_new"]


@transaction.atomic
def take_new(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Let reports that came since the last time join the issue they are about, or begin one; returns how many came.

    Reports that were erased, are older than 90 days or come from a device are left out. A repeated call changes nothing.
    """
    lock_name(_LOCK)
    reports = _untaken(now, limit)
    if not reports:
        return 0
    with indexing.held(now - KEPT) as index:
        gone: dict[str, str] = {}
        for report in reports:
            message = Message(key_of(report.pk), _headed(report), mask_text(report.text), _said(report))
            placed = index.groups.add(message)
            gone.update(dict.fromkeys(placed.absorbed, placed.group))
        at = {key_of(report.pk): _said(report) for report in reports}
        _begin(index, [index.groups.group_of(key) for key in at], at)
        changed = _join(index, gone)
        for key in at:
            changed.add(index.issues[index.groups.group_of(key)])
        HotMessage.objects.bulk_create(
            [
                HotMessage(
                    report_id=report_of(key),
                    issue_id=index.issues[index.groups.group_of(key)],
                    features=indexing.written(index.groups.features_of(key)),
                    at=moment,
                )
                for key, moment in at.items()
            ]
        )
        refresh(changed, now=now)
    return len(reports)


def _untaken(now: datetime, limit: int) -> list[Report]:
    """Reports behind the last one taken, and those just before it that were written later; oldest first."""
    last = HotMessage.objects.aggregate(last=Max("report_id"))["last"] or 0
    fresh = Report.objects.filter(
        pk__gt=last - _LATE, said_at__gt=now - KEPT, received_at__gt=now - KEPT, erased_at__isnull=True
    )
    taken = Exists(HotMessage.objects.filter(report=OuterRef("pk")))
    columns = ("id", "title", "text", "place_text", "said_at", "received_at")
    return list(
        fresh.exclude(text="").exclude(channel__in=_UNSPOKEN).exclude(taken).only(*columns).order_by("id")[:limit]
    )


def _headed(report: Report) -> str:
    """The title behind the place that was given apart: where it is decides as much as what it is."""
    title = title_for(report.title, report.text)
    place = mask_text(report.place_text)
    return title if not place or place in title else f"{place}{title}"


def _said(report: Report) -> datetime:
    """When it was said; a clock that runs ahead is not believed."""
    return min(report.said_at, report.received_at)


def _begin(index: Index, groups: Iterable[str], at: Mapping[str, datetime]) -> None:
    """A row for every group that has none."""
    new = [key for key in dict.fromkeys(groups) if key not in index.issues]
    moments = [at[index.groups.members(key)[0]] for key in new]
    rows = [HotIssue(first_at=moment, last_at=moment) for moment in moments]
    for key, row in zip(new, HotIssue.objects.bulk_create(rows), strict=True):
        index.issues[key] = row.pk


def _join(index: Index, gone: Mapping[str, str]) -> set[int]:
    """Groups that turned out to be another one: their messages and their joint case go there; ids of the latter."""
    homes: dict[int, int] = {}
    for key in gone:
        home = key
        while home in gone:
            home = gone[home]
        if key in index.issues:
            homes[index.issues.pop(key)] = index.issues[home]
    for old, home_id in homes.items():
        HotMessage.objects.filter(issue=old).update(issue=home_id)
    _retire(homes)
    return set(homes.values())


def _retire(homes: Mapping[int, int]) -> None:
    """Issues without messages are gone, unless each has a joint case of its own."""
    rows = {one.pk: one for one in lock_rows(HotIssue, {*homes, *homes.values()})}
    for old_id, home_id in homes.items():
        old, home = rows[old_id], rows[home_id]
        if old.case_id is not None and home.case_id is None:
            home.case_id, old.case_id = old.case_id, None
            old.save(update_fields=["case"])
            home.save(update_fields=["case"])
    empty = HotIssue.objects.filter(pk__in=list(homes)).exclude(Exists(_members()))
    empty.filter(case__isnull=True).delete()
    empty.filter(case__isnull=False).update(quiet=True)


def _members() -> QuerySet[HotMessage]:
    return HotMessage.objects.filter(issue=OuterRef("pk"))


@transaction.atomic
def consolidate(*, now: datetime) -> int:
    """Look at all messages of the last 90 days again, whatever order they came in; returns how many issues changed."""
    lock_name(_LOCK)
    with indexing.held(now - KEPT, anew=True) as index:
        before = index.groups.groups()
        changed = index.groups.consolidate()
        after = index.groups.groups()
        at = dict(HotMessage.objects.filter(at__gte=now - KEPT).values_list("report_id", "at"))
        _begin(index, after, {key_of(one): moment for one, moment in at.items()})
        for key in changed:
            moved = [report_of(one) for one in after[key]]
            HotMessage.objects.filter(report__in=moved).update(issue=index.issues[key])
        homes = {}
        for key in index.issues.keys() - after.keys():
            ((home, _votes),) = Counter(map(index.groups.group_of, before[key])).most_common(1)
            homes[index.issues.pop(key)] = index.issues[home]
        _retire(homes)
        refresh({index.issues[key] for key in changed} | homes.keys(), now=now)
    return len(changed)


@transaction.atomic
def refresh_heat(*, now: datetime) -> int:
    """The heat of every issue as of today; what nobody spoke of for 90 days is quiet. Returns how many are shown."""
    lock_name(_LOCK)
    old = HotIssue.objects.filter(last_at__lt=now - KEPT, quiet=False)
    alone = old.filter(messages=1, case__isnull=True)
    HotMessage.objects.filter(issue__in=alone.values("pk")).delete()
    alone.delete()
    old.update(quiet=True)
    ids = HotIssue.objects.filter(quiet=False, messages__gt=1).values_list("pk", flat=True)
    return refresh(list(ids), now=now)


@transaction.atomic
def forget_erased(*, now: datetime) -> int:
    """What was erased leaves its issue, whose name is then made without it; returns how many messages left."""
    lock_name(_LOCK)
    erased = HotMessage.objects.filter(report__erased_at__isnull=False)
    rows = dict(erased.values_list("report_id", "issue_id"))
    if not rows:
        return 0
    with indexing.held(now - KEPT) as index:
        HotMessage.objects.filter(report__in=list(rows)).delete()
        for key in {key_of(one) for one in rows} & {one for ids in index.groups.groups().values() for one in ids}:
            index.groups.remove(key)
        index.issues = {key: index.issues[key] for key in index.groups.groups()}
        lock_rows(HotIssue, rows.values())
        left = HotIssue.objects.filter(pk__in=set(rows.values()))
        left.exclude(Exists(_members())).filter(case__isnull=True).delete()
        left.exclude(Exists(_members())).update(quiet=True, messages=0, people=0, name="", place="", heat=0.0)
        refresh(set(rows.values()), now=now)
    return len(rows)
