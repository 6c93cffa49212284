"""The pen of the drawn photographs: shapes in an 800×600 space on a finer canvas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from .palette import Light

Point = tuple[float, float]
Ink = tuple[int, int, int] | tuple[int, int, int, int]


class Brush:
    """Draws in an 800×600 space on a finer canvas."""

    def __init__(self, pen: ImageDraw.ImageDraw, image: Image.Image, rng: Random, light: Light, fine: int) -> None:
        self.pen, self.image, self.rng, self.light, self.fine = pen, image, rng, light, fine

    def box(self, left: float, top: float, right: float, bottom: float, ink: Ink, round_: float = 0) -> None:
        area = tuple(value * self.fine for value in (left, top, right, bottom))
        if round_:
            self.pen.rounded_rectangle(area, radius=round_ * self.fine, fill=ink)
        else:
            self.pen.rectangle(area, fill=ink)

    def frame(self, left: float, top: float, right: float, bottom: float, ink: Ink, width: float) -> None:
        area = tuple(value * self.fine for value in (left, top, right, bottom))
        self.pen.rectangle(area, outline=ink, width=round(width * self.fine))

    def oval(self, x: float, y: float, wide: float, tall: float, ink: Ink) -> None:
        f = self.fine
        self.pen.ellipse(((x - wide) * f, (y - tall) * f, (x + wide) * f, (y + tall) * f), fill=ink)

    def disc(self, x: float, y: float, radius: float, ink: Ink) -> None:
        self.oval(x, y, radius, radius, ink)

    def ring(self, x: float, y: float, radius: float, ink: Ink, width: float) -> None:
        f = self.fine
        area = ((x - radius) * f, (y - radius) * f, (x + radius) * f, (y + radius) * f)
        self.pen.ellipse(area, outline=ink, width=round(width * f))

    def shape(self, points: Sequence[Point], ink: Ink) -> None:
        self.pen.polygon([(x * self.fine, y * self.fine) for x, y in points], fill=ink)

    def line(self, points: Sequence[Point], ink: Ink, width: float) -> None:
        path = [(x * self.fine, y * self.fine) for x, y in points]
        self.pen.line(path, fill=ink, width=max(1, round(width * self.fine)), joint="curve")

    def arc(self, x: float, y: float, radius: float, start: float, end: float, ink: Ink, width: float) -> None:
        f = self.fine
        area = ((x - radius) * f, (y - radius) * f, (x + radius) * f, (y + radius) * f)
        self.pen.arc(area, start, end, fill=ink, width=round(width * f))

    def blob(
        self, x: float, y: float, wide: float, tall: float, ink: Ink, rough: float = 0.16, corners: int = 22
    ) -> None:
        """An uneven round patch."""
        points = []
        for corner in range(corners):
            angle, reach = 2 * math.pi * corner / corners, 1 + self.rng.uniform(-rough, rough)
            points.append((x + wide * reach * math.cos(angle), y + tall * reach * math.sin(angle)))
        self.shape(points, ink)

    def glow(self, x: float, y: float, radius: float, ink: tuple[int, int, int], strength: int = 150) -> None:
        f = self.fine
        small = Image.new("L", (self.image.width // 8, self.image.height // 8), 0)
        scale = f / 8
        area = ((x - radius) * scale, (y - radius) * scale, (x + radius) * scale, (y + radius) * scale)
        ImageDraw.Draw(small).ellipse(area, fill=strength)
        mask = small.filter(ImageFilter.GaussianBlur(radius * scale * 0.45)).resize(self.image.size)
        self.image.paste(Image.new("RGB", self.image.size, ink), (0, 0), mask)

    def shadow(self, x: float, y: float, wide: float, tall: float) -> None:
        self.oval(x, y, wide, tall, (20, 24, 28, 60))
