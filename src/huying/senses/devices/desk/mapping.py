"""The map of devices: what lies in view, clustered while there is much of it, with everything alarming drawn singly."""

from __future__ import annotations

import math
from typing import Any, Final

import orjson
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.map import level_below
from huying.ground.organisation.rules import AREA_LENGTHS
from huying.kernel.errors import Invalid

from .. import access, queries
from ..models import Device
from .alarming import alarming
from .frame import Asked, asked_of, crumbs_of, filter_choices, place_words, topics_of
from .listing import wished

MOST_ALARMING: Final = 500
LEVEL_LENGTHS: Final = {"town": 9, "community": 12, "grid": 15}


@staff
@require_GET
def device_map(request: HttpRequest) -> HttpResponse:
    """The map with the areas below the chosen one beside it."""
    actor = actor_of(request)
    access.must_view(actor)
    asked = asked_of(request.GET)
    rows = wished(actor, asked)
    shown = {
        "asked": asked,
        "areas": _areas(rows, asked),
        "above": _above(asked.area),
        "missing": rows.filter(lon__isnull=True).count(),
        "topics": topics_of(),
        "crumbs": crumbs_of(("", _("设备地图"))),
        **filter_choices(),
    }
    return render(request, "devices/map.html", shown)


def _areas(rows: QuerySet[Device], asked: Asked) -> list[tuple[str, str, int, int]]:
    """Areas of the next level with how many devices each has and how many of them are alarming. One query."""
    length = LEVEL_LENGTHS.get(level_below(asked.area), 0)
    if not length:
        return []
    hung = alarming()
    loud = Count("pk", filter=Q(pk__in=hung.devices(1))) if hung else Count("pk", filter=Q(pk__in=[]))
    counted = list(
        rows.order_by()
        .annotate(part=Left("area", length))
        .values_list("part")
        .annotate(number=Count("pk"), loud=loud)
        .order_by("part")[:400]
    )
    names = place_words(part for part, _number, _loud in counted)
    return [(part, names[part], number, number_loud) for part, number, number_loud in counted]


def _above(area: str) -> str:
    """The area one level up, the way back out."""
    shorter = [length for length in AREA_LENGTHS if 6 <= length < len(area)]
    return area[: max(shorter)] if shorter else ""


@staff
@require_GET
def points(request: HttpRequest) -> HttpResponse:
    """What lies within ``bounds`` (west,south,east,north); without them, everything there is, and where it lies."""
    actor = actor_of(request)
    access.must_view(actor)
    asked = asked_of(request.GET)
    rows = wished(actor, asked).filter(lon__isnull=False)
    given = request.GET.get("bounds", "")
    bounds = _bounds(given) if given else _extent(rows)
    if bounds is None:
        return _answer([], None)
    loud = _loud(rows, bounds)
    quiet = [] if asked.alarm else [_spot(one) for one in queries.spots(actor, asked.filters, bounds)]
    return _answer(quiet + loud, bounds)


def _bounds(text: str) -> queries.Bounds:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid(field="bounds") from None
    if not all(math.isfinite(one) for one in (west, south, east, north)) or not (west < east and south < north):
        raise Invalid(field="bounds")
    return west, south, east, north


def _extent(rows: QuerySet[Device]) -> queries.Bounds | None:
    """Where the devices lie, a little wider; None where there are none."""
    found = rows.aggregate(west=Min("lon"), south=Min("lat"), east=Max("lon"), north=Max("lat"))
    if found["west"] is None:
        return None
    room = 0.002
    return found["west"] - room, found["south"] - room, found["east"] + room, found["north"] + room


def _spot(one: queries.Spot) -> dict[str, Any]:
    name = one.name if one.count == 1 else ""
    light = "blue" if one.count == 1 and one.offline else "none"
    return _feature(one.lon, one.lat, name, light, one.code, one.count)


def _loud(rows: QuerySet[Device], bounds: queries.Bounds) -> list[dict[str, Any]]:
    """Devices with an open alarm, each on its own; at most ``MOST_ALARMING``, two queries."""
    hung = alarming()
    if hung is None:
        return []
    west, south, east, north = bounds
    inside = rows.filter(lon__range=(west, east), lat__range=(south, north), pk__in=hung.devices(1))
    found = list(inside.values_list("pk", "lon", "lat", "name", "code")[:MOST_ALARMING])
    grave = hung.severities(pk for pk, *_rest in found)
    return [
        _feature(lon, lat, f"{hung.words[grave[pk]]} {name}", hung.lights[grave[pk]], code, 1)
        for pk, lon, lat, name, code in found
        if pk in grave
    ]


def _feature(lon: float, lat: float, name: str, light: str, code: str, count: int) -> dict[str, Any]:
    about = {"name": name, "light": light, "count": count}
    if code:
        about["url"] = reverse("devices-device", args=[code])
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": about}


def _answer(features: list[dict[str, Any]], bounds: queries.Bounds | None) -> HttpResponse:
    body: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if bounds is not None:
        body["bbox"] = bounds
    answer = HttpResponse(orjson.dumps(body), content_type="application/geo+json")
    answer["Cache-Control"] = "private, no-store"
    return answer


@staff
@require_GET
def point(request: HttpRequest, code: str) -> HttpResponse:
    """One device, for the small map of its page."""
    device = access.get(actor_of(request), code)
    if device.lon is None or device.lat is None:
        return _answer([], None)
    return _answer([_feature(device.lon, device.lat, device.name, "none", "", 1)], None)
