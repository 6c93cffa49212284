"""Staff pages of territory for reading: the tree with its map, one area, and the check of the division."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huying.ground.territory import access, queries
from huying.ground.territory.codes import LEVELS
from huying.ground.territory.coordinates import Crs, convert_point, crs_of
from huying.ground.territory.forms import CRS_CHOICES
from huying.ground.territory.models import AreaKind, AreaLevel
from huying.ground.territory.wording import describe
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day, now

MOST_PROBLEMS = 200


def actor_of(request: HttpRequest) -> Actor | None:
    """Who asks; None when nobody is signed in."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor or None


def spoken(area: queries.AreaView) -> str:
    """Name of an area in the reader's language."""
    return area.name_en if area.name_en and (get_language() or "").startswith("en") else area.name


def map_label() -> str:
    """Which property of a map feature names it in the reader's language."""
    return "name_en" if (get_language() or "").startswith("en") else "name"


def crumbs_to(code: str, *, last: str = "") -> list[tuple[str, str]]:
    """The way from the top to an area, as (address, words)."""
    path = [(reverse("territory"), _("区域网格"))]
    path += [(reverse("territory-area", args=[area.code]), spoken(area)) for area in queries.path_to(code)]
    if last:
        return [*path, ("", last)]
    return [*path[:-1], ("", path[-1][1])] if path else path


def chosen_crs(request: HttpRequest) -> Crs:
    """The system in which coordinates are shown."""
    try:
        return crs_of(request.GET.get("crs") or "cgcs2000")
    except ValueError:
        return "cgcs2000"


def chosen_day(request: HttpRequest) -> date:
    """The day whose territory is shown: today, or `?on=`."""
    try:
        return date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return local_day(now())


def branch_rows(branches: Iterable[queries.Branch]) -> list[dict[str, Any]]:
    """Rows of the list of areas below."""
    return [
        {
            "area": branch.area,
            "name": spoken(branch.area),
            "kind": AreaKind(branch.area.kind).label if branch.area.kind else "",
            "level": AreaLevel(branch.area.level).label,
            "below": branch.below,
            "size": branch.area.attributes.get("area_m2"),
        }
        for branch in branches
    ]


def below_level(branches: list[queries.Branch], level: str) -> str:
    """The level of the areas shown on the map of an area."""
    if branches:
        return branches[0].area.level
    return LEVELS[min(LEVELS.index(level) + 1, 5)] if level in LEVELS else "county"


def overview(request: HttpRequest) -> HttpResponse:
    """The highest areas, a search over all of them, and the map."""
    actor = access.require_desk(actor_of(request))
    on = chosen_day(request)
    words = request.GET.get("q", "")
    branches = queries.tree("", on=on)
    single = branches[0] if len(branches) == 1 else None
    shown = queries.tree(single.area.code, on=on) if single else branches
    found = queries.search_areas(words, on=on) if words else []
    labels = queries.labels([area.code for area in found], get_language() or "zh") if found else {}
    grids: dict[str, int] = {}
    for area in queries.areas_below("grid", "", on=on):
        grids[area.kind] = grids.get(area.kind, 0) + 1
    context = {
        "crumbs": [("", _("区域网格"))],
        "words": words,
        "found": [(area, labels[area.code]) for area in found],
        "place": single.area if single else None,
        "place_name": spoken(single.area) if single else "",
        "rows": branch_rows(shown),
        "map_level": below_level(shown, "county"),
        "prefix": single.area.code if single else "",
        "counts": [(AreaKind(kind).label, count) for kind, count in sorted(grids.items())],
        "may_edit": access.may_edit_something(actor),
        "on": on,
        "map_label": map_label(),
    }
    return render(request, "territory/overview.html", context)


def area(request: HttpRequest, code: str) -> HttpResponse:
    """One area: facts, map, what lies below and beside it, its history and the check of its division."""
    actor = actor_of(request)
    access.require_desk(actor)
    view, on, crs = queries.get_area(code), chosen_day(request), chosen_crs(request)
    branches = queries.tree(code, on=on)
    spot = convert_point(view.lon, view.lat, "cgcs2000", crs) if view.lon is not None and view.lat is not None else None
    checks = queries.check_report(code, on=on) if view.level == "community" else []
    beside = queries.neighbours(code, on=on) if view.level in ("grid", "community") else []
    successors = queries.successors_of(code)
    labels = queries.labels([code, *successors], get_language() or "zh")
    context = {
        "crumbs": crumbs_to(code),
        "area": view,
        "name": spoken(view),
        "label": labels[code],
        "level": AreaLevel(view.level).label,
        "kind": AreaKind(view.kind).label if view.kind else "",
        "ended": not view.valid_on(on),
        "successors": [(one, labels[one]) for one in successors],
        "spot": f"{spot[0]:.6f}, {spot[1]:.6f}" if spot else "",
        "crs": crs,
        "crs_choices": CRS_CHOICES,
        "rows": branch_rows(branches),
        "map_level": below_level(branches, view.level)
        if branches or view.level not in ("grid", "micro")
        else view.level,
        "neighbours": [(other, spoken(other)) for other in beside],
        "map_label": map_label(),
        "history": [_change_row(change) for change in queries.history(code)],
        "problems": problem_rows(checks),
        "checked": bool(checks),
        "may_edit": access.may_edit(actor, code) and view.valid_to is None,
    }
    return render(request, "territory/area.html", context)


def check(request: HttpRequest) -> HttpResponse:
    """The division of every community under a prefix, with what is wrong and where."""
    access.require_desk(actor_of(request))
    prefix = "".join(filter(str.isdigit, request.GET.get("prefix", "")))
    results = queries.check_report(prefix, on=chosen_day(request))
    rows = problem_rows(results)
    context = {
        "crumbs": [(reverse("territory"), _("区域网格")), ("", _("划分检查"))],
        "communities": len(results),
        "grids": sum(result.parts for result in results),
        "found": len(rows),
        "problems": rows[:MOST_PROBLEMS],
        "most": MOST_PROBLEMS,
        "prefix": prefix,
    }
    return render(request, "territory/check.html", context)


def problem_rows(results: Iterable[queries.CheckResult]) -> list[dict[str, Any]]:
    """What checks found, in words, with links to the areas."""
    found = [(result, problem) for result in results for problem in result.problems]
    names = queries.names_here({code for _result, problem in found for code in problem.codes}) if found else {}
    return [
        {
            "community": queries.label_here(result.code),
            "code": result.code,
            "words": describe(problem, lambda code: names.get(code, code)),
            "codes": problem.codes,
        }
        for result, problem in found
    ]


def _change_row(change: Any) -> dict[str, Any]:
    details = change.details or {}
    return {
        "title": change.get_kind_display(),
        "on": change.on,
        "at": change.at,
        "reason": change.reason,
        "before": change.predecessor_id if change.predecessor_id != change.successor_id else None,
        "after": change.successor_id if change.predecessor_id != change.successor_id else None,
        "names": (details.get("before"), details.get("after")) if change.kind == "rename" else None,
    }
