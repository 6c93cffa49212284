"""The land of a fictional place: an outline with a coast, a river and a lake, divided by streets.

Everything is first drawn with straight cuts on a flat plane of metres and then bent by one smooth, one-to-one warp, so
that streets curve, blocks are no squares, the centre is denser than the edge, and neighbours share every vertex.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree, affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.topology import metre_scale

ORIGIN: Final = (124.2, 30.6)
STEP_M: Final = 90.0
GRID_M: Final = 0.01
Floats = npt.NDArray[np.float64]
Warp = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Cut:
    """A street that divides something: how high the things it divides are (0 = highest), and its line in metres."""

    depth: int
    line: LineString


def outline(area_m2: float, rng: Random) -> Polygon:
    """A closed coast-like outline of about the given area, wider than high, with a bay in the south."""
    turns = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = np.ones_like(turns)
    for wave in range(2, 48):
        radius += rng.uniform(0.15, 0.5) / wave**1.2 * 0.24 * np.cos(wave * turns + rng.uniform(0, 2 * np.pi))
    radius *= 1 - 0.22 * np.exp(-(((turns - 1.55 * np.pi) / 0.35) ** 2))
    squareness = (np.abs(np.cos(turns)) ** 3 + np.abs(np.sin(turns)) ** 3) ** (-1 / 3)
    shape = Polygon(np.column_stack((1.35 * radius * squareness * np.cos(turns), radius * squareness * np.sin(turns))))
    factor = (area_m2 / shape.area) ** 0.5
    return affinity.scale(shape, factor, factor, origin=(0, 0))


def river(land: Polygon, rng: Random) -> LineString:
    """A winding line from north of the land to south of it, a little west of the middle."""
    west, south, east, north = land.bounds
    ys = np.linspace(north + 500, south - 500, 60)
    width = east - west
    xs = west + width * 0.46 + width * 0.05 * np.sin(ys / (north - south) * 5 + rng.uniform(0, 6))
    xs += width * 0.018 * np.sin(ys / (north - south) * 17 + rng.uniform(0, 6))
    return LineString(np.column_stack((xs, ys)))


def lake(stream: LineString, area_m2: float, rng: Random) -> Polygon:
    """A lake through which the river flows, near its middle."""
    middle = stream.interpolate(0.42, normalized=True)
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    radius = np.ones_like(turns)
    for wave in range(2, 7):
        radius += rng.uniform(0.05, 0.3) / wave * np.cos(wave * turns + rng.uniform(0, 2 * np.pi))
    shape = Polygon(np.column_stack((1.5 * radius * np.cos(turns), 0.8 * radius * np.sin(turns))))
    factor = (area_m2 / shape.area) ** 0.5
    turned = affinity.rotate(affinity.scale(shape, factor, factor, origin=(0, 0)), rng.uniform(-35, 35), origin=(0, 0))
    return affinity.translate(turned, middle.x, middle.y)


def warp(reach: float, rng: Random) -> Warp:
    """A smooth one-to-one bending of the plane that also draws the middle together; `reach` = radius in metres."""
    waves = []
    for length in (2400.0, 3700.0, 5900.0, 9100.0):
        for axis in (0, 1):
            turn = rng.uniform(0, 2 * np.pi)
            amplitude = length * 0.028
            waves.append(
                (axis, amplitude, 2 * np.pi / length * np.array([np.cos(turn), np.sin(turn)]), rng.uniform(0, 6.3))
            )

    def bend(points: Floats) -> Floats:
        distance = np.hypot(points[:, 0], points[:, 1]) / reach
        moved = points * (0.72 + 0.28 * np.clip(distance, 0, 1.6))[:, None]
        shift = np.zeros_like(points)
        for axis, amplitude, direction, phase in waves:
            shift[:, axis] += amplitude * np.sin(points @ direction + phase)
        return moved + shift

    return bend


def to_degrees(shape: Any, bend: Warp) -> Any:
    """Shapes of the flat plane, bent and placed on the globe; coordinates rounded to 1e-7° (1 cm)."""
    scale = np.array(metre_scale(ORIGIN[1]))
    dense = shapely.segmentize(shape, STEP_M)
    return shapely.transform(dense, lambda xy: np.round(bend(xy) / scale + np.array(ORIGIN), 7))


def _largest(shape: BaseGeometry) -> tuple[Polygon, list[Polygon]]:
    parts = sorted((p for p in shapely.get_parts(shape) if isinstance(p, Polygon)), key=lambda p: -p.area)
    return (parts[0], parts[1:]) if parts else (Polygon(), [])


def _halve(shape: Polygon, share: float, turn: float) -> tuple[Polygon, Polygon, LineString]:
    """Cut by a straight line at an angle so that the first part has the given share of the area."""
    pivot = shape.centroid
    level = affinity.rotate(shape, -turn, origin=pivot, use_radians=True)
    west, south, east, north = level.bounds
    low, high = west, east
    for _ in range(18):
        middle = (low + high) / 2
        if shapely.clip_by_rect(level, west - 1, south - 1, middle, north + 1).area < share * shape.area:
            low = middle
        else:
            high = middle
    at = (low + high) / 2
    sides = box(west - 9, south - 9, at, north + 9), box(at, south - 9, east + 9, north + 9)
    parts = [_largest(shapely.intersection(level, side)) for side in sides]
    (left, left_rest), (right, right_rest) = parts
    first, second = shapely.union_all([left, *right_rest]), shapely.union_all([right, *left_rest])
    line = shapely.intersection(LineString([(at, south - 9), (at, north + 9)]), level)
    street = max(shapely.get_parts(line), key=lambda part: part.length)
    back = [affinity.rotate(one, turn, origin=pivot, use_radians=True) for one in (first, second, street)]
    return back[0], back[1], back[2]


def _direction(shape: Polygon) -> float:
    """Angle of the long side of the smallest rectangle around the shape."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    sides = corners[1:3] - corners[0:2]
    dx, dy = sides[int(np.argmax(np.hypot(sides[:, 0], sides[:, 1])))]
    return float(np.arctan2(dy, dx))


