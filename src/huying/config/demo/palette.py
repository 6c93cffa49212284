"""Colours of the drawn photographs: a few lights of day, and mixing."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Light:
    sky_high: Colour
    sky_low: Colour
    wall: Colour
    pavement: Colour
    road: Colour
    leaf: Colour
    accent: Colour
    night: bool = False
    grey: bool = False


LIGHTS = (  # clear morning, haze, late afternoon
    Light((142, 190, 214), (228, 238, 236), (188, 178, 164), (198, 194, 186),
          (98, 102, 106), (104, 146, 96), (196, 150, 120)),
    Light((176, 196, 204), (236, 232, 222), (176, 172, 168), (188, 188, 184),
          (92, 96, 102), (110, 138, 100), (150, 170, 176)),
    Light((226, 176, 140), (250, 226, 190), (186, 150, 128), (204, 182, 160),
          (96, 88, 88), (122, 132, 84), (214, 140, 96)),
)  # fmt: skip
GREY = Light((150, 164, 174), (206, 212, 214), (164, 164, 164), (172, 174, 174), (84, 89, 95), (92, 122, 94),
             (140, 158, 166), grey=True)  # fmt: skip
NIGHT = Light((22, 30, 52), (52, 62, 92), (56, 60, 84), (78, 82, 98), (44, 47, 56), (44, 70, 64), (86, 84, 120), True)


def light_of(rng: Random, night: bool, grey: bool = False) -> Light:
    return NIGHT if night else GREY if grey else rng.choice(LIGHTS)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` with ``share`` of ``other``."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def shade(colour: Colour, factor: float) -> Colour:
    """Darker below 1, lighter above."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue
