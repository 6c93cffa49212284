"""From a row of anybody's table to a voice: which column is what, how dates are written, why a row is no report. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from huying.kernel.tables import clean, moment, words

# What a column is, by the headers people give it; compared without spaces and case.
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("留言编号", "编号", "工单编号", "工单号", "诉求编号", "事件编号", "流水号", "受理编号", "id", "case_id", "number"),
    "text": ("留言详情", "留言内容", "诉求内容", "内容", "详情", "问题描述", "事件描述", "描述", "text", "content", "description"),
    "title": ("留言主题", "主题", "标题", "诉求标题", "事件标题", "title", "subject"),
    "time": ("留言时间", "诉求时间", "来电时间", "时间", "提交时间", "创建时间", "上报时间", "time", "date", "created_at"),
    "name": ("留言用户", "姓名", "来电人", "诉求人", "用户", "name", "user"),
    "phone": ("电话", "手机", "手机号", "联系电话", "来电号码", "phone", "mobile"),
    "place": ("地址", "地点", "事发地址", "事件地址", "位置", "address", "place", "location"),
    "lon": ("经度", "lon", "lng", "longitude"),
    "lat": ("纬度", "lat", "latitude"),
    "item": ("事项编码", "事项代码", "item", "item_code"),
}  # fmt: skip
NEEDED: Final = ("id", "text")


class RowError(ValueError):
    """A row that is no report; ``code`` says why, ``field`` in which column."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says, cleaned."""

    source_id: str
    text: str
    title: str = ""
    said_at: datetime | None = None
    name: str = ""
    phone: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    item: str = ""


def columns_of(header: Sequence[Any], wanted: Mapping[str, str]) -> dict[str, int]:
    """Field → column number: what ``wanted`` says (field → header), else by the usual headers.

    Raises :class:`RowError` ``unknown_column`` / ``unknown_field`` / ``missing_column``, naming it.
    """
    found: dict[str, int] = {}
    names = [_plain(cell) for cell in header]
    for field, name in wanted.items():
        if field not in HEADERS:
            raise RowError("unknown_field", field)
        if _plain(name) not in names:
            raise RowError("unknown_column", name)
        found[field] = names.index(_plain(name))
    for field, usual in HEADERS.items():
        if field in found:
            continue
        for name in usual:
            if _plain(name) in names and names.index(_plain(name)) not in found.values():
                found[field] = names.index(_plain(name))
                break
    for field in NEEDED:
        if field not in found:
            raise RowError("missing_column", field)
    return found


def parse_mapping(text: str) -> dict[str, str]:
    """``"id=留言编号,text=留言详情"`` → field → header. Raises :class:`RowError` ``bad_mapping``."""
    pairs: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        field, sign, name = part.partition("=")
        if not sign or not field.strip() or not name.strip():
            raise RowError("bad_mapping", part)
        pairs[field.strip()] = name.strip()
    return pairs


def read_row(cells: Sequence[Any], columns: Mapping[str, int], zone: tzinfo) -> Row:
    """The row as plain values, or :class:`RowError`: ``no_id``, ``no_text``, ``bad_time``, ``bad_point``."""

    def cell(field: str) -> Any:
        index = columns.get(field)
        return cells[index] if index is not None and index < len(cells) else None

    source_id = words(cell("id"))
    if not source_id:
        raise RowError("no_id", "id")
    text, title = clean(cell("text")), words(cell("title"))
    if len(text) < 2:
        text = title
    if len(text) < 2:
        raise RowError("no_text", "text")
    return Row(
        source_id=source_id[:120],
        text=text,
        title=title[:120],
        said_at=said_at(cell("time"), zone),
        name=words(cell("name")),
        phone=words(cell("phone")),
        place=words(cell("place"))[:200],
        lon=degrees(cell("lon"), 180, "lon"),
        lat=degrees(cell("lat"), 90, "lat"),
        item=words(cell("item")),
    )


def said_at(value: Any, zone: tzinfo) -> datetime | None:
    """When it was said; ``None`` for an empty cell. Raises :class:`RowError` ``bad_time``."""
    read = moment(value, zone)
    if read is None and value not in (None, ""):
        raise RowError("bad_time", "time")
    return read


def degrees(value: Any, most: int, field: str) -> float | None:
    """A coordinate, or ``None`` for an empty cell."""
    if value is None or words(value) == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise RowError("bad_point", field) from None
    if not math.isfinite(number) or abs(number) > most:
        raise RowError("bad_point", field)
    return number


def _plain(value: Any) -> str:
    return words(value).replace(" ", "").replace("\ufeff", "").lower()
