"""Small drawn pictures that stand in for residents' photographs: same spot before and after, no real scene.

``draw(kind, moment, seed)`` gives JPEG bytes, 800×600, well under 40 KB, the same for the same arguments.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from . import subjects
from .brush import Brush
from .palette import Colour, light_of, mix, shade

WIDTH, HEIGHT, FINE = 800, 600, 2
KINDS = ("garbage", "pothole", "ebike", "cable", "lamp", "water", "tree", "manhole", "parking", "noise", "generic")
MOMENTS = ("before", "after")
HORIZON, KERB = 330, 430
INDOORS = frozenset(("ebike", "cable"))
NIGHT = frozenset(("noise", "lamp"))

SUBJECTS: dict[str, Callable[[Brush, bool], None]] = {
    "garbage": subjects.garbage, "pothole": subjects.pothole, "ebike": subjects.ebike, "cable": subjects.cable,
    "lamp": subjects.lamp, "water": subjects.water, "tree": subjects.tree, "manhole": subjects.manhole,
    "parking": subjects.parking, "noise": subjects.noise, "generic": subjects.generic,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Photo:
    kind: str
    moment: str
    content: bytes


def draw(kind: str, moment: str = "before", seed: int = 0) -> bytes:
    """One picture. ``kind`` one of ``KINDS`` (else generic), ``moment`` before or after."""
    kind = kind if kind in SUBJECTS else "generic"
    rng = Random(f"{kind}-{seed}")
    light = light_of(rng, night=kind in NIGHT, grey=kind == "water")
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), light.sky_low)
    brush = Brush(ImageDraw.Draw(image, "RGBA"), image, rng, light, FINE)
    (_hall if kind in INDOORS else _street)(brush)
    SUBJECTS[kind](brush, moment == "after")
    image = brush.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    image = _vignette(image)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=74, optimize=True, progressive=True)
    return out.getvalue()


def pair(kind: str, seed: int = 0) -> tuple[Photo, Photo]:
    """The same spot before and after."""
    before, after = (Photo(kind, moment, draw(kind, moment, seed)) for moment in MOMENTS)
    return before, after


def _street(brush: Brush) -> None:
    light, rng = brush.light, brush.rng
    _gradient(brush, 0, HORIZON + 60, light.sky_high, light.sky_low)
    if light.night:
        for _ in range(26):
            x, y = rng.uniform(0, WIDTH), rng.uniform(0, 160)
            brush.disc(x, y, rng.uniform(0.7, 1.6), (255, 255, 240, 150))
    elif not light.grey:
        brush.disc(rng.uniform(560, 720), rng.uniform(60, 130), 34, (*mix(light.sky_low, (255, 255, 255), 0.65), 255))
    if not light.night:
        for _ in range(3):
            _cloud(brush, rng.uniform(40, 700), rng.uniform(50, 150), rng.uniform(0.7, 1.2))
    _skyline(brush, 250, mix(light.wall, light.sky_low, 0.72), (60, 130), windows=False)
    _skyline(brush, 300, mix(light.wall, light.sky_low, 0.38), (90, 190), windows=True)
    _trees(brush)
    brush.box(0, HORIZON, WIDTH, KERB, light.pavement)
    for x in range(-40, WIDTH + 80, 64):
        brush.line([(x, HORIZON), (x - 46, KERB)], shade(light.pavement, 0.93), 1.5)
    for y in (HORIZON + 24, HORIZON + 56):
        brush.line([(0, y), (WIDTH, y)], shade(light.pavement, 0.94), 1.5)
    brush.box(0, KERB, WIDTH, KERB + 13, shade(light.pavement, 1.1))
    brush.box(0, KERB + 9, WIDTH, KERB + 14, shade(light.pavement, 0.78))
    brush.box(0, KERB + 14, WIDTH, HEIGHT, light.road)
    for x in range(-60, WIDTH, 190):
        brush.shape(
            [(x, 566), (x + 96, 566), (x + 88, 575), (x - 10, 575)], (*mix(light.road, (250, 250, 245), 0.7), 255)
        )


def _hall(brush: Brush) -> None:
    """A stairwell: wall with a dado, floor tiles, a door and a notice."""
    light = brush.light
    wall = mix(light.wall, (250, 246, 236), 0.62)
    brush.box(0, 0, WIDTH, 420, wall)
    brush.box(0, 270, WIDTH, 420, mix(wall, (88, 150, 140), 0.42))
    brush.box(0, 266, WIDTH, 272, mix(wall, (60, 110, 104), 0.6))
    brush.box(0, 420, WIDTH, HEIGHT, mix(light.pavement, (206, 200, 190), 0.6))
    for x in range(-300, 1200, 120):
        brush.line([(400 + (x - 400) * 0.7, 420), (x, HEIGHT)], (170, 164, 154), 2)
    for y in (448, 490, 548):
        brush.line([(0, y), (WIDTH, y)], (170, 164, 154), 2)
    brush.box(46, 96, 186, 420, (120, 78, 56))
    brush.box(58, 110, 174, 420, (146, 98, 70))
    brush.box(72, 130, 160, 240, (132, 86, 60))
    brush.box(72, 262, 160, 396, (132, 86, 60))
    brush.disc(164, 268, 6, (214, 186, 96))
    brush.box(560, 80, 712, 210, (196, 220, 232))
    brush.box(560, 142, 712, 147, (240, 240, 236))
    brush.box(633, 80, 638, 210, (240, 240, 236))
    brush.frame(556, 76, 716, 214, (240, 240, 236), 6)


def _gradient(brush: Brush, top: int, bottom: int, high: Colour, low: Colour) -> None:
    for y in range(top, bottom, 3):
        brush.box(0, y, WIDTH, y + 3, mix(high, low, (y - top) / max(bottom - top, 1)))


def _cloud(brush: Brush, x: float, y: float, size: float) -> None:
    tint = (*mix(brush.light.sky_low, (255, 255, 255), 0.55), 255)
    for dx, dy, radius in ((0, 0, 20), (22, -10, 25), (48, 0, 20), (24, 6, 24)):
        brush.disc(x + dx * size, y + dy * size, radius * size, tint)


def _skyline(brush: Brush, base: int, tint: Colour, heights: tuple[int, int], windows: bool) -> None:
    rng, x = brush.rng, -20.0
    while x < WIDTH:
        wide, tall = rng.uniform(54, 104), rng.uniform(*heights)
        colour = mix(tint, brush.light.accent, rng.uniform(0, 0.12))
        brush.box(x, base + 40 - tall, x + wide, HORIZON, colour)
        if windows:
            lit = mix(colour, (255, 222, 150), 0.75) if brush.light.night else mix(colour, (255, 255, 255), 0.35)
            for row in range(int(tall // 24)):
                for column in range(int(wide // 20)):
                    on = rng.random() < (0.4 if brush.light.night else 0.85)
                    left, top = x + 8 + column * 20, base + 52 - tall + row * 24
                    brush.box(left, top, left + 9, top + 12, lit if on else shade(colour, 0.88))
        x += wide + rng.uniform(2, 20)


def _trees(brush: Brush) -> None:
    rng, leaf = brush.rng, brush.light.leaf
    for x in (rng.uniform(10, 90), rng.uniform(640, 780)):
        brush.box(x - 4, HORIZON - 60, x + 4, HORIZON + 4, (104, 78, 58))
        for dx, dy, radius in ((-20, -74, 28), (16, -80, 32), (0, -104, 30)):
            brush.disc(x + dx, HORIZON + dy, radius, shade(leaf, rng.uniform(0.86, 1.1)))
    brush.box(0, HORIZON - 13, WIDTH, HORIZON, shade(leaf, 0.84))


def _vignette(image: Image.Image) -> Image.Image:
    mask = Image.new("L", (WIDTH // 8, HEIGHT // 8), 0)
    ImageDraw.Draw(mask).ellipse((-18, -16, WIDTH // 8 + 18, HEIGHT // 8 + 16), fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(12)).resize(image.size)
    return Image.composite(image, Image.eval(image, lambda value: int(value * 0.84)), mask)
