"""Where people say things happen: turns the territory's place names into the phrases residents use for them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Protocol

from .phrases import words
from .templates import pick


class PlaceLike(Protocol):
    """A named point of the territory; ``area`` is a code (any level), ``kind`` free text such as ``estate``."""

    @property
    def name(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def area(self) -> str: ...
    @property
    def kind(self) -> str: ...


class AreaLike(Protocol):
    """An area of the territory, used when a place has no name of its own."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place reduced to what speaking needs; ``kind`` is one of ours."""

    name: str
    lon: float
    lat: float
    area: str
    kind: str


@dataclass(frozen=True, slots=True)
class Spot:
    """An anchor and the very phrase used for it: “锦绣花园3栋楼下”."""

    anchor: Anchor
    phrase: str
    road: str
    estate: str


ENDINGS = (
    ("school", ("小学", "中学", "学校", "幼儿园", "学院", "书院")),
    ("market", ("市场", "集贸", "菜场")),
    ("park", ("公园", "广场", "绿道")),
    ("river", ("河", "涌", "渠", "溪", "湖", "水库", "碧道")),
    ("hospital", ("医院", "社康", "卫生院", "社康中心", "服务站")),
    ("station", ("地铁站", "客运站", "火车站", "车站", "枢纽")),
    ("bus", ("公交站", "公交总站")),
    ("mall", ("商场", "购物中心", "百货", "天地", "广场店")),
    ("factory", ("工业园", "工业区", "科技园", "产业园", "厂", "物流园")),
    ("office", ("大厦", "政务中心", "服务大厅", "写字楼", "中心", "机关")),
    ("village", ("村", "围", "新村", "老围", "城中村")),
    ("road", ("路", "街", "大道", "巷", "道", "环路", "东路", "西路")),
    ("estate", ("花园", "苑", "小区", "家园", "公寓", "居", "府", "城", "湾", "里", "庭", "轩", "名邸", "阁", "新城")),
)
KINDS = {
    "residential": "estate", "compound": "estate", "community": "estate", "小区": "estate", "street": "road",
    "道路": "road", "urban_village": "village", "城中村": "village", "canal": "river", "water": "river",
    "学校": "school", "kindergarten": "school", "公园": "park", "square": "park", "市场": "market", "shop": "mall",
    "医院": "hospital", "clinic": "hospital", "metro": "station", "地铁站": "station", "industrial": "factory",
    "工业区": "factory", "government": "office", "building": "office", "construction": "site", "工地": "site",
}  # fmt: skip
TRADES = ("shop", "eatery", "store", "service", "play")
_OWN = "road estate village market park river site school station bus mall factory office hospital"
OWN = frozenset(_OWN.split())
# where a kind has no place of its own, it is told by the road or estate beside it
BESIDE = {
    "market": ("{R}农贸市场", "{E}旁边的菜市场"), "park": ("{E}旁边的小公园", "{R}街心公园"),
    "river": ("{R}旁边的河涌", "{R}桥下的排洪渠"), "school": ("{E}旁边的小学", "{R}小学"),
    "station": ("{R}地铁站", "{R}公交总站"), "mall": ("{R}的商场", "{E}楼下的商业街"),
    "factory": ("{R}的工业园", "{R}{num}号厂房"), "office": ("{R}的写字楼", "{R}办事大厅"),
    "hospital": ("{R}社康中心", "{E}社康"), "village": ("{E}旁边的城中村", "{R}后面的村里"),
}  # fmt: skip
DERIVED = {"home": ("estate",), "compound": ("estate",), "lift": ("estate",), "cross": ("road",),
           "shop": ("road", "estate"),
           "eatery": ("road", "estate"), "store": ("road", "estate"), "service": ("road", "estate", "mall"),
           "play": ("road", "estate"), "bus": ("road",),
           "site": ("site", "road")}  # fmt: skip


def kind_of(name: str, kind: str) -> str:
    """Our kind for a territory place: by its declared kind, else by how its name ends."""
    kind = kind.lower()
    if kind in OWN:
        return kind
    if kind in KINDS:
        return KINDS[kind]
    if "号" in name:
        return "address"
    best = max(
        ((len(end), ours) for ours, ends in ENDINGS for end in ends if name.endswith(end)), default=(0, "estate")
    )
    return best[1]


