"""Bringing many areas or names in at once: checked as a whole, stored as a whole or not at all, repeatable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from django.db import models, transaction
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from huying.ground.territory import access, topology
from huying.ground.territory.codes import LENGTHS, level_of, parent_of
from huying.ground.territory.coordinates import Crs
from huying.ground.territory.facts import AreasChanged
from huying.ground.territory.models import Area, BaseLayer, PlaceName
from huying.ground.territory.parsing import RowProblem, parse_areas, parse_place_names
from huying.ground.territory.records import AreaRecord, NameRecord
from huying.ground.territory.rules import is_valid_on, keeps_code
from huying.ground.territory.wording import describe
from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid
from huying.kernel.facts import publish
from huying.kernel.locks import lock_name, lock_rows
from huying.kernel.trace import Draft, record

if TYPE_CHECKING:
    from huying.ground.territory.fictional import FictionalPlace

SAME_SHAPE: Final = 1e-6
_FIELDS: Final = ("kind", "name", "name_en", "shape", "lon", "lat", "valid_from", "valid_to", "attributes")


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do. With problems nothing was stored."""

    total: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    warnings: list[RowProblem] = field(default_factory=list)
    dry_run: bool = False

    @property
    def done(self) -> bool:
        """Whether the file was taken in."""
        return not self.problems and not self.dry_run


@dataclass(slots=True)
class _Batch:
    """Rows beside what is already stored."""

    stored: dict[str, Area]
    given: dict[str, tuple[int, AreaRecord]] = field(default_factory=dict)
    added: list[Area] = field(default_factory=list)
    changed: list[Area] = field(default_factory=list)

    def row_of(self, code: str) -> int:
        return self.given[code][0] if code in self.given else 0


def import_areas(
    *,
    actor: Actor,
    now: datetime,
    content: bytes,
    crs: Crs = "cgcs2000",
    dry_run: bool = False,
    allow_gaps: bool = False,
    on: date | None = None,
) -> ImportReport:
    """Areas from a GeoJSON or CSV file: all of it or nothing, and the same file twice changes nothing.

    The report names each bad feature and why. Communities the file touches are checked as they would be afterwards:
    overlaps and parts outside are problems, gaps too unless allowed. A grid whose boundary moved by more than a survey
    correction is refused: re-division goes through split, merge or reshape, which issue new codes.
    """
    parsed = parse_areas(content, crs=crs)
    report = ImportReport(len(parsed.rows) + len(parsed.problems), problems=list(parsed.problems), dry_run=dry_run)
    with transaction.atomic():
        day = on or local_day(now)
        _store_areas(parsed.rows, report, actor=actor, now=now, on=day, allow_gaps=allow_gaps)
        if not report.done:
            transaction.set_rollback(True)
    return report


def _store_areas(
    rows: Sequence[tuple[int, AreaRecord]],
    report: ImportReport,
    *,
    actor: Actor,
    now: datetime,
    on: date,
    allow_gaps: bool,
) -> None:
    lock_name("territory:import")
    communities = {row.code[:12] for _number, row in rows if len(row.code) >= 12}
    lock_rows(Area, communities)
    batch = _Batch({area.code: area for area in Area.objects.filter(code__in=_codes_near(rows, communities))})
    for number, row in sorted(rows, key=lambda item: (len(item[1].code), item[1].code)):
        _place_row(batch, number, row, report, actor, on)
    _check_communities(batch, sorted(communities), on, report, allow_gaps)
    if not report.done:
        return
    filled = _fill_outlines(batch)
    _insert(Area, batch.added)
    if changed := [*batch.changed, *filled]:
        Area.objects.bulk_update(changed, _FIELDS, batch_size=500)
    _announce(batch, actor, now, on)


def _codes_near(rows: Sequence[tuple[int, AreaRecord]], communities: set[str]) -> set[str]:
    """Codes of the file, of everything above, and of all grids of the touched communities."""
    codes = {row.code[:size] for _number, row in rows for size in LENGTHS.values() if size <= len(row.code)}
    return codes | set(Area.objects.filter(parent_id__in=communities).values_list("code", flat=True))


def _place_row(batch: _Batch, number: int, row: AreaRecord, report: ImportReport, actor: Actor, on: date) -> None:
    if row.code in batch.given:
        first = batch.row_of(row.code)
        reason = _("与第 %(row)s 行的编码相同") % {"row": first}
        report.problems.append(RowProblem(number, row.code, "code", reason))
        return
    batch.given[row.code] = number, row
    access.require_editor(actor, row.code)
    parent = parent_of(row.code)
    known = parent in batch.stored or parent in batch.given
    if not known and level_of(row.code) in ("grid", "micro"):
        reason = _("没有上级 %(code)s，请先导入") % {"code": parent}
        report.problems.append(RowProblem(number, row.code, "code", reason))
        return
    area = batch.stored.get(row.code)
    if area is None:
        batch.added.append(_new_area(row, parent if known else None, on))
        report.added += 1
    elif _is_same(area, row):
        report.unchanged += 1
    elif _moved_too_far(area, row):
        reason = _("边界变动超过 5%，应通过拆分、合并或调整边界办理并使用新编码")
        report.problems.append(RowProblem(number, row.code, "geometry", reason))
    else:
        _overwrite(area, row)
        batch.changed.append(area)
        report.changed += 1


