"""Series in the manner of the Numenta Anomaly Benchmark: a device's days with its rhythm and its noise, and labelled faults.

Each is made from a seed alone. A label says from when to when something is really wrong; an alarm outside every label (and an
hour around it) is a false one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

START = 1_763_906_400_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
Values = dict[str, Any]


class Label(NamedTuple):
    """Something is wrong with ``alarm`` between two moments (ms)."""

    alarm: str
    begins: int
    ends: int


class Series(NamedTuple):
    """Readings in the order they arrive: (device's time, arrival, values), and what is really wrong in them."""

    kind: str
    readings: list[tuple[int, int, Values]]
    labels: list[Label]


Maker = Callable[[random.Random, float, Callable[[str], float]], Values]


def daily(moment: float, low: float, high: float) -> float:
    """A curve of the day: low at night, high in the evening."""
    hour = (moment / HOUR + 8) % 24
    return low + (high - low) * max(0.0, math.sin((hour - 6) / 18 * math.pi)) ** 2


def breaker(chance: random.Random, moment: float, wrong: Callable[[str], float]) -> Values:
    """A shop's breaker; wrong: leak (grows for hours), heat (a loose terminal), overload, sag, surge."""
    load = daily(moment, 8, 55) * chance.uniform(0.75, 1.2) + 75 * wrong("overload")
    if chance.random() < 0.004:
        load += 60  # a motor starts
    leak = daily(moment, 4, 7) + abs(chance.gauss(0, 0.8)) + 45 * wrong("leak")
    warm = daily(moment, 24, 34) + load * 0.08
    volts = 229 + chance.gauss(0, 1.8) - 60 * wrong("under_voltage") + 45 * wrong("over_voltage")
    hot = 65 * wrong("heat")
    if chance.random() < 0.0005:
        hot += 80  # one wrong reading
    temperatures = {f"temperature_{name}": round(warm + chance.gauss(0, 0.4), 1) for name in "bcn"}
    return {
        "leak": round(leak, 1), "load": round(load, 1), "voltage_a": round(volts, 1), "switch": True,
        "temperature_a": round(warm + hot + chance.gauss(0, 0.4), 1), **temperatures,
    }  # fmt: skip


def wearable(chance: random.Random, moment: float, wrong: Callable[[str], float]) -> Values:
    """An elder's band; wrong: heart_rate, oxygen, fever, inactive; sos and fall come as readings of their own."""
    awake = daily(moment, 0, 1)
    heart = (
        64 + 12 * awake + chance.gauss(0, 3) + (22 * awake if chance.random() < 0.1 else 0) + 75 * wrong("heart_rate")
    )
    hour = (moment / HOUR + 8) % 24
    walked = 0 if hour < 6.5 else (hour - 6.5) * 180
    still = wrong("inactive") > 0
    return {
        "heart_rate": round(heart), "spo2": min(100, round(97 + chance.gauss(0, 0.7) - 10 * wrong("oxygen"))),
        "skin_temperature": round(33.8 + chance.gauss(0, 0.3) + 4.8 * wrong("fever"), 1), "worn": True,
        "battery": round(95 - hour * 2.5), "sos": False, "fall": False, "steps": 0 if still else round(walked),
    }  # fmt: skip


def water(chance: random.Random, moment: float, wrong: Callable[[str], float]) -> Values:
    """A gauge at an underpass: dry, a puddle after rain, sometimes under water."""
    puddle = max(0.0, 6 * math.sin(moment / DAY * 1.7)) if daily(moment, 0, 1) > 0.4 else 0.0
    return {"depth": round(max(0.0, puddle + chance.gauss(0, 0.4) + 55 * wrong("flood")), 1), "battery": 80}


KINDS: dict[str, tuple[Maker, dict[str, tuple[int, int]]]] = {
    "smart_breaker": (breaker, {
        "leak": (3 * HOUR, 2 * HOUR), "heat": (2 * HOUR, HOUR), "overload": (HOUR, 10 * MINUTE),
        "under_voltage": (30 * MINUTE, MINUTE), "over_voltage": (30 * MINUTE, MINUTE),
    }),
    "wearable": (wearable, {"heart_rate": (HOUR, 10 * MINUTE), "oxygen": (2 * HOUR, 30 * MINUTE), "fever": (6 * HOUR, HOUR),
                            "inactive": (14 * HOUR, MINUTE)}),
    "water_level": (water, {"flood": (3 * HOUR, HOUR)}),
}  # fmt: skip
"""For each kind: what makes its values, and its faults: how long they last and how long they take to grow (ms)."""


def series(kind: str, seed: int, *, days: int = 7, faults: bool = True, ruined: bool = True) -> Series:
    """A device's readings, one a minute, with one fault of each sort (or none), and the faults of the line if ``ruined``:
    two per cent missing, one per cent twice, one per cent late, a drop-out of an hour."""
    make, sorts = KINDS[kind]
    chance = random.Random(f"{kind}{seed}")
    labels = list(_labels(sorts, chance, days)) if faults else []
    growing = {label.alarm: sorts[label.alarm][1] for label in labels}

    def wrong(alarm: str, moment: int) -> float:
        for label in labels:
            if label.alarm == alarm and label.begins <= moment < label.ends:
                return min(1.0, (moment - label.begins + MINUTE) / growing[alarm])
        return 0.0

    silent = chance.randrange(days * 24)
    if ruined and kind == "water_level":
        labels.append(Label("offline", START + silent * HOUR, START + (silent + 1) * HOUR))
    readings = []
    for minute in range(days * 1440):
        at = START + minute * MINUTE + chance.randrange(2000)
        values = make(chance, at, lambda alarm, moment=at: wrong(alarm, moment))  # type: ignore[misc]
        lot = chance.random()
        dropped = ruined and kind == "water_level" and minute // 60 == silent
        if dropped or (ruined and lot < 0.02):
            continue
        late = chance.randrange(MINUTE, 10 * MINUTE) if ruined and lot > 0.99 else 0
        readings.append((at, at + chance.randrange(300) + late, values))
        if ruined and 0.5 < lot < 0.51:
            readings.append((at, at + 400, values))
    return Series(kind, sorted(readings, key=lambda one: one[1]), labels)


def _labels(sorts: dict[str, tuple[int, int]], chance: random.Random, days: int) -> Iterator[Label]:
    """One fault of each sort, a day or more apart from the beginning, each on a day of its own where days suffice."""
    for number, (alarm, (lasts, _grows)) in enumerate(sorts.items()):
        day = 1 + number % max(days - 1, 1)
        begins = START + day * DAY + chance.randrange(2 * HOUR, 9 * HOUR)
        yield Label(alarm, begins, begins + lasts)
