"""Shapes of areas: measuring, checking, dividing and joining. Plain geometry in degrees, answers in metres.

Areas are measured in the cylindrical equal-area projection of the CGCS2000 ellipsoid (exact for areas; edges of a
few kilometres deviate by less than a millionth).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

ProblemKind = Literal["invalid", "empty", "overlap", "gap", "outside"]

AXIS: Final = 6378137.0
_E2: Final = 0.00669438002301188  # CGCS2000
_E: Final = _E2**0.5
TOLERANCE_M2: Final = 1.0  # smaller overlaps and gaps are rounding, not disputes
TOLERANCE_M: Final = 0.05  # so are strips narrower than 5 cm
SNAP_DEGREES: Final = 1e-9  # 0.1 mm: joins vertices that differ by rounding only
SMALLEST_PART_M2: Final = 50.0


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a set of shapes: which grids, how much, where to look, and the disputed piece itself."""

    kind: ProblemKind
    codes: tuple[str, ...]
    area_m2: float
    lon: float
    lat: float
    detail: str = ""
    shape: BaseGeometry | None = field(default=None, compare=False, repr=False)


class ShapeRefused(ValueError):
    """A shape or a line that cannot be used; `reason` is a stable word the caller translates."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _equal_area(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lam, sine = np.radians(coordinates[:, 0]), np.sin(np.radians(coordinates[:, 1]))
    q = (1 - _E2) * (sine / (1 - _E2 * sine**2) - np.log((1 - _E * sine) / (1 + _E * sine)) / (2 * _E))
    return np.column_stack((AXIS * lam, AXIS * q / 2))


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid in square metres."""
    return float(shapely.area(shapely.transform(shape, _equal_area)))


def areas_m2(shapes: Sequence[BaseGeometry]) -> npt.NDArray[np.float64]:
    """Areas of many shapes in square metres."""
    return np.asarray(shapely.area(shapely.transform(np.asarray(shapes, dtype=object), _equal_area)))


def metre_scale(lat: float) -> tuple[float, float]:
    """Metres per degree of longitude and of latitude at a latitude."""
    sine = np.sin(np.radians(lat))
    curve = 1 - _E2 * sine**2
    east = np.pi / 180 * AXIS * np.cos(np.radians(lat)) / np.sqrt(curve)
    north = np.pi / 180 * AXIS * (1 - _E2) / curve**1.5
    return float(east), float(north)


def in_metres(shape: Any, lat: float) -> Any:
    """Shape or array of shapes in a local plane of metres, true near the given latitude."""
    scale = np.array(metre_scale(lat))
    return shapely.transform(shape, lambda xy: xy * scale)


def clean(shape: BaseGeometry) -> Polygon | MultiPolygon:
    """A polygon fit to be stored: 2-D, valid, not empty. ShapeRefused("not_polygon" | "invalid" | "empty") if not."""
    flat = shapely.force_2d(shape)
    if not isinstance(flat, Polygon | MultiPolygon):
        raise ShapeRefused("not_polygon")
    if flat.is_empty or flat.area == 0:
        raise ShapeRefused("empty")
    if not np.isfinite(shapely.get_coordinates(flat)).all() or not flat.is_valid:
        raise ShapeRefused("invalid")
    if isinstance(flat, MultiPolygon) and len(flat.geoms) == 1:
        return flat.geoms[0]
    return flat


def centre(shape: BaseGeometry) -> tuple[float, float]:
    """A point that lies inside: the centroid where that is inside, else a point on the surface."""
    middle = shape.centroid
    inside = middle if shape.contains(middle) else shape.representative_point()
    return round(inside.x, 7), round(inside.y, 7)


def _matters(shape: BaseGeometry, tolerance_m2: float) -> float:
    """Area in m² of a disputed piece, 0 when it is small or thin enough to be rounding."""
    area = area_m2(shape)
    if area < tolerance_m2:
        return 0.0
    outline = in_metres(shape, shape.centroid.y).length
    return area if outline and 2 * area / outline >= TOLERANCE_M else 0.0


def _polygons(shape: BaseGeometry) -> Iterator[Polygon]:
    for part in shapely.get_parts(shape):
        if isinstance(part, Polygon) and not part.is_empty:
            yield part


def _invalid(shapes: Mapping[str, BaseGeometry]) -> Iterator[Problem]:
    for code, shape in shapes.items():
        if shape.is_empty or not isinstance(shape, Polygon | MultiPolygon):
            yield Problem("empty", (code,), 0.0, 0.0, 0.0)
        elif not shape.is_valid:
            spot = shapely.get_coordinates(shape)[0]
            yield Problem("invalid", (code,), 0.0, float(spot[0]), float(spot[1]), shapely.is_valid_reason(shape))


def _overlaps(codes: Sequence[str], shapes: Sequence[BaseGeometry], tolerance_m2: float) -> Iterator[Problem]:
    tree = STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    for a, b in sorted((int(i), int(j)) for i, j in zip(left, right, strict=True) if codes[i] < codes[j]):
        for part in _polygons(shapely.intersection(shapes[a], shapes[b])):
            if area := _matters(part, tolerance_m2):
                lon, lat = centre(part)
                yield Problem("overlap", (codes[a], codes[b]), round(area, 1), lon, lat, shape=part)


def _gaps(
    codes: Sequence[str], shapes: Sequence[BaseGeometry], outline: BaseGeometry, tolerance_m2: float
) -> Iterator[Problem]:
    covered = shapely.union_all(np.asarray(shapes, dtype=object), grid_size=SNAP_DEGREES)
    tree = STRtree(shapes)
    for part in _polygons(shapely.difference(outline, covered)):
        if area := _matters(part, tolerance_m2):
            near = tree.query(part, predicate="dwithin", distance=1e-7)
            lon, lat = centre(part)
            beside = tuple(sorted(codes[int(i)] for i in near)[:2])
            yield Problem("gap", beside, round(area, 1), lon, lat, shape=part)


