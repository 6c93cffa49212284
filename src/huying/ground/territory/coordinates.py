"""Coordinate systems met in China, in and out.

Stored and compared: CGCS2000, which is WGS-84 within centimetres. GCJ-02 is what AMap, Tencent and WeChat speak,
BD-09 what Baidu speaks. The forward formulas are the published approximations everybody uses; the inverses are exact
to 1e-9° (0.1 mm) by fixed-point iteration. Longitude first, degrees. Outside the rectangle in which the offset is
defined all systems are the same. Floats and numpy arrays are both accepted.
"""

from typing import Final, Literal, cast

import numpy as np
import numpy.typing as npt

Crs = Literal["cgcs2000", "wgs84", "gcj02", "bd09"]
CRS_NAMES: Final[tuple[Crs, ...]] = ("cgcs2000", "wgs84", "gcj02", "bd09")
Array = npt.NDArray[np.float64]
Pair = tuple[float, float]

_AXIS: Final = 6378245.0  # Krasovsky 1940
_ECCENTRICITY: Final = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BD_TURN: Final = np.pi * 3000.0 / 180.0
_ROUNDS: Final = 30
_EXACT: Final = 1e-10


def _inside(lon: Array, lat: Array) -> npt.NDArray[np.bool_]:
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def _offset(lon: Array, lat: Array) -> tuple[Array, Array]:
    """The GCJ-02 offset in degrees, without regard to the rectangle."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    dlat += (wave + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    dlat += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    dlon += (wave + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    dlon += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = lat / 180.0 * np.pi
    magic = 1.0 - _ECCENTRICITY * np.sin(phi) ** 2
    dlat = dlat * 180.0 / ((_AXIS * (1.0 - _ECCENTRICITY)) / (magic * np.sqrt(magic)) * np.pi)
    dlon = dlon * 180.0 / (_AXIS / np.sqrt(magic) * np.cos(phi) * np.pi)
    return dlon, dlat


def _wgs_to_gcj(lon: Array, lat: Array) -> tuple[Array, Array]:
    dlon, dlat = _offset(lon, lat)
    inside = _inside(lon, lat)
    return np.where(inside, lon + dlon, lon), np.where(inside, lat + dlat, lat)


def _gcj_to_wgs(lon: Array, lat: Array) -> tuple[Array, Array]:
    near = (lon > _WEST - 1) & (lon < _EAST + 1) & (lat > _SOUTH - 1) & (lat < _NORTH + 1)
    start_lon, start_lat = np.where(near, lon, 105.0), np.where(near, lat, 35.0)
    found_lon, found_lat = start_lon, start_lat
    for _ in range(_ROUNDS):
        dlon, dlat = _offset(found_lon, found_lat)
        next_lon, next_lat = start_lon - dlon, start_lat - dlat
        step = max(np.max(np.abs(next_lon - found_lon), initial=0), np.max(np.abs(next_lat - found_lat), initial=0))
        found_lon, found_lat = next_lon, next_lat
        if step < _EXACT:
            break
    inside = near & _inside(found_lon, found_lat)
    return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)


def _gcj_to_bd(lon: Array, lat: Array) -> tuple[Array, Array]:
    radius = np.sqrt(lon * lon + lat * lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    inside = _inside(lon, lat)
    return (
        np.where(inside, radius * np.cos(angle) + 0.0065, lon),
        np.where(inside, radius * np.sin(angle) + 0.006, lat),
    )


def _bd_to_gcj(lon: Array, lat: Array) -> tuple[Array, Array]:
    found_lon, found_lat = lon - 0.0065, lat - 0.006
    for _ in range(_ROUNDS):
        radius = np.sqrt(found_lon**2 + found_lat**2) + 0.00002 * np.sin(found_lat * _BD_TURN)
        angle = np.arctan2(found_lat, found_lon) + 0.000003 * np.cos(found_lon * _BD_TURN)
        wrong_lon = radius * np.cos(angle) + 0.0065 - lon
        wrong_lat = radius * np.sin(angle) + 0.006 - lat
        found_lon, found_lat = found_lon - wrong_lon, found_lat - wrong_lat
        if max(np.max(np.abs(wrong_lon), initial=0), np.max(np.abs(wrong_lat), initial=0)) < _EXACT:
            break
    inside = _inside(found_lon, found_lat)
    return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)


def convert(lon: npt.ArrayLike, lat: npt.ArrayLike, source: Crs, target: Crs) -> tuple[Array, Array]:
    """Arrays of longitudes and latitudes from one system into another."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    rank = {"cgcs2000": 0, "wgs84": 0, "gcj02": 1, "bd09": 2}
    here, there = rank[source], rank[target]
    if here == 2 and there < 2:
        x, y = _bd_to_gcj(x, y)
    if here >= 1 and there == 0:
        x, y = _gcj_to_wgs(x, y)
    if here == 0 and there >= 1:
        x, y = _wgs_to_gcj(x, y)
    if here < 2 and there == 2:
        x, y = _gcj_to_bd(x, y)
    return x, y


def convert_point(lon: float, lat: float, source: Crs, target: Crs) -> Pair:
    """One point from one system into another."""
    x, y = convert(lon, lat, source, target)
    return float(x), float(y)


def wgs84_to_gcj02(lon: float, lat: float) -> Pair:
    """WGS-84/CGCS2000 → GCJ-02; identity outside the rectangle of China."""
    return convert_point(lon, lat, "wgs84", "gcj02")


def gcj02_to_wgs84(lon: float, lat: float) -> Pair:
    """GCJ-02 → WGS-84/CGCS2000, the exact inverse."""
    return convert_point(lon, lat, "gcj02", "wgs84")


def gcj02_to_bd09(lon: float, lat: float) -> Pair:
    """GCJ-02 → BD-09."""
    return convert_point(lon, lat, "gcj02", "bd09")


def bd09_to_gcj02(lon: float, lat: float) -> Pair:
    """BD-09 → GCJ-02, the exact inverse."""
    return convert_point(lon, lat, "bd09", "gcj02")


def wgs84_to_bd09(lon: float, lat: float) -> Pair:
    """WGS-84/CGCS2000 → BD-09."""
    return convert_point(lon, lat, "wgs84", "bd09")


def bd09_to_wgs84(lon: float, lat: float) -> Pair:
    """BD-09 → WGS-84/CGCS2000, the exact inverse."""
    return convert_point(lon, lat, "bd09", "wgs84")


def crs_of(text: str) -> Crs:
    """The system a user named, forgiving case, dashes and the common other names; ValueError when unknown."""
    plain = text.strip().lower().replace("-", "").replace("_", "")
    known: dict[str, str] = {
        **{str(name): str(name) for name in CRS_NAMES},
        "epsg4326": "wgs84",
        "epsg4490": "cgcs2000",
        "gcj": "gcj02",
        "bd": "bd09",
        "bd09ll": "bd09",
    }
    if plain not in known:
        raise ValueError(f"unknown coordinate system: {text!r}")
    return cast(Crs, known[plain])
