"""How a device of each kind sounds: its values at a moment, and the moments it speaks outside its interval.

Pure functions of the figure and the moment. A new kind is one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from huying.senses.readings.simulator.figures import Figure, Value

from . import breaker, detectors, passing, wearable


class Voice(NamedTuple):
    """What a kind says, when it says more, and which troubles it can have."""

    values: Callable[[Figure, float], dict[str, Value]]
    moments: Callable[[Figure, float, float], Iterable[float]] | None
    troubles: tuple[str, ...]


VOICES: Final[dict[str, Voice]] = {
    "smart_breaker": Voice(breaker.values, None, ("leak", "heat", "overload", "surge", "sag", "flapping")),
    "wearable": Voice(
        wearable.values, wearable.moments,
        ("heart_high", "heart_low", "low_oxygen", "fever", "pressure", "fall", "fall_cancelled", "sos", "flat",
         "off_wrist", "still", "flapping"),
    ),
    "smoke": Voice(detectors.smoke, detectors.moments, ("smoke", "flat", "flapping")),
    "gas": Voice(detectors.gas, detectors.moments, ("gas", "flapping")),
    "door": Voice(passing.door, passing.moments, ("still", "left_open", "flapping")),
    "water_level": Voice(detectors.water, None, ("flood", "flat", "flapping")),
    "entrance_counter": Voice(passing.entrance, None, ("crowd",)),
    "gateway": Voice(detectors.gateway, None, ()),
}  # fmt: skip

__all__ = ["VOICES", "Voice"]
