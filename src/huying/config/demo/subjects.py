"""The things people photograph, drawn with simple shapes, as found and as put right."""

from __future__ import annotations

import math
from random import Random

from PIL import ImageDraw

from .brush import Brush, Point
from .palette import mix, shade

RED, YELLOW, WHITE, STEEL = (206, 74, 60), (238, 188, 62), (246, 245, 240), (136, 144, 150)


def _wobble(rng: Random, at: Point, reach: float) -> Point:
    return at[0] + rng.uniform(-reach, reach), at[1] + rng.uniform(-reach, reach)


def _cone(b: Brush, x: float, y: float, size: float = 1.0) -> None:
    b.shadow(x, y, 26 * size, 6 * size)
    b.box(x - 22 * size, y - 5 * size, x + 22 * size, y + 2 * size, shade(RED, 0.8), 2)
    b.shape([(x - 15 * size, y - 4 * size), (x - 4 * size, y - 62 * size), (x + 4 * size, y - 62 * size),
             (x + 15 * size, y - 4 * size)], (232, 104, 58))  # fmt: skip
    for low, high, wide in ((22, 32, 10), (42, 50, 6.5)):
        b.shape([(x - wide * size, y - low * size), (x - (wide - 2) * size, y - high * size),
                 (x + (wide - 2) * size, y - high * size), (x + wide * size, y - low * size)], WHITE)  # fmt: skip


def _bin(b: Brush, x: float, y: float, tint: tuple[int, int, int], open_: bool) -> None:
    b.shadow(x + 4, y, 52, 9)
    b.shape([(x - 42, y - 112), (x + 42, y - 112), (x + 34, y), (x - 34, y)], tint)
    b.shape([(x + 16, y - 112), (x + 42, y - 112), (x + 34, y), (x + 18, y)], shade(tint, 0.86))
    lid = [(x - 48, y - 126), (x + 48, y - 126), (x + 46, y - 110), (x - 46, y - 110)]
    if open_:
        lid = [(x - 48, y - 112), (x - 58, y - 118), (x - 78, y - 186), (x - 66, y - 188)]
    b.shape(lid, shade(tint, 0.78))
    b.disc(x - 26, y - 2, 9, (52, 54, 58))
    b.disc(x + 26, y - 2, 9, (52, 54, 58))
    b.ring(x - 4, y - 60, 15, shade(tint, 1.35), 4)


def _bag(b: Brush, x: float, y: float, size: float, tint: tuple[int, int, int]) -> None:
    b.blob(x, y - 24 * size, 34 * size, 27 * size, tint, 0.09)
    b.shape([(x - 9 * size, y - 46 * size), (x - 14 * size, y - 64 * size), (x + 13 * size, y - 62 * size),
             (x + 8 * size, y - 46 * size)], shade(tint, 0.84))  # fmt: skip
    b.arc(x - 4 * size, y - 22 * size, 20 * size, 190, 290, shade(tint, 1.3), 2.5)


def garbage(b: Brush, after: bool) -> None:
    bins = ((300.0, (74, 118, 98)), (410.0, (78, 104, 138)))
    for x, tint in bins:
        _bin(b, x, 410, tint, open_=not after)
    if after:
        b.oval(430, 486, 250, 22, (*mix(b.light.road, (190, 212, 220), 0.5), 110))
        return
    tints = ((66, 68, 76), (226, 226, 220), (86, 112, 150), (176, 74, 66), (120, 128, 104))
    for x in (292.0, 420.0):
        _bag(b, x, 306, 0.9, b.rng.choice(tints))
    b.shadow(470, 462, 210, 20)
    for row, (count, y, left) in enumerate(((6, 424.0, 470), (6, 452.0, 250), (4, 474.0, 330))):
        for index in range(count):
            x = left + index * (40 if row == 0 else 62) + b.rng.uniform(-10, 10)
            _bag(b, x, y + b.rng.uniform(-5, 5), b.rng.uniform(0.85, 1.2), b.rng.choice(tints))
    b.shape([(600, 470), (670, 458), (682, 410), (612, 418)], (190, 152, 108))
    b.shape([(612, 418), (682, 410), (664, 398), (598, 404)], (210, 176, 132))
    for _ in range(16):
        x, y = b.rng.uniform(180, 720), b.rng.uniform(470, 540)
        b.shape(
            [_wobble(b.rng, (x + dx, y + dy), 3) for dx, dy in ((0, 0), (13, -3), (16, 5), (3, 8))], b.rng.choice(tints)
        )
    for _ in range(9):
        b.disc(b.rng.uniform(260, 640), b.rng.uniform(270, 360), 2, (40, 40, 40, 200))


