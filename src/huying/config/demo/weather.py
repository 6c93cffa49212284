"""A believable sky: rain, heat, cold and storms day by day, seasons of a southern coastal district."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

# month: mean high °C, chance of rain, mean rain on a wet day in mm, chance that a day starts a storm
CLIMATE = {
    1: (20, 0.16, 5, 0), 2: (21, 0.22, 6, 0), 3: (24, 0.32, 8, 0), 4: (27, 0.40, 16, 0), 5: (30, 0.50, 24, 0.002),
    6: (32, 0.55, 28, 0.006), 7: (33.6, 0.46, 26, 0.018), 8: (33.6, 0.46, 26, 0.022), 9: (32.4, 0.38, 24, 0.024),
    10: (29.8, 0.16, 15, 0.012), 11: (26, 0.11, 9, 0.002), 12: (21.6, 0.12, 6, 0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sky:
    """One day. ``rain`` in mm, ``high`` and ``low`` in °C, ``gale`` 0–1 the force of a storm, ``peak`` hour of rain."""

    on: date
    rain: float
    high: float
    low: float
    gale: float
    peak: int

    @property
    def drive(self) -> Mapping[str, float]:
        """How strongly the day drives matters of each kind, about 0–1 (rain up to 2)."""
        return {
            "rain": min(max(self.rain - 12, 0) / 60, 2.0),
            "heat": min(max(self.high - 32.5, 0) / 4, 1.2),
            "cold": min(max(11 - self.low, 0) / 6, 1.0),
            "typhoon": self.gale,
        }


def forecast(rng: Random, first: date, days: int) -> list[Sky]:
    """Weather of ``days`` days from ``first``; at least one day of heavy rain, so that it shows."""
    skies: list[Sky] = []
    wet, warm, gale = False, 0.0, 0.0
    for offset in range(days):
        on = first + timedelta(days=offset)
        mean, chance, amount, storm = _season(on)
        wet = rng.random() < (min(chance + 0.28, 0.9) if wet else chance * 0.72)
        warm = 0.82 * warm + rng.gauss(0, 1.25)
        gale = 0.45 * gale if gale > 0.3 else (rng.uniform(0.6, 1.0) if rng.random() < storm else 0.0)
        rain = rng.gammavariate(0.75, amount / 0.75) if wet else 0.0
        if gale > 0.3:
            rain = max(rain, 90 * gale + rng.uniform(0, 50))
        high = mean + warm - (2.4 if rain > 10 else 0) - (2 if gale else 0)
        peak = int(rng.triangular(6, 22, 16))
        skies.append(
            Sky(on, round(rain, 1), round(high, 1), round(high - rng.uniform(5, 8.5), 1), round(gale, 2), peak)
        )
    wettest = max(range(days), key=lambda index: skies[index].rain, default=None)
    if wettest is not None and skies[wettest].rain < 55:
        sky = skies[wettest]
        skies[wettest] = Sky(sky.on, 55 + round(10 * rng.random(), 1), sky.high, sky.low, sky.gale, sky.peak)
    return skies


def _season(on: date) -> tuple[float, float, float, float]:
    """The climate of a day, between the middles of two months."""
    position = on.month - 1 + (on.day - 15) / 30.5
    low = math.floor(position) % 12
    share = position - math.floor(position)
    left, right = CLIMATE[low + 1], CLIMATE[(low + 1) % 12 + 1]
    mean, chance, amount, storm = (a + (b - a) * share for a, b in zip(left, right, strict=True))
    return mean, chance, amount, storm
