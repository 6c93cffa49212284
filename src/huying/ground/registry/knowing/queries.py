"""Reads of how well areas are known: many areas from the last count, one small area as it stands now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Left

from huying.ground.registry import access
from huying.ground.registry.models import Knowledge
from huying.ground.territory import queries as territory
from huying.ground.territory.codes import Level
from huying.kernel.actor import Actor

from .measures import counts
from .points import Point, points
from .rules import Tally, overall, urgency, weakest

LEVELS: Final[Mapping[Level, int]] = {"county": 6, "town": 9, "community": 12, "grid": 15}
LIVE_FROM: Final = 12  # digits: a community and what lies in it is counted while one looks
MOST_SHOWN: Final = 200
_PERSONAL: Final = ("person", "household", "care")
MOST_ROWS: Final = 20_000  # more areas than a country's largest city has grids


@dataclass(frozen=True, slots=True)
class AreaKnown:
    """One area: a tally for every point of the place. ``at``: of when the figures are, None when nothing was counted."""

    area: str
    tallies: Mapping[str, Tally]
    at: datetime | None

    @property
    def share(self) -> int | None:
        return overall(self.tallies.values())

    @property
    def few(self) -> bool:
        """Whether something is registered, and all of it too little to be told."""
        return self.share is None and any(one.few for one in self.tallies.values())

    @property
    def missing(self) -> int:
        return sum(one.missing for one in self.tallies.values())

    @property
    def weakest(self) -> str:
        return weakest(self.tallies)

    def groups(self) -> list[tuple[str, int | None]]:
        """Each group of points with the mean of its shares."""
        names = dict.fromkeys(one.group for one in points())
        return [(name, overall(self.tallies[one.measure] for one in points() if one.group == name)) for name in names]


def levels(actor: Actor, area: str = "") -> list[Level]:
    """The levels at which whole areas of the actor can be set side by side, under an area; [] when none is theirs.

    An area is never set beside itself alone.
    """
    held = access.narrowed(access.areas_known(actor), area)
    if not held:
        return []
    least = max(map(len, held))
    return [name for name, digits in LEVELS.items() if digits > least or (digits == least and len(held) > 1)] or [
        "grid"
    ]


def side_by_side(actor: Actor, level: Level, *, area: str = "", point: str = "", on: date) -> list[AreaKnown]:
    """The areas of a level under an area, as far as the actor may see, the least known first (by one point when named).

    Areas where nothing is registered stand last. One query, over the figures of the last count.
    """
    held = access.narrowed(access.areas_known(actor), area)
    digits = LEVELS[level]
    found = _counted(access.within(held), digits)
    found = {code: _guarded(actor, one) for code, one in found.items()}
    for prefix in held:
        for view in territory.areas_below(level, prefix, on=on):
            found.setdefault(view.code, AreaKnown(view.code, _whole({}), None))
    order = [one for one in found.values() if one.area]
    return sorted(order, key=lambda one: _urgency(one, point))[:MOST_ROWS]


def _urgency(one: AreaKnown, point: str) -> tuple[bool, int, int, str]:
    if point:
        return urgency(one.tallies[point].share, one.tallies[point].missing, one.area)
    return urgency(one.share, one.missing, one.area)


def of_area(actor: Actor, area: str, now: datetime) -> AreaKnown | None:
    """One area whole, None when the actor may not see all of it or there is none. At most one query.

    Communities and grids are counted now, larger areas have the figures of the last count.
    """
    if not access.sees_known(actor, area) or (area and territory.find_area(area) is None):
        return None
    where = Q(area__startswith=area) if area else Q()
    if len(area) >= LIVE_FROM:
        rows = counts([(one.measure, one.days) for one in points()], where, len(area), now)
        tallies = _whole({measure: Tally(known, total) for _a, measure, total, known in rows})
        return _guarded(actor, AreaKnown(area, tallies, now))
    found = _counted(where, len(area))
    return _guarded(actor, found.get(area, AreaKnown(area, _whole({}), None)))


def _guarded(actor: Actor, one: AreaKnown) -> AreaKnown:
    """Without figures of very few people, for who may not see the records behind them."""
    kinds = {point.measure: point.how.kind for point in points()}
    told = {
        name: tally.guarded()
        if kinds[name] in _PERSONAL and not access.lists_known(actor, kinds[name], one.area)
        else tally
        for name, tally in one.tallies.items()
    }
    return replace(one, tallies=told)


def _counted(where: Q, digits: int) -> dict[str, AreaKnown]:
    asked = [one.measure for one in points()]
    code = Left("area", digits) if digits else Left("area", 1)
    rows: Iterable[Any] = (
        Knowledge.objects.filter(where, measure__in=asked)
        .annotate(code=code)
        .values_list("code", "measure")
        .annotate(n_known=Sum(F("known")), n_total=Sum(F("total")), last=Max("at"))
        .order_by()
    )
    tallies: dict[str, dict[str, Tally]] = {}
    at: dict[str, datetime] = {}
    for cut, measure, known, total, last in rows:
        area = cut if digits else ""
        own = tallies.setdefault(area, {})
        own[measure] = own.get(measure, Tally()) + Tally(known, total)
        at[area] = max(last, at.get(area, last))
    return {area: AreaKnown(area, _whole(own), at[area]) for area, own in tallies.items()}


def _whole(own: Mapping[str, Tally]) -> dict[str, Tally]:
    return {one.measure: own.get(one.measure, Tally()) for one in points()}


def added(rows: Iterable[AreaKnown], area: str) -> AreaKnown:
    """Areas taken together."""
    known = list(rows)
    whole = {one.measure: sum((row.tallies[one.measure] for row in known), Tally()) for one in points()}
    return AreaKnown(area, whole, max((row.at for row in known if row.at), default=None))


def points_of(kind: str) -> list[Point]:
    """The points that are about records of a kind: what its list can be narrowed to."""
    return [one for one in points() if one.how.kind == kind]