def _outside(
    codes: Sequence[str], shapes: Sequence[BaseGeometry], outline: BaseGeometry, tolerance_m2: float
) -> Iterator[Problem]:
    within = shapely.covered_by(np.asarray(shapes, dtype=object), outline)
    for position in np.flatnonzero(~within).tolist():
        for part in _polygons(shapely.difference(shapes[position], outline)):
            if area := _matters(part, tolerance_m2):
                lon, lat = centre(part)
                yield Problem("outside", (codes[position],), round(area, 1), lon, lat, shape=part)


def check(
    shapes: Mapping[str, BaseGeometry], outline: BaseGeometry | None, *, tolerance_m2: float = TOLERANCE_M2
) -> list[Problem]:
    """Everything wrong with the parts of one area: invalid, overlapping, leaving a gap, or outside of it.

    `shapes` by code; `outline` is the shape of the area they divide (None: no outline is known, gaps inside the union
    are still found as holes). Differences below `tolerance_m2` or thinner than 5 cm are rounding. Order is stable.
    """
    problems = list(_invalid(shapes))
    broken = {problem.codes[0] for problem in problems}
    codes = sorted(code for code in shapes if code not in broken)
    if not codes:
        return problems
    sound = [shapes[code] for code in codes]
    problems += _overlaps(codes, sound, tolerance_m2)
    if outline is None:
        union = shapely.union_all(np.asarray(sound, dtype=object), grid_size=SNAP_DEGREES)
        outline = shapely.union_all([Polygon(part.exterior) for part in _polygons(union)])
        problems += _gaps(codes, sound, outline, tolerance_m2)
    elif not outline.is_empty:
        problems += _gaps(codes, sound, outline, tolerance_m2)
        problems += _outside(codes, sound, outline, tolerance_m2)
    return problems


def split(shape: BaseGeometry, line: LineString) -> list[Polygon]:
    """The parts a line cuts a polygon into, largest first.

    The line must cross from edge to edge. ShapeRefused("line_misses" | "line_ends_inside" | "part_too_small").
    """
    edges = shapely.union_all([shape.boundary, shapely.force_2d(line)])
    faces = shapely.get_parts(shapely.polygonize([edges]))
    parts = [face for face in faces if shape.contains(face.representative_point())]
    whole = len(shapely.get_parts(shape))
    if len(parts) <= whole:
        raise ShapeRefused("line_ends_inside" if line.crosses(shape) or line.within(shape) else "line_misses")
    if any(area_m2(part) < SMALLEST_PART_M2 for part in parts):
        raise ShapeRefused("part_too_small")
    return sorted(parts, key=lambda part: -part.area)


def are_adjacent(a: BaseGeometry, b: BaseGeometry) -> bool:
    """True when two shapes share an edge of positive length (a corner is not enough), within rounding."""
    if not shapely.dwithin(a, b, SNAP_DEGREES * 10):
        return False
    return shared_m(a, b) > 1.0


def shared_m(a: BaseGeometry, b: BaseGeometry) -> float:
    """About twice the length in metres of the edge two shapes share, within rounding; for comparing."""
    shared = shapely.intersection(shapely.buffer(a, SNAP_DEGREES * 20), b)
    return float(in_metres(shared, b.centroid.y).length)


def follow(before: BaseGeometry, after: BaseGeometry, beside: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """The other areas that must change when one is reshaped, by code, so that the land stays divided.

    They give what it takes; each piece it gives up goes to the one with the longest edge along it. Land nobody borders
    stays free. ShapeRefused("swallows_neighbour") when one of them would have nothing left.
    """
    moved: dict[str, BaseGeometry] = {}
    for code, shape in beside.items():
        if any(_matters(part, TOLERANCE_M2) for part in _polygons(shapely.intersection(shape, after))):
            rest = [part for part in _polygons(shapely.difference(shape, after)) if _matters(part, TOLERANCE_M2)]
            if not rest:
                raise ShapeRefused("swallows_neighbour")
            moved[code] = shapely.union_all(rest)
    free = shapely.difference(before, shapely.union_all([after, *beside.values()]))
    for piece in _polygons(free):
        if not _matters(piece, TOLERANCE_M2):
            continue
        edges = {code: shared_m(shape, piece) for code, shape in beside.items() if shapely.dwithin(shape, piece, 1e-8)}
        if edges and max(edges.values()) > 1.0:
            code = max(sorted(edges), key=lambda one: edges[one])
            moved[code] = shapely.union_all([moved.get(code, beside[code]), piece], grid_size=SNAP_DEGREES)
    return moved


def merge(shapes: Sequence[BaseGeometry]) -> Polygon | MultiPolygon:
    """The union of adjacent shapes. ShapeRefused("not_adjacent") when they do not hang together."""
    joined = shapely.union_all(np.asarray(shapes, dtype=object), grid_size=SNAP_DEGREES)
    before = max(len(shapely.get_parts(shape)) for shape in shapes)
    if len(shapely.get_parts(joined)) > before:
        raise ShapeRefused("not_adjacent")
    return clean(joined)


def moved_share(before: BaseGeometry, after: BaseGeometry) -> float:
    """How much of a shape changed: area of the symmetric difference over the area before."""
    return area_m2(shapely.symmetric_difference(before, after)) / max(area_m2(before), 1e-9)
