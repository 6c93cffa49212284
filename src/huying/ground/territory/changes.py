"""What all changes of areas have in common: new rows, the micro-grids that move along, history, trace and facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import topology
from huying.ground.territory.codes import free_codes, grid_kind, level_of, parent_of
from huying.ground.territory.facts import AreasChanged
from huying.ground.territory.loading import set_shape
from huying.ground.territory.models import Area, AreaChange
from huying.kernel.actor import Actor
from huying.kernel.facts import publish
from huying.kernel.trace import Draft, record


@dataclass(frozen=True, slots=True)
class Change:
    """One change: which areas it ended or changed, and which stand afterwards."""

    kind: str
    on: date
    before: tuple[Area, ...]
    after: tuple[Area, ...]
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def open_area(
    code: str,
    name: str,
    shape: BaseGeometry,
    day: date,
    *,
    name_en: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> Area:
    """A new area, not yet stored."""
    level = level_of(code)
    area = Area(
        code=code,
        level=level,
        kind=grid_kind(code) if level == "grid" else "",
        name=name,
        name_en=name_en.strip()[:120],
        parent_id=parent_of(code) or None,
        valid_from=day,
        attributes=dict(attributes or {}),
    )
    set_shape(area, shape)
    return area


def carry_micro_grids(kind: str, ended: Sequence[str], fresh: Sequence[Area], day: date) -> list[Change]:
    """Micro-grids of ended grids end too and are opened again, clipped, in the new grid that holds most of them."""
    old = list(Area.objects.filter(parent_id__in=ended, level="micro", valid_to__isnull=True).order_by("code"))
    if not old:
        return []
    shapes = [(area, shape) for area in fresh if (shape := area.geometry) is not None]
    codes = {area.code: free_codes(area.code, "general", ()) for area in fresh}
    changes: list[Change] = []
    for micro in old:
        micro.valid_to = day
        new: tuple[Area, ...] = ()
        if (shape := micro.geometry) is not None:
            target, outline = max(shapes, key=lambda pair: pair[1].intersection(shape).area)
            clipped = _polygons_of(outline.intersection(shape))
            if topology.area_m2(clipped) >= topology.TOLERANCE_M2:
                new = (open_area(next(codes[target.code]), micro.name, clipped, day, name_en=micro.name_en),)
        changes.append(Change(kind if new else "retire", day, (micro,), new))
    Area.objects.bulk_update(old, ["valid_to"])
    Area.objects.bulk_create([area for change in changes for area in change.after])
    return changes


def _polygons_of(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    union: BaseGeometry = shapely.union_all(parts)
    return union


def announce(actor: Actor, now: datetime, changes: Sequence[Change]) -> None:
    """Write history and trace of the changes and publish them as one fact for each day."""
    AreaChange.objects.bulk_create([row for change in changes for row in _history(change, now)])
    record([draft for change in changes for draft in _drafts(change, actor, now)])
    for day in sorted({change.on for change in changes}):
        publish(_fact([change for change in changes if change.on == day], day))


def _history(change: Change, now: datetime) -> list[AreaChange]:
    pairs = [(one.code, other.code) for one in change.before for other in change.after]
    pairs = pairs or [(one.code, "") for one in change.before] or [("", other.code) for other in change.after]
    return [
        AreaChange(
            predecessor_id=before or None,
            successor_id=after or None,
            kind=change.kind,
            on=change.on,
            at=now,
            reason=change.reason[:200],
            details=dict(change.details),
        )
        for before, after in pairs
    ]


def _drafts(change: Change, actor: Actor, now: datetime) -> list[Draft]:
    old, new = [area.code for area in change.before], [area.code for area in change.after]
    about = {"on": change.on.isoformat(), "reason": change.reason, "from": old, "to": new, **change.details}
    about.pop("before", None) if change.kind == "reshape" else None
    fresh = [area for area in change.after if area.code not in old]
    drafts = [Draft(chain=f"area:{code}", verb=f"area.{change.kind}", actor=actor, at=now, body=about) for code in old]
    drafts += [
        Draft(
            chain=f"area:{area.code}",
            verb="area.opened",
            actor=actor,
            at=now,
            body={**about, "name": area.name, "kind": area.kind},
            new=True,
        )
        for area in fresh
    ]
    return drafts


def _fact(changes: Sequence[Change], day: date) -> AreasChanged:
    opened, ended, changed, successors = [], [], [], []
    for change in changes:
        old, new = [area.code for area in change.before], [area.code for area in change.after]
        opened += [code for code in new if code not in old]
        ended += [code for code in old if code not in new]
        changed += [code for code in old if code in new]
        successors += [(code, tuple(new)) for code in old if code not in new]
    return AreasChanged(
        on=day, opened=tuple(opened), ended=tuple(ended), changed=tuple(changed), successors=tuple(successors)
    )
