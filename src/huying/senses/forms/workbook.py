"""An XLSForm as a file: its sheets read as rows that know their number, and sheets written as a workbook.

What is written is the same to the byte for the same sheets, so a file that is kept in a repository changes only when the form does.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from huying.casework.catalogue.words import Words
from huying.kernel.tables import trimmed

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_UNPACKED: Final = 60 * 1024 * 1024
MOST_ROWS: Final = 5000
MOST_COLUMNS: Final = 100
SHEETS: Final = ("survey", "choices", "settings")
_WRITTEN_AT: Final = (2026, 1, 1, 0, 0, 0)
_SHORT: Final = 14
_MOMENTS: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a form, where, and what to do. ``row`` counts as a spreadsheet shows it; 0: no single row."""

    words: Words
    sheet: str = ""
    row: int = 0
    column: str = ""


class Unreadable(ValueError):
    """The file is no workbook we read; ``words`` says why."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = Words(zh, en)
        super().__init__(zh)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet: cells by the name of their column, as trimmed text, empty ones left out."""

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)

    def get(self, *names: str) -> str:
        return next((self.cells[name] for name in names if name in self.cells), "")


Sheets = Mapping[str, Sequence[Row]]


def read_sheets(content: bytes) -> dict[str, list[Row]]:
    """The sheets survey, choices and settings of an .xlsx file. Raises :class:`Unreadable`."""
    if len(content) > MOST_BYTES:
        raise Unreadable("文件太大，XLSForm 不超过 5 MB", "The file is too large; an XLSForm has at most 5 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable("文件展开后太大", "The file is too large once unpacked")
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = {
            name.strip().lower(): _rows(book.get_sheet_by_name(name).to_python(skip_empty_area=False))
            for name in book.sheet_names
            if name.strip().lower() in SHEETS
        }
    except (zipfile.BadZipFile, CalamineError, ValueError, OSError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(
            "这不是能打开的 .xlsx 文件，请用表格软件另存为 .xlsx 再试",
            "This is no .xlsx file that can be opened; save it as .xlsx and try again",
        ) from error
    if not found.get("survey"):
        raise Unreadable("没有名为 survey 的工作表，或里面是空的", "There is no sheet named survey, or it is empty")
    return found


def _rows(lines: list[list[Any]]) -> list[Row]:
    if len(lines) > MOST_ROWS or (lines and len(lines[0]) > MOST_COLUMNS):
        raise Unreadable(
            f"表太大，每张表最多 {MOST_ROWS} 行 {MOST_COLUMNS} 列",
            f"A sheet is too large: at most {MOST_ROWS} rows and {MOST_COLUMNS} columns",
        )
    if not lines:
        return []
    header = [column_name(trimmed(cell)) for cell in lines[0]]
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: text for name, cell in zip(header, line, strict=False) if name and (text := _text(cell))}
        if cells:
            rows.append(Row(number, cells))
    return rows


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return trimmed(cell).replace("\x00", "")


def column_name(text: str) -> str:
    """A column's name as we compare it: ``Label :: 中文 (zh)`` → ``label::中文 (zh)``."""
    name, sign, language = text.partition("::")
    return f"{name.strip().lower().replace(' ', '_')}{sign}{language.strip()}"


def write_workbook(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    """A workbook of these sheets, each a header and its lines."""
    from openpyxl import Workbook  # slow to import, seldom needed
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.remove(book.active)
    book.properties.creator = "Huying"
    book.properties.created = book.properties.modified = datetime(*_WRITTEN_AT)  # noqa: DTZ001 - as the format has it
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "C2"
        for line in lines:
            sheet.append(list(line))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for column in sheet.columns:
            wide = max((len(str(cell.value or "")) for cell in column), default=0) > _SHORT
            sheet.column_dimensions[column[0].column_letter].width = 34 if wide else 14
            for cell in column:
                cell.data_type = "s" if cell.value is not None else cell.data_type
                cell.alignment = Alignment(wrap_text=wide, vertical="top")
    packed = io.BytesIO()
    book.save(packed)
    return _undated(packed.getvalue())


def _undated(content: bytes) -> bytes:
    """The same archive with every part dated alike."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            body = old.read(part)
            if part.filename == "docProps/core.xml":
                body = _MOMENTS.sub(rb"\g<1>2026-01-01T00:00:00Z", body)
            kept = zipfile.ZipInfo(part.filename, _WRITTEN_AT)
            kept.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(kept, body)
    return out.getvalue()
