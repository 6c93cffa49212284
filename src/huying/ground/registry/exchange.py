"""Tables of the registry: a row of Chinese headers, a row that explains them, then one record a row.

Pointers are written as people know them: places by their full address or door code, people by identity number, organisations by
credit code, staff by work number; a uid is understood everywhere.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor
from huying.kernel.bulk import copy_rows
from huying.kernel.errors import Invalid
from huying.kernel.privacy import AccessEntry, reveal
from huying.kernel.spreadsheets import harmless

from . import access
from .fields import FIELDS, Field
from .masking import mask
from .models import Organisation, Premises, Record, Resident

NUMBER: Final = "编号"
EXPLAINS: Final = "说明"
_CHUNK: Final = 500
_TYPES: Final[Mapping[str, str]] = {
    "text": "文字",
    "date": "日期，如 2025-03-01",
    "integer": "整数",
    "decimal": "数字",
    "phone": "电话号码",
    "id_number": "18 位身份证号，或护照、通行证号码",
    "boolean": "是 或 否",
}
_POINTERS: Final[Mapping[str, str]] = {
    "premises": "地址全称或门牌二维码编号",
    "person": "身份证号或编号",
    "household": "编号",
    "organisation": "统一社会信用代码或编号",
    "staff": "工号",
}


def headers(kind: str) -> list[str]:
    """The Chinese header of every column: the record's number, then the fields."""
    return [NUMBER, *(label(field) for field in FIELDS[kind].values())]


def label(field: Field) -> str:
    """A field's header, always in Chinese whatever language is active: files travel between places."""
    with override("zh-hans"):
        return str(field.label)


def explanations(kind: str) -> list[str]:
    """What belongs into each column, for the second row."""
    first = f"{EXPLAINS}：新登记的留空；更新已有信息时保留原编号。此行不导入"
    return [first, *(_explained(field) for field in FIELDS[kind].values())]


def _explained(field: Field) -> str:
    parts = ["必填"] if field.required else []
    with override("zh-hans"):
        if field.choices:
            parts.append("从中选一：" + "、".join(str(words) for _code, words in field.choices))
        else:
            parts.append(_POINTERS[field.to] if field.type == "ref" else _TYPES[field.type])
        if field.unit and field.unit not in ("d", "°"):
            parts.append(f"单位 {field.unit}")
        if field.hint:
            parts.append(str(field.hint))
    return "；".join(parts)


