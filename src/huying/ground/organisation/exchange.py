"""Units as CSV: code, name, name_en, kind, level, parent, area, trades, phone. UTF-8, with or without a byte-order mark."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError

from . import actions, naming
from .models import Unit

COLUMNS = ("code", "name", "name_en", "kind", "level", "parent", "area", "trades", "phone")
_CHANGING = ("name", "name_en", "kind", "level", "area", "phone")


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row: number in the file, code, "created" | "changed" | "unchanged" | "refused", and why."""

    number: int
    code: str
    outcome: str
    why: str = ""


def export_units(file: IO[str], *, on: date) -> int:
    """Write every unit valid on a day, parents before children. Returns how many."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    rows = Unit.objects.on(on).select_related("parent")
    for unit in sorted(rows, key=lambda each: (each.path.count("/"), each.code)):
        parent = unit.parent.code if unit.parent else ""
        values = (unit.code, unit.name, unit.name_en, unit.kind, unit.level, parent, unit.area, " ".join(unit.trades))
        writer.writerow((*values, unit.phone))
        count += 1
    return count


def import_units(rows: Iterable[dict[str, str]], *, actor: Actor, now: datetime) -> Iterator[Line]:
    """Create or change units, one transaction a row, so that a bad row stops nothing else. Repeating changes nothing.

    Parents must stand before their children or exist already.
    """
    for number, row in enumerate(rows, start=2):
        values = {name: (row.get(name) or "").strip() for name in COLUMNS}
        try:
            yield Line(number, values["code"], _put(values, actor=actor, now=now))
        except HuyingError as error:
            yield Line(number, values["code"], "refused", str(error))


def _put(values: dict[str, str], *, actor: Actor, now: datetime) -> str:
    parent = Unit.objects.filter(code=values["parent"]).first() if values["parent"] else None
    if values["parent"] and parent is None:
        raise HuyingError(_("没有上级单位 %(code)s；请把上级排在前面") % {"code": values["parent"]}, field="parent")
    trades = values["trades"].split()
    if strange := naming.unknown("trade", trades):
        raise HuyingError(
            _("没有这些职能：%(codes)s；请用职能表里的代码") % {"codes": " ".join(strange)}, field="trades"
        )
    unit = Unit.objects.filter(code=values["code"]).first()
    if unit is None:
        plain: dict[str, Any] = {name: values[name] for name in (*_CHANGING, "code")}
        actions.create_unit(actor=actor, now=now, parent=parent, trades=trades, **plain)
        return "created"
    changes: dict[str, object] = {name: values[name] for name in _CHANGING if values[name] != getattr(unit, name)}
    if trades != list(unit.trades):
        changes["trades"] = trades
    moved = (parent.pk if parent else None) != unit.parent_id
    if moved:
        actions.move_unit(actor=actor, now=now, unit=unit, parent=parent)
    if changes:
        actions.change_unit(actor=actor, now=now, unit=unit, **changes)
    return "changed" if changes or moved else "unchanged"
