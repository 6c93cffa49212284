"""Every read of territory that a screen, a rule or an interface needs. Warm, each costs one small query."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import shapely
from django.utils.translation import gettext_lazy as _
from shapely.geometry import LineString, mapping
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import topology
from huying.ground.territory.codes import LENGTHS, LEVELS, Level, is_code, reading_order
from huying.ground.territory.coordinates import Crs, convert
from huying.ground.territory.locating import Place
from huying.ground.territory.models import AreaChange, BaseLayer
from huying.ground.territory.snapshot import AreaView, Snapshot, current
from huying.kernel.errors import Invalid, NotFound

MOST_FEATURES: Final = 8000
FINEST_ZOOM: Final = 17
_METRES_PER_PIXEL: Final = 156543.03


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished map layer: GeoJSON bytes and the ETag that names exactly them."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One area of the tree with the number of areas directly below it."""

    area: AreaView
    below: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is wrong with the division of one area."""

    code: str
    label: str
    parts: int
    problems: tuple[topology.Problem, ...]


def locate_points(points: Sequence[tuple[float, float] | None], *, on: date) -> list[Place | None]:
    """The grid of each point (longitude, latitude; CGCS2000/WGS-84 degrees) on a date; None where there is none."""
    return current().points(on).locate(points)


def locate_texts(texts: Sequence[str], *, on: date, within: str = "", k: int = 3) -> list[list[Place]]:
    """Up to `k` places each text may speak of, best first; `within` keeps only places under an area prefix."""
    return current().gazetteer(on).locate(texts, within=within, k=k)


def find_area(code: str) -> AreaView | None:
    """The area with a code, ended ones included."""
    return current().areas.get(code)


def get_area(code: str) -> AreaView:
    """As `find_area`; NotFound when there is none."""
    if (area := find_area(code)) is None:
        raise NotFound(_("没有编码为 %(code)s 的区域") % {"code": code[:20]})
    return area


def label(code: str, language: str = "zh") -> str:
    """Full name of an area with everything above it; the code itself when it is unknown."""
    return current().label(code, language)


def labels(codes: Iterable[str], language: str = "zh") -> dict[str, str]:
    """`label` of many codes."""
    snapshot = current()
    return {code: snapshot.label(code, language) for code in codes}


def names(codes: Iterable[str]) -> dict[str, str]:
    """Own names of areas, without what is above them; unknown codes are left out."""
    areas = current().areas
    return {code: areas[code].name for code in codes if code in areas}


def children(code: str, *, on: date) -> list[AreaView]:
    """Areas directly below a code, "" for the highest ones, valid on a date."""
    return current().children(code, on)


def tree(code: str = "", *, on: date) -> list[Branch]:
    """As `children`, each with how many areas it has below."""
    snapshot = current()
    return [Branch(area, len(snapshot.children(area.code, on))) for area in snapshot.children(code, on)]


def path_to(code: str) -> list[AreaView]:
    """The area and all above it, highest first."""
    areas = current().areas
    return [areas[code[:size]] for size in LENGTHS.values() if size <= len(code) and code[:size] in areas]


def areas_below(level: Level, prefix: str, *, on: date) -> list[AreaView]:
    """All areas of a level under a prefix, valid on a date."""
    return current().below(level, prefix, on)


def search_areas(words: str, *, on: date, most: int = 20) -> list[AreaView]:
    """Areas whose code begins with, or whose name contains the words, higher levels first."""
    plain = words.strip().lower()
    if not plain:
        return []
    found = [
        area
        for area in current().areas.values()
        if area.valid_on(on) and (area.code.startswith(plain) or plain in area.name or plain in area.name_en.lower())
    ]
    return sorted(found, key=lambda area: (len(area.code), area.code))[:most]


def successors_of(code: str, *, on: date | None = None) -> list[str]:
    """The areas that took the place of an ended one, followed through every change up to a date; [] when it is valid.

    One query: the whole history of divided areas is small and read at once.
    """
    return _followed(code, _links(on, forward=True))


def predecessors_of(code: str) -> list[str]:
    """The earliest known areas from which this one came."""
    return _followed(code, _links(None, forward=False))


def _links(on: date | None, *, forward: bool) -> dict[str, set[str]]:
    rows = AreaChange.objects.filter(predecessor__isnull=False, successor__isnull=False)
    if on is not None:
        rows = rows.filter(on__lte=on)
    links: dict[str, set[str]] = {}
    for before, after in rows.values_list("predecessor_id", "successor_id"):
        if before != after:
            links.setdefault(before if forward else after, set()).add(after if forward else before)
    return links


def _followed(code: str, links: dict[str, set[str]]) -> list[str]:
    ends: set[str] = set()
    seen, waiting = {code}, [code]
    while waiting:
        here = waiting.pop()
        if here not in links:
            ends.add(here)
        for after in links.get(here, set()) - seen:
            seen.add(after)
            waiting.append(after)
    return sorted(ends - {code})


def history(code: str) -> list[AreaChange]:
    """Changes in which an area took part, newest first."""
    from_it = AreaChange.objects.filter(predecessor=code)
    return sorted(
        {change.pk: change for change in (*from_it, *AreaChange.objects.filter(successor=code))}.values(),
        key=lambda change: (change.on, change.pk),
        reverse=True,
    )


def neighbours(code: str, *, on: date) -> list[AreaView]:
    """Areas of the same level that share an edge with this one on a date."""
    snapshot = current()
    shape = snapshot.shapes.get(code)
    if shape is None:
        return []
    area = snapshot.areas[code]
    near = shapely.box(*shape.bounds).buffer(1e-6)
    return [
        other
        for other in snapshot.below(area.level, "", on)
        if other.code != code
        and (other_shape := snapshot.shapes.get(other.code)) is not None
        and other_shape.intersects(near)
        and topology.are_adjacent(shape, other_shape)
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a planned division."""

    number: int
    area_m2: float
    lon: float
    lat: float
    shape: BaseGeometry


