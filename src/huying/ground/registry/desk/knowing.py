"""底数掌握: how well areas are known, side by side with the least known first, and one area point by point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.ground.organisation.rules import is_area
from huying.ground.territory import queries as territory
from huying.ground.territory.codes import Level
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound
from huying.kernel.remembering import remembering
from huying.kernel.spreadsheets import harmless
from huying.shell.sheets import Sheet, as_file, mark_of, moment, must_be_kind

from .. import access
from ..knowing import queries
from ..knowing.points import Point, own_table, point_of, points
from ..knowing.queries import LEVELS, LIVE_FROM, MOST_SHOWN, AreaKnown
from .frame import actor_of, page

_LEVELS: Final = {
    "county": gettext_lazy("区县"),
    "town": gettext_lazy("街道（镇）"),
    "community": gettext_lazy("社区（村）"),
    "grid": gettext_lazy("网格"),
}
_GRID: Final = LEVELS["grid"]


class _Asked:
    """What the address asks for: an area, the level of what is set side by side, one point to go by."""

    def __init__(self, request: HttpRequest, actor: Actor) -> None:
        given = request.GET
        area = given.get("area", "")
        if area and (not is_area(area) or territory.find_area(area) is None):
            raise NotFound()
        self.area = area
        self.levels: list[Level] = queries.levels(actor, area)
        if not self.levels:
            raise NotFound()
        self.level: Level = next((one for one in self.levels if one == given.get("level")), self._usual(actor))
        self.point: Point | None = point_of(given.get("point", ""))

    def _usual(self, actor: Actor) -> Level:
        """The next level below what was asked for, or below what the actor has."""
        held = access.narrowed(access.areas_known(actor), self.area)
        return next((one for one in self.levels if LEVELS[one] > max(map(len, held))), self.levels[-1])

    @property
    def by(self) -> str:
        return self.point.measure if self.point else ""

    def said(self) -> str:
        parts = [_("底数掌握"), str(_LEVELS[self.level])]
        return _("；").join([*parts, *([name_of(self.area)] if self.area else [])])


@page(access.VIEW, access.OVERSEE)
@require_GET
def known(request: HttpRequest) -> HttpResponseBase:
    """Areas side by side, the least known first; whoever has one grid alone is led to it."""
    actor = actor_of(request)
    held = access.areas_known(actor)
    if len(held) == 1 and len(held[0]) >= _GRID:
        return redirect("registry-knowledge-area", held[0])
    with remembering():  # every row is named from the same map
        shown = _side_by_side(request, actor, clock.now())
    return render(request, "registry/knowledge.html", shown)


def _side_by_side(request: HttpRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    asked = _Asked(request, actor)
    rows = queries.side_by_side(actor, asked.level, area=asked.area, point=asked.by, on=clock.local_day(now))
    whole = queries.added(rows, asked.area)
    return {
        "rows": [_row(one, asked) for one in rows[:MOST_SHOWN]],
        "left_off": max(0, len(rows) - MOST_SHOWN),
        "most": MOST_SHOWN,
        "whole": whole,
        "weakest": _weakest(whole),
        "asked": asked,
        "area_name": name_of(asked.area) if asked.area else "",
        "area_whole": bool(asked.area) and access.sees_known(actor, asked.area),
        "groups": list(dict.fromkeys(one.group for one in points())),
        "points": [(one.measure, one.name) for one in points()],
        "tabs": [(one, _LEVELS[one], one == asked.level) for one in asked.levels if LEVELS[one] > len(asked.area)],
        "crumbs": _crumbs(asked.area, actor),
        "several": len({territory_above(one.area) for one in rows[:MOST_SHOWN]}) > 1,
        "own_table": own_table(),
    }


def _row(one: AreaKnown, asked: _Asked) -> dict[str, Any]:
    leads = reverse("registry-knowledge-area", args=[one.area])
    if len(one.area) < _GRID:
        leads = f"{reverse('registry-knowledge')}?{urlencode({'area': one.area})}"
    return {
        "known": one,
        "url": "" if one.undivided else leads,  # the page of the area tells of all of it, not of these
        "name": name_of(one.area),
        "above": name_of(territory_above(one.area)),
        "undivided": one.undivided,
        "groups": one.groups(),
        "tally": one.tallies[asked.by] if asked.by else None,
        "weakest": _weakest(one),
    }


def _weakest(one: AreaKnown) -> dict[str, Any] | None:
    point = point_of(one.weakest)
    if point is None:
        return None
    tally = one.tallies[point.measure]
    return {"point": point, "tally": tally, "lacking": point.lacking(tally.missing)}


@page(access.VIEW, access.OVERSEE)
@require_GET
def area_known(request: HttpRequest, area: str) -> HttpResponse:
    """One area point by point; what is missing leads to the list of it, for those who may see the records."""
    with remembering():
        shown = _point_by_point(actor_of(request), area, clock.now())
    return render(request, "registry/knowledge_area.html", shown)


def _point_by_point(actor: Actor, area: str, now: datetime) -> dict[str, Any]:
    found = queries.of_area(actor, area, now) if area and is_area(area) else None
    if found is None:
        raise NotFound()
    return {
        "known": found,
        "live": found.live,
        "below": len(area) < _GRID,
        "name": name_of(area),
        "lines": [_line(one, found, actor) for one in points()],
        "groups": found.groups(),
        "weakest": _weakest(found),
        "crumbs": [*_crumbs(territory_above(area), actor, link_last=True), ("", name_of(area))],
        "own_table": own_table(),
    }


def _line(point: Point, found: AreaKnown, actor: Actor) -> dict[str, Any]:
    tally, kind = found.tallies[point.measure], point.how.kind
    listed = len(found.area) >= LIVE_FROM and access.lists_known(actor, kind, found.area)
    asked = urlencode({"tab": kind, "area": found.area, "lacks": point.measure})
    return {
        "point": point,
        "tally": tally,
        "lacking": point.lacking(tally.missing) if tally.missing else "",
        "url": f"{reverse('registry-home')}?{asked}" if tally.missing and listed else "",
    }


@page(access.VIEW, access.OVERSEE)
@require_GET
def known_sheet(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same areas with every point, as ``csv`` or ``xlsx``: figures alone, nobody is named."""
    must_be_kind(kind)
    actor, now = actor_of(request), clock.now()
    with remembering():
        asked = _Asked(request, actor)
        rows = queries.side_by_side(actor, asked.level, area=asked.area, point=asked.by, on=clock.local_day(now))
        names = territory.labels([one.area for one in rows], get_language() or "zh")
    mark = mark_of(actor.name, now, asked.said())
    return as_file(Sheet("knowledge", _("底数掌握"), mark, _columns(), partial(_lines, rows, names), now), kind)


