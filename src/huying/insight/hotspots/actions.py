"""Writes of the hot issues: messages join as they come, everything is looked at again at night.

One writer at a time, under a lock by name; the index of :mod:`indexing` changes together with the rows. What may come again
in a minute does not wait for the lock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Case, Exists, F, Max, OuterRef, QuerySet, Subquery, Value, When

from huying.casework.cases.models import Case as Matter
from huying.kernel.locks import lock_name, lock_rows, try_lock_name
from huying.kernel.privacy import mask_text
from huying.senses.reports.models import Report
from huying.senses.reports.rules import Channel

from . import indexing
from .grouping import Message
from .indexing import Index, key_of, report_of
from .models import HotIssue, HotMessage
from .ranking import refresh, title_for

KEPT: Final = timedelta(days=365)  # how long a message finds others, while it is among the latest twenty thousand
AT_ONCE: Final = 300  # a round of a few seconds; what is left comes with the next
READING: Final = 2  # version of the reader; what an older one made is read again by a rebuild
LOCK: Final = "hotspots"
_LATE = 2000  # numbers below the last one taken that may have been written after it
_READ = 1500  # signs of a text that are masked; far fewer are read
UNSPOKEN: Final = (Channel.CAMERA, Channel.DEVICE)  # what machines report is not what people speak of
OFFICIAL: Final = (
    Channel.GRID,
    Channel.DEPARTMENT,
)  # found on a patrol or passed on: supports an issue, is no resident's voice
COLUMNS: Final = (
    *(
        "id",
        "channel",
        "title",
        "text",
        "place_text",
        "said_at",
        "received_at",
        "lon",
        "lat",
        "contact_id",
        "first_case_id",
    ),
    *(f"case__{name}" for name in ("lon", "lat", "grid", "community", "town", "county", "item_code")),
)

__all__ = ["consolidate", "forget_erased", "take_new", "tidy"]


@transaction.atomic
def take_new(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Let reports that came since the last time join the issue they are about, or begin one; returns how many came.

    Reports that were erased, are older than a year or come from a device are left out. A repeated call changes nothing;
    nothing is done while another writer is at it, such as a rebuild.
    """
    if not try_lock_name(LOCK):
        return 0
    reports = list(untaken(now, last_taken()).order_by("id")[:limit])
    if not reports:
        return 0
    with indexing.held(now - KEPT) as index:
        gone: dict[str, str] = {}
        for report in reports:
            placed = index.groups.add(message_of(report))
            index.at[key_of(report.pk)] = said(report)
            gone.update(dict.fromkeys(placed.absorbed, placed.group))
        begin(index, [index.groups.group_of(key_of(report.pk)) for report in reports])
        changed = _join(index, gone)
        changed |= {index.issues[index.groups.group_of(key_of(report.pk))] for report in reports}
        write(index, reports)
        refresh(changed)
    return len(reports)


def last_taken() -> int:
    """The number of the latest report that has a row, 0 for none."""
    return HotMessage.objects.aggregate(last=Max("report_id"))["last"] or 0


def untaken(now: datetime, last: int) -> QuerySet[Report]:
    """Reports of the last year behind the last one taken, and those just before it that were written later."""
    fresh = Report.objects.filter(pk__gt=last - _LATE, said_at__gt=now - KEPT, received_at__gt=now - KEPT)
    return spoken(fresh).exclude(Exists(taken()))


def taken() -> QuerySet[HotMessage]:
    """The row of a report, for a subquery."""
    return HotMessage.objects.filter(report=OuterRef("pk"))


def spoken(reports: QuerySet[Report]) -> QuerySet[Report]:
    """What people said, with all that is read of it; ``seconded`` where somebody else had opened the case."""
    before = Report.objects.filter(first_case=OuterRef("first_case"), pk__lt=OuterRef("pk"))
    said = reports.filter(erased_at__isnull=True).exclude(text="").exclude(channel__in=UNSPOKEN)
    return said.select_related("case").only(*COLUMNS).annotate(seconded=Exists(before))


def message_of(report: Report) -> Message:
    """A report as it is compared: without numbers that lead to a person."""
    return Message(
        key_of(report.pk),
        title_for(report.title, report.text),
        mask_text(report.text[:_READ]),
        said(report),
        place=mask_text(report.place_text),
        where=indexing.where_of(report),
    )


def said(report: Report) -> datetime:
    """When it was said; a clock that runs ahead is not believed."""
    return min(report.said_at, report.received_at)


