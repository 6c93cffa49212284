"""Public map layers: boundaries and the base under them, as GeoJSON that a browser may keep until it changes."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from huying.ground.territory import queries
from huying.ground.territory.coordinates import Crs, crs_of
from huying.kernel.clock import local_day, now
from huying.kernel.errors import Invalid


def _answer(request: HttpRequest, drawn: queries.Drawn) -> HttpResponse:
    fresh = drawn.etag in request.headers.get("If-None-Match", "")
    response = HttpResponse(status=304) if fresh else HttpResponse(drawn.body, content_type="application/geo+json")
    response["ETag"] = drawn.etag
    response["Cache-Control"] = "public, max-age=60"
    return response


def _crs(request: HttpRequest) -> Crs:
    try:
        return crs_of(request.GET.get("crs") or "cgcs2000")
    except ValueError as error:
        raise Invalid(field="crs") from error


def _whole(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if text and not text.isdigit():
        raise Invalid(field=name)
    return int(text[:3]) if text else None


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
    """`?prefix=990101&kinds=water,road&rank=1`: water, parks and roads."""
    kinds = [kind for kind in request.GET.get("kinds", "").split(",") if kind]
    rank = _whole(request, "rank")
    drawn = queries.base_geojson(
        request.GET.get("prefix", ""), kinds=kinds, rank=9 if rank is None else rank, crs=_crs(request)
    )
    return _answer(request, drawn)
