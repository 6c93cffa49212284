"""Answers that were given, looked at again for audits: pages of what was judged, and how they read on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Avg, Count, Exists, F, OuterRef, QuerySet

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Feedback
from huying.casework.cases.rules import State
from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page

from .models import JudgedAnswer, LookedAt
from .replies.judging import ASPECTS

PURPOSE: Final = "answers"
PAGE_SIZE: Final = 20
SAMPLE: Final = 2_000  # of the latest answers, for averages
_OVER: Final = (State.CLOSED, State.ARCHIVED)
_WEAKEST, _NEWEST = ("overall", "id"), ("-given_at", "-id")


@dataclass(frozen=True, slots=True)
class Which:
    """The answers asked for: of these units (of all, when empty), given since then."""

    units: tuple[int, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Average:
    """How ``count`` answers of one unit (``None``: on the spot) read on average, in hundredths."""

    unit_id: int | None
    count: int
    overall: float
    aspects: dict[str, float]


def audited(
    actor: Actor, which: Which, *, weakest: bool = True, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[JudgedAnswer]:
    """The judged answers of closed cases the actor may see, one a case, the weakest or the newest first. One query."""
    rows = in_full(actor, which).order_by()
    return page(rows, _WEAKEST if weakest else _NEWEST, cursor, size)


def in_full(actor: Actor, which: Which, *, weakest: bool = True) -> QuerySet[JudgedAnswer]:
    """The same answers unpaged, for whoever takes them away or counts them."""
    rows = _seen(actor, which).select_related("case__item", "feedback", "unit").defer("case__terms", "case__proposals")
    return rows.order_by(*(_WEAKEST if weakest else _NEWEST))


def averages(actor: Actor, which: Which) -> list[Average]:
    """How the latest ``SAMPLE`` of these answers read, unit by unit, the weakest unit first. One query."""
    sample = _seen(actor, which).order_by("-given_at", "-id").values("pk")[:SAMPLE]
    means = {f"mean_{name}": Avg(name) for name in ("overall", *ASPECTS)}
    rows = JudgedAnswer.objects.filter(pk__in=sample).values(of=F("unit_id")).annotate(count=Count("id"), **means)
    found = [
        Average(row["of"], row["count"], row["mean_overall"], {name: row[f"mean_{name}"] for name in ASPECTS})
        for row in rows.order_by()
    ]
    return sorted(found, key=lambda one: (one.overall, -one.count))


def whole(found: Sequence[Average]) -> dict[str, float]:
    """The averages of all units together, by aspect; empty where there are none."""
    total = sum(one.count for one in found)
    return {name: sum(one.aspects[name] * one.count for one in found) / total for name in ASPECTS} if total else {}


def still_filling() -> bool:
    """Whether answers given before they were judged at all are still being gone through. Two queries at most."""
    return not LookedAt.objects.filter(purpose=PURPOSE).exists() and Feedback.objects.exclude(text="").exists()


def _seen(actor: Actor, which: Which) -> QuerySet[JudgedAnswer]:
    cases = case_access.visible(actor).filter(pk=OuterRef("case_id"), state__in=_OVER)
    rows = JudgedAnswer.objects.filter(Exists(cases))
    if which.units:
        rows = rows.filter(unit__in=which.units)
    return rows if which.since is None else rows.filter(given_at__gte=which.since)
