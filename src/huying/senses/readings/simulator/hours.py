"""The rhythm of days and weeks: what hour it is, and how busy that hour is for a home, a shop, a street.

Moments are seconds since 1970 (UTC); hours and weekdays are those of China, which knows no summer time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

DAY: Final = 86_400
_EAST: Final = 8 * 3_600

# one number an hour, from 0 to 23
HOME: Final = (20, 16, 14, 13, 13, 15, 28, 46, 40, 30, 28, 42, 48, 34, 28, 30, 36, 60, 88, 100, 96, 80, 56, 34)
SHOP: Final = (8, 7, 7, 7, 8, 12, 24, 46, 70, 84, 90, 100, 96, 88, 86, 88, 92, 100, 98, 90, 74, 46, 20, 10)
WORKSHOP: Final = (6, 5, 5, 5, 5, 6, 10, 40, 92, 100, 100, 84, 40, 88, 100, 98, 94, 70, 40, 30, 20, 10, 8, 6)
CHARGING: Final = (70, 48, 30, 18, 10, 6, 6, 10, 12, 14, 14, 16, 20, 16, 14, 14, 18, 34, 60, 84, 96, 100, 98, 88)
AWAKE: Final = (2, 1, 1, 1, 2, 18, 60, 90, 100, 96, 92, 80, 50, 36, 60, 80, 92, 88, 76, 60, 46, 30, 14, 5)
GOING_OUT: Final = (2, 1, 1, 1, 3, 14, 44, 92, 100, 56, 34, 26, 30, 34, 24, 22, 26, 34, 40, 34, 26, 18, 10, 5)
COMING_IN: Final = (6, 3, 2, 1, 1, 3, 8, 14, 18, 22, 30, 56, 60, 30, 22, 26, 40, 84, 100, 82, 58, 46, 34, 18)
GOING_OUT_LATE: Final = (4, 3, 2, 1, 1, 4, 14, 34, 62, 90, 100, 84, 52, 46, 60, 68, 60, 52, 56, 54, 40, 26, 16, 9)
COMING_IN_LATE: Final = (12, 6, 3, 2, 1, 2, 6, 14, 26, 40, 58, 88, 90, 52, 40, 44, 66, 90, 96, 86, 80, 76, 56, 30)


def hour_of(moment: float) -> float:
    """Hour of the day, 0.0 to 23.99."""
    return (moment + _EAST) % DAY / 3600.0


def day_of(moment: float) -> int:
    """Days since 1970 in China."""
    return int((moment + _EAST) // DAY)


def midnight_of(moment: float) -> float:
    """The moment the day began."""
    return day_of(moment) * DAY - _EAST


def is_weekend(moment: float) -> bool:
    return (day_of(moment) + 3) % 7 >= 5  # the first of January 1970 was a Thursday


def season_of(moment: float) -> float:
    """-1 in the middle of January, +1 in the middle of July."""
    return -math.cos((day_of(moment) % 365.2425 - 15.0) / 365.2425 * 2.0 * math.pi)


def busy(curve: Sequence[int], moment: float) -> float:
    """Share of the busiest hour, 0 to 1, gliding from one hour to the next."""
    hour = hour_of(moment)
    left = int(hour)
    share = hour - left
    return (curve[left] * (1.0 - share) + curve[(left + 1) % 24] * share) / 100.0


@cache
def _sums(curve: tuple[int, ...]) -> tuple[float, ...]:
    """Share of the day's whole that has passed when each hour begins; 25 numbers."""
    whole = sum(curve)
    passed = [0.0]
    for one in curve:
        passed.append(passed[-1] + one / whole)
    return tuple(passed)


def passed(curve: tuple[int, ...], moment: float) -> float:
    """Share of the day's whole that lies behind: 0 at midnight, growing to 1."""
    hour = hour_of(moment)
    left = int(hour)
    sums = _sums(curve)
    return sums[left] + (sums[left + 1] - sums[left]) * (hour - left)
