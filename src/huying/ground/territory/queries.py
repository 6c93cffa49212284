"""Every read of territory that a screen, a rule or an interface needs. Warm, each costs one small query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import finding, topology
from huying.ground.territory.codes import LENGTHS, LEVELS, Level, is_code
from huying.ground.territory.layers import Drawn, base_geojson, export_geojson, geojson, geometry_json
from huying.ground.territory.locating import Place
from huying.ground.territory.models import AreaChange
from huying.ground.territory.snapshot import AreaView, current
from huying.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Branch:
    """One area of the tree with the number of areas directly below it."""

    area: AreaView
    below: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What is wrong with the division of one area."""

    code: str
    label: str
    parts: int
    problems: tuple[topology.Problem, ...]


def locate_points(points: Sequence[tuple[float, float] | None], *, on: date) -> list[Place | None]:
    """The grid of each point (longitude, latitude; CGCS2000/WGS-84 degrees) on a date; None where there is none."""
    return current().points(on).locate(points)


def outside(points: Sequence[tuple[float, float] | None], *, on: date) -> list[bool]:
    """Of each point whether it lies beyond the ground served on a date: in no area and near no grid.

    Nothing is outside while no boundary is known, and no point is not outside either.
    """
    snapshot = current()
    places = snapshot.points(on).locate(points)
    if all(place is not None for place, point in zip(places, points, strict=True) if point is not None):
        return [False] * len(points)
    served = snapshot.served(on)
    return [
        place is None and point is not None and served is not None and not shapely.intersects_xy(served, *point)
        for place, point in zip(places, points, strict=True)
    ]


def locate_texts(texts: Sequence[str], *, on: date, within: str = "", k: int = 3) -> list[list[Place]]:
    """Up to `k` places each text may speak of, best first; `within` keeps only places under an area prefix."""
    return current().gazetteer(on).locate(texts, within=within, k=k)


def find_area(code: str) -> AreaView | None:
    """The area with a code, ended ones included."""
    return current().areas.get(code)


def get_area(code: str) -> AreaView:
    """As `find_area`; NotFound when there is none."""
    if (area := find_area(code)) is None:
        raise NotFound(_("没有编码为 %(code)s 的区域") % {"code": code[:20]})
    return area


def label(code: str, language: str = "zh") -> str:
    """Full name of an area with everything above it; the code itself when it is unknown."""
    return current().label(code, language)


def labels(codes: Iterable[str], language: str = "zh") -> dict[str, str]:
    """`label` of many codes."""
    snapshot = current()
    return {code: snapshot.label(code, language) for code in codes}


def names(codes: Iterable[str]) -> dict[str, str]:
    """Own names of areas, without what is above them; unknown codes are left out."""
    areas = current().areas
    return {code: areas[code].name for code in codes if code in areas}


def label_here(code: str) -> str:
    """`label` in the reader's language, for screens; what is kept or sent on stays in that of the place."""
    return current().label(code, get_language() or "zh")


def labels_here(codes: Iterable[str]) -> dict[str, str]:
    """`label_here` of many codes."""
    return labels(codes, get_language() or "zh")


def names_here(codes: Iterable[str]) -> dict[str, str]:
    """`names` in the reader's language."""
    english = (get_language() or "").startswith("en")
    areas = current().areas
    return {code: (english and areas[code].name_en) or areas[code].name for code in codes if code in areas}


def children(code: str, *, on: date) -> list[AreaView]:
    """Areas directly below a code, "" for the highest ones, valid on a date."""
    return current().children(code, on)


def tree(code: str = "", *, on: date) -> list[Branch]:
    """As `children`, each with how many areas it has below."""
    snapshot = current()
    return [Branch(area, len(snapshot.children(area.code, on))) for area in snapshot.children(code, on)]


def path_to(code: str) -> list[AreaView]:
    """The area and all above it, highest first."""
    areas = current().areas
    return [areas[code[:size]] for size in LENGTHS.values() if size <= len(code) and code[:size] in areas]


