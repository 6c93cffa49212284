"""Reads of the hot issues: the board, one issue day by day, its messages and its points on the map."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page
from huying.senses.reports.access import readable

from . import access
from .models import HotIssue, HotMessage

WINDOWS: Final = (7, 30, 90)
RANKED: Final = ("-heat", "id")
_LATEST: Final = ("-at", "-id")
PAGE_SIZE: Final = 30
MOST_POINTS: Final = 4000


def board(
    actor: Actor,
    *,
    since: datetime,
    until: datetime,
    place: str = "",
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[HotIssue]:
    """The issues somebody spoke of in a stretch of time, hottest first; one query. ``place``: a part of place or name."""
    issues = _spoken(actor, since, until)
    if wanted := place.strip():
        issues = issues.filter(Q(place__icontains=wanted) | Q(name__icontains=wanted))
    return page(issues.select_related("case"), RANKED, cursor, size)


def _spoken(actor: Actor, since: datetime, until: datetime) -> QuerySet[HotIssue]:
    return access.visible(actor).filter(quiet=False, last_at__gte=since, first_at__lt=until)


def messages_of(issue: HotIssue, actor: Actor, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[HotMessage]:
    """The messages of an issue whose case the actor may see, latest first; one query."""
    rows = issue.members.filter(report__in=readable(actor)).select_related("report__case").defer("features")
    return page(rows, _LATEST, cursor, size)


def case_ids(issue: HotIssue, actor: Actor) -> list[int]:
    """The cases of its messages that the actor may see."""
    seen = readable(actor).filter(pk__in=issue.members.values("report"))
    return list(seen.order_by("case_id").values_list("case_id", flat=True).distinct()[:MOST_POINTS])


@dataclass(frozen=True, slots=True)
class Day:
    """How many messages a day brought."""

    day: date
    count: int


def daily(issue: HotIssue, *, since: datetime) -> list[Day]:
    """The days with messages, oldest first."""
    rows = issue.members.filter(at__gte=since).annotate(day=TruncDate("at")).values("day")
    return [Day(row["day"], row["count"]) for row in rows.annotate(count=Count("id")).order_by("day")]


@dataclass(frozen=True, slots=True)
class Point:
    """Where one message was, with the issue it belongs to."""

    issue_id: int
    name: str
    lon: float
    lat: float


def points(actor: Actor, *, since: datetime, until: datetime, issue: HotIssue | None = None) -> list[Point]:
    """Messages with a point whose case the actor may see, the latest four thousand; one query."""
    rows = HotMessage.objects.filter(at__gte=since, at__lt=until, report__in=readable(actor))
    rows = rows.filter(report__lon__isnull=False, report__lat__isnull=False)
    rows = rows.filter(issue=issue) if issue else rows.filter(issue__in=_spoken(actor, since, until).values("pk"))
    columns = rows.order_by("-at").values_list("issue_id", "issue__name", "report__lon", "report__lat")
    return [Point(pk, name, lon or 0.0, lat or 0.0) for pk, name, lon, lat in columns[:MOST_POINTS]]
