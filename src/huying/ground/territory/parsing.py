"""Files of areas and place names → plain records, naming each bad row and why. Touches no database."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

import numpy as np
import orjson
import shapely
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.codes import grid_kind, is_code, level_of
from huying.ground.territory.coordinates import Crs, convert
from huying.ground.territory.models import PlaceName
from huying.ground.territory.records import AreaRecord, NameRecord
from huying.ground.territory.topology import ShapeRefused, clean
from huying.kernel.errors import Invalid

R = TypeVar("R", AreaRecord, NameRecord)

HEADINGS: Final[dict[str, str]] = {
    "编码": "code",
    "网格编码": "code",
    "区域编码": "code",
    "名称": "name",
    "网格名称": "name",
    "英文名称": "name_en",
    "类别": "kind",
    "启用日期": "valid_from",
    "停用日期": "valid_to",
    "边界": "wkt",
    "经度": "lon",
    "纬度": "lat",
    "所属区域": "area",
    "别名": "aliases",
    "起始门牌号": "number_from",
    "终止门牌号": "number_to",
}
REFUSALS: Final[dict[str, StrOrPromise]] = {
    "not_polygon": _("边界不是面（Polygon 或 MultiPolygon）"),
    "invalid": _("边界自相交或坐标无效"),
    "empty": _("边界是空的"),
    "line_misses": _("分割线没有穿过这个网格"),
    "line_ends_inside": _("分割线要从一条边穿到另一条边"),
    "part_too_small": _("分出的部分太小（不足 50 平方米）"),
    "not_adjacent": _("这些网格不相邻"),
    "swallows_neighbour": _("这样会占掉整个相邻网格，要并成一个请用“合并网格”"),
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one row (1 = first) or feature of a file."""

    row: int
    code: str
    field: str
    reason: StrOrPromise


