"""What stands on the fictional land beside its grids: creeks, ponds, banks and buildings. Drawn, never named in law.

It has a chance of its own, so that however rich the ground becomes, the areas and names of a place stay the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.fictional import land
from huying.ground.territory.records import LayerRecord
from huying.ground.territory.topology import metre_scale

RIVER_M: Final = 38.0
CREEK_M: Final = 13.0
BANK_M: Final = 26.0
STREET_M: Final = 15.0
SHORE_M: Final = 10.0
CREEK: Final = ("荷溪", "Hexi Creek")
BANKS: Final = ("滨水绿带", "Waterside Green")
POND_RANK: Final = 2
BUILDING_RANK: Final = 4


@dataclass(frozen=True, slots=True)
class Pattern:
    """How buildings stand: their length and depth, the distance of one to the next, and how many are missing."""

    length: float
    depth: float
    along: float
    across: float
    missing: float


HOMES: Final = (
    Pattern(52, 15, 74, 46, 0.12),
    Pattern(34, 14, 50, 40, 0.1),
    Pattern(26, 24, 62, 58, 0.1),
    Pattern(13, 11, 22, 24, 0.3),
)
"""Slabs, short slabs, towers, and the small houses of an old village."""
WORKS: Final = {
    "school": Pattern(58, 16, 84, 62, 0.35),
    "market": Pattern(62, 40, 84, 66, 0.1),
    "industry": Pattern(86, 44, 112, 72, 0.12),
    "hospital": Pattern(56, 24, 76, 56, 0.2),
    "metro": Pattern(70, 18, 120, 90, 0.3),
}
Grid = tuple[str, BaseGeometry]
"""Kind of a special grid or "", and its shape in degrees."""


def waters(stream: LineString, lake: BaseGeometry, bend: land.Warp, area: str) -> list[LayerRecord]:
    """The river with its lake, or where the place is too small for one a creek; and the green along the banks."""
    if lake.is_empty:
        wet, name, rank = stream.buffer(CREEK_M, quad_segs=6), CREEK, 1
    else:
        wet, name, rank = shapely.union_all([stream.buffer(RIVER_M, quad_segs=6), lake]), ("澄湖", "Cheng Lake"), 0
    green = wet.buffer(BANK_M, quad_segs=4).difference(wet)
    return [
        LayerRecord("park", *BANKS, area, land.to_degrees(green, bend), rank),
        LayerRecord("water", *name, area, land.to_degrees(wet, bend), rank),
    ]


def ponds(parks: Sequence[tuple[str, BaseGeometry]], rng: Random) -> list[LayerRecord]:
    """A pond in each park; `parks` by code of their community, shapes in degrees."""
    return [LayerRecord("water", "", "", code, _pond(shape, rng), POND_RANK) for code, shape in parks]


def _pond(shape: BaseGeometry, rng: Random) -> BaseGeometry:
    middle = shape.representative_point()
    reach = (shape.area * rng.uniform(0.1, 0.18) / np.pi) ** 0.5
    turns = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    radius = reach * (1 + 0.16 * np.cos(2 * turns + rng.uniform(0, 6)) + 0.1 * np.cos(3 * turns + rng.uniform(0, 6)))
    ring = np.column_stack((middle.x + 1.2 * radius * np.cos(turns), middle.y + 0.75 * radius * np.sin(turns)))
    return _placed(shapely.Polygon(ring).intersection(shape.buffer(-0.00015)))


def buildings(code: str, grids: Sequence[Grid], wet: BaseGeometry, rng: Random) -> Iterator[LayerRecord]:
    """The buildings of each grid of a community as one shape, away from its streets (the edges) and from water."""
    scale = np.array(metre_scale(land.ORIGIN[1]))
    around = shapely.box(*shapely.total_bounds([shape for _, shape in grids])).buffer(0.001)
    water = _scaled(wet.intersection(around), scale).buffer(SHORE_M)
    for kind, shape in grids:
        if kind == "park":
            continue
        free = _scaled(shape, scale).buffer(-STREET_M).difference(water)
        pattern = WORKS.get(kind) or rng.choice(HOMES)
        if found := _rows(free, pattern, rng):
            blocks = shapely.transform(MultiPolygon(found), lambda xy: np.round(xy / scale, 6))
            yield LayerRecord("building", "", "", code, blocks, BUILDING_RANK)


def _rows(free: BaseGeometry, pattern: Pattern, rng: Random) -> list[Any]:
    """Blocks in rows, as long as they stand wholly on free ground; facing nearly south, as homes do."""
    if free.is_empty:
        return []
    turn, middle = np.radians(rng.uniform(-9, 9)), np.array(free.centroid.coords[0])
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    west, south, east, north = shapely.transform(free, lambda xy: (xy - middle) @ turned.T).bounds
    xs, ys = np.arange(west, east, pattern.along), np.arange(south, north, pattern.across)
    x, y = np.array([(x, y) for y in ys for x in xs if rng.random() > pattern.missing] or [(0, 0)]).T
    blocks = shapely.box(x, y, x + pattern.length, y + pattern.depth)
    blocks = shapely.transform(blocks, lambda xy: xy @ turned + middle)
    shapely.prepare(free)
    return list(blocks[shapely.contains(free, blocks)])


def _scaled(shape: BaseGeometry, scale: Any) -> BaseGeometry:
    scaled: BaseGeometry = shapely.transform(shape, lambda xy: xy * scale)
    return scaled


def _placed(shape: BaseGeometry) -> BaseGeometry:
    rounded: BaseGeometry = shapely.transform(shape, lambda xy: np.round(xy, 7))
    return rounded