def pothole(b: Brush, after: bool) -> None:
    road = b.light.road
    if after:
        b.shape([(240, 476), (566, 470), (592, 556), (214, 562)], shade(road, 0.72))
        b.line([(240, 476), (566, 470), (592, 556), (214, 562), (240, 476)], shade(road, 0.56), 3)
        for _ in range(90):
            b.disc(b.rng.uniform(246, 566), b.rng.uniform(482, 550), 1.3, shade(road, 0.9))
        return
    for x, y, wide, tall in ((400.0, 514.0, 176, 44), (604, 548, 66, 18), (196, 476, 48, 12)):
        b.blob(x, y, wide * 1.1, tall * 1.16, shade(road, 1.16), 0.12)
        b.blob(x, y, wide, tall, shade(road, 0.6), 0.12)
        b.blob(x + 6, y + tall * 0.18, wide * 0.8, tall * 0.68, shade(road, 0.4), 0.1)
    b.blob(410, 524, 104, 20, (*mix(b.light.sky_low, road, 0.4), 210), 0.08)
    for _ in range(46):
        b.blob(
            b.rng.uniform(190, 640),
            b.rng.uniform(470, 570),
            b.rng.uniform(2, 7),
            b.rng.uniform(1.5, 4),
            shade(road, 1.3),
        )
    for _ in range(7):
        x, y = b.rng.choice(((228.0, 500.0), (578.0, 520.0), (420.0, 562.0)))
        points: list[Point] = [(x, y)]
        for _ in range(4):
            points.append((points[-1][0] + b.rng.uniform(-34, 34), points[-1][1] + b.rng.uniform(-4, 12)))
        b.line(points, shade(road, 0.55), 2)
    _cone(b, 664, 508, 1.0)


def _wheel(b: Brush, x: float, y: float, radius: float) -> None:
    b.ring(x, y, radius, (44, 46, 50), radius * 0.24)
    b.ring(x, y, radius * 0.7, STEEL, 2.5)
    b.disc(x, y, radius * 0.2, STEEL)


def _scooter(b: Brush, x: float, y: float, tint: tuple[int, int, int]) -> None:
    b.shadow(x + 6, y + 2, 130, 11)
    _wheel(b, x - 84, y - 32, 34)
    _wheel(b, x + 92, y - 32, 34)
    back = [(x - 112, y - 70), (x - 96, y - 96), (x - 22, y - 100), (x - 8, y - 50), (x + 46, y - 46)]
    front = [(x + 62, y - 130), (x + 84, y - 130), (x + 78, y - 34), (x - 40, y - 30)]
    b.shape(back + front, tint)
    b.box(x - 112, y - 114, x - 20, y - 96, (52, 54, 60), 8)
    b.line([(x + 74, y - 128), (x + 60, y - 172)], STEEL, 8)
    b.line([(x + 36, y - 178), (x + 78, y - 170)], (52, 54, 60), 9)
    b.disc(x + 88, y - 118, 13, (250, 238, 190))
    b.line([(x + 84, y - 70), (x + 92, y - 32)], STEEL, 8)
    b.box(x - 20, y - 60, x + 40, y - 46, shade(tint, 0.8), 4)


