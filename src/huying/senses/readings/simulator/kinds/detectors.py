"""Detectors that are quiet for years, smoke and gas; gauges that follow the rain; gateways that say they are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from huying.senses.readings.simulator.chance import bell, between, drift, unit
from huying.senses.readings.simulator.figures import Figure, Value, signal
from huying.senses.readings.simulator.hours import HOME, busy, day_of, hour_of
from huying.senses.readings.simulator.weather import celsius, rain, soaked

_SOUNDS_SMOKE: Final = 0.15  # dB/m
_SOUNDS_GAS: Final = 8.0  # % of the lower explosive limit


def smoke(one: Figure, moment: float) -> dict[str, Value]:
    """Whether it sounds, how dense the smoke is, how warm the room, its battery."""
    step = int(moment)
    burning = _there(one, "smoke", moment)
    dense = max(0.0, 0.02 + 0.008 * bell(one.seed + 1, step)) + 2.4 * burning
    if _flaps(one, moment):
        dense = 0.3
    warm = 0.6 * celsius(one.sky, moment) + 10.0 + 30.0 * burning + 0.3 * bell(one.seed + 3, step)
    told: dict[str, Value] = {"smoke": dense >= _SOUNDS_SMOKE, "density": round(dense, 2)}
    return told | {"temperature": round(warm, 1), "battery": battery(one, moment), "signal": signal(one, moment)}


def gas(one: Figure, moment: float) -> dict[str, Value]:
    """Whether there is gas, in per cent of the explosive limit; a little comes and goes with the cooking."""
    cooking = busy(HOME, moment) * max(0.0, bell(one.seed + 1, int(moment))) * 0.6
    leaking = _there(one, "gas", moment)
    there = cooking + (_SOUNDS_GAS + 26.0 * leaking if leaking else 0.0)
    if _flaps(one, moment):
        there = _SOUNDS_GAS + 3.0
    told: dict[str, Value] = {"gas": there >= _SOUNDS_GAS, "concentration": round(there, 1)}
    return told | {"co": round(2.0 * cooking), "valve_open": True, "signal": signal(one, moment)}


def water(one: Figure, moment: float) -> dict[str, Value]:
    """Over the bed of a stream (m), or on the floor of an underpass (cm): up after rain, down again in hours."""
    wet = soaked(one.sky, moment)
    eager = between(one.seed, 61, 0.5, 1.5)
    more = 72.0 * one.suffers("flood", moment) + (32.0 if _flaps(one, moment) else 0.0)
    told: dict[str, Value] = {"rain": round(rain(one.sky, moment), 1), "battery": battery(one, moment)}
    if one.use == "stream" or (one.use == "" and one.seed % 3 == 0):
        high = between(one.seed, 60, 18.0, 45.0) + 1.6 * eager * wet + 1.2 * abs(drift(one.seed + 1, moment, 5_400.0))
        told["level"] = round((high + more) / 100.0, 3)
    else:
        deep = max(0.0, eager * 0.55 * (wet - 8.0)) + more
        told["depth"] = round(max(0.0, deep), 1)
        told["wet"] = deep > 0.5
    return told | {"signal": signal(one, moment)}


def gateway(one: Figure, moment: float) -> dict[str, Value]:
    """That it is there, on mains power, and since when."""
    up = (day_of(moment) + one.seed % 60) % 60 * 24.0 + hour_of(moment)
    return {"mains": True, "uptime": round(up, 1), "signal": signal(one, moment), "firmware": "2.4.1"}


def moments(one: Figure, since: float, until: float) -> Iterator[float]:
    """A detector speaks at once when it sounds, every ten seconds of the first minute, and when it has ended."""
    for trouble in one.troubles:
        if trouble.what in ("smoke", "gas"):
            told = [trouble.begins + ten for ten in range(0, 60, 10) if ten < trouble.lasts]
            yield from (at for at in [*told, trouble.begins + trouble.lasts] if since <= at < until)


def battery(one: Figure, moment: float) -> int:
    """Of a battery that lasts some years, per cent."""
    years = (day_of(moment) + one.seed % 1_400) % 1_400 / 1_400.0
    return max(2, round(100.0 - 70.0 * years - 80.0 * one.suffers("flat", moment)))


def _there(one: Figure, what: str, moment: float) -> float:
    """How much of it: enough to sound the moment it begins, more as it goes on."""
    for trouble in one.troubles:
        if trouble.what == what and 0.0 <= moment - trouble.begins < trouble.lasts:
            return max(0.35, trouble.progress(moment)) * trouble.force
    return 0.0


def _flaps(one: Figure, moment: float) -> bool:
    return one.suffers("flapping", moment) > 0.0 and unit(one.seed + 2, int(moment // one.every)) < 0.5