def write(index: Index, reports: Iterable[Report]) -> None:
    """The rows of messages, made or made anew; two queries for a thousand."""
    rows = [
        HotMessage(
            report_id=report.pk,
            issue_id=index.issues[index.groups.group_of(key_of(report.pk))],
            features=indexing.written(index.groups.features_of(key_of(report.pk))),
            at=said(report),
            person=report.contact_id or -report.pk,
            seconded=report.seconded,  # type: ignore[attr-defined]
            official=report.channel in OFFICIAL,
            area=indexing.area_of(report),
            reading=READING,
        )
        for report in reports
    ]
    fields = ["issue", "features", "at", "person", "seconded", "official", "area", "reading"]
    HotMessage.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["report"], update_fields=fields, batch_size=1000
    )


def begin(index: Index, groups: Iterable[str]) -> None:
    """A row for every group that has none."""
    new = [key for key in dict.fromkeys(groups) if key not in index.issues]
    moments = [index.at[index.groups.members(key)[0]] for key in new]
    rows = [HotIssue(first_at=moment, last_at=moment) for moment in moments]
    for key, row in zip(new, HotIssue.objects.bulk_create(rows, batch_size=1000), strict=True):
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
    retire(homes)
    return set(homes.values())


def retire(homes: Mapping[int, int]) -> None:
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
    empty.filter(case__isnull=False).update(messages=0, people=0)


def _members() -> QuerySet[HotMessage]:
    return HotMessage.objects.filter(issue=OuterRef("pk"))


@transaction.atomic
def consolidate(*, now: datetime) -> int:
    """Look at the messages of the last year again, whatever order they came in, at most the latest twenty thousand; what is
    older stays together as it is. Returns how many issues changed.
    """
    lock_name(LOCK)
    with indexing.held(now - KEPT, anew=True) as index:
        changed, homes = regroup(index)
        move(index, [key for ids in changed.values() for key in ids])
        retire(homes)
        refresh({index.issues[key] for key in changed} | set(homes.values()))
    return len(changed)


def regroup(
    index: Index, fresh: Collection[str] | None = None, advance: Callable[[int], None] = lambda _steps: None
) -> tuple[dict[str, tuple[str, ...]], dict[int, int]]:
    """Look at the messages of an index again, or at these: the groups with other members than before, by key, which all have a row; and
    for each issue left without messages the one most of them went to.
    """
    before = index.groups.groups()
    changed = index.groups.consolidate(advance, fresh)
    begin(index, index.groups.groups())
    homes = {}
    for key in index.issues.keys() - index.groups.groups().keys():
        ((home, _votes),) = Counter(map(index.groups.group_of, before[key])).most_common(1)
        homes[index.issues.pop(key)] = index.issues[home]
    return changed, homes


def move(index: Index, keys: Collection[str]) -> None:
    """Write down where these messages are now, which all have a row; a query for each issue one came to."""
    ids = [report_of(key) for key in keys]
    to: dict[int, list[int]] = defaultdict(list)
    for report_id, issue_id in HotMessage.objects.filter(report__in=ids).values_list("report_id", "issue_id"):
        home = index.issues[index.groups.group_of(key_of(report_id))]
        if home != issue_id:
            to[home].append(report_id)
    for home, moved in to.items():
        HotMessage.objects.filter(report__in=moved).update(issue=home)


@transaction.atomic
def tidy(*, now: datetime) -> int:
    """Where cases were moved to other ground their messages follow; what is alone and finds no other any more keeps nothing of
    its words. Returns how many rows changed.
    """
    lock_name(LOCK)
    case = Matter.objects.filter(pk=OuterRef("report__case"))
    parts = [When(**{f"{name}__gt": ""}, then=F(name)) for name in ("grid", "community", "town", "county")]
    now_at = Subquery(case.annotate(ground=Case(*parts, default=Value(""))).values("ground")[:1])
    recent = HotMessage.objects.filter(at__gte=now - KEPT).annotate(now_at=now_at).exclude(area=F("now_at"))
    moved = dict(recent.values_list("pk", "now_at"))
    rows = [HotMessage(pk=pk, area=area) for pk, area in moved.items()]
    HotMessage.objects.bulk_update(rows, ["area"], batch_size=1000)
    old = HotMessage.objects.filter(at__lt=now - KEPT, issue__messages=1).exclude(features={})
    return len(moved) + old.update(features={})


@transaction.atomic
def forget_erased(*, now: datetime) -> int:
    """What was erased leaves its issue, whose name is then made without it; returns how many messages left."""
    if not try_lock_name(LOCK):
        return 0
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
        left.exclude(Exists(_members())).update(messages=0, people=0, name="", place="")
        refresh(set(rows.values()))
    return len(rows)
