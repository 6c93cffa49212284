"""Tables as they come: xlsx by its first sheet, csv in UTF-8 or GB18030 with comma, semicolon or tab."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from huying.kernel.errors import Invalid

_SNIFFED = 64 * 1024


def rows_of(file: Path) -> Iterator[list[Any]]:
    """Every row of the table, header first. Raises :class:`Invalid` for what is no table."""
    if file.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"):
        yield from _sheet(file)
    elif file.suffix.lower() in (".csv", ".txt", ".tsv"):
        yield from _text(file)
    else:
        raise Invalid(_("只能导入 xlsx 或 csv 表格"), code="not_a_table", field="file")


def _sheet(file: Path) -> Iterator[list[Any]]:
    try:
        book = CalamineWorkbook.from_path(str(file))
        yield from book.get_sheet_by_index(0).iter_rows()
    except CalamineError as error:
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
