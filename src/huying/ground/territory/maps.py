"""Public map layers: boundaries and the base under them, as GeoJSON that a browser may keep until it changes."""

from datetime import date
from math import ceil, floor

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from huying.ground.territory import layers, queries
from huying.ground.territory.coordinates import Crs, crs_of
from huying.kernel.clock import local_day, now
from huying.kernel.errors import Invalid


def _answer(request: HttpRequest, drawn: queries.Drawn) -> HttpResponse:
    fresh = drawn.etag in request.headers.get("If-None-Match", "")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    content = drawn.packed if packed else drawn.body
    response = HttpResponse(status=304) if fresh else HttpResponse(content, content_type="application/geo+json")
    if packed and not fresh:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = drawn.etag
    response["Cache-Control"] = "public, max-age=60"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _crs(request: HttpRequest) -> Crs:
    try:
        return crs_of(request.GET.get("crs") or "cgcs2000")
    except ValueError as error:
        raise Invalid(field="crs") from error


def _whole(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if text and not text.isdecimal():
        raise Invalid(field=name)
    return int(text[:3]) if text else None


def _box(request: HttpRequest) -> layers.Box | None:
    """`west,south,east,north`, widened to whole hundredths of a degree: neighbours on the map share what is kept."""
    text = request.GET.get("bbox", "")
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid(field="bbox") from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Invalid(field="bbox")
    return tuple(  # type: ignore[return-value]
        round(turn(value * 100) / 100, 2)
        for turn, value in ((floor, west), (floor, south), (ceil, east), (ceil, north))
    )


def _day(request: HttpRequest) -> date:
    try:
        text = request.GET.get("on", "")
        return date.fromisoformat(text) if text else local_day(now())
    except ValueError as error:
        raise Invalid(field="on") from error


def areas(request: HttpRequest) -> HttpResponse:
    """`?level=grid&prefix=990101001&zoom=13&on=2026-03-01&crs=gcj02`; `links=desk` adds the address of each page."""
    pages = reverse("territory-area", args=["0"])[:-1] if request.GET.get("links") == "desk" else ""
    drawn = queries.geojson(
        request.GET.get("level", "community"),
        request.GET.get("prefix", ""),
        on=_day(request),
        zoom=_whole(request, "zoom"),
        crs=_crs(request),
        pages=pages,
    )
    return _answer(request, drawn)


def base(request: HttpRequest) -> HttpResponse:
    """`?prefix=990101&kinds=water,road&rank=2`; fine things in view: `?from=3&rank=4&bbox=124.1,30.5,124.2,30.6`."""
    kinds = [kind for kind in request.GET.get("kinds", "").split(",") if kind]
    rank = _whole(request, "rank")
    drawn = queries.base_geojson(
        request.GET.get("prefix", ""),
        kinds=kinds,
        coarsest=_whole(request, "from") or 0,
        finest=3 if rank is None else rank,
        within=_box(request),
        crs=_crs(request),
    )
    return _answer(request, drawn)
