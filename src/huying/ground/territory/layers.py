"""Map layers as GeoJSON: the areas of a level, and the ground under them. Rendered once for each version of the territory."""

import gzip
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import shapely
from django.utils.translation import gettext_lazy as _
from shapely import STRtree
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import topology
from huying.ground.territory.codes import LENGTHS, LEVELS
from huying.ground.territory.coordinates import Crs, convert
from huying.ground.territory.models import BaseLayer
from huying.ground.territory.snapshot import AreaView, Snapshot, current
from huying.kernel.errors import Invalid

MOST_FEATURES: Final = 8000
FINEST_ZOOM: Final = 17
KEPT_LAYERS: Final = 200
_METRES_PER_PIXEL: Final = 156543.03

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished map layer: GeoJSON bytes, the same packed with gzip, and the ETag that names exactly them."""

    body: bytes
    packed: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class _Ground:
    """Everything under the grids, in drawing order, with an index by place."""

    rows: tuple[BaseLayer, ...]
    shapes: tuple[BaseGeometry, ...]
    tree: STRtree


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


def base_geojson(
    prefix: str = "",
    *,
    kinds: Sequence[str] = (),
    coarsest: int = 0,
    finest: int = 3,
    within: Box | None = None,
    crs: Crs = "cgcs2000",
) -> Drawn:
    """Water, green, roads and buildings under a prefix (and those of the areas above it) as a FeatureCollection.

    `kinds` () means all of them. Only ranks from `coarsest` to `finest` are drawn (0 main road, river … 3 lane,
    4 building), and only what touches the box `within`.
    """
    snapshot = current()
    above = [prefix[:size] for size in (0, *LENGTHS.values()) if size < len(prefix)]

    def features() -> list[dict[str, Any]]:
        ground = _ground(snapshot)
        near = sorted(ground.tree.query(shapely.box(*within)).tolist()) if within else range(len(ground.rows))
        found = []
        for at in near:
            row = ground.rows[at]
            if (
                (not kinds or row.kind in kinds)
                and coarsest <= row.rank <= finest
                and _touches(row.area, prefix, above)
            ):
                about = {"kind": row.kind, "name": row.name, "name_en": row.name_en, "rank": row.rank}
                found.append(_feature(None, ground.shapes[at], about, crs))
        return found[:MOST_FEATURES]

    return _rendered(snapshot, ("base", prefix, tuple(kinds), coarsest, finest, within, crs), features)


def _ground(snapshot: Snapshot) -> _Ground:
    """Read once for each version of the territory."""
    if (known := snapshot.rendered.get(("ground",))) is None:
        rows = tuple(BaseLayer.objects.order_by("kind", "-rank", "id"))
        shapes = tuple(shapely.from_wkb([bytes(row.shape) for row in rows])) if rows else ()
        known = snapshot.rendered[("ground",)] = _Ground(rows, shapes, STRtree(shapes))
    ground: _Ground = known
    return ground


def _touches(area: str, prefix: str, above: list[str]) -> bool:
    return area.startswith(prefix) or area in above


def _rendered(snapshot: Snapshot, key: tuple[Any, ...], make: Callable[[], list[dict[str, Any]]]) -> Drawn:
    drawn: Drawn | None = snapshot.rendered.get(key)
    if drawn is None:
        body = orjson.dumps({"type": "FeatureCollection", "features": make()})
        if len(snapshot.rendered) > KEPT_LAYERS:
            snapshot.rendered.clear()
        name = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        drawn = snapshot.rendered[key] = Drawn(body, gzip.compress(body, 6, mtime=0), name)
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