def _columns() -> list[tuple[str, int]]:
    figures = [(_("应掌握"), 9), (_("已掌握"), 9), (_("掌握率 %"), 9)]
    each = [(f"{one.group} {one.name} {said}", width) for one in points() for said, width in figures]
    return [(_("区域代码"), 18), (_("区域"), 28), (_("总体 %"), 9), (_("还差"), 9), *each, (_("统计时间"), 16)]


def _lines(rows: list[AreaKnown], names: Mapping[str, str]) -> Iterator[list[Any]]:
    for one in rows:
        figures: list[Any] = []
        for tally in one.tallies.values():
            if tally.waits:
                figures += [_("还没数"), "", ""]
                continue
            figures += [_("不给数"), "", ""] if tally.few else [tally.total, tally.known, _cell(tally.share)]
        name = harmless(names[one.area])
        name = f"{name}（{_('没分到网格')}）" if one.undivided else name
        yield [one.area, name, _cell(one.share), one.missing, *figures, moment(one.at)]


def _cell(share: int | None) -> int | str:
    return "" if share is None else share


def name_of(area: str) -> str:
    """The own name of an area in the reader's language; its code when it is unknown."""
    found = territory.find_area(area) if area else None
    if found is None:
        return area
    english = found.name_en and (get_language() or "").startswith("en")
    return found.name_en if english else found.name


def territory_above(area: str) -> str:
    """The area one level up, "" when there is none that is known."""
    path = [one.code for one in territory.path_to(area) if one.code != area]
    return path[-1] if path else ""


def _crumbs(area: str, actor: Actor, *, link_last: bool = False) -> list[tuple[str, str]]:
    """From the whole down to an area, as far up as the actor sees all of it."""
    base = reverse("registry-knowledge")
    path = [one for one in territory.path_to(area) if access.sees_known(actor, one.code)] if area else []
    steps = [(f"{base}?{urlencode({'area': one.code})}", name_of(one.code)) for one in path]
    if steps and not link_last:
        steps[-1] = ("", steps[-1][1])
    return [(base, _("底数掌握")), *steps] if steps or link_last else []
