"""Point → grid, many at a time, in memory. Pure: built from plain shapes, knows no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.topology import in_metres, metre_scale

NEAR_M: Final = 30.0
"""A point outside every grid still belongs to the nearest one up to this distance (a quay, a river bank)."""
NEAR_BEST, NEAR_WORST = 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is. `grid` is "" when only the community or the town is known; confidence is 0..1."""

    grid: str
    community: str
    town: str
    lon: float | None
    lat: float | None
    confidence: float
    matched: str
    label: str


class PointIndex:
    """The grids valid on one date (and communities not yet divided), ready to be asked which of them holds a point."""

    def __init__(self, shapes: Mapping[str, BaseGeometry], labels: Mapping[str, str]) -> None:
        self.codes: tuple[str, ...] = tuple(sorted(shapes))
        self._shapes = np.array([shapes[code] for code in self.codes], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = STRtree(self._shapes)
        self._patterns = [
            Place(code if len(code) == 15 else "", code[:12], code[:9], None, None, 1.0, "", labels.get(code, code))
            for code in self.codes
        ]
        self._reach = NEAR_M / min(metre_scale(self._latitude())) if self.codes else 0.0

    def _latitude(self) -> float:
        bounds = shapely.total_bounds(self._shapes)
        return float(max(abs(bounds[1]), abs(bounds[3])))

    def find(self, lons: npt.ArrayLike, lats: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """For each point the position of its grid in `codes` (-1: none) and the distance to it in metres.

        A point on a shared edge belongs to the smaller code; a point outside to the nearest grid within 30 m.
        """
        points = shapely.points(np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64))
        found = np.full(len(points), len(self.codes), dtype=np.int64)
        away = np.zeros(len(points))
        if self.codes:
            which, grids = self._tree.query(points, predicate="intersects")
            np.minimum.at(found, which, grids)
            self._nearest(points, np.flatnonzero(found == len(self.codes)), found, away)
        found[found == len(self.codes)] = -1
        return found, away

    def _nearest(
        self,
        points: npt.NDArray[np.object_],
        lost: npt.NDArray[np.int64],
        found: npt.NDArray[np.int64],
        away: npt.NDArray[np.float64],
    ) -> None:
        if not len(lost):
            return
        which, grids = self._tree.query(points[lost], predicate="dwithin", distance=self._reach)
        best: dict[int, tuple[float, int]] = {}
        for point, grid in zip(lost[which].tolist(), grids.tolist(), strict=True):
            lat = shapely.get_y(points[point])
            distance = float(shapely.distance(in_metres(points[point], lat), in_metres(self._shapes[grid], lat)))
            if distance <= NEAR_M:
                best[point] = min(best.get(point, (np.inf, 0)), (round(distance, 2), grid))
        for point, (distance, grid) in best.items():
            found[point], away[point] = grid, distance

    def locate(self, points: Sequence[tuple[float, float] | None]) -> list[Place | None]:
        """The place of each point (longitude, latitude in degrees), None for None, nonsense and far-away points."""
        places: list[Place | None] = [None] * len(points)
        known = [i for i, point in enumerate(points) if point is not None]
        if not known:
            return places
        given = np.array([points[i] for i in known], dtype=np.float64)
        sane = np.isfinite(given).all(axis=1) & (np.abs(given[:, 0]) <= 180) & (np.abs(given[:, 1]) <= 90)
        given = np.where(sane[:, None], given, 0.0)
        found, away = self.find(given[:, 0], given[:, 1])
        for i, grid, distance, (lon, lat), good in zip(
            known, found.tolist(), away.tolist(), given.tolist(), sane.tolist(), strict=True
        ):
            if good and grid >= 0:
                pattern = self._patterns[grid]
                sure = 1.0 if distance == 0 else NEAR_BEST - (NEAR_BEST - NEAR_WORST) * distance / NEAR_M
                places[i] = replace(pattern, lon=lon, lat=lat, confidence=round(sure, 3))
        return places

    def pattern(self, position: int) -> Place:
        """The place of a grid without coordinates, by its position in `codes`."""
        return self._patterns[position]
