"""What is known of a message beside its words, and what that says of two of them: the ground, the point, the kind. Pure.

Only messages taken in by the product have it; a table of messages is judged by words alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, nan, radians
from typing import Final

import numpy as np
from numpy.typing import NDArray

FAR: Final = 1500.0  # metres from where on another community is another place
CLOSE: Final = 300.0  # metres within which people may mean the same corner
PER_METRE: Final = 0.02  # points off for every metre beyond
ELSEWHERE: Final = 30.0  # points off for another place: no wording outweighs them
DISTANT: Final = 3.0  # though both surely name the same: a long road, a school with two sites
SPOT: Final = 60.0  # metres within which one spot may go by two names
SAME_KIND, OTHER_KIND, OTHER_CLASS = -1.0, 2.5, 5.0  # points off for the kind of the matter
COMMUNITY, GRID, CLASS = 12, 15, 2  # signs of a code; a grid's begins with its community's, a kind's with its class's
_DEGREE: Final = 111_320.0  # metres of a degree of latitude


@dataclass(frozen=True, slots=True)
class Where:
    """The code of the grid or community, the point in degrees, the catalogue's code of the kind; each may be unknown."""

    area: str = ""
    lon: float | None = None
    lat: float | None = None
    kind: str = ""

    @property
    def community(self) -> str:
        return self.area[:COMMUNITY] if len(self.area) >= COMMUNITY else ""

    @property
    def grid(self) -> str:
        return self.area if len(self.area) >= GRID else ""


NOWHERE: Final = Where()


def metres(one: Where, other: Where) -> float | None:
    """The distance of two points, None where one is unknown; exact enough inside a city."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    across = (one.lon - other.lon) * cos(radians((one.lat + other.lat) / 2))
    return hypot(across, one.lat - other.lat) * _DEGREE


def are_apart(one: Where, other: Where) -> bool:
    """Whether two are surely at different places: far from each other, and not of one community."""
    if one.community and one.community == other.community:
        return False
    distance = metres(one, other)
    return distance > FAR if distance is not None else bool(one.community and other.community)


def are_close(one: Where, other: Where) -> bool:
    """Whether two are surely at one place: in one grid, or steps from each other."""
    if one.grid and one.grid == other.grid:
        return True
    distance = metres(one, other)
    return distance is not None and distance <= CLOSE


def on_one_spot(one: Where, other: Where) -> bool:
    """Whether two points are so near that another name need not be another place."""
    distance = metres(one, other)
    return distance is not None and distance <= SPOT


def doubt_of(one: Where, other: Where, *, named: bool) -> float:
    """Points off because of ground, distance and kind. ``named``: both surely name the same place."""
    points = _kind_doubt(one.kind, other.kind)
    if are_apart(one, other):
        return points + (DISTANT if named else ELSEWHERE)
    distance = None if named else metres(one, other)
    return points + min(ELSEWHERE, max(0.0, (distance or 0.0) - CLOSE) * PER_METRE)


def _kind_doubt(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return SAME_KIND
    return OTHER_KIND if one[:CLASS] == other[:CLASS] else OTHER_CLASS


Numbers = NDArray[np.int_]
Truths = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Grounds:
    """The same for pairs of many."""

    def __init__(self, places: Sequence[Where]) -> None:
        self.known = any(one != NOWHERE for one in places)
        self._communities = _numbered([one.community for one in places])
        self._grids = _numbered([one.grid for one in places])
        self._kinds = _numbered([one.kind for one in places])
        self._classes = _numbered([one.kind[:CLASS] for one in places])
        self._lon = np.array([nan if one.lon is None else one.lon for one in places])
        self._lat = np.array([nan if one.lat is None else one.lat for one in places])

    def judge(self, ones: Numbers, others: Numbers) -> tuple[Floats, Floats, Truths, Truths]:
        """The points off of each pair, and how many where both surely name the same; which are close, and on one spot."""
        ours, theirs = self._communities[ones], self._communities[others]
        both, same = (ours >= 0) & (theirs >= 0), (ours == theirs) & (ours >= 0)
        distance = self._metres(ones, others)
        unknown = np.isnan(distance)
        distance = np.where(unknown, 0.0, distance)
        apart = ~same & np.where(unknown, both, distance > FAR)
        way = np.clip((distance - CLOSE) * PER_METRE, 0.0, ELSEWHERE)
        kinds = self._of_kinds(ones, others)
        doubt, named = np.where(apart, ELSEWHERE, way) + kinds, np.where(apart, DISTANT, 0.0) + kinds
        grids = self._grids[ones]
        close = ((grids == self._grids[others]) & (grids >= 0)) | (~unknown & (distance <= CLOSE))
        return doubt, named, close, ~unknown & (distance <= SPOT)

    def _of_kinds(self, ones: Numbers, others: Numbers) -> Floats:
        ours, theirs = self._kinds[ones], self._kinds[others]
        unlike = np.where(self._classes[ones] == self._classes[others], OTHER_KIND, OTHER_CLASS)
        found: Floats = np.where((ours < 0) | (theirs < 0), 0.0, np.where(ours == theirs, SAME_KIND, unlike))
        return found

    def _metres(self, ones: Numbers, others: Numbers) -> Floats:
        across = (self._lon[ones] - self._lon[others]) * np.cos(np.radians((self._lat[ones] + self._lat[others]) / 2))
        found: Floats = np.hypot(across, self._lat[ones] - self._lat[others]) * _DEGREE
        return found


def _numbered(codes: Sequence[str]) -> NDArray[np.int64]:
    """A number for each code, −1 for none."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(code, len(numbers)) if code else -1 for code in codes], dtype=np.int64)