def ebike(b: Brush, after: bool) -> None:
    b.box(236, 110, 330, 170, WHITE, 4)
    b.frame(236, 110, 330, 170, RED, 3)
    for y in (126, 140, 154):
        b.line([(250, y), (316, y)], shade(RED, 1.1) if y == 126 else STEEL, 4)
    b.box(388, 214, 422, 244, WHITE, 4)
    b.disc(398, 229, 3, (70, 70, 74))
    b.disc(412, 229, 3, (70, 70, 74))
    if after:
        b.shape([(270, 430), (640, 430), (700, 560), (210, 560)], (*mix(b.light.leaf, WHITE, 0.55), 120))
        b.ring(455, 490, 40, shade(b.light.leaf, 0.9), 7)
        b.line([(436, 492), (450, 506), (478, 474)], shade(b.light.leaf, 0.9), 8)
        return
    b.line([(405, 240), (398, 330), (440, 372), (452, 440)], (34, 34, 38), 4)
    _scooter(b, 452, 534, b.rng.choice(((192, 66, 58), (64, 112, 148), (70, 128, 104))))
    _scooter(b, 656, 480, b.rng.choice(((220, 178, 72), (120, 124, 132))))
    b.shape([(446, 402), (430, 430), (444, 430), (436, 456), (466, 422), (450, 422), (462, 402)], YELLOW)


def cable(b: Brush, after: bool) -> None:
    b.box(330, 150, 400, 230, (150, 156, 160), 4)
    b.box(338, 158, 392, 222, (172, 178, 182), 3)
    b.shape([(368, 170), (354, 196), (366, 196), (360, 214), (378, 188), (366, 188), (374, 170)], YELLOW)
    if after:
        b.box(360, 230, 368, 404, STEEL)
        b.box(300, 398, 520, 408, STEEL)
        for x in (320.0, 400.0, 480.0):
            b.box(x - 22, 330, x + 22, 398, WHITE, 5)
            b.disc(x, 352, 9, (70, 150, 112))
            b.box(x - 12, 370, x + 12, 384, (70, 74, 80), 3)
        _scooter(b, 560, 548, (70, 128, 104))
        return
    for number in range(9):
        start, sag = 336 + number * 7, b.rng.uniform(60, 190)
        end = b.rng.uniform(470, 800)
        points = [
            (start + (end - start) * t / 14, 226 + sag * math.sin(math.pi * t / 14) + 40 * t / 14) for t in range(15)
        ]
        b.line(points, b.rng.choice(((32, 34, 38), (176, 60, 54), (52, 84, 140), (60, 62, 66))), 4)
    b.line([(636, 210), (630, 330), (560, 420), (520, 470)], (238, 238, 232), 5)
    b.shape([(486, 462), (566, 452), (572, 474), (492, 486)], WHITE)
    for x in (500.0, 522.0, 544.0):
        b.box(x, 464, x + 12, 474, (80, 82, 88), 2)
    _scooter(b, 560, 556, (192, 66, 58))
    for angle in range(0, 360, 45):
        x, y = 566 + 20 * math.cos(math.radians(angle)), 448 + 20 * math.sin(math.radians(angle))
        b.line([(566 + (x - 566) * 0.4, 448 + (y - 448) * 0.4), (x, y)], YELLOW, 3)


