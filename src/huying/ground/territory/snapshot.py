"""All of the territory in memory, read once and shared by every request of a process until it changes."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from threading import RLock
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.addresses import Gazetteer, NamedPlace
from huying.ground.territory.codes import Level, ancestors_of
from huying.ground.territory.locating import PointIndex
from huying.ground.territory.models import Area, PlaceName, TerritoryVersion
from huying.ground.territory.roads import Road
from huying.ground.territory.rules import is_valid_on
from huying.kernel.remembering import stamp, watch

KEPT_SNAPSHOTS = 2
KEPT_DATES = 4


@dataclass(frozen=True, slots=True)
class AreaView:
    """One area as screens and rules see it."""

    code: str
    level: Level
    kind: str
    name: str
    name_en: str
    lon: float | None
    lat: float | None
    valid_from: date
    valid_to: date | None
    attributes: Mapping[str, Any]

    def valid_on(self, on: date) -> bool:
        """Whether the area exists on a date."""
        return is_valid_on(self.valid_from, self.valid_to, on)


class Snapshot:
    """Every area there ever was, by code, with indexes for a date made when first asked for."""

    def __init__(self, areas: Mapping[str, AreaView], shapes: Mapping[str, BaseGeometry], stamp: UUID | None) -> None:
        self.stamp, self.areas, self.shapes = stamp, areas, shapes
        self._children: dict[str, list[str]] = {}
        for code in sorted(areas):
            parent = next((above for above in reversed(ancestors_of(code)) if above in areas), "")
            self._children.setdefault(parent, []).append(code)
        self.labels = {code: self._label(code, "") for code in areas}
        days = {area.valid_from for area in areas.values()}
        days |= {area.valid_to for area in areas.values() if area.valid_to}
        self._days = sorted(days)
        self._points: dict[int, PointIndex] = {}
        self._gazetteers: dict[int, Gazetteer] = {}
        self._served: dict[int, BaseGeometry | None] = {}
        self._names: list[NamedPlace] | None = None
        self.rendered: dict[tuple[Any, ...], Any] = {}
        self.written: dict[str, Any] = {}  # by code, how an area is asked for; kept by `finding`
        self.spoken: dict[str, Any] = {}
        self._lock = RLock()

    def _label(self, code: str, language: str) -> str:
        path = [self.areas[above] for above in (*ancestors_of(code), code) if above in self.areas]
        if language.startswith("en"):
            return ", ".join(area.name_en or area.name for area in reversed(path))
        return "".join(area.name for area in path)

    def label(self, code: str, language: str = "zh") -> str:
        """Full path of names, in Chinese from the highest down, in English from the lowest up; the code if unknown."""
        if code not in self.areas:
            return code
        return self._label(code, language) if language.startswith("en") else self.labels[code]

    def children(self, code: str, on: date) -> list[AreaView]:
        """Areas directly below a code ("" for the highest ones) that are valid on a date, by code."""
        return [self.areas[below] for below in self._children.get(code, ()) if self.areas[below].valid_on(on)]

    def below(self, level: str, prefix: str, on: date) -> list[AreaView]:
        """All areas of a level under a prefix, valid on a date, by code."""
        chosen = (area for area in self.areas.values() if area.level == level and area.code.startswith(prefix))
        return sorted((area for area in chosen if area.valid_on(on)), key=lambda area: area.code)

    def era(self, on: date) -> int:
        """A number that is the same for all dates on which the same areas are valid."""
        return bisect_right(self._days, on)

    def points(self, on: date) -> PointIndex:
        """The grids of a date, indexed."""
        with self._lock:
            era = self.era(on)
            if era not in self._points:
                grids = {area.code for area in self.below("grid", "", on) if area.code in self.shapes}
                divided = {code[:12] for code in grids}
                whole = {area.code for area in self.below("community", "", on) if area.code in self.shapes} - divided
                _make_room(self._points)
                self._points[era] = PointIndex({code: self.shapes[code] for code in grids | whole}, self.labels)
            return self._points[era]

    def served(self, on: date) -> BaseGeometry | None:
        """The ground of a date by the boundaries of its counties and towns, else of what lies below; None for none."""
        with self._lock:
            era = self.era(on)
            if era not in self._served:
                _make_room(self._served)
                upper, lower = self._drawn(("county", "town"), on), self._drawn(("community", "grid"), on)
                shapes = upper or lower
                whole = shapely.union_all(shapes) if shapes else None
                shapely.prepare(whole)
                self._served[era] = whole
            return self._served[era]

    def _drawn(self, levels: Iterable[str], on: date) -> list[BaseGeometry]:
        areas = [area for level in levels for area in self.below(level, "", on)]
        return [self.shapes[area.code] for area in areas if area.code in self.shapes]

    def gazetteer(self, on: date) -> Gazetteer:
        """The names of a date, compiled."""
        with self._lock:
            era = self.era(on)
            if era not in self._gazetteers:
                if self._names is None:
                    self._names = [_named(row) for row in PlaceName.objects.order_by("id").iterator(5000)]
                spoken = {
                    area.code: _spellings(area) for level in ("town", "community") for area in self.below(level, "", on)
                }
                _make_room(self._gazetteers)
                self._gazetteers[era] = Gazetteer(self.points(on), spoken, self._names, self.labels)
            return self._gazetteers[era]


def _make_room(kept: dict[int, Any]) -> None:
    while len(kept) >= KEPT_DATES:
        kept.pop(next(iter(kept)))


def _spellings(area: AreaView) -> Iterable[str]:
    """How people write the name of a town or a community: also 荷塘居委会 for 荷塘社区, 柳汀街道办 for 柳汀街道."""
    yield area.name
    for ending, others in (("社区", ("居委会", "社区居委会")), ("村", ("村委会",)), ("街道", ("街道办", "街道办事处"))):
        if area.name.endswith(ending):
            stem = area.name.removesuffix(ending)
            yield from (f"{stem}{other}" for other in others)


def _named(row: PlaceName) -> NamedPlace:
    road = None
    if row.path:
        line = shapely.from_wkb(bytes(row.path))
        if isinstance(line, LineString):
            road = Road(line, row.number_from, row.number_to)
    return NamedPlace(row.name, row.kind, row.area_id or "", row.lon, row.lat, tuple(row.aliases), road)


_kept: dict[UUID | None, Snapshot] = {}
_reading = RLock()
watch("territory", f"SELECT stamp FROM {TerritoryVersion._meta.db_table} ORDER BY id LIMIT 1")


def current() -> Snapshot:
    """The present snapshot. One cheap query; everything is read again only when the stamp has changed."""
    version: UUID | None = stamp("territory")
    if (known := _kept.get(version)) is not None:
        return known
    with _reading:
        if version in _kept:
            return _kept[version]
        snapshot = _read(version)
        while len(_kept) >= KEPT_SNAPSHOTS:
            _kept.pop(next(iter(_kept)), None)
        if version is not None:
            _kept[version] = snapshot
        return snapshot


def _read(stamp: UUID | None) -> Snapshot:
    columns = (
        "code",
        "level",
        "kind",
        "name",
        "name_en",
        "lon",
        "lat",
        "valid_from",
        "valid_to",
        "attributes",
        "shape",
    )
    areas: dict[str, AreaView] = {}
    encoded: dict[str, bytes] = {}
    for *values, shape in Area.objects.order_by("code").values_list(*columns).iterator(5000):
        areas[values[0]] = AreaView(*values)
        if shape:
            encoded[values[0]] = bytes(shape)
    decoded = shapely.from_wkb(np.array(list(encoded.values()), dtype=object))
    return Snapshot(areas, dict(zip(encoded, decoded, strict=True)), stamp)
