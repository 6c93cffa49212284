"""The sky over the simulated devices: temperature and rain of a southern coastal district, from a seed."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from .chance import bell, between, drift, unit
from .hours import DAY, day_of, hour_of, midnight_of, season_of

_SHOWER, _AT, _LONG, _HARD = 11, 12, 13, 14


class Shower(NamedTuple):
    """Rain from ``begins`` to ``ends``, hardest in the middle with ``peak`` mm an hour."""

    begins: float
    ends: float
    peak: float


def celsius(seed: int, moment: float) -> float:
    """Temperature outdoors, the same for a minute."""
    return _celsius(seed, int(moment // 60) * 60)


@lru_cache(maxsize=4096)
def _celsius(seed: int, moment: int) -> float:
    daily = 3.4 * math.cos((hour_of(moment) - 14.5) / 12.0 * math.pi)
    return 23.0 + 7.0 * season_of(moment) + daily + 1.8 * drift(seed + 5, moment, 2.5 * DAY) - 0.05 * rain(seed, moment)


@lru_cache(maxsize=4096)
def shower(seed: int, day: int) -> Shower | None:
    """The one shower a day may have; more and harder in summer."""
    noon = day * DAY + 4 * 3600.0
    season = season_of(noon)
    if unit(seed + _SHOWER, day) > 0.27 + 0.2 * season:
        return None
    begins = midnight_of(noon) + between(seed + _AT, day, 2.0, 21.0) * 3600.0
    long = between(seed + _LONG, day, 0.7, 4.5) * 3600.0
    peak = max(2.0, 16.0 + 10.0 * season + 11.0 * bell(seed + _HARD, day))
    return Shower(begins, begins + long, peak)


def rain(seed: int, moment: float) -> float:
    """Millimetres an hour just now."""
    today = day_of(moment)
    for day in (today, today - 1):
        one = shower(seed, day)
        if one is not None and one.begins < moment < one.ends:
            return one.peak * math.sin((moment - one.begins) / (one.ends - one.begins) * math.pi)
    return 0.0


def soaked(seed: int, moment: float, *, hours: float = 6.0) -> float:
    """Millimetres that fell and have not yet run off, worked out every five minutes; half is gone after ``hours`` * 0.7."""
    return _soaked(seed, int(moment // 300) * 300, hours)


@lru_cache(maxsize=4096)
def _soaked(seed: int, moment: int, hours: float) -> float:
    step = 1800.0
    reach = int(hours * 3 * 3600 / step)
    left = 0.0
    for back in range(reach):
        ago = (back + 0.5) * step
        fell = rain(seed, moment - ago)
        if fell:
            left += fell * step / 3600.0 * math.exp(-ago / (hours * 3600.0))
    return left
