"""Reads of how well areas are known: many areas from the last count, one small area as it stands now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Left

from huying.ground.registry import access
from huying.ground.registry.models import Backlog, Knowledge, Withheld
from huying.ground.territory import queries as territory
from huying.ground.territory.codes import Level
from huying.kernel.actor import Actor

from .measures import counts
from .points import Point, personal, points
from .rules import OWN, Tally, cells, overall, urgency, weakest

LEVELS: Final[Mapping[Level, int]] = {"county": 6, "town": 9, "community": 12, "grid": 15}
LIVE_FROM: Final = 12  # digits: a community and what lies in it is counted while one looks
MOST_SHOWN: Final = 200
MOST_ROWS: Final = 20_000  # more areas than a country's largest city has grids


@dataclass(frozen=True, slots=True)
class AreaKnown:
    """One area: a tally for every point of the place. ``at``: of when the figures are, None when nothing was counted.

    ``live``: counted this moment. ``undivided``: not the whole area, what lies in it and in none of the areas below.
    """

    area: str
    tallies: Mapping[str, Tally]
    at: datetime | None
    live: bool = False
    undivided: bool = False

    @property
    def cell(self) -> str:
        return self.area + OWN if self.undivided else self.area

    @property
    def share(self) -> int | None:
        return overall(self.tallies.values())

    @property
    def few(self) -> bool:
        """Whether something is registered, and none of it told."""
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

    Areas where nothing is registered stand last. Two queries, over the figures of the last count; one more for who may not
    see all lists.
    """
    held = access.narrowed(access.areas_known(actor), area)
    digits = LEVELS[level]
    found = _counted(access.within(held), digits)
    for code, one in found.items():
        found[code] = replace(one, undivided=len(code) < digits)
    found = _guarded(actor, held, found)
    for prefix in held:
        for view in territory.areas_below(level, prefix, on=on):
            found.setdefault(view.code, AreaKnown(view.code, _whole({}), None))
    found = _marked(found, waiting())
    order = [one for one in found.values() if one.area]
    return sorted(order, key=lambda one: _urgency(one, point))[:MOST_ROWS]


def _urgency(one: AreaKnown, point: str) -> tuple[bool, int, int, str]:
    if point:
        return urgency(one.tallies[point].share, one.tallies[point].missing, one.area)
    return urgency(one.share, one.missing, one.area)


def of_area(actor: Actor, area: str, now: datetime) -> AreaKnown | None:
    """One area whole, None when the actor may not see all of it or there is none. At most three queries.

    Communities and grids are counted now for who may see all lists behind the figures. Larger areas have the figures of the
    last count, and so has everything for others: of two moments something withheld could be told apart.
    """
    if not access.sees_known(actor, area) or (area and territory.find_area(area) is None):
        return None
    where = Q(area__startswith=area) if area else Q()
    if len(area) >= LIVE_FROM and not _stranger(actor, [area]):
        late = waiting()
        asked = [(one.measure, one.days) for one in points() if one.measure not in late]
        tallies = _whole(
            {measure: Tally(known, total) for _a, measure, total, known in counts(asked, where, len(area), now)}
        )
        return _marked({area: AreaKnown(area, tallies, now, live=True)}, late)[area]
    found = _counted(where, len(area)).get(area, AreaKnown(area, _whole({}), None))
    return _guarded(actor, [area], _marked({area: found}, waiting()))[area]


def waiting() -> set[str]:
    """The points that are not counted yet, as not all records have been looked at since an upgrade. One query."""
    behind = set(Backlog.objects.values_list("kind", flat=True))
    return {one.measure for one in points() if not behind.isdisjoint(one.how.called)}


def _marked(found: dict[str, AreaKnown], late: set[str]) -> dict[str, AreaKnown]:
    """Without figures of points that wait: those of before would be too low."""
    if not late:
        return found
    none = dict.fromkeys(late, Tally(waits=True))
    return {code: replace(one, tallies={**one.tallies, **none}) for code, one in found.items()}


def _stranger(actor: Actor, held: Iterable[str]) -> bool:
    """Whether some of the records behind the figures of these areas are not for the actor to list."""
    kinds = set(personal().values())
    return any(not access.lists_known(actor, kind, area) for kind in kinds for area in held)


def _guarded(actor: Actor, held: Sequence[str], found: dict[str, AreaKnown]) -> dict[str, AreaKnown]:
    """Without figures of very few people, nor what leads to them, for who may not see the records behind them."""
    if not _stranger(actor, held):
        return found
    above = {up for prefix in held for up in cells(prefix)}
    hidden = set(Withheld.objects.filter(access.within(held) | Q(area__in=above)).values_list("measure", "area"))
    kinds = personal()
    told = {}
    for code, one in found.items():
        path = cells(one.cell)
        tallies = {
            name: tally
            if name not in kinds or access.lists_known(actor, kinds[name], one.area)
            else tally.guarded(any((name, part) in hidden for part in path))
            for name, tally in one.tallies.items()
        }
        told[code] = replace(one, tallies=tallies)
    return told


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
