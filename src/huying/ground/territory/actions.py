"""Every write to the territory. Each takes `actor` and `now`, is one transaction, leaves a trace and publishes facts.

Changes inside a community hold the row of the community, so that two editors never issue the same code or divide the
same grid twice; the later one gets Conflict. `on` is the day a change takes effect: by default today, never earlier.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import shapely
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import access, topology
from huying.ground.territory.changes import Change, announce, carry_micro_grids, open_area
from huying.ground.territory.codes import GridKind, free_codes, grid_kind, is_code, level_of, parent_of, reading_order
from huying.ground.territory.loading import (
    ImportReport,
    import_areas,
    import_place_names,
    load_place,
    replace_base_layers,
    set_shape,
)
from huying.ground.territory.models import Area, AreaChange
from huying.ground.territory.parsing import REFUSALS
from huying.ground.territory.rules import keeps_code, part_name, worsened
from huying.ground.territory.wording import describe
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid, NotFound, Refused
from huying.kernel.locks import lock_rows

GONE = _("这个网格刚刚被别人调整过")


def draw_area(
    *,
    actor: Actor,
    now: datetime,
    parent: str,
    shape: BaseGeometry,
    name: str,
    name_en: str = "",
    kind: GridKind = "general",
    code: str = "",
    on: date | None = None,
    reason: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> Area:
    """Open a new area with a drawn boundary. A grid or micro-grid gets the next free code; above that `code` is given.

    Temporary grids may lie over others; any other grid may not overlap its neighbours or leave its community.
    """
    with transaction.atomic():
        day = _day(now, on)
        if code and parent_of(_valid_code(code)) != parent != "":
            raise Invalid(_("编码与上级不符"), field="code")
        access.require_editor(actor, code or parent)
        above = _lock(parent[:12]) if parent else None
        if parent and above is None:
            raise NotFound(_("没有编码为 %(code)s 的区域") % {"code": parent})
        issued = code or _next_codes(parent, kind, 1)[0]
        if Area.objects.filter(code=issued).exists():
            raise Refused(_("编码 %(code)s 已经用过") % {"code": issued}, code="code_used")
        area = open_area(issued, _name(name), _sound(shape), day, name_en=name_en, attributes=attributes or {})
        area.parent_id = parent or None
        if area.level == "grid" and area.kind != "temporary":
            _refuse_new_problems(parent, {}, {issued: _geometry(area)}, day)
        area.save(force_insert=True)
        if above is not None and above.level == "community" and area.kind != "temporary":
            _widen(above, _geometry(area))
        announce(actor, now, [Change("draw", day, (), (area,), reason)])
    return area


def split_grid(
    *,
    actor: Actor,
    now: datetime,
    code: str,
    line: LineString,
    names: Sequence[str] = (),
    on: date | None = None,
    reason: str = "",
) -> list[Area]:
    """Divide a grid along a line that crosses it. The old grid ends; the parts get new codes in reading order.

    `names` follow that order; missing ones are made from the old name. Micro-grids move to the part they lie in.
    """
    with transaction.atomic():
        day = _day(now, on)
        (grid,) = _grids_to_change(actor, [code], day)
        try:
            parts = topology.split(_geometry(grid), line)
        except topology.ShapeRefused as refused:
            raise Invalid(REFUSALS[refused.reason], code=refused.reason, field="line") from refused
        order = reading_order([topology.centre(part) for part in parts])
        codes = _next_codes(grid.code[:12], grid_kind(grid.code), len(parts))
        fresh = []
        for number, (at, issued) in enumerate(zip(order, codes, strict=True)):
            given = names[number].strip() if number < len(names) else ""
            name = _name(given or part_name(grid.name, number + 1))
            fresh.append(open_area(issued, name, parts[at], day, attributes=_inherited(grid)))
        moved = _replace("split", [grid], fresh, day)
        announce(actor, now, [Change("split", day, (grid,), tuple(fresh), reason), *moved])
    return fresh


def merge_grids(
    *,
    actor: Actor,
    now: datetime,
    codes: Sequence[str],
    name: str = "",
    on: date | None = None,
    reason: str = "",
) -> Area:
    """Join adjacent grids of one community and one kind into a new one. The old grids end."""
    wanted = sorted(set(codes))
    with transaction.atomic():
        day = _day(now, on)
        if len(wanted) < 2:
            raise Invalid(_("请至少选择两个相邻的网格"), field="codes")
        if len({code[:12] for code in wanted}) > 1:
            raise Invalid(_("只能合并同一社区的网格"), field="codes")
        grids = _grids_to_change(actor, wanted, day)
        if len({grid.kind for grid in grids}) > 1:
            raise Invalid(_("综合网格与专属网格不能合并"), field="codes")
        try:
            shape = topology.merge([_geometry(grid) for grid in grids])
        except topology.ShapeRefused as refused:
            raise Invalid(REFUSALS[refused.reason], code=refused.reason, field="codes") from refused
        issued = _next_codes(wanted[0][:12], grid_kind(wanted[0]), 1)[0]
        fresh = open_area(issued, _name(name or grids[0].name), shape, day, attributes=_summed(grids))
        moved = _replace("merge", grids, [fresh], day)
        announce(actor, now, [Change("merge", day, tuple(grids), (fresh,), reason), *moved])
    return fresh


def reshape_area(
    *,
    actor: Actor,
    now: datetime,
    code: str,
    shape: BaseGeometry,
    neighbours: Mapping[str, BaseGeometry] | None = None,
    carry: bool = False,
    on: date | None = None,
    reason: str = "",
) -> list[Area]:
    """Move the boundary of an area, and of the neighbours that give or take land, in one step.

    `neighbours` are their new shapes; with `carry` the other grids of the community follow by themselves.
    A grid that changes by at most 5 % is corrected in place; one that changes more ends and its successor gets a new
    code. No change may bring an overlap, a gap or a part outside the community that was not there before.
    Returns the areas as they are afterwards.
    """
    with transaction.atomic():
        day = _day(now, on)
        wanted = {**(_following(actor, code, shape) if carry else {}), **(neighbours or {}), code: shape}
        moved = {other: _sound(one) for other, one in wanted.items()}
        areas = _grids_to_change(actor, sorted(moved), day)
        if len({area.parent_id for area in areas}) > 1:
            raise Invalid(_("只能一起调整同一上级的区域"), field="neighbours")
        if not any(_is_moved(area, moved[area.code]) for area in areas):
            raise Refused(_("边界没有改动"), code="unchanged", field="shape")
        fixed = {area.code: area for area in areas if area.kind != "temporary" and area.level == "grid"}
        if fixed:
            old = {area.code: _geometry(area) for area in fixed.values() if area.shape}
            _refuse_new_problems(code[:12], old, {one: moved[one] for one in fixed}, day)
        changes: list[Change] = []
        for area in areas:
            changes += _reshaped(area, moved[area.code], day, reason)
        announce(actor, now, changes)
    return [area for change in changes for area in change.after if area.level == level_of(code)]


def rename_area(
    *, actor: Actor, now: datetime, code: str, name: str, name_en: str = "", on: date | None = None, reason: str = ""
) -> Area:
    """Give an area another name; the code stays and the old name is kept in its history."""
    with transaction.atomic():
        day = _day(now, on)
        (area,) = _grids_to_change(actor, [code], day)
        before = area.name
        area.name, area.name_en = _name(name), name_en.strip()[:120]
        area.save(update_fields=["name", "name_en"])
        details = {"before": before, "after": area.name}
        announce(actor, now, [Change("rename", day, (area,), (area,), reason, details)])
    return area


def retire_area(*, actor: Actor, now: datetime, code: str, on: date | None = None, reason: str = "") -> Area:
    """End an area that nothing takes the place of: a temporary grid, a micro-grid, or an area with nothing below it.

    A general or special grid is refused: its land must go to a neighbour, by merging.
    """
    with transaction.atomic():
        day = _day(now, on)
        (area,) = _grids_to_change(actor, [code], day)
        if area.kind in ("general", "special"):
            raise Refused(
                _("撤销后这片地方就没有网格了"), code="would_leave_gap", hint=_("请改为与相邻网格合并"), field="code"
            )
        below = Area.objects.filter(parent_id=code, valid_to__isnull=True)
        if below.exists():
            raise Refused(_("下面还有 %(count)s 个区域") % {"count": below.count()}, code="not_empty", field="code")
        area.valid_to = day
        area.save(update_fields=["valid_to"])
        announce(actor, now, [Change("retire", day, (area,), (), reason)])
    return area


def _day(now: datetime, on: date | None) -> date:
    today = local_day(now)
    if on is not None and on < today:
        raise Invalid(_("生效日期不能早于今天"), field="on")
    return on or today


def _valid_code(code: str) -> str:
    if not is_code(code):
        raise Invalid(_("编码应为 2、4、6、9、12、15 或 17 位数字"), field="code")
    return code


def _name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > 80:
        raise Invalid(_("名称应为 1 到 80 个字"), field="name")
    return plain


def _sound(shape: BaseGeometry) -> BaseGeometry:
    try:
        return topology.clean(shape)
    except topology.ShapeRefused as refused:
        raise Invalid(REFUSALS[refused.reason], code=refused.reason, field="shape") from refused


def _geometry(area: Area) -> BaseGeometry:
    shape = area.geometry
    if shape is None:
        raise Refused(_("%(name)s 没有边界") % {"name": area.name}, code="no_shape")
    return shape


def _lock(code: str) -> Area | None:
    found = lock_rows(Area, [code])
    return found[0] if found else None


def _grids_to_change(actor: Actor, codes: Sequence[str], day: date) -> list[Area]:
    """Lock the communities, then the areas, and make sure that all still stand on the day of the change."""
    for code in codes:
        _valid_code(code)
        access.require_editor(actor, code)
    lock_rows(Area, {code[:12] for code in codes})
    areas = lock_rows(Area, codes)
    if len(areas) < len(codes):
        missing = sorted(set(codes) - {area.code for area in areas})
        raise NotFound(_("没有编码为 %(code)s 的区域") % {"code": missing[0]})
    for area in areas:
        if area.valid_to is not None:
            raise Conflict(GONE, hint=_("请刷新地图后再操作"), code="area_ended")
        if area.valid_from > day:
            raise Refused(_("%(name)s 还没有启用") % {"name": area.name}, code="not_yet_valid", field="on")
    return areas


def _next_codes(parent: str, kind: GridKind, count: int) -> list[str]:
    if not is_code(parent) or level_of(parent) not in ("community", "grid"):
        raise Invalid(_("网格要设在社区下面，微网格要设在网格下面"), field="parent")
    used = set(Area.objects.filter(parent_id=parent).values_list("code", flat=True))
    codes = [code for code, _number in zip(free_codes(parent, kind, used), range(count), strict=False)]
    if len(codes) < count:
        raise Refused(_("这个社区的编码用完了"), code="codes_used_up")
    return codes


def _inherited(grid: Area) -> dict[str, Any]:
    """What the parts of a grid keep of it: its use, not its counts, which must be taken anew."""
    return {key: value for key, value in grid.attributes.items() if key in ("land_use", "management")}


def _summed(grids: Sequence[Area]) -> dict[str, Any]:
    attributes = _inherited(grids[0])
    for key in ("households", "population"):
        if all(isinstance(grid.attributes.get(key), int) for grid in grids):
            attributes[key] = sum(grid.attributes[key] for grid in grids)
    return attributes


def _widen(community: Area, shape: BaseGeometry) -> None:
    """A community whose boundary is only known from its grids grows with them."""
    known = community.geometry
    if known is not None and community.attributes.get("outline") != "grids":
        return
    set_shape(community, shape if known is None else shapely.union_all([known, shape], grid_size=topology.SNAP_DEGREES))
    community.attributes = {**community.attributes, "outline": "grids"}
    community.save(update_fields=["shape", "lon", "lat", "attributes"])


def _replace(kind: str, old: Sequence[Area], fresh: Sequence[Area], day: date) -> list[Change]:
    """End the old areas, store the new ones, and move the micro-grids along."""
    for grid in old:
        grid.valid_to = day
    Area.objects.bulk_update(old, ["valid_to"])
    Area.objects.bulk_create(fresh)
    return carry_micro_grids(kind, [grid.code for grid in old], fresh, day)


def _following(actor: Actor, code: str, shape: BaseGeometry) -> dict[str, BaseGeometry]:
    """The new shapes of the grids that follow; the community is held from here on, so nobody moves them meanwhile."""
    access.require_editor(actor, _valid_code(code))
    if level_of(code) != "grid" or grid_kind(code) == "temporary":
        return {}
    _lock(code[:12])
    shapes = _standing(code[:12])
    if code not in shapes:
        return {}
    try:
        return topology.follow(shapes.pop(code), _sound(shape), shapes)
    except topology.ShapeRefused as refused:
        raise Invalid(REFUSALS[refused.reason], code=refused.reason, field="shape") from refused


def _standing(community: str) -> dict[str, BaseGeometry]:
    """The shapes of the grids a community is divided into, by code."""
    rows = Area.objects.filter(parent_id=community, level="grid", valid_to__isnull=True).exclude(kind="temporary")
    return {row.code: shape for row in rows if (shape := row.geometry) is not None}


def _is_moved(area: Area, shape: BaseGeometry) -> bool:
    before = area.geometry
    return before is None or topology.moved_share(before, shape) > 1e-7


def _reshaped(area: Area, shape: BaseGeometry, day: date, reason: str) -> list[Change]:
    before = area.geometry
    share = topology.moved_share(before, shape) if before is not None else 0.0
    details: dict[str, Any] = {"moved": round(share, 4)}
    if keeps_code(level_of(area.code), share):
        details["before"] = shapely.to_wkb(before, hex=True) if before is not None else None
        set_shape(area, shape)
        area.save(update_fields=["shape", "lon", "lat", "attributes"])
        return [Change("reshape", day, (area,), (area,), reason, details)]
    parent = parent_of(area.code)
    kind = grid_kind(area.code) if level_of(area.code) == "grid" else "general"
    fresh = open_area(
        _next_codes(parent, kind, 1)[0], area.name, shape, day, name_en=area.name_en, attributes=_inherited(area)
    )
    moved = _replace("reshape", [area], [fresh], day)
    return [Change("reshape", day, (area,), (fresh,), reason, details), *moved]


def _refuse_new_problems(
    community: str, old: Mapping[str, BaseGeometry], new: Mapping[str, BaseGeometry], day: date
) -> None:
    """Refuse when the community would be divided worse than before."""
    before = _standing(community)
    above = Area.objects.get(code=community)
    outline = None if above.attributes.get("outline") == "grids" else above.geometry
    known = topology.check({**before, **old}, outline) if before else []
    for problem in worsened(known, topology.check({**before, **new}, outline)):
        if problem.kind == "gap" and not old:
            continue  # a first grid drawn into an empty community cannot fill it at once
        raise Refused(_described(problem), code=f"topology_{problem.kind}", field="shape")


def _described(problem: topology.Problem) -> str:
    names = dict(Area.objects.filter(code__in=problem.codes).values_list("code", "name"))
    return describe(problem, lambda code: names.get(code, code))


__all__ = [
    "AreaChange",
    "ImportReport",
    "draw_area",
    "import_areas",
    "import_place_names",
    "load_place",
    "merge_grids",
    "rename_area",
    "replace_base_layers",
    "reshape_area",
    "retire_area",
    "split_grid",
]
