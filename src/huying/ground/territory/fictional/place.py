"""Puts a fictional place together: areas with codes and shapes, names on the ground, and the layers under the map."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, pairwise
from random import Random
from typing import Any, Final, Literal, TypeVar

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.codes import free_codes, longest_common_prefix, reading_order
from huying.ground.territory.fictional import land, scenery, words
from huying.ground.territory.records import AreaRecord, LayerRecord, NameRecord
from huying.ground.territory.topology import area_m2, areas_m2, centre, in_metres

T = TypeVar("T")
Scale = Literal["community", "district", "city"]
SINCE: Final = date(2020, 1, 1)
CITY_CODE: Final = "9901"
COMMUNITY_M2: Final = 2_500_000.0
LAKE_PARK: Final = "澄湖公园"
LAKE_M2: Final = 1_900_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything a scale has."""

    counties: int
    towns: int
    communities: int
    grids: int


PLANS: Final[dict[Scale, Plan]] = {
    "community": Plan(1, 1, 1, 21),
    "district": Plan(1, 6, 50, 1000),
    "city": Plan(6, 36, 284, 5816),
}


@dataclass(frozen=True, slots=True)
class FictionalPlace:
    """Everything needed to fill an empty platform with a place. Shapes are CGCS2000 degrees."""

    scale: Scale
    seed: int
    areas: tuple[AreaRecord, ...]
    place_names: tuple[NameRecord, ...]
    layers: tuple[LayerRecord, ...]


@dataclass(slots=True)
class _Community:
    code: str
    name: str
    town: str
    grids: list[tuple[str, str, BaseGeometry]] = field(default_factory=list)  # kind of special or "", name, shape
    shape: BaseGeometry = field(default_factory=Polygon)


@dataclass(slots=True)
class _Drawing:
    """The land on the flat plane, before bending."""

    leaves: list[Polygon] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)  # position of the community of each leaf
    kinds: list[tuple[str, str]] = field(default_factory=list)  # suffix and kind of a special grid, or empty
    cuts: list[tuple[int, LineString]] = field(default_factory=list)  # rank 0 main, 1 secondary, 2 street
    stream: LineString = field(default_factory=LineString)
    water: Polygon = field(default_factory=Polygon)


def make(scale: Scale = "district", seed: int = 20240) -> FictionalPlace:
    """The fictional place of a scale. Same scale and seed, same place, to the last digit."""
    rng, plan = Random(f"{scale}:{seed}"), PLANS[scale]
    drawing, counties = _draw(plan, rng)
    reach = (COMMUNITY_M2 * plan.communities / np.pi) ** 0.5 * 1.4
    bend = land.warp(reach, rng)
    shapes = land.to_degrees(np.asarray(land.knit(drawing.leaves), dtype=object), bend)
    namer = words.Namer(rng)
    communities = _communities(plan, drawing, counties, shapes, namer)
    areas = _areas(scale, communities, rng)
    roads, layers = _roads(drawing, bend, communities, namer, rng)
    names = [*_grid_names(communities, namer, rng), *_poi_names(communities, namer, rng), *roads]
    layers = [*_parks(communities), *_scenery(drawing, bend, communities, Random(f"{scale}:{seed}:scenery")), *layers]
    return FictionalPlace(scale, seed, tuple(areas), tuple(names), tuple(layers))


def _spread(total: int, parts: int, rng: Random, play: float) -> list[int]:
    """Whole numbers that vary by about `play` around their mean and add up to the total."""
    weights = [1 + rng.uniform(-play, play) for _ in range(parts)]
    bounds = np.round(np.cumsum([0.0, *weights]) / sum(weights) * total).astype(int)
    return [int(n) for n in np.diff(bounds)]


def _draw(plan: Plan, rng: Random) -> tuple[_Drawing, list[list[int]]]:
    """Divide the land: banks, counties, towns, communities, grids. Also the towns of each county, by communities."""
    drawing = _Drawing()
    whole = land.outline(COMMUNITY_M2 * plan.communities, rng)
    drawing.stream = land.river(whole, rng)
    regions = _regions(plan, drawing, whole, rng)
    town_sizes = _spread(plan.communities, plan.towns, rng, 0.12)
    grid_counts = _spread(plan.grids - (plan.communities > 1), plan.communities, rng, 0.12)
    counties: list[list[int]] = [[] for _ in range(plan.counties)]
    town = community = 0
    for county, shape, towns in regions:
        sizes = town_sizes[town : town + towns]
        cuts: list[land.Cut] = []
        for part, size in zip(land.divide(shape, sizes, rng, cuts), sizes, strict=True):
            _draw_town(drawing, part, grid_counts[community : community + size], community, rng)
            community += size
        drawing.cuts += [(0, cut.line) for cut in cuts]
        counties[county] += sizes
        town += towns
    if not drawing.water.is_empty:
        _add_lake(drawing)
    return drawing, counties