@dataclass(slots=True)
class Parsed(Generic[R]):
    """What a file holds: the good rows with their numbers, and what is wrong with the others."""

    rows: list[tuple[int, R]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


class _Bad(Exception):
    def __init__(self, field_name: str, reason: StrOrPromise) -> None:
        super().__init__(field_name)
        self.field_name, self.reason = field_name, reason


def parse_areas(content: bytes, *, crs: Crs) -> Parsed[AreaRecord]:
    """Areas from GeoJSON (FeatureCollection) or CSV (columns code, name, …, wkt), told apart by their first character.

    Coordinates are in `crs` and come out as CGCS2000. Invalid when the file as a whole cannot be read.
    """
    return _parse(content, lambda row, shape: _area(row, shape, crs), "code")


def parse_place_names(content: bytes, *, crs: Crs) -> Parsed[NameRecord]:
    """Place names from GeoJSON (points, or lines for roads) or CSV (name, kind, area, lon, lat, …)."""
    return _parse(content, lambda row, shape: _name(row, shape, crs), "name")


def _parse(content: bytes, make: Callable[[Mapping[str, Any], BaseGeometry | None], R], key: str) -> Parsed[R]:
    parsed: Parsed[R] = Parsed()
    for number, (row, geometry) in enumerate(_rows(content), start=1):
        about = str(row.get(key) or "")
        try:
            parsed.rows.append((number, make(row, _geometry(row, geometry))))
        except _Bad as bad:
            parsed.problems.append(RowProblem(number, about, bad.field_name, bad.reason))
    if not parsed.rows and not parsed.problems:
        raise Invalid(_("文件里没有数据"), field="file", hint=_("请检查文件是否为 GeoJSON 或带表头的 CSV"))
    return parsed


def _rows(content: bytes) -> Iterable[tuple[dict[str, Any], Mapping[str, Any] | None]]:
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"{":
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Invalid(_("不是有效的 GeoJSON"), field="file", hint=str(error)) from error
        features = document.get("features") if document.get("type") == "FeatureCollection" else None
        if not isinstance(features, list):
            raise Invalid(_("GeoJSON 里应有 FeatureCollection"), field="file")
        return [_feature(feature) for feature in features]
    for encoding in ("utf-8", "gb18030"):
        try:
            return [(_keys(row), None) for row in csv.DictReader(io.StringIO(text.decode(encoding)))]
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise Invalid(_("不是有效的 CSV"), field="file", hint=str(error)) from error
    raise Invalid(_("文件编码不是 UTF-8 或 GB18030"), field="file")


def _feature(feature: Any) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
    if not isinstance(feature, dict):
        return {}, None
    properties = feature.get("properties")
    row = _keys(properties if isinstance(properties, dict) else {})
    if "code" not in row and feature.get("id") is not None:
        row["code"] = feature["id"]
    geometry = feature.get("geometry")
    return row, geometry if isinstance(geometry, dict) else None


def _keys(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {HEADINGS.get(str(key).strip(), str(key).strip()): value for key, value in row.items() if key is not None}


def _geometry(row: Mapping[str, Any], geometry: Mapping[str, Any] | None) -> BaseGeometry | None:
    text = str(row.get("wkt") or "").strip()
    try:
        if geometry is not None:
            found: BaseGeometry = shapely.from_geojson(json.dumps(geometry))
            return found
        if text:
            read: BaseGeometry = shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)
            return read
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise _Bad("geometry", _("读不懂的图形")) from error
    return None


def _converted(shape: BaseGeometry, crs: Crs) -> BaseGeometry:
    flat = shapely.force_2d(shape)
    xy = shapely.get_coordinates(flat)
    if not np.isfinite(xy).all() or (np.abs(xy) > (180.0, 90.0)).any():
        raise _Bad("geometry", _("坐标不是经纬度（先经度，后纬度，单位：度）"))
    if crs in ("cgcs2000", "wgs84"):
        return flat
    moved: BaseGeometry = shapely.transform(
        flat, lambda points: np.column_stack(convert(points[:, 0], points[:, 1], crs, "cgcs2000"))
    )
    return moved


def _area(row: Mapping[str, Any], geometry: BaseGeometry | None, crs: Crs) -> AreaRecord:
    code, name = str(row.get("code") or "").strip(), str(row.get("name") or "").strip()
    if not is_code(code):
        raise _Bad("code", _("编码应为 2、4、6、9、12、15 或 17 位数字"))
    if not name or len(name) > 80:
        raise _Bad("name", _("名称应为 1 到 80 个字"))
    shape = None
    if geometry is not None:
        try:
            shape = clean(_converted(geometry, crs))
        except ShapeRefused as refused:
            raise _Bad("geometry", REFUSALS[refused.reason]) from refused
    kind = grid_kind(code) if level_of(code) == "grid" else ""
    given = str(row.get("kind") or "").strip()
    if given and given != kind:
        raise _Bad("kind", _("类别与编码的号段不符（001–599 综合，600–899 专属，900–999 临时）"))
    since, until = _day(row, "valid_from"), _day(row, "valid_to")
    if since and until and until < since:
        raise _Bad("valid_to", _("停用日期早于启用日期"))
    known = {"code", "name", "name_en", "kind", "level", "valid_from", "valid_to", "wkt", "lon", "lat", "parent"}
    attributes = {key: value for key, value in row.items() if key not in known and value not in (None, "")}
    return AreaRecord(code, name, str(row.get("name_en") or "").strip()[:120], kind, shape, since, until, attributes)


def _name(row: Mapping[str, Any], geometry: BaseGeometry | None, crs: Crs) -> NameRecord:
    name, kind = str(row.get("name") or "").strip(), str(row.get("kind") or "poi").strip()
    if len(name) < 2 or len(name) > 80:
        raise _Bad("name", _("名称应为 2 到 80 个字"))
    if kind not in PlaceName.Kind.values:
        raise _Bad("kind", _("没有这个类别"))
    area = str(row.get("area") or "").strip()
    if area and not is_code(area):
        raise _Bad("area", _("编码应为 2、4、6、9、12、15 或 17 位数字"))
    path, spot = _spot(row, geometry, crs)
    if spot is None and not area:
        raise _Bad("lon", _("既没有位置，也没有所属区域"))
    first, last = _whole(row, "number_from"), _whole(row, "number_to")
    if (first is None) != (last is None):
        raise _Bad("number_to", _("起止门牌号要一起填写"))
    raw = row.get("aliases") or ()
    aliases = raw if isinstance(raw, list | tuple) else str(raw).replace("；", ";").replace("、", ";").split(";")
    spoken = tuple(text for alias in aliases if (text := str(alias).strip()))
    lon, lat = spot if spot else (None, None)
    return NameRecord(name, kind, area, lon, lat, str(row.get("name_en") or "")[:120], spoken, path, first, last)


def _spot(
    row: Mapping[str, Any], geometry: BaseGeometry | None, crs: Crs
) -> tuple[LineString | None, tuple[float, float] | None]:
    path = None
    if geometry is not None and not geometry.is_empty:
        moved = _converted(geometry, crs)
        if isinstance(moved, LineString):
            path = moved
        middle = path.interpolate(0.5, normalized=True) if path is not None else moved.representative_point()
        return path, (round(middle.x, 7), round(middle.y, 7))
    lon, lat = _number(row, "lon"), _number(row, "lat")
    if lon is None or lat is None:
        return None, None
    point = _converted(shapely.Point(lon, lat), crs)
    return None, (round(point.x, 7), round(point.y, 7))


def _day(row: Mapping[str, Any], name: str) -> date | None:
    text = str(row.get(name) or "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError as error:
        raise _Bad(name, _("日期应写成 2026-01-31")) from error


def _number(row: Mapping[str, Any], name: str) -> float | None:
    text = str(row.get(name) if row.get(name) is not None else "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise _Bad(name, _("应为数字")) from error
    if not math.isfinite(value):
        raise _Bad(name, _("应为数字"))
    return value


def _whole(row: Mapping[str, Any], name: str) -> int | None:
    value = _number(row, name)
    return None if value is None else int(value)