def lamp(b: Brush, after: bool) -> None:
    for x, size in ((600, 0.62), (250, 1.0)):
        top, base = 430 - 350 * size, 428.0
        if after:
            b.glow(x + 92 * size, top + 120 * size, 190 * size, (255, 214, 140), 150)
            b.pen = ImageDraw.Draw(b.image, "RGBA")
            b.shape([(x + 70 * size, top + 14), (x + 120 * size, top + 14), (x + 250 * size, base + 60),
                     (x - 60 * size, base + 60)], (255, 222, 150, 46))  # fmt: skip
        b.box(x - 6 * size, top, x + 6 * size, base, (112, 118, 126), 3)
        b.box(x - 13 * size, base - 40 * size, x + 13 * size, base, (92, 98, 106), 3)
        b.line([(x, top + 6), (x + 40 * size, top - 12 * size), (x + 88 * size, top - 4)], (112, 118, 126), 9 * size)
        b.box(x + 62 * size, top - 12 * size, x + 126 * size, top + 8 * size, (86, 92, 100), 6)
        b.box(
            x + 68 * size,
            top + 5 * size,
            x + 120 * size,
            top + 13 * size,
            (255, 240, 200) if after else (66, 70, 80),
            4,
        )
    if not after:
        b.box(0, 300, 800, 600, (10, 14, 26, 120))
        b.shape([(395, 428), (402, 352), (424, 352), (430, 428)], (28, 32, 44))
        b.disc(413, 338, 15, (28, 32, 44))
        b.shape([(426, 376), (452, 388), (640, 430), (660, 520), (448, 396)], (246, 236, 190, 70))
        b.box(444, 380, 462, 392, (210, 210, 200), 3)


def water(b: Brush, after: bool) -> None:
    if after:
        b.oval(420, 520, 300, 20, (*mix(b.light.road, (160, 190, 204), 0.35), 120))
        b.box(330, 448, 430, 470, (64, 68, 72), 3)
        for bar in range(338, 426, 12):
            b.box(bar, 452, bar + 5, 466, (30, 32, 36))
        return
    pool = mix(b.light.sky_low, (96, 128, 140), 0.62)
    b.blob(400, 500, 440, 96, pool, 0.022, 60)
    b.blob(400, 508, 380, 72, mix(pool, WHITE, 0.16), 0.022, 60)
    for _ in range(16):
        x, y, wide = b.rng.uniform(60, 700), b.rng.uniform(440, 570), b.rng.uniform(24, 80)
        b.line([(x, y), (x + wide * 0.5, y - 2), (x + wide, y)], (*mix(pool, WHITE, 0.55), 190), 2.5)
    _car(b, 520, 500, (196, 92, 78))
    b.box(380, 484, 664, 530, (*mix(pool, WHITE, 0.1), 225))
    b.line([(380, 486), (664, 486)], mix(pool, WHITE, 0.6), 3)
    for _ in range(70):
        x, y = b.rng.uniform(0, 800), b.rng.uniform(0, 560)
        b.line([(x, y), (x - 5, y + 22)], (255, 255, 255, 90), 1.6)


def _car(b: Brush, x: float, y: float, tint: tuple[int, int, int], size: float = 1.0) -> None:
    def p(*points: Point) -> list[Point]:
        return [(x + px * size, y + py * size) for px, py in points]

    b.shadow(x, y + 30 * size, 150 * size, 10 * size)
    b.shape(p((-140, 20), (-142, -14), (-120, -28), (-84, -34), (-52, -76)) + p((44, -76), (86, -34), (128, -22),
              (142, 0), (140, 20)), tint)  # fmt: skip
    b.shape(p((-70, -34), (-46, -66), (-6, -66), (-6, -34)), mix((190, 214, 222), tint, 0.15))
    b.shape(p((4, -34), (4, -66), (40, -66), (72, -34)), mix((190, 214, 222), tint, 0.15))
    b.shape(p((-142, 4), (142, 4), (140, 20), (-140, 20)), shade(tint, 0.82))
    b.shape(p((124, -18), (138, -10), (136, 0), (122, -4)), (250, 240, 200))
    b.shape(p((-140, -14), (-128, -18), (-126, -4), (-140, -2)), RED)
    for wheel in (-86, 86):
        b.disc(x + wheel * size, y + 20 * size, 25 * size, (40, 42, 46))
        b.disc(x + wheel * size, y + 20 * size, 13 * size, STEEL)