def _new_area(row: AreaRecord, parent: str | None, on: date) -> Area:
    area = Area(code=row.code, level=level_of(row.code), parent_id=parent, valid_from=row.valid_from or on)
    _overwrite(area, row)
    return area


def _overwrite(area: Area, row: AreaRecord) -> None:
    area.kind, area.name, area.name_en = row.kind, row.name, row.name_en or area.name_en
    area.valid_from, area.valid_to = row.valid_from or area.valid_from, row.valid_to or area.valid_to
    area.attributes = {**area.attributes, **row.attributes}
    if row.shape is not None:
        set_shape(area, row.shape)


def set_shape(area: Area, shape: BaseGeometry) -> None:
    """Give an area its boundary, the point inside it, and its size for readers of the attributes."""
    area.shape = shapely.to_wkb(shape)
    area.lon, area.lat = topology.centre(shape)
    area.attributes = {**area.attributes, "area_m2": round(topology.area_m2(shape))}


def _is_same(area: Area, row: AreaRecord) -> bool:
    attributes = all(area.attributes.get(key) == value for key, value in row.attributes.items() if key != "area_m2")
    names = (area.name, area.kind) == (row.name, row.kind) and row.name_en in ("", area.name_en)
    days = row.valid_from in (None, area.valid_from) and row.valid_to in (None, area.valid_to)
    return attributes and names and days and _share(area, row) < SAME_SHAPE


def _share(area: Area, row: AreaRecord) -> float:
    old = area.geometry
    if row.shape is None or (old is not None and shapely.equals_exact(old, row.shape, 1e-9)):
        return 0.0
    return 0.01 if old is None else topology.moved_share(old, row.shape)


def _moved_too_far(area: Area, row: AreaRecord) -> bool:
    return area.shape is not None and not keeps_code(level_of(area.code), _share(area, row))


def _check_communities(
    batch: _Batch, communities: Sequence[str], on: date, report: ImportReport, allow_gaps: bool
) -> None:
    """Check each touched community as it would be afterwards."""
    shapes: dict[str, dict[str, BaseGeometry]] = {code: {} for code in communities}
    areas = {**batch.stored, **{area.code: area for area in batch.added}}
    for code, area in areas.items():
        shape = area.geometry if len(code) == 15 and area.kind != "temporary" and code[:12] in shapes else None
        if shape is not None and is_valid_on(area.valid_from, area.valid_to, max(on, area.valid_from)):
            shapes[code[:12]][code] = shape
    for community in communities:
        if community not in areas or not shapes[community]:
            continue
        outline = areas[community].geometry
        if areas[community].attributes.get("outline") == "grids":
            outline = None
        for problem in topology.check(shapes[community], outline):
            code = next((one for one in problem.codes if one in batch.given), community)
            found = RowProblem(batch.row_of(code), code, "geometry", describe(problem))
            allowed = problem.kind == "gap" and allow_gaps
            (report.warnings if allowed else report.problems).append(found)


def _fill_outlines(batch: _Batch) -> list[Area]:
    """Areas that came without a boundary get the union of what lies below them, upwards from the communities."""
    areas = {**batch.stored, **{area.code: area for area in batch.added}}
    new = {area.code for area in batch.added} | {area.code for area in batch.changed}
    filled = []
    for size in (12, 9, 6, 4):
        children: dict[str, list[Any]] = {}
        for area in areas.values():
            if area.parent_id and len(area.parent_id) == size and area.valid_to is None and area.shape:
                children.setdefault(area.parent_id, []).append(area.geometry)
        for code, shapes in children.items():
            parent = areas.get(code)
            if parent is None or (parent.shape and parent.attributes.get("outline") != "grids"):
                continue
            union = shapely.union_all(np.asarray(shapes, dtype=object), grid_size=topology.SNAP_DEGREES)
            set_shape(parent, union)
            parent.attributes = {**parent.attributes, "outline": "grids"}
            if code not in new:
                filled.append(parent)
    return filled