def _regions(plan: Plan, drawing: _Drawing, whole: Polygon, rng: Random) -> list[tuple[int, Polygon, int]]:
    """The pieces that hold whole towns: number of the county, shape, number of towns."""
    if plan.communities == 1:
        return [(0, whole, 1)]
    drawing.water = land.lake(drawing.stream, LAKE_M2 * min(plan.counties, 3), rng)
    sides = land.banks(whole, drawing.stream, drawing.water)
    west = sides[0].area / (sides[0].area + sides[1].area)
    if plan.counties == 1:
        towns = round(plan.towns * west)
        return [(0, sides[0], towns), (0, sides[1], plan.towns - towns)]
    cuts: list[land.Cut] = []
    in_west = round(plan.counties * west)
    shapes = land.divide(sides[0], [1.0] * in_west, rng, cuts)
    shapes += land.divide(sides[1], [1.0] * (plan.counties - in_west), rng, cuts)
    drawing.cuts += [(0, cut.line) for cut in cuts]
    return [(county, shape, plan.towns // plan.counties) for county, shape in enumerate(shapes)]


def _add_lake(drawing: _Drawing) -> None:
    """The lake is a special grid of the community with the longest shore."""
    shore = drawing.water.buffer(1.0)
    lengths = shapely.length(shapely.intersection(np.asarray(drawing.leaves, dtype=object), shore))
    drawing.owners.append(drawing.owners[int(np.argmax(lengths))])
    drawing.leaves.append(drawing.water)
    drawing.kinds.append(("公园", "park"))


def _draw_town(drawing: _Drawing, town: Polygon, grid_counts: list[int], first: int, rng: Random) -> None:
    cuts: list[land.Cut] = []
    for offset, shape in enumerate(land.divide(town, grid_counts, rng, cuts)):
        kinds = _kinds(grid_counts[offset], rng)
        sizes = {suffix: size for suffix, _, size, _ in words.SPECIAL_KINDS}
        weights = [sizes[suffix] if suffix else rng.uniform(0.7, 1.35) for suffix, _ in kinds]
        streets: list[land.Cut] = []
        parts = land.divide(shape, weights, rng, streets)
        drawing.leaves += parts
        drawing.owners += [first + offset] * len(parts)
        drawing.kinds += kinds
        drawing.cuts += [(2 if cut.depth < 2 else 3, cut.line) for cut in streets]
    drawing.cuts += [(1, cut.line) for cut in cuts]


def _kinds(count: int, rng: Random) -> list[tuple[str, str]]:
    """About a fifth of the grids of a community are special; the rest is general."""
    special = max(1, round(count * rng.uniform(0.13, 0.27)))
    chosen = rng.choices(words.SPECIAL_KINDS, weights=[share for *_, share in words.SPECIAL_KINDS], k=special)
    kinds = [(suffix, kind) for suffix, kind, _, _ in chosen] + [("", "")] * (count - special)
    rng.shuffle(kinds)
    return kinds


def _communities(
    plan: Plan, drawing: _Drawing, counties: list[list[int]], shapes: Any, namer: words.Namer
) -> list[_Community]:
    """Codes and names from the top down, each level numbered in reading order; grids gathered into communities."""
    members: list[list[int]] = [[] for _ in range(plan.communities)]
    for leaf, owner in enumerate(drawing.owners):
        members[owner].append(leaf)
    outlines = [shapely.coverage_union_all([shapes[i] for i in leaves]) for leaves in members]
    ends = np.cumsum([0, *(size for sizes in counties for size in sizes)]).tolist()
    towns = [list(range(a, b)) for a, b in pairwise(ends)]
    firsts = np.cumsum([0, *(len(sizes) for sizes in counties)]).tolist()
    in_county = [towns[a:b] for a, b in pairwise(firsts)]
    town_names = iter(words.TOWNS)
    found: list[_Community] = []
    for county_number, county in _numbered(in_county, [list(chain.from_iterable(one)) for one in in_county], outlines):
        for town_number, town in _numbered(county, county, outlines):
            town_name = f"{next(town_names)}街道"
            for number, at in _numbered(town, [[one] for one in town], outlines):
                code = f"{CITY_CODE}{county_number:02d}{town_number:03d}{number:03d}"
                community = _Community(code, f"{namer.stem()}社区", town_name, shape=outlines[at])
                community.grids = [_grid(drawing, leaf, shapes[leaf], namer) for leaf in members[at]]
                found.append(community)
    return found


def _numbered(
    things: Sequence[T], members: Sequence[Sequence[int]], outlines: Sequence[BaseGeometry]
) -> Iterator[tuple[int, T]]:
    """Things in reading order, numbered from 1; each lies where its member communities lie."""
    centres = [centre(shapely.coverage_union_all([outlines[i] for i in inside])) for inside in members]
    return enumerate((things[at] for at in reading_order(centres)), start=1)


def _grid(drawing: _Drawing, leaf: int, shape: BaseGeometry, namer: words.Namer) -> tuple[str, str, BaseGeometry]:
    suffix, kind = drawing.kinds[leaf]
    if leaf == len(drawing.leaves) - 1 and not drawing.water.is_empty:
        return kind, LAKE_PARK, shape
    return kind, f"{namer.stem()}{suffix}" if suffix else "", shape


def _areas(scale: Scale, communities: list[_Community], rng: Random) -> list[AreaRecord]:
    """All areas, highest first."""
    rows: list[AreaRecord] = []
    shapes: dict[str, list[BaseGeometry]] = {}
    for community in communities:
        for size in (4, 6, 9):
            shapes.setdefault(community.code[:size], []).append(community.shape)
    town_names = {community.code[:9]: community.town for community in communities}
    for code in sorted(shapes, key=lambda code: (len(code), code)):
        if len(code) == 4 and scale != "city":
            continue
        name, name_en = _upper_name(code, town_names)
        rows.append(AreaRecord(code, name, name_en, "", shapely.coverage_union_all(shapes[code]), SINCE))
    for community in sorted(communities, key=lambda c: c.code):
        name_en = words.english(community.name)
        rows.append(AreaRecord(community.code, community.name, name_en, "", community.shape, SINCE))
    for community in communities:
        rows += _grid_records(community, rng)
    return rows


def _upper_name(code: str, town_names: dict[str, str]) -> tuple[str, str]:
    if len(code) == 4:
        return words.CITY
    name = words.COUNTIES[int(code[4:6]) - 1] if len(code) == 6 else town_names[code]
    return name, words.english(name)


def _grid_records(community: _Community, rng: Random) -> list[AreaRecord]:
    rows: list[AreaRecord] = []
    sizes = areas_m2([shape for _, _, shape in community.grids])
    for special in (False, True):
        chosen = [i for i, (kind, _, _) in enumerate(community.grids) if bool(kind) is special]
        order = reading_order([centre(community.grids[i][2]) for i in chosen])
        codes = free_codes(community.code, "special" if special else "general", ())
        for number, (at, code) in enumerate(zip(order, codes, strict=False), start=1):
            kind, name, shape = community.grids[chosen[at]]
            attributes: dict[str, Any] = {"area_m2": round(float(sizes[chosen[at]]))}
            if special:
                attributes["land_use"] = kind
            else:
                households = rng.randint(280, 560)
                attributes |= {"land_use": "residential", "households": households}
                attributes["population"] = round(households * rng.uniform(2.4, 3.4))
            full = f"{name}专属网格" if special else f"第{_chinese(number)}网格"
            name_en = f"{words.english(name)} Special Grid" if special else f"Grid {number}"
            rows.append(
                AreaRecord(code, full, name_en, "special" if special else "general", shape, SINCE, None, attributes)
            )
    return rows


def _chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return digits[ones]
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")


def _grid_names(communities: list[_Community], namer: words.Namer, rng: Random) -> list[NameRecord]:
    """An estate, village or compound in every general grid, and the institution of every special one."""
    rows: list[NameRecord] = []
    for community in communities:
        taken: set[str] = set()
        for kind, special_name, shape in community.grids:
            lon, lat = centre(shape)
            if kind:
                rows.append(NameRecord(special_name, kind, community.code, lon, lat, words.english(special_name)))
                continue
            name, kind_of = _home(namer, rng, taken)
            taken.add(name)
            rows.append(NameRecord(name, kind_of, community.code, lon, lat, words.english(name)))
            if kind_of == "estate" and name not in words.COMMON_ESTATES and rng.random() < 0.45:
                for number, (x, y) in enumerate(land.scatter(shape.buffer(-0.0003) or shape, 2, rng), start=1):
                    aliases = (f"{name}{number}号楼", f"{name}{number}幢")
                    rows.append(
                        NameRecord(
                            f"{name}{number}栋",
                            "building",
                            community.code,
                            x,
                            y,
                            f"{words.english(name)} {number}",
                            aliases,
                        )
                    )
    return rows


def _home(namer: words.Namer, rng: Random, taken: set[str]) -> tuple[str, str]:
    chance = rng.random()
    if chance < 0.03:
        free = [name for name in words.COMMON_ESTATES if name not in taken]
        if free:
            return rng.choice(free), "estate"
    if chance < 0.2:
        return f"{namer.stem()}{rng.choice(('新村', '旧村'))}", "village"
    return namer.estate(), "estate"


def _poi_names(communities: list[_Community], namer: words.Namer, rng: Random) -> list[NameRecord]:
    """Offices of the community and the shops, stops and buildings of daily life."""
    rows: list[NameRecord] = []
    for community in communities:
        stem = community.name.removesuffix("社区")
        names = [f"{stem}{'社区' if suffix[0] != '社' else ''}{suffix}" for suffix in words.COMMUNITY_POIS]
        kinds = rng.sample(words.POI_KINDS, 16)
        drawn = [f"{namer.brand()}{suffix}" for suffix in kinds]
        names += [name for name in drawn if namer.unique(name)]
        for name, (lon, lat) in zip(names, land.scatter(community.shape, len(names), rng), strict=True):
            rows.append(NameRecord(name, "poi", community.code, lon, lat, words.english(name)))
    return rows


def _roads(
    drawing: _Drawing, bend: land.Warp, communities: list[_Community], namer: words.Namer, rng: Random
) -> tuple[list[NameRecord], list[LayerRecord]]:
    """Names, house numbers and lines of the streets; the smallest lanes are drawn but have no name."""
    names, layers = [], []
    tree = STRtree([community.shape for community in communities])
    suffixes = {0: ("大道",), 1: ("路", "大道"), 2: ("路", "街", "路")}
    for rank, line in drawing.cuts:
        path = land.to_degrees(line, bend)
        length = float(in_metres(path, path.centroid.y).length)
        if rank == 3 or length < 200:
            layers.append(LayerRecord("road", "", "", communities[0].code[:6], path, 3))
            continue
        touched = sorted(communities[int(i)].code for i in tree.query(path, predicate="dwithin", distance=1e-5))
        area = longest_common_prefix(touched)
        name = namer.road(*suffixes[rank])
        middle = path.interpolate(0.5, normalized=True)
        last = max(2, 2 * int(length / 22))
        lon, lat = round(middle.x, 7), round(middle.y, 7)
        name_en = words.english(name)
        names.append(NameRecord(name, "road", area, lon, lat, name_en, (), path, 1, last))
        layers.append(LayerRecord("road", name, name_en, area or CITY_CODE, path, rank))
    return names, layers


def _scenery(drawing: _Drawing, bend: land.Warp, communities: list[_Community], rng: Random) -> Iterator[LayerRecord]:
    """Water, banks, ponds and buildings: what makes the map look like a place."""
    waters = scenery.waters(drawing.stream, drawing.water, bend, communities[0].code[:6])
    yield from waters
    wet = waters[-1].shape
    for community in communities:
        grids = [(kind, shape) for kind, _, shape in community.grids]
        parks = [shape for kind, name, shape in community.grids if kind == "park" and name != LAKE_PARK]
        yield from scenery.ponds([(community.code, shape) for shape in parks], rng)
        yield from scenery.buildings(community.code, grids, wet, rng)


def _parks(communities: list[_Community]) -> list[LayerRecord]:
    return [
        LayerRecord("park", name, words.english(name), community.code, shape)
        for community in communities
        for kind, name, shape in community.grids
        if kind == "park" and name != LAKE_PARK and area_m2(shape) > 0
    ]
