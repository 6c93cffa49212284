"""One simulated device: who it is, where its chance begins, what troubles it will have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .chance import between, drift, seed_of

Value = float | bool | str

EVERY: Final = {
    "smart_breaker": 60.0, "wearable": 60.0, "smoke": 300.0, "gas": 300.0, "door": 3600.0, "water_level": 300.0,
    "entrance_counter": 60.0, "gateway": 120.0,
}  # fmt: skip
"""Seconds between two readings of a kind; a door also speaks whenever it moves."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong where the device is, from ``begins`` for ``lasts`` seconds. ``force`` 1 is the usual."""

    what: str
    begins: float
    lasts: float
    force: float = 1.0

    def progress(self, moment: float) -> float:
        """0 before it begins and after it ended, growing to 1 towards its end."""
        passed = moment - self.begins
        return passed / self.lasts if 0.0 <= passed < self.lasts else 0.0


@dataclass(slots=True)
class Figure:
    """A device as the simulator knows it. ``sky`` is the seed of the weather, the same for a whole place."""

    code: str
    kind: str
    every: float
    gateway: str = ""
    use: str = ""
    seed: int = 0
    sky: int = 0
    lon: float = 0.0
    lat: float = 0.0
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def phase(self) -> float:
        """When within its interval it speaks: not all at once."""
        return (self.seed >> 20) % 100_000 / 100_000.0 * self.every

    def suffers(self, what: str, moment: float) -> float:
        """How far a trouble has come (times its force); 0 while there is none."""
        if not self.troubles:
            return 0.0
        return max((one.progress(moment) * one.force for one in self.troubles if one.what == what), default=0.0)


def figure(
    code: str, kind: str, *, seed: int = 1, every: float = 0.0, gateway: str = "", use: str = "", sky: int | None = None
) -> Figure:
    """A device of this kind; the code decides what it is like. ``every``: seconds, 0 for the kind's own."""
    own = seed_of(code, seed)
    return Figure(code, kind, every or EVERY[kind], gateway, use, own, seed if sky is None else sky)


def signal(one: Figure, moment: float) -> int:
    """How strong its radio is heard, dBm."""
    return round(between(one.seed, 90, -96.0, -62.0) + 2.5 * drift(one.seed + 9, moment, 3_600.0))
