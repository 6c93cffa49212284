"""Chance without a state: the same numbers in, the same number out, wherever and whenever it is asked."""

from __future__ import annotations

import math
from functools import lru_cache
from hashlib import blake2b
from typing import Final

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB
_UNIT: Final = 1.0 / (1 << 64)
_QUARTER: Final = 1.0 / 65535.0
_SPREAD: Final = math.sqrt(3.0)


@lru_cache(maxsize=200_000)
def seed_of(text: str, seed: int = 0) -> int:
    """A 64-bit number for a name, the same on every machine."""
    return int.from_bytes(blake2b(f"{seed}:{text}".encode(), digest_size=8).digest(), "big")


def mixed(seed: int, step: int) -> int:
    """64 well-stirred bits for the step-th draw of a seed (SplitMix64)."""
    bits = (seed + step * _STEP) & _MASK
    bits = ((bits ^ (bits >> 30)) * _FIRST) & _MASK
    bits = ((bits ^ (bits >> 27)) * _SECOND) & _MASK
    return bits ^ (bits >> 31)


def unit(seed: int, step: int) -> float:
    """Between 0 and 1."""
    return mixed(seed, step) * _UNIT


def between(seed: int, step: int, low: float, high: float) -> float:
    return low + (high - low) * mixed(seed, step) * _UNIT


def bell(seed: int, step: int) -> float:
    """About normal, mean 0, deviation 1, never beyond ±3.5: the sum of four even draws."""
    bits = mixed(seed, step)
    four = (bits & 65535) + (bits >> 16 & 65535) + (bits >> 32 & 65535) + (bits >> 48)
    return (four * _QUARTER - 2.0) * _SPREAD


def drift(seed: int, moment: float, period: float) -> float:
    """A slow wander around 0, deviation about 1, that changes its mind every ``period`` seconds."""
    place = moment / period
    step = math.floor(place)
    share = (1.0 - math.cos((place - step) * math.pi)) / 2.0
    return bell(seed, step) * (1.0 - share) + bell(seed, step + 1) * share


def several(seed: int, step: int, mean: float) -> int:
    """How many things happened where ``mean`` were to be expected: whole, never negative, spread like its root."""
    if mean <= 0.0:
        return 0
    if mean > 12.0:
        return max(0, round(mean + math.sqrt(mean) * bell(seed, step)))
    left, count, chance = unit(seed, step), 0, math.exp(-mean)
    while left > chance and count < 40:
        left -= chance
        count += 1
        chance *= mean / count
    return count
