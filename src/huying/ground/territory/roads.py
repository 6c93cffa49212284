"""Positions along a road: house numbers, samples and crossings. Pure geometry on paths in degrees."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry import LineString

from huying.ground.territory.topology import in_metres, metre_scale

SIDE_M: Final = 14.0
"""A house stands this far from the middle of its road; odd numbers on the left in the direction of counting."""
SAMPLE_M: Final = 120.0
CROSSING_M: Final = 40.0

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMBER = re.compile(r"(?:第)?(\d{1,5}|[零〇一二两三四五六七八九十百]{1,7})(?:[-—之]\d{1,4})?(?:号|號)(?!线|楼道)")


@dataclass(frozen=True, slots=True)
class Road:
    """A road, or the part of one that lies in one area: its middle line and the house numbers at both ends."""

    path: LineString
    number_from: int | None = None
    number_to: int | None = None

    def has_number(self, number: int) -> bool:
        """Whether the house number belongs to this part of the road."""
        if self.number_from is None or self.number_to is None:
            return False
        return min(self.number_from, self.number_to) <= number <= max(self.number_from, self.number_to)


def chinese_number(text: str) -> int | None:
    """The value of an Arabic or Chinese numeral below 1,000 (十二 → 12, 二百零三 → 203, 一五 → 15), else None."""
    if text.isascii() and text.isdigit():
        return int(text)
    if not text or any(c not in _DIGITS and c not in "十百" for c in text):
        return None
    if not set(text) & set("十百"):
        return int("".join(str(_DIGITS[c]) for c in text))
    total, digit = 0, None
    for c in text:
        if c in "十百":
            total += (1 if digit is None else digit) * (10 if c == "十" else 100)
            digit = None
        else:
            digit = _DIGITS[c]
    return total + (digit or 0)


def number_after(text: str, start: int) -> int | None:
    """The house number that follows a road name in a text, if one does (龙园路12号, 龙园路十二号, 龙园路12-3号)."""
    found = _NUMBER.match(text, start)
    return chinese_number(found.group(1)) if found else None


def position_of(road: Road, number: int) -> tuple[float, float]:
    """Where a house number stands: interpolated along the road, moved to its side. Longitude, latitude."""
    first, last = road.number_from or 1, road.number_to or 1
    share = (number - first) / (last - first) if last != first else 0.5
    share = min(max(share, 0.0), 1.0)
    before = road.path.interpolate(max(share - 0.01, 0.0), normalized=True)
    after = road.path.interpolate(min(share + 0.01, 1.0), normalized=True)
    here = road.path.interpolate(share, normalized=True)
    east, north = metre_scale(here.y)
    along = np.array([(after.x - before.x) * east, (after.y - before.y) * north])
    length = float(np.hypot(*along)) or 1.0
    side = SIDE_M if number % 2 else -SIDE_M
    left = np.array([-along[1], along[0]]) / length * side
    return round(here.x + left[0] / east, 7), round(here.y + left[1] / north, 7)


def samples(road: Road) -> list[tuple[float, float]]:
    """Points along the road, at most 120 m apart, alternating between both sides."""
    length = float(in_metres(road.path, road.path.centroid.y).length)
    count = max(1, int(np.ceil(length / SAMPLE_M)))
    ends = Road(road.path, 0, 2 * count)
    return [position_of(ends, position) for position in range(1, 2 * count)]


def crossing(a: Road, b: Road) -> tuple[float, float] | None:
    """Where two roads meet (nearest points within 40 m), else None."""
    line = shapely.shortest_line(a.path, b.path)
    if line is None or in_metres(line, line.centroid.y).length > CROSSING_M:
        return None
    middle = line.interpolate(0.5, normalized=True)
    return round(middle.x, 7), round(middle.y, 7)
