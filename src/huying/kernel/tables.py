"""Tables as they come, and what their cells mean: xlsx by its first sheet, csv in UTF-8 or GB18030 with comma,
semicolon or tab."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from huying.kernel.errors import Invalid
from huying.kernel.workbooks import ROOMY, Limits, must_fit

_SNIFFED = 64 * 1024
_SPACE = re.compile(r"[ \t\r\f\v\u3000]+")
_LINES = re.compile(r"\s*\n\s*")
_DAY = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})"
_HOUR = r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2}))?(?:[分秒]|\.0+)?"
_WRITTEN = re.compile(rf"{_DAY}(?:日?|(?:日 ?|[ T]){_HOUR})")


class Table:
    """A table whose header is read: its columns by name, every cell as trimmed text.

    Raises :class:`Invalid` for what is no table, here or while rows are read.
    """

    def __init__(self, file: Path, limits: Limits = ROOMY) -> None:
        self.file = file
        self._rows = rows_of(file, limits)
        self.header = [trimmed(cell).lstrip("\ufeff").strip() for cell in next(self._rows, [])]

    def rows(self, names: Iterable[str]) -> Iterator[dict[str, str]]:
        """The named columns of the rows that follow, once; lines without any cell are left out, short rows end in ""."""
        for _number, cells in self.numbered(names):
            yield cells

    def numbered(self, names: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
        """The same with the number a spreadsheet shows beside each row: the header is row 1, lines left out count."""
        places = {name: self.header.index(name) for name in names}
        for number, row in enumerate(self._rows, start=2):
            if row:
                yield number, {name: trimmed(row[at]) if at < len(row) else "" for name, at in places.items()}


def rows_of(file: Path, limits: Limits = ROOMY) -> Iterator[list[Any]]:
    """Every row of the table, header first. Raises :class:`Invalid` for what is no table, or beyond the limits of a workbook."""
    try:
        if file.suffix.lower() in (".xlsx", ".xlsm"):
            must_fit(file, limits)
        if file.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"):
            yield from CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).iter_rows()
        elif file.suffix.lower() in (".csv", ".txt", ".tsv"):
            yield from _text(file)
        else:
            raise Invalid(_("只能导入 xlsx 或 csv 表格"), code="not_a_table", field="file")
    except (CalamineError, csv.Error, UnicodeDecodeError) as error:
        message = _("表格打不开：%(why)s") % {"why": error}
        raise Invalid(message, code="not_a_table", field="file") from error


def _text(file: Path) -> Iterator[list[Any]]:
    encoding = _encoding(file)
    with file.open(encoding=encoding, newline="") as stream:
        sample = stream.read(_SNIFFED)
        stream.seek(0)
        try:
            dialect: Any = csv.Sniffer().sniff(sample.splitlines()[0] if sample else "", delimiters=",;\t")
        except csv.Error:
            dialect = csv.excel
        dialect.doublequote, dialect.quotechar = True, '"'
        yield from csv.reader(stream, dialect, strict=False)


def _encoding(file: Path) -> str:
    """UTF-8 (with or without mark) where the whole file is that, else the Chinese national standard."""
    try:
        with file.open(encoding="utf-8-sig") as stream:
            while stream.read(_SNIFFED):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def trimmed(value: Any) -> str:
    """A cell as text without blanks around it; numbers that are whole are written whole (188006.0 → "188006")."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def words(value: Any) -> str:
    """A cell as one line of text."""
    return " ".join(trimmed(value).replace("\x00", "").split())


def clean(value: Any) -> str:
    """A cell as running text: no indentation, no empty lines, no odd spaces."""
    return _LINES.sub("\n", _SPACE.sub(" ", trimmed(value).replace("\x00", ""))).strip()


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """A time as people and spreadsheets write it, in ``zone`` when it names none; None for what is no time."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone)
    text = words(value)
    written = _WRITTEN.fullmatch(text)
    try:
        if written:
            year, month, day, hour, minute, second = (int(part or 0) for part in written.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if text.isdecimal():
            form = "%Y%m%d%H%M%S" if len(text) > len("20310106") else "%Y%m%d"
            return datetime.strptime(text, form).replace(tzinfo=zone)
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=zone)
