"""REST: areas, their boundaries, and where something is. Names and boundaries are public."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from huying.ground.territory import maps, queries
from huying.ground.territory.codes import parent_of
from huying.ground.territory.coordinates import Crs, convert_point, crs_of
from huying.ground.territory.locating import Place
from huying.kernel.clock import local_day, now
from huying.kernel.errors import Invalid

router = Router()
LARGEST_PAGE = 200


class AreaOut(Schema):
    """One area. `label` is the full Chinese name with everything above it."""

    code: str
    level: str
    kind: str
    name: str
    name_en: str
    label: str
    parent: str | None
    lon: float | None
    lat: float | None
    valid_from: date
    valid_to: date | None


class AreaPage(Schema):
    """Areas in the order of their codes; `next` is the code to continue after."""

    items: list[AreaOut]
    next: str | None


class AreaDetail(AreaOut):
    """One area with its successors, neighbours and attributes."""

    attributes: dict[str, Any]
    successors: list[str]
    predecessors: list[str]


class PlaceOut(Schema):
    """Where something is; `grid` is "" when only the community or the town is known."""

    grid: str
    community: str
    town: str
    lon: float | None
    lat: float | None
    confidence: float
    matched: str
    label: str


def _out(area: queries.AreaView, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "code": area.code,
        "level": area.level,
        "kind": area.kind,
        "name": area.name,
        "name_en": area.name_en,
        "label": labels[area.code],
        "parent": parent_of(area.code) or None,
        "lon": area.lon,
        "lat": area.lat,
        "valid_from": area.valid_from,
        "valid_to": area.valid_to,
    }


def _crs(name: str) -> Crs:
    try:
        return crs_of(name)
    except ValueError as error:
        raise Invalid(field="crs") from error


@router.get("/areas", response=AreaPage, summary="区域列表 List areas")
def list_areas(
    request: HttpRequest,
    level: str = "community",
    prefix: str = "",
    q: str = "",
    on: date | None = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 100,
) -> dict[str, Any]:
    """Areas of a level under a code prefix on a date, by code; `q` searches names and codes of all levels instead."""
    day = on or local_day(now())
    if q:
        found, more = queries.search_areas(q, on=day, most=limit), False
    else:
        if level not in queries.LEVELS:
            raise Invalid(field="level")
        rest = [area for area in queries.areas_below(level, prefix, on=day) if area.code > after]
        found, more = rest[:limit], len(rest) > limit
    labels = queries.labels([area.code for area in found])
    return {"items": [_out(area, labels) for area in found], "next": found[-1].code if more else None}


@router.get("/areas/locate", response=list[PlaceOut], summary="定位到网格 Locate a point or a text")
def locate(
    request: HttpRequest,
    lon: float | None = None,
    lat: float | None = None,
    crs: str = "cgcs2000",
    text: Annotated[str, Query(max_length=2000)] = "",
    within: str = "",
    on: date | None = None,
) -> list[Place]:
    """The grid of a point (`lon`, `lat` in `crs`), or up to three places a `text` may speak of, best first."""
    day = on or local_day(now())
    if lon is not None and lat is not None:
        (place,) = queries.locate_points([convert_point(lon, lat, _crs(crs), "cgcs2000")], on=day)
        return [place] if place else []
    if not text.strip():
        raise Invalid(field="text")
    return queries.locate_texts([text], on=day, within=within)[0]


@router.get("/areas/geojson", summary="区域边界 Boundaries as GeoJSON", include_in_schema=True)
def geojson(
    request: HttpRequest,
    level: str = "community",
    prefix: str = "",
    zoom: int | None = None,
    on: date | None = None,
    crs: str = "cgcs2000",
) -> HttpResponse:
    """Boundaries of a level under a prefix, simplified for a map zoom; answers 304 to a known ETag."""
    return maps.areas(request)


@router.get("/areas/{code}", response=AreaDetail, summary="区域详情 One area")
def get_area(request: HttpRequest, code: str) -> dict[str, Any]:
    """One area by its code, ended ones included, with what came before and after it."""
    area = queries.get_area(code)
    return {
        **_out(area, queries.labels([code])),
        "attributes": dict(area.attributes),
        "successors": queries.successors_of(code),
        "predecessors": queries.predecessors_of(code),
    }