class Atlas:
    """All anchors by kind, some livelier than others, and the phrases for them."""

    def __init__(self, rng: Random, place_names: Sequence[PlaceLike], areas: Sequence[AreaLike]) -> None:
        anchors = [Anchor(p.name, p.lon, p.lat, str(p.area), kind_of(p.name, p.kind)) for p in place_names]
        if not anchors:
            anchors = [Anchor(area.name, area.lon, area.lat, area.code, "estate") for area in areas]
        if not anchors:
            raise ValueError("make_reports needs at least one place name or area")
        self._by_kind: dict[str, list[Anchor]] = {}
        for anchor in anchors:
            self._by_kind.setdefault(anchor.kind, []).append(anchor)
        self._by_kind.setdefault("road", self._by_kind.get("address") or anchors)
        self._by_kind.setdefault("estate", self._by_kind.get("address") or anchors)
        self._pull: dict[str, list[float]] = {}
        for kind, members in self._by_kind.items():
            self._pull[kind] = list(accumulate(rng.paretovariate(1.6) for _ in members))
        self._local: dict[tuple[str, str], list[Anchor]] = {}
        for kind in ("road", "estate"):
            for anchor in self._by_kind[kind]:
                self._local.setdefault((kind, anchor.area[:12]), []).append(anchor)

    def anchor(self, rng: Random, at: tuple[str, ...]) -> tuple[Anchor, str]:
        """A place of one of the kinds asked for, and the kind it stands for."""
        want = pick(rng, at)
        for kind in DERIVED.get(want, (want, "road", "estate")):
            if kind in self._by_kind:
                pull = self._pull[kind]
                return self._by_kind[kind][min(bisect(pull, rng.random() * pull[-1]), len(pull) - 1)], want
        return self._by_kind["road"][0], want

    def near(self, rng: Random, anchor: Anchor, kind: str) -> str:
        """The name of a road or estate of the same community, else any."""
        if anchor.kind == kind:
            return anchor.name
        return pick(rng, self._local.get((kind, anchor.area[:12])) or self._by_kind[kind]).name

    def spot(self, rng: Random, anchor: Anchor, want: str) -> Spot:
        road, estate = self.near(rng, anchor, "road"), self.near(rng, anchor, "estate")
        return Spot(anchor, self._phrase(rng, anchor, want, road, estate), road, estate)

    def _phrase(self, rng: Random, anchor: Anchor, want: str, road: str, estate: str) -> str:
        name, draw = anchor.name, rng.random()
        if anchor.kind == "address" and want not in (*TRADES, "site"):
            return name + (pick(rng, ("", "门口", "附近")) if want in ("road", "bus", "cross") else "")
        if want in BESIDE and anchor.kind != want:
            return pick(rng, BESIDE[want]).format(R=road, E=estate, num=_number(rng))
        if want == "compound":
            return estate
        if want in ("home", "lift"):
            return f"{estate}{_block(rng)}" + ("" if draw < 0.6 else f"{rng.randint(1, 4)}单元")
        if want in TRADES:
            trade = pick(rng, TRADES[1:]) if want == "shop" else want
            shop = pick(rng, words("people.txt", f"shop.{trade}"))
            return f"{road}{_number(rng)}号{shop}" if draw < 0.5 else f"{estate if draw < 0.8 else road}的{shop}"
        if want == "site":
            return name if anchor.kind == "site" else f"{road}{_site(rng)}工地"
        speak = {"road": _road, "cross": _cross, "bus": _bus, "estate": _estate, "village": _village}.get(want)
        if speak:
            return speak(rng, name, estate, self.near(rng, Anchor("", 0, 0, anchor.area, ""), "road"))
        return name + (pick(rng, TAILS.get(want, ("",))) if draw < 0.5 else "")


TAILS = {
    "school": ("门口", "正门", "东门外"), "park": ("东门", "里面", "凉亭那边"), "river": ("边", "桥下", "靠路这段"),
    "station": ("A出口", "B出口", "C口"), "market": ("门口", "里面", "西门"), "mall": ("一楼", "负一层", "门口"),
    "hospital": ("", "门口"), "factory": ("B栋", "后门", "3号厂房"), "office": ("一楼", "大厅"),
}  # fmt: skip


def _road(rng: Random, name: str, estate: str, other: str) -> str:
    draw = rng.random()
    if draw < 0.3:
        return name
    if draw < 0.62:
        return f"{name}{_number(rng)}号{pick(rng, ('门口', '对面', '附近', '旁边', '路边'))}"
    if draw < 0.76 and other != name:
        return _cross(rng, name, estate, other)
    if draw < 0.9:
        return f"{name}{estate}门口" if rng.random() < 0.6 else f"{name}靠近{estate}这一段"
    return name + pick(rng, ("中段", "公交站旁", "天桥底下", "辅道", "靠桥头那段"))


def _cross(rng: Random, name: str, estate: str, other: str) -> str:
    if other == name:
        return f"{name}{estate}路口"
    return f"{name}{pick(rng, ('与', '和'))}{other}{pick(rng, ('路口', '交叉口', '十字路口', '交汇处'))}"


def _bus(rng: Random, name: str, estate: str, other: str) -> str:
    return f"{pick(rng, (name, estate, estate))}公交站"


def _estate(rng: Random, name: str, estate: str, other: str) -> str:
    draw = rng.random()
    if draw < 0.35:
        return name
    if draw < 0.65:
        return f"{name}{_block(rng)}{pick(rng, ('楼下', '旁边', '门口', '后面', '前面'))}"
    return name + pick(rng, ("北门", "南门", "东门", "西门", "正门口", "后门", "小花园", "儿童乐园旁"))


def _village(rng: Random, name: str, estate: str, other: str) -> str:
    draw = rng.random()
    if draw < 0.25:
        return name
    lane = pick(rng, ("一巷", "二巷", "三巷", "四巷", "五巷", "六巷", "七巷", "八巷", "东区", "西区", "老围"))
    if draw < 0.8:
        return f"{name}{lane}" + (f"{rng.randint(1, 39)}号" if draw < 0.6 else "")
    return name + pick(rng, ("牌坊旁", "祠堂附近", "篮球场边", "文化广场", "村口"))


def _block(rng: Random) -> str:
    return f"{rng.randint(1, 18)}栋" if rng.random() < 0.8 else f"{rng.randint(1, 6)}栋{pick(rng, 'ABC')}座"


def _number(rng: Random) -> int:
    return int(rng.triangular(1, 320, 40))


def _site(rng: Random) -> str:
    return pick(rng, words("people.txt", "site")).replace("{n}", str(rng.randint(1, 4)))
