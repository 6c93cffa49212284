"""The board: what people spoke of in a period, ranked by the heat of that period.

Heat is worked out in the database by the formula of :mod:`.heat`, from the messages of the period alone, over covering
indexes; nothing is kept, so that other weights rank at once and any period can be asked for. Most issues of a long period are
small: what is kept of an issue as a whole bounds its heat in any period, so that the hottest are found among few.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, FloatField, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Cast, Extract, Greatest, Least, Ln, Power, Round

from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page

from . import access, queries
from .heat import FEW, FEWEST_VOICES, Figures, Weights, heat
from .models import FEWEST, HotIssue
from .periods import Period

RANKED: Final = ("-heat", "id")
PAGE_SIZE: Final = 30
MAPPED: Final = 100
_LONG: Final = 60  # days of a period from which on only some issues are looked at
_LOOKED_AT: Final = (500, 2_500, 12_500)  # so many first, then so many, at last all
_DAY = timedelta(days=1)
_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """An issue in a period: what residents said and how many did, from when to when, what patrols and departments reported
    (``official``), its heat and the points it is the sum of.
    """

    issue: HotIssue
    messages: int
    people: int
    official: int
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
    """The issues of a period at least two residents spoke of, hottest first; three queries, two when weights are given, one or
    two more for a long period. ``place``: a part of place or name.
    """
    weighed = weights or queries.weights()
    found = _page(actor, period, place, weighed, cursor, size)
    issues = HotIssue.objects.in_bulk([row["id"] for row in found.rows])
    rows = [_one(issues[row["id"]], row, period, weighed) for row in found.rows if row["id"] in issues]
    return Page(rows, found.next, found.prev)


def ids(actor: Actor, period: Period, *, place: str = "") -> list[int]:
    """The hundred hottest issues of a period, for the map; as many queries as the board has but one."""
    return [row["id"] for row in _page(actor, period, place, queries.weights(), None, MAPPED).rows]


def standing(issue: HotIssue, actor: Actor, period: Period, *, weights: Weights | None = None) -> Ranked | None:
    """One issue in a period, None when no resident spoke of it then; two queries, one when weights are given."""
    weighed = weights or queries.weights()
    spoken = _spoken(access.counting(actor, "members__"), period).filter(pk=issue.pk)
    rows = _ranked(spoken, period, weighed, fewest=1)
    return next((_one(issue, row, period, weighed) for row in rows), None)


def _page(
    actor: Actor, period: Period, place: str, weights: Weights, cursor: str | None, size: int
) -> Page[dict[str, Any]]:
    counting = access.counting(actor, "members__")
    if cursor is None and period.length >= _LONG and not counting:
        first = _first(period, place, weights, size)
        if first is not None:
            return first
    return page(_ranked(_spoken(counting, period).filter(_named(place)), period, weights), RANKED, cursor, size)


def _first(period: Period, place: str, weights: Weights, size: int) -> Page[dict[str, Any]] | None:
    """The first page for whoever works for the whole place, from the issues whose heat may be highest; None where it is not
    known that no other belongs there.

    What is kept of an issue bounds its heat from above: once the last row of the page is hotter than any issue not looked at
    can be, no other belongs there. Of no use in a short period, or for part of the place, where most is not counted.
    """
    for most in _LOOKED_AT:
        hopeful = list(_bounded(period, place, weights).order_by("-bound", "id").values_list("id", "bound")[: most + 1])
        looked_at = [pk for pk, _bound in hopeful[:most]]
        ranked = _ranked(_spoken(Q(), period).filter(pk__in=looked_at), period, weights)
        found = page(ranked, RANKED, None, size)
        if len(hopeful) <= most or (found.next and found.rows[-1]["heat"] > hopeful[most][1]):
            return found
    return None


def _bounded(period: Period, place: str, weights: Weights) -> QuerySet[HotIssue]:
    """The issues of a period with a bound of their heat: as if all was said in it, all of it lately and all seconded."""
    people, messages, official = (Cast(name, FloatField()) for name in ("people", "messages", "official"))
    stretch = Least(_days(F("last_at") - F("first_at")), Value(float(period.length)))
    bound = (
        weights.messages * Ln(1.0 + people)
        + weights.likes * Ln(1.0 + messages)
        + weights.growth
        + weights.recency
        + weights.span * Ln(1.0 + stretch)
        + weights.official * Ln(1.0 + official)
    )
    within = HotIssue.objects.filter(
        _named(place), people__gte=FEWEST_VOICES, last_at__gte=period.since, first_at__lt=period.until
    )
    return within.annotate(bound=Cast(bound, FloatField()) * 1e4 + 1.0)


def _spoken(counting: Q, period: Period) -> QuerySet[HotIssue]:
    """The issues of a period, joined with their messages of it that count."""
    said = Q(members__at__gte=period.since, members__at__lt=period.until)
    return HotIssue.objects.filter(said, counting, messages__gte=FEWEST)


def _named(place: str) -> Q:
    wanted = place.strip()
    return Q(place__icontains=wanted) | Q(name__icontains=wanted) if wanted else Q()


def _recent_days(period: Period, weights: Weights) -> float:
    """What counts as recent: at most the second half of the period, so that there is something to grow from."""
    return min(weights.recent_days, period.length / 2)


def _ranked(
    spoken: QuerySet[HotIssue], period: Period, weights: Weights, fewest: int = FEWEST_VOICES
) -> QuerySet[Any, Any]:
    """Figures and heat of issues so many people spoke of; what is official stands in a figure of its own.

    Counts by ``at``, which the covering indexes hold, so that no message is fetched.
    """
    recent = period.until - timedelta(days=_recent_days(period, weights))
    said = Q(members__official=False)
    figures = (
        spoken.filter(people__gte=fewest)
        .order_by()
        .values("id")
        .annotate(
            n=Count("members__at", filter=said),
            voices=Count("members__person", filter=said, distinct=True),
            seconded=Count("members__at", filter=said & Q(members__seconded=True)),
            recent=Count("members__at", filter=said & Q(members__at__gt=recent)),
            official=Count("members__at", filter=Q(members__official=True)),
            begun_at=Min("members__at", filter=said),
            ended_at=Max("members__at", filter=said),
        )
        .filter(voices__gte=fewest)
    )
    return figures.annotate(heat=_heat(period, weights))


def _heat(period: Period, weights: Weights) -> Round:
    """The same sum as :func:`.heat.heat`, in SQL."""
    people, seconded, official = (Cast(name, FloatField()) for name in ("voices", "seconded", "official"))
    share = Cast("recent", FloatField()) / Cast("n", FloatField())
    age = Greatest(Value(0.0), _days(Value(period.until) - F("ended_at")))
    total = (
        weights.messages * Ln(1.0 + people)
        + weights.likes * Ln(1.0 + seconded)
        + weights.growth * share * people / (people + FEW)
        + weights.recency * Power(Value(0.5), age / weights.half_life_days)
        + weights.span * Ln(1.0 + _days(F("ended_at") - F("begun_at")))
        + weights.official * Ln(1.0 + official)
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
        official=row["official"],
    )
    points = heat(figures, weights)
    parts = {name: round(value, 2) for name, value in asdict(points).items()}
    stretch, total = (row["begun_at"], row["ended_at"]), round(points.total, 4)
    return Ranked(issue, row["n"], row["voices"], row["official"], *stretch, total, parts)