def parking(b: Brush, after: bool) -> None:
    for x in range(60, 800, 58):
        b.shape([(x, 452), (x + 30, 452), (x + 4, 476), (x - 26, 476)], (*YELLOW, 220))
    b.line([(0, 450), (800, 450)], YELLOW, 4)
    b.line([(0, 478), (800, 478)], YELLOW, 4)
    b.box(96, 214, 104, 432, STEEL)
    b.disc(100, 206, 40, WHITE)
    b.disc(100, 206, 37, (52, 92, 160))
    b.ring(100, 206, 37, RED, 8)
    b.line([(74, 180), (126, 232)], RED, 8)
    b.line([(126, 180), (74, 232)], RED, 8)
    if after:
        for x in (220, 400, 580, 740):
            b.box(x - 6, 388, x + 6, 434, (232, 104, 58), 5)
            b.box(x - 6, 400, x + 6, 408, WHITE)
        return
    tints = [(188, 196, 204), (70, 78, 92), (176, 64, 56), (232, 230, 222), (62, 104, 132)]
    b.rng.shuffle(tints)
    _car(b, 300, 404, tints[0], 0.95)
    _car(b, 610, 408, tints[1], 0.98)
    _car(b, 420, 522, tints[2], 1.2)


def tree(b: Brush, after: bool) -> None:
    leaf = b.light.leaf
    if after:
        b.oval(390, 420, 62, 14, (120, 92, 70))
        b.box(380, 236, 400, 418, (116, 86, 62), 4)
        for x in (330.0, 450.0):
            b.line([(x, 416), (390, 300)], (176, 142, 100), 6)
        for dx, dy, radius in ((-52, -10, 54), (46, -16, 58), (0, -64, 62), (0, 10, 56)):
            b.disc(390 + dx, 220 + dy, radius, shade(leaf, b.rng.uniform(0.92, 1.14)))
        return
    b.blob(230, 424, 66, 16, (112, 84, 62), 0.2)
    b.shape([(214, 420), (252, 428), (610, 350), (604, 330)], (110, 80, 58))
    b.line([(470, 362), (540, 290)], (110, 80, 58), 11)
    b.line([(420, 376), (470, 440)], (110, 80, 58), 9)
    for root in ((-40, -22), (-52, 6), (-30, 24)):
        b.line([(226, 424), (226 + root[0], 424 + root[1])], (110, 80, 58), 7)
    for _ in range(26):
        x, y = b.rng.uniform(500, 720), b.rng.uniform(286, 470)
        b.disc(x, y, b.rng.uniform(18, 42), shade(leaf, b.rng.uniform(0.74, 1.1)))
    for _ in range(40):
        b.oval(b.rng.uniform(260, 780), b.rng.uniform(440, 580), 6, 2.6, shade(leaf, b.rng.uniform(0.8, 1.2)))
    b.line([(120, 400), (760, 452)], RED, 5)
    for x in range(130, 760, 60):
        b.line([(x, 401 + (x - 120) * 0.081), (x + 26, 403 + (x - 120) * 0.081)], WHITE, 5)


def manhole(b: Brush, after: bool) -> None:
    road = b.light.road
    b.oval(400, 522, 152, 44, shade(road, 1.2))
    if after:
        b.oval(400, 520, 136, 38, (84, 88, 92))
        b.oval(400, 518, 124, 33, (104, 108, 112))
        for dx in range(-96, 97, 24):
            for dy in (-16, -4, 8, 20):
                if (dx / 112) ** 2 + (dy / 30) ** 2 < 0.85:
                    b.oval(400 + dx, 518 + dy, 8, 2.6, (80, 84, 88))
        return
    b.oval(400, 520, 136, 38, (22, 22, 26))
    b.oval(400, 530, 112, 24, (8, 8, 10))
    for y in (516, 532):
        b.line([(366, y), (434, y)], (92, 78, 66), 5)
    b.oval(596, 492, 112, 27, (56, 60, 64))
    b.oval(592, 486, 112, 27, (96, 100, 104))
    for dx in range(-80, 81, 20):
        b.oval(592 + dx, 486, 6, 2.2, (74, 78, 82))
    _cone(b, 232, 536, 1.1)
    b.line([(236, 470), (330, 430)], (128, 96, 66), 5)


