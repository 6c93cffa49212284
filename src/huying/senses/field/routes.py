"""Points on the ground, and in which order to walk: the nearest place next, from where I stand. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Final

_EARTH: Final = 6_371_008.8  # metres, mean radius (IUGG)
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to go to: ``key`` names it, ``point`` is (longitude, latitude) in WGS-84 degrees or unknown."""

    key: str
    point: Point | None = None


def finite(number: float) -> float | None:
    """The number as a float; None for what is none: infinite, not a number, or an integer too long for one."""
    try:
        found = float(number)
    except OverflowError:
        return None
    return found if isfinite(found) else None


def on_earth(point: Point) -> Point | None:
    """The point where it has a longitude and a latitude there are, else None."""
    lon, lat = finite(point[0]), finite(point[1])
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None
    return lon, lat


def metres(a: Point, b: Point) -> float:
    """Distance on the ground between two (longitude, latitude) points in metres (haversine)."""
    lon_a, lat_a, lon_b, lat_b = map(radians, (*a, *b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(half)))


def route(stops: Sequence[Stop], start: Point | None = None) -> list[Stop]:
    """The stops, always the nearest next; places at one distance by their key, places without a point at the end.

    Whatever order they come in, the same walk comes out. Without a start it begins at the stop with the first key.
    """
    left = sorted((stop for stop in stops if stop.point is not None), key=lambda stop: stop.key)
    unknown = sorted((stop for stop in stops if stop.point is None), key=lambda stop: stop.key)
    walked: list[Stop] = []
    here = start
    while left:
        nearest = left[0] if here is None else min(left, key=lambda stop: (_away(here, stop), stop.key))
        left.remove(nearest)
        walked.append(nearest)
        here = nearest.point
    return walked + unknown


def _away(here: Point | None, stop: Stop) -> float:
    return metres(here, stop.point) if here is not None and stop.point is not None else 0.0