def columns(kind: str, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Field name → header of the file, by Chinese label, field name or the caller's mapping. Raises Invalid naming what is missing
    or strange.
    """
    found = understood(kind, header, mapping)
    if lacking := lacking_in(kind, found):
        names = "、".join(label(field) for field in lacking)
        raise Invalid(_("表里缺少必填的列：%(names)s") % {"names": names}, code="no_column", field="file")
    return found


def lacking_in(kind: str, found: Mapping[str, str]) -> list[Field]:
    """Fields that have to be there and are in no column."""
    return [field for name, field in FIELDS[kind].items() if field.required and name not in found]


def understood(kind: str, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The columns as far as they are understood (see ``columns``). Raises Invalid for a mapping to what is not there."""
    known = FIELDS[kind]
    found: dict[str, str] = {}
    for name, wanted in mapping.items():
        if name not in known and name != "uid":
            raise Invalid(_("没有“%(name)s”这一项") % {"name": name}, code="unknown_field", field=name)
        if wanted not in header:
            raise Invalid(_("表里没有“%(header)s”这一列") % {"header": wanted}, code="no_column", field=name)
        found[name] = wanted
    for name, field in known.items():
        for title in (label(field), name):
            if name not in found and title in header and title not in found.values():
                found[name] = title
    if NUMBER in header:
        found.setdefault("uid", NUMBER)
    return found


def write_template(kind: str, file: Path) -> None:
    """An empty table to fill in: headers and what belongs below them."""
    _writer(file)(file, [headers(kind), explanations(kind)])


# --- going out -----------------------------------------------------------------------------------------------------


def export_records(
    kind: str, file: Path, *, actor: Actor, now: datetime, area: str = "", why: str = "", plain: bool = False
) -> int:
    """Write every record in force of a kind under an area; how many. Sealed values stay masked unless ``plain``.

    ``plain`` asks for a purpose, and every resident concerned sees the look. The last row is a watermark: who, when, what for.
    """
    if not access.areas(actor, access.EXPORT):
        access.require_over(actor, access.EXPORT, area)
    rows: QuerySet[Any] = access.visible(actor, kind).filter(access.within(access.areas(actor, access.EXPORT)))
    rows = rows.filter(state="active", area__startswith=area).order_by("area", "id")
    what = [f"{kind}.{name}" for name, field in FIELDS[kind].items() if field.private] if plain else ["list"]
    reveal(actor=actor, now=now, subject=f"registry:{kind}", why=why if plain else why or "导出列表", fields=what)
    written = 0

    def lines() -> Iterator[list[Any]]:
        nonlocal written
        yield headers(kind)
        yield explanations(kind)
        for chunk in _chunked(rows.iterator(_CHUNK)):
            if plain:
                _log_each(chunk, actor, now, why, what)
            written += len(chunk)
            yield from _rows_of(kind, chunk, plain)
        yield [_watermark(actor, now, why)]

    _writer(file)(file, lines())
    return written


def _watermark(actor: Actor, now: datetime, why: str) -> str:
    at = f"{timezone.localtime(now):%Y-%m-%d %H:%M}"
    return f"{EXPLAINS}：由 {actor.name}（{actor.ref}）于 {at} 导出。用途：{why or '列表'}。含个人信息，请妥善保管，不得外传。"


def _log_each(chunk: Sequence[Record], actor: Actor, now: datetime, why: str, what: list[str]) -> None:
    """Everybody whose sealed values leave in a file can see it."""
    names = ("at", "actor_ref", "actor_name", "actor_unit", "subject", "why", "what")
    subjects = {access.subject_of(row) for row in chunk}
    copy_rows(
        AccessEntry, names, ((now, actor.ref, actor.name, actor.unit_id, one, why.strip(), what) for one in subjects)
    )


def _rows_of(kind: str, chunk: Sequence[Record], plain: bool) -> Iterator[list[Any]]:
    names = _names_of(kind, chunk, plain)
    for row in chunk:
        values = row.values()
        line: list[Any] = [str(row.uid)]
        for name, field in FIELDS[kind].items():
            value = values[name]
            if field.private and not plain:
                line.append(mask(field, value))
            else:
                line.append(harmless(_written(field, value, names)))
        yield line


def _written(field: Field, value: Any, names: Mapping[tuple[str, Any], str]) -> str:
    if value in (None, ""):
        return ""
    if field.type == "ref":
        return names.get((field.to, value), str(value))
    if field.type == "boolean":
        return "是" if value else "否"
    if field.choices:
        with override("zh-hans"):
            return str(dict(field.choices).get(value, value))
    return f"{value:g}" if field.type == "decimal" and field.unit != "°" else str(value)


def _names_of(kind: str, chunk: Sequence[Record], plain: bool) -> dict[tuple[str, Any], str]:
    """How people know what a chunk points to; people by identity number only in an export that shows it anyway."""
    wanted: dict[str, set[Any]] = {}
    for field in FIELDS[kind].values():
        if field.type == "ref":
            wanted.setdefault(field.to, set()).update(value for row in chunk if (value := row.value(field.name)))
    found: dict[tuple[str, Any], str] = {}
    for uid, address in Premises.objects.filter(uid__in=wanted.get("premises", ())).values_list("uid", "address"):
        found["premises", str(uid)] = address
    for uid, code in Organisation.objects.filter(uid__in=wanted.get("organisation", ())).values_list(
        "uid", "credit_code"
    ):
        found["organisation", str(uid)] = code or str(uid)
    for pk, number in Person.objects.filter(pk__in=wanted.get("staff", ())).values_list("pk", "number"):
        found["staff", pk] = number
    if plain:
        for row in Resident.objects.filter(uid__in=wanted.get("person", ())):
            found["person", str(row.uid)] = row.value("id_number") or str(row.uid)
    return found


def _chunked(rows: Iterable[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _writer(file: Path) -> Callable[[Path, Iterable[list[Any]]], None]:
    if file.suffix.lower() == ".csv":
        return _write_csv
    if file.suffix.lower() == ".xlsx":
        return _write_xlsx
    raise Invalid(_("只能导出 xlsx 或 csv 表格"), code="not_a_table", field="file")


def _write_csv(file: Path, lines: Iterable[list[Any]]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        csv.writer(target).writerows(lines)


def _write_xlsx(file: Path, lines: Iterable[list[Any]]) -> None:
    from openpyxl import Workbook  # slow to import, seldom needed

    book = Workbook(write_only=True)
    sheet = book.create_sheet("基础信息")
    sheet.freeze_panes = "B3"
    for line in lines:
        sheet.append(line)
    book.save(file)