def divide(shape: Polygon, weights: Sequence[float], rng: Random, cuts: list[Cut], depth: int = 0) -> list[Polygon]:
    """Divide a polygon into connected parts with areas in proportion to the weights, cutting across the long side."""
    if len(weights) == 1:
        return [shape]
    total, half, running = sum(weights), 0, 0.0
    while half < len(weights) - 1 and (half == 0 or running + weights[half] / 2 < total / 2):
        running += weights[half]
        half += 1
    direction = _direction(shape)
    for attempt in range(8):
        turn = direction + rng.gauss(0, 0.1 + 0.15 * attempt)
        first, second, line = _halve(shape, running / total, turn)
        if isinstance(first, Polygon) and isinstance(second, Polygon) and not first.is_empty and not second.is_empty:
            break
    cuts.append(Cut(depth, line))
    return [
        *divide(first, weights[:half], rng, cuts, depth + 1),
        *divide(second, weights[half:], rng, cuts, depth + 1),
    ]


def banks(land: Polygon, stream: LineString, water: Polygon) -> tuple[Polygon, Polygon]:
    """The land west and east of the river, without the lake."""
    dry = shapely.difference(land, water)
    west, south, _, north = land.bounds
    line = shapely.get_coordinates(stream)
    side = Polygon([*line, (west - 2000, south - 2000), (west - 2000, north + 2000)])
    left, left_rest = _largest(shapely.intersection(dry, side))
    right, right_rest = _largest(shapely.difference(dry, side))
    first, _ = _largest(shapely.union_all([left, *right_rest]))
    second, _ = _largest(shapely.union_all([right, *left_rest]))
    return first, second


def knit(leaves: Sequence[Polygon]) -> list[Polygon | MultiPolygon]:
    """The same parts, with every vertex on a shared edge present on both sides (a clean coverage)."""
    boundaries = shapely.boundary(np.asarray(leaves, dtype=object))
    edges = shapely.union_all(boundaries, grid_size=GRID_M)
    faces = [face for face in shapely.get_parts(shapely.polygonize([edges])) if face.area > 1.0]
    owners = STRtree(leaves).query_nearest([face.representative_point() for face in faces], all_matches=False)[1]
    groups: list[list[Polygon]] = [[] for _ in leaves]
    for face, owner in zip(faces, owners.tolist(), strict=True):
        groups[owner].append(face)
    return [group[0] if len(group) == 1 else shapely.coverage_union_all(group) for group in groups]


def scatter(shape: BaseGeometry, count: int, rng: Random) -> list[tuple[float, float]]:
    """Random points inside a shape, in its own units, rounded to 1e-7."""
    west, south, east, north = shape.bounds
    shapely.prepare(shape)
    points: list[tuple[float, float]] = []
    for _ in range(count * 40):
        if len(points) == count:
            break
        x, y = round(rng.uniform(west, east), 7), round(rng.uniform(south, north), 7)
        if shape.contains(Point(x, y)):
            points.append((x, y))
    while len(points) < count:
        spot = shape.representative_point()
        points.append((round(spot.x, 7), round(spot.y, 7)))
    return points
