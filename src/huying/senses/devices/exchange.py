"""Tables of devices: which column is what by the headers people write, and from a row to a draft. Pure but for words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from .drafts import ContactDraft, DeviceDraft, Problem
from .kinds import kinds

# What a column is, by the headers people give it; compared without spaces and case. The first is ours.
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("设备编号", "编号", "设备编码", "设备ID", "IMEI", "code"),
    "kind": ("设备类型", "类型", "kind"),
    "name": ("设备名称", "名称", "name"),
    "firm": ("厂家", "厂商", "生产厂家", "品牌", "firm"),
    "model": ("型号", "规格型号", "model"),
    "serial": ("序列号", "出厂编号", "SN", "serial"),
    "area": ("区域编码", "网格编码", "所在网格", "社区编码", "area"),
    "address": ("地址", "安装地址", "安装位置", "位置", "address"),
    "lon": ("经度", "lon", "lng", "longitude"),
    "lat": ("纬度", "lat", "latitude"),
    "premises_uid": ("房屋场所编号", "premises"),
    "resident_uid": ("人员编号", "使用人编号", "resident"),
    "gateway": ("网关编号", "所属网关", "gateway"),
    "unit": ("管理单位代码", "单位代码", "unit"),
    "exempt": ("不得断电", "接有医疗设备", "exempt"),
    "note": ("备注", "说明", "note"),
    "role": ("联系人身份", "contact_role"),
    "person": ("联系人工号", "contact_person"),
    "contact": ("联系人", "联系人姓名", "contact_name"),
    "phone": ("联系电话", "联系人电话", "电话", "contact_phone"),
}  # fmt: skip
NEEDED: Final = ("code", "kind")
_ROLES: Final = {
    "监护人": "guardian",
    "保管人": "keeper",
    "负责人": "keeper",
    "家属": "family",
    "": "keeper",
    **{one: one for one in ("guardian", "keeper", "family")},
}
_YES: Final = frozenset({"是", "有", "1", "yes", "true", "y"})
_NO: Final = frozenset({"", "否", "无", "0", "no", "false", "n"})


class RowWrong(ValueError):
    """A row that is no device."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def columns(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Field → header of the file: what the mapping says, else by the usual headers. ``KeyError`` names what is lacking."""
    found = {name: title for name, title in mapping.items() if name in HEADERS and title in header}
    plain = {_plain(title): title for title in reversed(header)}
    for name, usual in HEADERS.items():
        for title in (plain.get(_plain(one)) for one in usual):
            if title is not None and name not in found and title not in found.values():
                found[name] = title
    for name in (*mapping, *NEEDED):
        if name not in found:
            raise KeyError(mapping.get(name) or HEADERS[name][0] if name in HEADERS else name)
    return found


def draft_of_row(cells: Mapping[str, str]) -> DeviceDraft:
    """A row, its cells by field, as a draft. Raises :class:`RowWrong`."""
    contacts = _contacts(cells)
    texts = {name: cells.get(name, "") for name in ("name", "firm", "model", "serial", "area", "address", "note")}
    return DeviceDraft(
        code=cells.get("code", ""),
        kind=kind_named(cells.get("kind", "")),
        lon=_degrees(cells, "lon"),
        lat=_degrees(cells, "lat"),
        premises_uid=_uid(cells, "premises_uid"),
        resident_uid=_uid(cells, "resident_uid"),
        gateway=cells.get("gateway", ""),
        unit=cells.get("unit", ""),
        exempt=_yes(cells.get("exempt", "")),
        contacts=contacts,
        **texts,
    )


def kind_named(text: str) -> str:
    """The code of a kind from its code or one of its names; what is unknown stays as it is."""
    wanted = _plain(text)
    for code, one in kinds().items():
        if wanted in (code, _plain(one.name.zh), _plain(one.name.en)):
            return code
    return text


def _contacts(cells: Mapping[str, str]) -> tuple[ContactDraft, ...] | None:
    """One contact in a row; None where the table says nothing of contacts, or nothing in this row."""
    person, name, phone = (cells.get(one, "") for one in ("person", "contact", "phone"))
    if not (person or name or phone):
        return None
    role = cells.get("role", "").strip()
    if role not in _ROLES:
        raise RowWrong(Problem("role", "bad_role"))
    if person:
        return (ContactDraft(role=_ROLES[role], person=person),)
    return (ContactDraft(role=_ROLES[role], name=name, phone=phone),)


def _degrees(cells: Mapping[str, str], name: str) -> float | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RowWrong(Problem(name, "bad_point"))
    return number


def _uid(cells: Mapping[str, str], name: str) -> UUID | None:
    text = cells.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        wrong = "unknown_resident" if name == "resident_uid" else "unknown_premises"
        raise RowWrong(Problem(name, wrong)) from None


def _yes(text: str) -> bool:
    plain = text.strip().lower()
    if plain not in _YES | _NO:
        raise RowWrong(Problem("exempt", "bad_yes_no"))
    return plain in _YES


def _plain(text: str) -> str:
    return text.replace(" ", "").replace("\ufeff", "").lower()
