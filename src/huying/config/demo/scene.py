"""The scene of one report: place, time and the values that fill its phrases (fixed where a text must agree)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from .people import neighbour
from .phrases import sections, words
from .places import Spot
from .templates import pick

DIGITS = "零一二三四五六七八九十"
SMALL = ("两", "三", "四", "五", "六", "好几", "三四", "两三")
MONEY = (280, 360, 500, 600, 680, 800, 980, 1200, 1500, 1680, 1800, 2000, 2400, 2680, 3000, 3500, 3980, 4600, 5000,
         5800, 6800, 8000, 9600, 12000, 15800, 20000, 26000)  # fmt: skip
ONCE = frozenset(
    ("place", "bus", "dur", "from", "person", "plate", "when", "night", "money", "age", "shop", "kid", "old")
)


def hour_words(hour: int) -> str:
    """凌晨一点, 早上七点, 下午三点…"""
    part = next(word for until, word in _PARTS if hour < until)
    clock = hour if hour <= 12 else hour - 12
    return f"{part}{_count(clock)}点" if clock else f"{part}十二点"


_PARTS = ((1, "半夜"), (5, "凌晨"), (9, "早上"), (11, "上午"), (13, "中午"), (18, "下午"), (20, "傍晚"), (25, "晚上"))


def _count(number: int) -> str:
    if number == 2:
        return "两"
    return DIGITS[number] if number <= 10 else "十" + DIGITS[number - 10]


class Setting:
    """Implements the template scene. ``spoken`` counts as people talk (两, 三四), else in figures."""

    __slots__ = ("_fixed", "at", "rng", "spoken", "spot")

    def __init__(self, rng: Random, spot: Spot, at: datetime, spoken: bool = True) -> None:
        self.rng = rng
        self.spot = spot
        self.at = at
        self.spoken = spoken
        self._fixed: dict[str, str] = {}

    def slot(self, name: str) -> str:
        if name in ONCE:
            value = self._fixed.get(name)
            if value is None:
                value = self._fixed[name] = SLOT[name](self)
            return value
        return SLOT[name](self)

    def fix(self, name: str, value: str) -> None:
        self._fixed[name] = value

    def later(self, at: datetime) -> Setting:
        """The same scene, told at another time in written style."""
        other = Setting(self.rng, self.spot, at, spoken=False)
        fixed = other._fixed
        fixed["place"] = self.spot.phrase
        if "person" in self._fixed:
            fixed["person"] = self._fixed["person"]
        return other


def _when(scene: Setting) -> str:
    then = scene.at - timedelta(minutes=scene.rng.randint(10, 60 * (5 if scene.spoken else 2)))
    if scene.spoken:
        day = "" if scene.rng.random() < 0.4 else "今天"
        if then.date() != scene.at.date():
            day = "昨天"
        text = day + hour_words(then.hour) + pick(scene.rng, ("多", "左右", "半", "", "多"))
        return text.replace("昨天晚上", "昨晚").replace("今天早上", "今早").replace("今天半夜", "今天半夜")
    return f"{then.month}月{then.day}日{then.hour}时许"


def _night(scene: Setting) -> str:
    hour = scene.at.hour
    if hour >= 21 or hour < 5:
        lead = "都" if scene.spoken and scene.rng.random() < 0.3 else ""
        return lead + hour_words(hour) + pick(scene.rng, ("多", "了", "半") if not lead else ("了", "多了"))
    return pick(scene.rng, ("昨晚", "昨天夜里", "前天半夜")) + pick(
        scene.rng, ("十点半", "十一点多", "十二点多", "一点", "两点")
    )


def _hour(scene: Setting) -> str:
    if scene.spoken:
        return hour_words(scene.at.hour)
    return f"{scene.at.hour}时{pick(scene.rng, ('', '许', '10分', '25分', '40分'))}"


def _day(scene: Setting, low: int, high: int) -> str:
    day = scene.at + timedelta(days=scene.rng.randint(low, high))
    return f"{day.month}月{day.day}日"


def _small(scene: Setting) -> str:
    return pick(scene.rng, SMALL[:5]) if scene.spoken else str(scene.rng.randint(2, 6))


def _plate(scene: Setting) -> str:
    rng = scene.rng
    return f"{rng.randint(0, 99):02d}{pick(rng, 'ABDEFGHJKLMNPQRSTUVWXYZ')}"


SLOT: dict[str, Callable[[Setting], str]] = {
    "place": lambda s: s.spot.phrase,
    "short": lambda s: s.spot.anchor.name,
    "road": lambda s: s.spot.road,
    "estate": lambda s: s.spot.estate,
    "shop": lambda s: pick(s.rng, words("people.txt", "shop.store")),
    "num": lambda s: str(s.rng.randint(1, 280)),
    "b": lambda s: str(s.rng.randint(1, 18)),
    "f": lambda s: str(s.rng.randint(2, 7) if s.spot.anchor.kind == "village" else s.rng.randint(2, 28)),
    "n": _small,
    "nn": lambda s: str(s.rng.randint(2, 12) * 5 if s.rng.random() < 0.6 else s.rng.randint(11, 48)),
    "n1": lambda s: str(s.rng.randint(3, 9)),
    "nth": lambda s: pick(s.rng, ("二", "三", "三", "四", "五")),
    "dur": lambda s: pick(s.rng, sections("times.txt")["dur"]).source,
    "from": lambda s: pick(s.rng, sections("times.txt")["from"]).source,
    "when": _when,
    "night": _night,
    "hour": _hour,
    "date": lambda s: _day(s, -1, 0),
    "next": lambda s: _day(s, 2, 8),
    "money": lambda s: str(pick(s.rng, MONEY)),
    "fee": lambda s: str(s.rng.randint(18, 98)),
    "person": lambda s: neighbour(s.rng),
    "plate": _plate,
    "age": lambda s: str(s.rng.randint(67, 91)),
    "bus": lambda s: f"{pick(s.rng, ('', '', 'B', 'M'))}{s.rng.randint(12, 988)}路",
    "kid": lambda s: pick(s.rng, ("孩子", "小孩", "女儿", "儿子", "娃", "小宝")),
    "old": lambda s: pick(s.rng, ("我妈", "我爸", "老母亲", "家里老人", "我奶奶", "老岳父")),
    "tel": lambda s: pick(s.rng, ("中午十二点", "下午六点", "晚上七点", "上午十点")),
    "q": lambda s: "",
}
