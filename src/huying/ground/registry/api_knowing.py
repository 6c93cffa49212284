"""REST: how well areas are known (底数掌握). Figures alone; scope for keys ``registry:read``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.ground.organisation.rules import is_area
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.remembering import remembering

from . import access
from .knowing import queries
from .knowing.points import points
from .knowing.queries import LEVELS, AreaKnown
from .knowing.rules import Tally

router = Router(auth=SignedIn("registry:read"))


class PointOut(Schema):
    """One point: ``days`` is how old a look may be, 0 where the measure asks for none."""

    measure: str
    kind: str
    group: dict[str, str]
    name: dict[str, str]
    days: int


class TallyOut(Schema):
    """``share`` is percent, rounded down, null where there is nothing to know.

    ``few``: it is about people whose records the caller may not see in the whole area, and they are one to four, or such a
    figure would come out by subtraction; no figure is told then. ``waits``: it is not counted yet after an upgrade.
    """

    measure: str
    known: int | None
    total: int | None
    missing: int | None
    share: int | None
    few: bool
    waits: bool


class AreaKnownOut(Schema):
    """``share``: the mean of the shares. ``at``: of when the figures are, null when nothing was counted there.

    ``undivided``: it is about what lies in the area and in none of the areas below, not about the whole area.
    """

    area: str
    name: str
    undivided: bool
    share: int | None
    missing: int
    weakest: str
    at: datetime | None
    points: list[TallyOut]


class KnownOut(Schema):
    """``items``: the areas of a level, the least known first. ``left_off``: how many more there are."""

    level: str
    points: list[PointOut]
    items: list[AreaKnownOut]
    left_off: int


def _viewer(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    if not access.areas_known(actor):
        raise NotFound()
    return actor


def _tally(measure: str, one: Tally) -> dict[str, Any]:
    told = {"known": one.known, "total": one.total, "missing": one.missing, "share": one.share}
    return {"measure": measure, "few": one.few, "waits": one.waits} | (
        dict.fromkeys(told) if one.few or one.waits else told
    )


def _told(one: AreaKnown) -> dict[str, Any]:
    tallies = [_tally(name, each) for name, each in one.tallies.items()]
    return {
        "area": one.area, "name": territory.label(one.area), "undivided": one.undivided, "share": one.share, "missing": one.missing,
        "weakest": one.weakest, "at": one.at, "points": tallies,
    }  # fmt: skip


def _points() -> list[dict[str, Any]]:
    return [
        {
            "measure": one.measure, "kind": one.how.kind, "days": one.days,
            "group": {"zh": one.group_zh, "en": one.group_en}, "name": {"zh": one.name_zh, "en": one.name_en},
        }
        for one in points()
    ]  # fmt: skip


@router.get("/registry/knowledge", response=KnownOut, summary="底数掌握 How well areas are known")
def knowledge(
    request: HttpRequest,
    level: str = "grid",
    area: str = "",
    point: str = "",
    size: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Areas of a level (county, town, community, grid) under an area, as last counted; by one ``point`` when named."""
    actor, now = _viewer(request), clock.now()
    if not is_area(area):
        raise Invalid(field="area")
    with remembering():
        return _side_by_side(actor, level, area, point, size, now)


def _side_by_side(actor: Actor, level: str, area: str, point: str, size: int, now: datetime) -> dict[str, Any]:
    if area and territory.find_area(area) is None:
        raise NotFound()
    found = next((one for one in LEVELS if one == level), None)
    if found is None or found not in queries.levels(actor, area):
        if access.narrowed(access.areas_known(actor), area):
            raise Invalid(field="level")
        raise NotFound()
    if point and point not in {one.measure for one in points()}:
        raise Invalid(field="point")
    rows = queries.side_by_side(actor, found, area=area, point=point, on=clock.local_day(now))
    return {
        "level": level, "points": _points(), "items": [_told(one) for one in rows[:size]],
        "left_off": max(0, len(rows) - size),
    }  # fmt: skip


@router.get("/registry/knowledge/areas/{area}", response=AreaKnownOut, summary="一个区域的底数 One area")
def knowledge_of(request: HttpRequest, area: str) -> dict[str, Any]:
    """One area: communities and grids as they stand now for who may see all lists, else as last counted. 404 outside the caller's areas."""
    found = queries.of_area(_viewer(request), area, clock.now()) if area and is_area(area) else None
    if found is None:
        raise NotFound()
    return _told(found)
