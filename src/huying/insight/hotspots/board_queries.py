"""The board: what people spoke of in a period, ranked by the heat of that period.

Heat is worked out in the database by the formula of :mod:`.heat`, from the messages of the period alone, over one covering
index; nothing is kept, so that other weights rank at once and any period can be asked for.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, FloatField, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Cast, Extract, Greatest, Ln, Power, Round

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page

from . import access, queries
from .heat import FEW, Figures, Weights, heat
from .models import FEWEST, HotIssue
from .periods import Period

RANKED: Final = ("-heat", "id")
PAGE_SIZE: Final = 30
_DAY = timedelta(days=1)
_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """An issue in a period: how many messages and people, from when to when, its heat and the points it is the sum of."""

    issue: HotIssue
    messages: int
    people: int
    first_at: datetime
    last_at: datetime
    heat: float
    parts: dict[str, float]


def board(
    actor: Actor,
    period: Period,
    *,
    place: str = "",
    weights: Weights | None = None,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Ranked]:
    """The issues of a period, hottest first; three queries, two when weights are given.

    ``place``: a part of place or name.
    """
    weighed = weights or queries.weights()
    found = page(_ranked(_spoken(actor, period, place), period, weighed), RANKED, cursor, size)
    issues = HotIssue.objects.in_bulk([row["id"] for row in found.rows])
    rows = [_one(issues[row["id"]], row, period, weighed) for row in found.rows if row["id"] in issues]
    return Page(rows, found.next, found.prev)


def ids(actor: Actor, period: Period, *, place: str = "") -> list[int]:
    """The hundred hottest issues of a period, for the map; two queries."""
    rows = _ranked(_spoken(actor, period, place), period, queries.weights())
    return [row["id"] for row in rows.order_by(*RANKED)[:100]]


def standing(issue: HotIssue, actor: Actor, period: Period, *, weights: Weights | None = None) -> Ranked | None:
    """One issue in a period, None when nobody spoke of it then; two queries, one when weights are given."""
    weighed = weights or queries.weights()
    rows = _ranked(_spoken(actor, period, "").filter(pk=issue.pk), period, weighed)
    return next((_one(issue, row, period, weighed) for row in rows), None)


def _spoken(actor: Actor, period: Period, place: str) -> QuerySet[HotIssue]:
    """The issues of a period, joined with their messages of it that count for the actor."""
    wanted, said = place.strip(), Q(members__at__gte=period.since, members__at__lt=period.until)
    where = Q(place__icontains=wanted) | Q(name__icontains=wanted) if wanted else Q()
    return HotIssue.objects.filter(said, access.counting(actor, "members__"), where, messages__gte=FEWEST)


def _recent_days(period: Period, weights: Weights) -> float:
    """What counts as recent: at most the second half of the period, so that there is something to grow from."""
    return min(weights.recent_days, period.length / 2)


def _ranked(spoken: QuerySet[HotIssue], period: Period, weights: Weights) -> QuerySet[Any, Any]:
    recent = period.until - timedelta(days=_recent_days(period, weights))
    figures = (
        spoken.order_by()
        .values("id")
        .annotate(
            n=Count("members"),
            voices=Count("members__person", distinct=True),
            seconded=Count("members", filter=Q(members__seconded=True)),
            recent=Count("members", filter=Q(members__at__gt=recent)),
            begun_at=Min("members__at"),
            ended_at=Max("members__at"),
        )
    )
    return figures.annotate(heat=_heat(period, weights))


def _heat(period: Period, weights: Weights) -> Round:
    """The same sum as :func:`.heat.heat`, in SQL."""
    people, seconded = Cast("voices", FloatField()), Cast("seconded", FloatField())
    share = Cast("recent", FloatField()) / Cast("n", FloatField())
    age = Greatest(Value(0.0), _days(Value(period.until) - F("ended_at")))
    total = (
        weights.messages * Ln(1.0 + people)
        + weights.likes * Ln(1.0 + seconded)
        + weights.growth * share * people / (people + FEW)
        + weights.recency * Power(Value(0.5), age / weights.half_life_days)
        + weights.span * Ln(1.0 + _days(F("ended_at") - F("begun_at")))
    )
    return Round(Cast(total, FloatField()) * 1e4, output_field=FloatField())


def _days(stretch: Any) -> Any:
    length = ExpressionWrapper(stretch, output_field=DurationField())
    return Cast(Extract(length, "epoch"), FloatField()) / _SECONDS


def _one(issue: HotIssue, row: dict[str, Any], period: Period, weights: Weights) -> Ranked:
    figures = Figures(
        voices=row["voices"],
        net_likes=row["seconded"],
        recent_share=row["recent"] / row["n"],
        days_since_last=max(0.0, (period.until - row["ended_at"]) / _DAY),
        span_days=(row["ended_at"] - row["begun_at"]) / _DAY,
    )
    points = heat(figures, weights)
    parts = {name: round(value, 2) for name, value in asdict(points).items()}
    return Ranked(issue, row["n"], row["voices"], row["begun_at"], row["ended_at"], round(points.total, 4), parts)
