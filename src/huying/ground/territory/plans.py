"""What a change of shapes would make, worked out before anything is stored: for the pages that show it first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import topology
from huying.ground.territory.codes import free_codes, grid_kind, reading_order
from huying.ground.territory.layers import geometry_json
from huying.ground.territory.rules import keeps_code, part_name, worsened
from huying.ground.territory.snapshot import AreaView, Snapshot, current


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a planned division, with the code and the name it would get."""

    number: int
    code: str
    name: str
    area_m2: float
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Moved:
    """One grid whose boundary would move: its size before and after, and whether it keeps its code."""

    area: AreaView
    before_m2: float
    after_m2: float
    share: float
    keeps_code: bool
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Reshaping:
    """A planned move of a boundary: the grids it changes, the one that is edited first, and what would be wrong then."""

    moved: tuple[Moved, ...]
    problems: tuple[topology.Problem, ...]


def plan_split(code: str, line: LineString, names: Sequence[str] = ()) -> list[Part]:
    """The parts a line would make of a grid, in the order in which they would be numbered. ShapeRefused as in split."""
    snapshot = current()
    shape = snapshot.shapes.get(code)
    if shape is None:
        return []
    parts = topology.split(shape, line)
    order = reading_order([topology.centre(part) for part in parts])
    used = {area for area in snapshot.areas if area.startswith(code[:12])}
    codes = list(zip(order, free_codes(code[:12], grid_kind(code), used), strict=False))
    found = []
    for number, at in enumerate(order, start=1):
        given = names[number - 1].strip() if number <= len(names) else ""
        name = given or part_name(snapshot.areas[code].name, number)
        issued = codes[number - 1][1] if number <= len(codes) else ""
        found.append(Part(number, issued, name, topology.area_m2(parts[at]), parts[at]))
    return found


def plan_reshape(code: str, shape: BaseGeometry, *, carry: bool) -> Reshaping:
    """Which grids would change, and how, if one got this outline; with `carry` its neighbours follow. ShapeRefused."""
    snapshot = current()
    fresh, known = topology.clean(shape), _standing(snapshot, code)
    before = snapshot.shapes.get(code)
    beside = {one: other for one, other in known.items() if one != code}
    fixed = code in known
    follow = topology.follow(before, fresh, beside) if carry and fixed and before is not None else {}
    new = {code: fresh, **follow}
    moved = [_moved(snapshot, one, other) for one, other in new.items()]
    problems = _problems(snapshot, code[:12], known, new) if fixed else []
    return Reshaping(tuple(one for one in moved if one.share > 1e-7), tuple(problems))


def _standing(snapshot: Snapshot, code: str) -> dict[str, BaseGeometry]:
    """The grids into which the community of a grid is divided, temporary ones left out."""
    return {
        area.code: snapshot.shapes[area.code]
        for area in snapshot.areas.values()
        if area.level == "grid"
        and area.code.startswith(code[:12])
        and area.valid_to is None
        and area.kind != "temporary"
        and area.code in snapshot.shapes
    }


def _problems(
    snapshot: Snapshot, community: str, known: Mapping[str, BaseGeometry], new: Mapping[str, BaseGeometry]
) -> list[topology.Problem]:
    from_grids = snapshot.areas[community].attributes.get("outline") == "grids"
    outline = None if from_grids else snapshot.shapes.get(community)
    return worsened(topology.check(known, outline), topology.check({**known, **new}, outline))


def _moved(snapshot: Snapshot, code: str, shape: BaseGeometry) -> Moved:
    area, before = snapshot.areas[code], snapshot.shapes.get(code)
    share = topology.moved_share(before, shape) if before is not None else 1.0
    size = topology.area_m2(before) if before is not None else 0.0
    return Moved(area, size, topology.area_m2(shape), share, keeps_code(area.level, share), shape)


def drawn_parts(parts: Iterable[Part]) -> str:
    """Planned parts as GeoJSON text for the map."""
    return _collection(
        (part.shape, {"role": "part", "number": part.number, "name": str(part.number)}) for part in parts
    )


def drawn_reshaping(plan: Reshaping, words: Mapping[str, str]) -> str:
    """Neighbours that follow and disputed pieces as GeoJSON text; `words` names each kind of problem."""
    followers = [(one.shape, {"role": "moved"}) for one in plan.moved[1:]]
    disputed = [
        (one.shape, {"role": "problem", "name": words.get(one.kind, "")})
        for one in plan.problems
        if one.shape is not None
    ]
    return _collection([*followers, *disputed])


def _collection(rows: Iterable[tuple[BaseGeometry, Mapping[str, object]]]) -> str:
    features = [{"type": "Feature", "properties": about, "geometry": geometry_json(shape)} for shape, about in rows]
    return orjson.dumps({"type": "FeatureCollection", "features": features}).decode()