def noise(b: Brush, after: bool) -> None:
    b.box(0, 352, 800, 430, (66, 96, 108))
    for x in range(0, 800, 80):
        b.box(x, 352, x + 3, 430, (52, 78, 88))
    b.box(0, 346, 800, 354, (92, 126, 136))
    for floor in range(5):
        y = 340 - floor * 48
        b.box(330, y - 6, 640, y, (104, 104, 112))
        for x in range(336, 640, 60):
            b.box(x, y - 48, x + 7, y, (88, 88, 96))
    b.box(150, 60, 162, 350, YELLOW if not after else (134, 120, 82))
    b.box(60, 84, 470, 94, YELLOW if not after else (134, 120, 82))
    b.line([(156, 44), (60, 84)], STEEL, 2.5)
    b.line([(156, 44), (440, 84)], STEEL, 2.5)
    b.line([(420, 94), (420, 170)], STEEL, 2.5)
    b.box(404, 170, 436, 186, (150, 110, 80))
    if after:
        b.disc(690, 90, 34, (240, 236, 214))
        b.disc(676, 82, 30, b.light.sky_high)
        b.box(540, 372, 700, 412, WHITE, 4)
        b.line([(560, 386), (680, 386)], (70, 128, 104), 5)
        b.line([(560, 399), (650, 399)], STEEL, 4)
        return
    for x, y in ((640, 110), (330, 110)):
        b.glow(x, y, 110, (255, 244, 206), 190)
    b.pen = ImageDraw.Draw(b.image, "RGBA")
    for x in (640, 330):
        b.box(x - 20, 98, x + 20, 122, (255, 250, 230), 4)
        b.shape([(x - 18, 120), (x + 18, 120), (x + 130, 350), (x - 130, 350)], (255, 244, 206, 54))
    for radius in (36, 64, 92):
        b.arc(520, 470, radius, 300, 420, (*YELLOW, 230), 6)
        b.arc(420, 470, radius, 120, 240, (*YELLOW, 230), 6)
    b.shape([(446, 456), (466, 456), (492, 436), (492, 504), (466, 484), (446, 484)], WHITE)


def generic(b: Brush, after: bool) -> None:
    b.box(250, 180, 550, 420, mix(b.light.wall, WHITE, 0.4))
    b.shape([(226, 184), (574, 184), (556, 150), (244, 150)], shade(b.light.accent, 0.92))
    b.box(290, 236, 400, 350, (176, 204, 214))
    b.frame(290, 236, 400, 350, WHITE, 5)
    b.box(440, 250, 516, 420, shade(b.light.accent, 0.74))
    b.disc(504, 338, 5, YELLOW)
    if after:
        b.disc(612, 226, 44, (70, 128, 104))
        b.line([(592, 228), (607, 244), (636, 208)], WHITE, 10)
        return
    for start in ((300, 186), (420, 200), (536, 280)):
        points: list[Point] = [start]
        for _ in range(5):
            points.append((points[-1][0] + b.rng.uniform(-22, 22), points[-1][1] + b.rng.uniform(12, 30)))
        b.line(points, shade(b.light.wall, 0.5), 4)
    b.shape([(300, 240), (350, 236), (332, 282), (348, 300), (306, 322)], (72, 86, 94))
    for _ in range(12):
        b.blob(
            b.rng.uniform(250, 560),
            b.rng.uniform(410, 440),
            b.rng.uniform(6, 16),
            b.rng.uniform(4, 8),
            shade(b.light.wall, 0.82),
        )
    b.shape([(612, 182), (656, 258), (568, 258)], YELLOW)
    b.box(608, 206, 616, 236, (60, 56, 50), 2)
    b.disc(612, 247, 5, (60, 56, 50))
