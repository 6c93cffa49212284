"""The map of open cases: counts by area far out, single cases near, and the same as a list beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from huying.ground.territory import queries as territory
from huying.kernel import clock

from .. import access
from .. import queries_desk as reads
from ..models import Case
from ..queries_desk import Queue
from . import filters
from .guard import actor_of, staff
from .inbox import knowledge
from .shown import area_names, rows_of

LISTED: Final = 20
_NEXT_LEVEL = {0: "town", 2: "town", 4: "town", 6: "town", 9: "community", 12: "grid"}


@staff
@require_GET
def case_map(request: HttpRequest) -> HttpResponse:
    """Open cases on the map, with the areas they lie in and the most urgent ones as a list."""
    actor, known, now = actor_of(request), knowledge(), clock.now()
    asked = filters.read(request.GET, actor, known, otherwise=Queue.ALL)
    cases = reads.wished(actor, asked.wish, known, now).filter(open=True)
    level = level_below(asked.wish.filters.area)
    counted = reads.area_counts(cases, level) if level else []
    names = area_names({code for code, _n, _late in counted})
    first = list(_light(cases).order_by("due_at", "id")[:LISTED])
    found = {
        "asked": asked,
        "described": filters.described(asked),
        "queue": str(asked.wish.queue),
        "areas": [(code, names.get(code, code), number, late) for code, number, late in counted],
        "level": level,
        "rows": rows_of(first, asked.wish.queue),
        "area": asked.wish.filters.area,
        "above": _above(asked.wish.filters.area),
        **filters.choices(),
    }
    return render(request, "cases/map.html", found)


def _light(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("item", "lead_unit", "lead_person").defer("terms", "proposals", "summary")


def level_below(area: str) -> str:
    """The level counts are drawn for inside an area; "" inside a grid."""
    return _NEXT_LEVEL.get(len(area), "")


def _above(area: str) -> str:
    """The area one level up, the way back out."""
    return area[: {15: 12, 12: 9, 9: 0}.get(len(area), 0)]


def _answer(features: list[dict[str, Any]]) -> HttpResponse:
    body = orjson.dumps({"type": "FeatureCollection", "features": features})
    answer = HttpResponse(body, content_type="application/geo+json")
    answer["Cache-Control"] = "private, no-store"
    return answer


def _asked_cases(request: HttpRequest) -> tuple[filters.Asked, QuerySet[Case]]:
    actor, known = actor_of(request), knowledge()
    asked = filters.read(request.GET, actor, known, otherwise=Queue.ALL)
    return asked, reads.wished(actor, asked.wish, known, clock.now())


@staff
@require_GET
def points(request: HttpRequest) -> HttpResponse:
    """The open cases of a wish as points; at most four thousand, the newest ones."""
    _asked, cases = _asked_cases(request)
    return _answer([_point(*row) for row in reads.map_points(cases)])


def _point(pk: int, lon: float, lat: float, light: str, number: str, title: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"name": f"{title} {number}", "light": light or "none", "url": reverse("cases-case", args=[pk])},
    }


@staff
@require_GET
def areas(request: HttpRequest) -> HttpResponse:
    """Towns, communities or grids with how many open cases each has; pressing one goes nearer."""
    asked, cases = _asked_cases(request)
    area = asked.wish.filters.area
    level = level_below(area)
    if not level:
        return _answer([])
    counted = {code: (number, late) for code, number, late in reads.area_counts(cases, level)}
    drawn = territory.geojson(level, area, on=clock.local_day(clock.now()), zoom=13)
    kept = request.GET.copy()
    features = orjson.loads(drawn.body)["features"]
    for feature in features:
        about = feature["properties"]
        number, late = counted.get(about["code"], (0, 0))
        kept["area"] = about["code"]
        feature["properties"] = {
            "name": f"{about['name']} {number}" if number else about["name"],
            "light": _shade(number, late),
            "url": f"{reverse('cases-map')}?{kept.urlencode()}",
        }
    return _answer(features)


def _shade(number: int, late: int) -> str:
    """An area is red where a third of what is open is late, yellow where anything is."""
    return "red" if late * 3 >= number > 0 else "yellow" if late else "none"


@staff
@require_GET
def around(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case as a point."""
    return points_of([access.get_case(actor_of(request), case_id)])


def points_of(cases: Iterable[Case]) -> HttpResponse:
    """Cases as points of a layer; those without a point are left out."""
    return _answer(
        [
            _point(one.pk, one.lon, one.lat, one.light, one.number, one.title)
            for one in cases
            if one.lon is not None and one.lat is not None
        ]
    )
