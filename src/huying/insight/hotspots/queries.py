"""Reads of the hot issues: one issue, its time line, its messages and points, and how heat is weighed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Max
from django.db.models.functions import Trunc

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page
from huying.senses.reports.access import readable
from huying.senses.reports.models import Report

from . import access
from .actions import KEPT, UNSPOKEN
from .heat import USUAL, Weights
from .models import HeatWeights, HotIssue, HotMessage
from .periods import Period

_LATEST: Final = ("-at", "-id")
PAGE_SIZE: Final = 30
MOST_POINTS: Final = 4000
MOST_BEHIND: Final = 10_000
_MOST_ROWS: Final = 50


def behind(now: datetime) -> int:
    """How many reports came in and are not grouped yet, counted up to ten thousand. Two small queries.

    Usually those of the last minute; many after a history was taken over, or while no worker ran.
    """
    last = HotMessage.objects.aggregate(last=Max("report_id"))["last"] or 0
    came = Report.objects.filter(
        pk__gt=last, erased_at__isnull=True, said_at__gt=now - KEPT, received_at__gt=now - KEPT
    )
    return came.exclude(text="").exclude(channel__in=UNSPOKEN)[:MOST_BEHIND].count()


def weights() -> Weights:
    """How heat is weighed now: what the place set last, else the usual; one query."""
    names = [field.name for field in fields(Weights)]
    row = HeatWeights.objects.order_by("-at", "-id").values(*names).first()
    return Weights(**row) if row else USUAL


def weights_set() -> Sequence[HeatWeights]:
    """What was set so far, latest first; one query."""
    return list(HeatWeights.objects.order_by("-at", "-id")[:_MOST_ROWS])


def messages_of(issue: HotIssue, actor: Actor, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[HotMessage]:
    """The messages of an issue whose case the actor may see, latest first; one query."""
    rows = issue.members.filter(report__in=readable(actor)).select_related("report__case").defer("features")
    return page(rows, _LATEST, cursor, size)


def case_ids(issue: HotIssue, actor: Actor) -> list[int]:
    """The cases of its messages that the actor may see."""
    seen = readable(actor).filter(pk__in=issue.members.values("report"))
    return list(seen.order_by("case_id").values_list("case_id", flat=True).distinct()[:MOST_POINTS])


@dataclass(frozen=True, slots=True)
class Part:
    """How many messages a day, week or month brought; ``first`` is its first day."""

    first: date
    count: int


def time_line(issue: HotIssue, actor: Actor, period: Period) -> list[Part]:
    """What residents said of an issue over a period, every day, week or month of it, oldest first; one query."""
    rows: Any = access.messages(actor).filter(issue=issue, official=False, at__gte=period.since, at__lt=period.until)
    cut = rows.annotate(part=Trunc("at", period.step, tzinfo=period.zone)).values("part")
    counts = {row["part"].date(): row["count"] for row in cut.annotate(count=Count("id"))}
    return [Part(first, counts.get(first, 0)) for first in period.begins()]


@dataclass(frozen=True, slots=True)
class Point:
    """Where one message was, with the issue it belongs to."""

    issue_id: int
    name: str
    lon: float
    lat: float


def points(
    actor: Actor, period: Period, *, issue: HotIssue | None = None, among: Sequence[int] | None = None
) -> list[Point]:
    """What residents said in a period, with a point, of cases the actor may see, the latest four thousand; one query.

    A message without a point of its own stands where its case does. ``among``: only these issues.
    """
    rows = HotMessage.objects.filter(
        official=False, at__gte=period.since, at__lt=period.until, report__in=readable(actor)
    )
    if issue is not None:
        rows = rows.filter(issue=issue)
    elif among is not None:
        rows = rows.filter(issue__in=among)
    named = rows.exclude(issue__name="").order_by("-at", "-id")
    own, of_case = ("report__lon", "report__lat"), ("report__case__lon", "report__case__lat")
    found = named.values_list("issue_id", "issue__name", *own, *of_case)[:MOST_POINTS]
    return [
        Point(pk, name, lon if lon is not None else case_lon, lat if lat is not None else case_lat)
        for pk, name, lon, lat, case_lon, case_lat in found
        if (lon is not None and lat is not None) or (case_lon is not None and case_lat is not None)
    ]