def preview_split(code: str, line: LineString) -> list[Part]:
    """The parts a line would make of a grid, in the order in which they would be numbered. ShapeRefused as in split."""
    shape = shape_of(code)
    if shape is None:
        return []
    parts = topology.split(shape, line)
    order = reading_order([topology.centre(part) for part in parts])
    return [
        Part(number, topology.area_m2(parts[at]), *topology.centre(parts[at]), parts[at])
        for number, at in enumerate(order, start=1)
    ]


def parts_geojson(parts: Sequence[Part]) -> bytes:
    """Planned parts as a FeatureCollection."""
    features = [_feature(None, part.shape, {"name": str(part.number)}, "cgcs2000") for part in parts]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def shape_of(code: str) -> BaseGeometry | None:
    """The boundary of an area, None when it is not known."""
    return current().shapes.get(code)


def check_report(prefix: str = "", *, on: date) -> list[CheckResult]:
    """The division of every community under a prefix, checked: overlaps, gaps, parts outside, invalid shapes."""
    snapshot = current()
    results = []
    for community in snapshot.below("community", prefix[:12], on):
        shapes = {
            grid.code: snapshot.shapes[grid.code]
            for grid in snapshot.children(community.code, on)
            if grid.kind != "temporary" and grid.code in snapshot.shapes
        }
        problems = topology.check(shapes, snapshot.shapes.get(community.code)) if shapes else []
        name = snapshot.labels[community.code]
        results.append(CheckResult(community.code, name, len(shapes), tuple(problems)))
    return results


def geojson(
    level: str, prefix: str = "", *, on: date, zoom: int | None = None, crs: Crs = "cgcs2000", pages: str = ""
) -> Drawn:
    """The areas of a level under a prefix as a FeatureCollection, simplified for a map zoom without opening gaps.

    At most 8,000 features. Rendered once for each version of the territory. `zoom` None: not simplified. `pages` is the
    address under which each area has its page; with it every feature carries `url`.
    """
    if level not in LEVELS:
        raise Invalid(_("没有这个级别：%(level)s") % {"level": level[:20]}, field="level")
    if prefix and not prefix.isdigit():
        raise Invalid(_("区域编码只含数字"), field="prefix")
    snapshot = current()
    fine = None if zoom is None or zoom >= FINEST_ZOOM else max(0, zoom)
    key = ("areas", level, prefix, fine, crs, snapshot.era(on), pages)
    return _rendered(snapshot, key, lambda: _area_features(snapshot, level, prefix, on, fine, crs, pages))


def base_geojson(prefix: str = "", *, kinds: Sequence[str] = (), rank: int = 9, crs: Crs = "cgcs2000") -> Drawn:
    """Water, parks and roads under a prefix (and those of the areas above it) as a FeatureCollection.

    `kinds` () means all of them; roads finer than `rank` (0 main road … 3 lane) are left out.
    """
    snapshot = current()
    above = [prefix[:size] for size in (0, *LENGTHS.values()) if size < len(prefix)]

    def features() -> list[dict[str, Any]]:
        stored = BaseLayer.objects.filter(rank__lte=rank).order_by("kind", "-rank", "id")
        if kinds:
            stored = stored.filter(kind__in=kinds)
        rows = [row for row in stored if _touches(row.area, prefix, above)]
        found = []
        for row in rows[:MOST_FEATURES]:
            about = {"kind": row.kind, "name": row.name, "name_en": row.name_en, "rank": row.rank}
            found.append(_feature(None, shapely.from_wkb(bytes(row.shape)), about, crs))
        return found

    return _rendered(snapshot, ("base", prefix, tuple(kinds), rank, crs), features)


