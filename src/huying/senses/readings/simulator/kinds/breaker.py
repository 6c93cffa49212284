"""Smart breakers: load by the use of the place, leakage that grows in the wet, cables that warm with the current."""

from __future__ import annotations

from typing import Final

from huying.senses.readings.simulator.chance import bell, between, drift, unit
from huying.senses.readings.simulator.figures import Figure, Value, signal
from huying.senses.readings.simulator.hours import CHARGING, HOME, SHOP, WORKSHOP, busy, day_of, passed
from huying.senses.readings.simulator.weather import celsius, soaked

RATED: Final = 40.0  # A
_CURVES: Final = {"dwelling": HOME, "rental": HOME, "shop": SHOP, "workshop": WORKSHOP, "charging": CHARGING}
# amperes at night, amperes more at the busiest hour, milliamperes of natural leakage
_LOADS: Final = {
    "dwelling": (0.6, 9.0, 3.0), "rental": (0.8, 11.0, 4.0), "shop": (2.0, 14.0, 5.0), "workshop": (2.0, 20.0, 6.5),
    "charging": (0.5, 22.0, 5.5),
}  # fmt: skip
_THREE_PHASES: Final = ("workshop", "charging")
_USES: Final = ("dwelling", "dwelling", "rental", "shop", "workshop")
_SINCE: Final = day_of(1_577_836_800.0)  # 2020: when the energy meter stood at nothing


def use_of(one: Figure) -> str:
    """What the place behind the breaker is used for; chosen by its code when nobody said."""
    return one.use if one.use in _CURVES else _USES[one.seed % len(_USES)]


def values(one: Figure, moment: float) -> dict[str, Value]:
    """Residual current, current, load, voltage, power, energy and cable temperatures; of three phases where there are."""
    step = int(moment)
    use = use_of(one)
    outdoors = celsius(one.sky, moment)
    current = _current(one, use, moment, step, outdoors)
    volts = 229.0 + 2.2 * drift(one.seed + 3, moment, 3_600.0) - 0.12 * current + 0.5 * bell(one.seed + 4, step)
    volts += 50.0 * one.suffers("surge", moment) - 75.0 * one.suffers("sag", moment)
    phases = 3 if use in _THREE_PHASES else 1
    told: dict[str, Value] = {
        "leak": round(_leak(one, use, moment, step), 1),
        "load": round(current / RATED * 100.0, 1),
        "power": round(volts * current * 0.95 * phases, 1),
        "energy": round(_energy(one, use, moment) * phases, 2),
        "switch": True,
        "signal": signal(one, moment),
    }
    for phase in range(phases):
        name = "abc"[phase]
        told[f"current_{name}"] = round(current * between(one.seed + 31, phase, 0.93, 1.0), 2)
        told[f"voltage_{name}"] = round(volts + between(one.seed + 32, phase, -1.5, 1.5), 1)
        told[f"temperature_{name}"] = _warmth(one, moment, step, phase, current, outdoors)
    told["temperature_n"] = _warmth(one, moment, step, 3, current, outdoors)
    return told


def _warmth(one: Figure, moment: float, step: int, cable: int, current: float, outdoors: float) -> float:
    """A cable's temperature, °C; an overheating terminal is that of phase A."""
    warm = 0.55 * outdoors + 12.0 + 0.008 * current * current + between(one.seed + 30, cable, -1.5, 2.5)
    warm += (66.0 if cable == 0 else 9.0) * one.suffers("heat", moment)
    return round(warm + 0.4 * bell(one.seed + 20 + cable, step), 1)


def _current(one: Figure, use: str, moment: float, step: int, outdoors: float) -> float:
    night, more, _natural = _LOADS[use]
    cooling = max(0.0, outdoors - 26.0) * 0.5 if use != "charging" else 0.0
    wanted = (more * _size(one) + cooling) * busy(_CURVES[use], moment)
    flowing = night + wanted * (1.0 + 0.22 * drift(one.seed + 2, moment, 900.0))
    flowing = max(0.05, flowing * (1.0 + 0.03 * bell(one.seed + 1, step)))
    over = one.suffers("overload", moment)
    return max(flowing, RATED * (0.7 + 0.6 * over)) if over else min(flowing, 0.72 * RATED)


def _leak(one: Figure, use: str, moment: float, step: int) -> float:
    leaking = _LOADS[use][2] * between(one.seed, 41, 0.5, 1.4) + min(soaked(one.sky, moment), 40.0) * 0.05
    leaking += 0.4 * drift(one.seed + 6, moment, 7_200.0) + 0.15 * bell(one.seed + 7, step)
    leaking += 55.0 * one.suffers("leak", moment)
    if one.suffers("flapping", moment) and unit(one.seed + 8, int(moment // one.every)) < 0.5:
        leaking += 34.0
    return max(0.1, leaking)


def _size(one: Figure) -> float:
    """How much bigger or smaller than usual the household or business is."""
    return between(one.seed, 40, 0.55, 1.35)


def _energy(one: Figure, use: str, moment: float) -> float:
    """kWh; only grows: the days so far at the place's own mean, and today's share by the curve."""
    night, more, _natural = _LOADS[use]
    curve = _CURVES[use]
    daily = 0.218 * 24.0 * (night + more * _size(one) * sum(curve) / 2_400.0)
    return daily * (day_of(moment) - _SINCE + passed(curve, moment))