def areas_below(level: Level, prefix: str, *, on: date) -> list[AreaView]:
    """All areas of a level under a prefix, valid on a date."""
    return current().below(level, prefix, on)


def search_areas(words: str, *, on: date, most: int = 20) -> list[AreaView]:
    """Areas whose code begins with the words, or that are called by them all; written before spoken, higher levels first.

    A word may be of the name in Chinese or English, its pinyin or its initials (htsq); some may be of what lies above, as in
    柳汀街道 荷塘 or 柳汀街道荷塘社区, as long as one is the area's own.
    """
    return finding.search(current(), words, on=on, most=most)


def successors_of(code: str, *, on: date | None = None) -> list[str]:
    """The areas that took the place of an ended one, followed through every change up to a date; [] when it is valid.

    One query: the whole history of divided areas is small and read at once.
    """
    return _followed(code, _links(on, forward=True))


def predecessors_of(code: str) -> list[str]:
    """The earliest known areas from which this one came."""
    return _followed(code, _links(None, forward=False))


def _links(on: date | None, *, forward: bool) -> dict[str, set[str]]:
    rows = AreaChange.objects.filter(predecessor__isnull=False, successor__isnull=False)
    if on is not None:
        rows = rows.filter(on__lte=on)
    links: dict[str, set[str]] = {}
    for before, after in rows.values_list("predecessor_id", "successor_id"):
        if before != after:
            links.setdefault(before if forward else after, set()).add(after if forward else before)
    return links


def _followed(code: str, links: dict[str, set[str]]) -> list[str]:
    ends: set[str] = set()
    seen, waiting = {code}, [code]
    while waiting:
        here = waiting.pop()
        if here not in links:
            ends.add(here)
        for after in links.get(here, set()) - seen:
            seen.add(after)
            waiting.append(after)
    return sorted(ends - {code})


def history(code: str) -> list[AreaChange]:
    """Changes in which an area took part, newest first."""
    from_it = AreaChange.objects.filter(predecessor=code)
    return sorted(
        {change.pk: change for change in (*from_it, *AreaChange.objects.filter(successor=code))}.values(),
        key=lambda change: (change.on, change.pk),
        reverse=True,
    )


def neighbours(code: str, *, on: date) -> list[AreaView]:
    """Areas of the same level that share an edge with this one on a date."""
    snapshot = current()
    shape = snapshot.shapes.get(code)
    if shape is None:
        return []
    area = snapshot.areas[code]
    near = shapely.box(*shape.bounds).buffer(1e-6)
    return [
        other
        for other in snapshot.below(area.level, "", on)
        if other.code != code
        and (other_shape := snapshot.shapes.get(other.code)) is not None
        and other_shape.intersects(near)
        and topology.are_adjacent(shape, other_shape)
    ]


def shape_of(code: str) -> BaseGeometry | None:
    """The boundary of an area, None when it is not known."""
    return current().shapes.get(code)


def check_report(prefix: str = "", *, on: date) -> list[CheckResult]:
    """The division of every community under a prefix, checked: overlaps, gaps, parts outside, invalid shapes."""
    snapshot = current()
    results = []
    for community in snapshot.below("community", prefix[:12], on):
        shapes = {
            grid.code: snapshot.shapes[grid.code]
            for grid in snapshot.children(community.code, on)
            if grid.kind != "temporary" and grid.code in snapshot.shapes
        }
        problems = topology.check(shapes, snapshot.shapes.get(community.code)) if shapes else []
        name = snapshot.labels[community.code]
        results.append(CheckResult(community.code, name, len(shapes), tuple(problems)))
    return results


__all__ = [
    "LEVELS",
    "AreaView",
    "Branch",
    "CheckResult",
    "Drawn",
    "Place",
    "areas_below",
    "base_geojson",
    "check_report",
    "children",
    "export_geojson",
    "find_area",
    "geojson",
    "geometry_json",
    "get_area",
    "history",
    "is_code",
    "label",
    "labels",
    "locate_points",
    "locate_texts",
    "names",
    "neighbours",
    "path_to",
    "predecessors_of",
    "search_areas",
    "shape_of",
    "successors_of",
    "tree",
]