def _touches(area: str, prefix: str, above: list[str]) -> bool:
    return area.startswith(prefix) or area in above


def _rendered(snapshot: Snapshot, key: tuple[Any, ...], make: Callable[[], list[dict[str, Any]]]) -> Drawn:
    if key not in snapshot.rendered:
        body = orjson.dumps({"type": "FeatureCollection", "features": make()})
        if len(snapshot.rendered) > 200:
            snapshot.rendered.clear()
        snapshot.rendered[key] = Drawn(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')
    drawn: Drawn = snapshot.rendered[key]
    return drawn


def _area_features(
    snapshot: Snapshot, level: str, prefix: str, on: date, zoom: int | None, crs: Crs, pages: str
) -> list[dict[str, Any]]:
    areas = [area for area in snapshot.below(level, prefix, on) if area.code in snapshot.shapes]
    if len(areas) > MOST_FEATURES:
        raise Invalid(_("区域太多，请缩小范围"), hint=_("请给出更长的区域编码前缀"), field="prefix")
    shapes = [snapshot.shapes[area.code] for area in areas]
    if zoom is not None and shapes:
        lat = areas[0].lat or 30.0
        east, _north = topology.metre_scale(lat)
        tolerance = 0.7 * _METRES_PER_PIXEL * (east / 111320.0) / 2**zoom / 111320.0
        shapes = list(shapely.coverage_simplify(shapes, tolerance))
    return [_feature(area.code, shape, _about(area, pages), crs) for area, shape in zip(areas, shapes, strict=True)]


def _about(area: AreaView, pages: str) -> dict[str, Any]:
    about = {
        "code": area.code,
        "name": area.name,
        "name_en": area.name_en or area.name,
        "level": area.level,
        "kind": area.kind,
        "lon": area.lon,
        "lat": area.lat,
    }
    return {**about, "url": f"{pages}{area.code}"} if pages else about


def export_geojson(file: Path, prefix: str, *, on: date, crs: Crs = "cgcs2000") -> int:
    """Write every area under a prefix, valid on a date, to a GeoJSON file that can be imported again; how many."""
    snapshot = current()
    features = []
    for level in LEVELS:
        for area in snapshot.below(level, prefix, on):
            about = {
                **{key: value for key, value in area.attributes.items() if key != "area_m2"},
                **{key: getattr(area, key) for key in ("code", "name", "name_en", "kind", "valid_from", "valid_to")},
            }
            shape = snapshot.shapes.get(area.code)
            geometry = geometry_json(shape, crs, digits=9) if shape is not None else None
            features.append({"type": "Feature", "id": area.code, "properties": about, "geometry": geometry})
    file.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    return len(features)


def _feature(identity: str | None, shape: BaseGeometry, about: dict[str, Any], crs: Crs) -> dict[str, Any]:
    geometry = geometry_json(shape, crs)
    feature: dict[str, Any] = {"type": "Feature", "properties": about, "geometry": geometry}
    if identity is not None:
        feature["id"] = identity
    return feature


def geometry_json(shape: BaseGeometry, crs: Crs = "cgcs2000", digits: int = 6) -> dict[str, Any]:
    """A GeoJSON geometry, coordinates rounded (6 digits: 10 cm) and in the wanted system."""

    def place(xy: Any) -> Any:
        return np.round(np.column_stack(convert(xy[:, 0], xy[:, 1], "cgcs2000", crs)), digits)

    result: dict[str, Any] = mapping(shapely.transform(shape, place))
    return result


__all__ = [
    "LEVELS",
    "AreaView",
    "Branch",
    "CheckResult",
    "Drawn",
    "Part",
    "Place",
    "areas_below",
    "base_geojson",
    "check_report",
    "children",
    "export_geojson",
    "find_area",
    "geojson",
    "geometry_json",
    "get_area",
    "history",
    "is_code",
    "label",
    "labels",
    "locate_points",
    "locate_texts",
    "names",
    "neighbours",
    "parts_geojson",
    "path_to",
    "predecessors_of",
    "preview_split",
    "search_areas",
    "shape_of",
    "successors_of",
    "tree",
]