def _insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Store new rows at once; a key the database counts up itself is left to it."""
    columns = [field.attname for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    insert_rows(model, columns, [[getattr(row, column) for column in columns] for row in rows])


def _announce(batch: _Batch, actor: Actor, now: datetime, on: date) -> None:
    drafts = [_draft(area, "area.imported", actor, now, new=True) for area in batch.added]
    drafts += [_draft(area, "area.updated", actor, now, new=False) for area in batch.changed]
    record(drafts)
    if drafts:
        opened = tuple(area.code for area in batch.added)
        publish(AreasChanged(on=on, opened=opened, changed=tuple(area.code for area in batch.changed)))


def _draft(area: Area, verb: str, actor: Actor, now: datetime, *, new: bool) -> Draft:
    body = {"code": area.code, "name": area.name, "kind": area.kind, "valid_from": area.valid_from.isoformat()}
    return Draft(chain=f"area:{area.code}", verb=verb, actor=actor, at=now, body=body, new=new)


def import_place_names(
    *, actor: Actor, now: datetime, content: bytes, crs: Crs = "cgcs2000", dry_run: bool = False
) -> ImportReport:
    """Place names from a GeoJSON or CSV file: all or nothing; a name of the same kind in the same area is renewed."""
    parsed = parse_place_names(content, crs=crs)
    report = ImportReport(len(parsed.rows) + len(parsed.problems), problems=list(parsed.problems), dry_run=dry_run)
    with transaction.atomic():
        _store_names(parsed.rows, report, actor=actor, now=now)
        if not report.done:
            transaction.set_rollback(True)
    return report


def _store_names(rows: Sequence[tuple[int, NameRecord]], report: ImportReport, *, actor: Actor, now: datetime) -> None:
    lock_name("territory:names")
    wanted = {row.area for _number, row in rows if row.area}
    known = set(Area.objects.filter(code__in=wanted).values_list("code", flat=True))
    stored = {_key(row): row for row in PlaceName.objects.filter(name__in={row.name for _number, row in rows})}
    added: list[PlaceName] = []
    changed: list[PlaceName] = []
    seen: dict[tuple[str, str, str | None, int | None], int] = {}
    for number, row in rows:
        access.require_editor(actor, row.area)
        fresh = name_row(row)
        reason = ""
        if row.area and row.area not in known:
            reason = _("没有编码为 %(code)s 的区域") % {"code": row.area}
        elif first := seen.get(_key(fresh)):
            reason = _("与第 %(row)s 行相同") % {"row": first}
        if reason:
            report.problems.append(RowProblem(number, row.name, "area", reason))
            continue
        seen[_key(fresh)] = number
        old = stored.get(_key(fresh))
        if old is None:
            added.append(fresh)
        elif _differs(old, fresh):
            fresh.pk = old.pk
            changed.append(fresh)
        else:
            report.unchanged += 1
    report.added, report.changed = len(added), len(changed)
    if not report.done:
        return
    _insert(PlaceName, added)
    if changed:
        PlaceName.objects.bulk_update(changed, _NAME_FIELDS, batch_size=500)
    if added or changed:
        body = {"added": len(added), "changed": len(changed)}
        record([Draft(chain="placenames", verb="placenames.imported", actor=actor, at=now, body=body)])


_NAME_FIELDS: Final = ("name_en", "aliases", "lon", "lat", "path", "number_to")


def _key(row: PlaceName) -> tuple[str, str, str | None, int | None]:
    return row.kind, row.name, row.area_id, row.number_from


def _differs(old: PlaceName, new: PlaceName) -> bool:
    def plain(row: PlaceName) -> tuple[Any, ...]:
        path = bytes(row.path) if row.path else None
        return row.name_en, list(row.aliases), row.lon, row.lat, path, row.number_to

    return plain(old) != plain(new)


def name_row(row: NameRecord) -> PlaceName:
    """A place name ready to be stored."""
    return PlaceName(
        name=row.name,
        name_en=row.name_en,
        kind=row.kind,
        area_id=row.area or None,
        lon=row.lon,
        lat=row.lat,
        aliases=list(row.aliases),
        path=shapely.to_wkb(row.path) if row.path is not None else None,
        number_from=row.number_from,
        number_to=row.number_to,
    )


def load_place(*, actor: Actor, now: datetime, place: "FictionalPlace") -> ImportReport:
    """Store a whole fictional place: areas, names and base layers. Loading it again changes nothing."""
    report = ImportReport(len(place.areas))
    with transaction.atomic():
        rows = list(enumerate(place.areas, start=1))
        _store_areas(rows, report, actor=actor, now=now, on=local_day(now), allow_gaps=False)
        if report.problems:
            raise Invalid(_("示范地点的区域有问题"), hint=str(report.problems[0].reason))
        _store_names(list(enumerate(place.place_names, start=1)), ImportReport(), actor=actor, now=now)
        replace_base_layers(place.layers)
    return report


def replace_base_layers(layers: Iterable[Any]) -> None:
    """Put these base layers in the place of all present ones, unless they are the same already."""
    fresh = [
        BaseLayer(
            kind=layer.kind,
            name=layer.name,
            name_en=layer.name_en,
            area=layer.area,
            rank=layer.rank,
            shape=shapely.to_wkb(layer.shape),
        )
        for layer in layers
    ]
    if BaseLayer.objects.count() == len(fresh):
        return
    BaseLayer.objects.all().delete()
    _insert(BaseLayer, fresh)
