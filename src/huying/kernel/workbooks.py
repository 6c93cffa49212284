"""What a workbook holds, measured before it is opened: a zip says little and may lie, and a reader that believes it runs out of memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from django.utils.translation import gettext as _

from huying.kernel.errors import Invalid

_ENDLESS: Final = 1 << 62
_BLOCK: Final = 64 * 1024
_REFERENCE: Final = re.compile(r"\$?([A-Za-z]{0,3})\$?([1-9]\d{0,9})")
_SHEET: Final = b"sheetData"
_BLANKS: Final = b"\xef\xbb\xbf \t\r\n"
_LETTERS: Final = 26


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a workbook may hold: bytes once unpacked, the last row and column with anything in it, rows × columns, texts."""

    unpacked: int = 2 * 1024**3
    rows: int = 1_048_576
    columns: int = 16_384
    cells: int = 20_000_000


ROOMY: Final = Limits()


def must_fit(file: Path, limits: Limits = ROOMY) -> None:
    """Read every part of an xlsx as it really unpacks. Raises Invalid (``too_large``, ``not_a_table``) for what does not fit.

    A sheet is held as rows × columns from its first cell to its last, so one cell far away is as large as a full sheet.
    """
    try:
        with ZipFile(file) as packed:
            left = limits.unpacked
            names: set[str] = set()
            for one in packed.infolist():
                if one.filename.lower() in names:
                    raise _no_table()  # readers differ in which of two they take
                names.add(one.filename.lower())
                one.file_size = _ENDLESS  # what it declares would end the reading early: others read on
                with packed.open(one) as part:
                    left -= _measured(part, left, limits)
    except (BadZipFile, ZlibError, expat.ExpatError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise _no_table() from error


def _measured(part: IO[bytes], left: int, limits: Limits) -> int:
    """How many bytes a part has; its cells are judged as they pass."""
    first = part.read(_BLOCK)
    judge = _Judge(limits) if first.lstrip(_BLANKS).startswith(b"<") else None
    size, end, block = 0, b"", first
    while block:
        size += len(block)
        if size > left:
            raise _too_large()
        if judge is not None:
            judge.parser.Parse(block)
        elif _SHEET in end + block:  # a sheet behind words: some readers would find it
            raise _no_table()
        end = block[-len(_SHEET) :]
        block = part.read(_BLOCK)
    if judge is not None:
        judge.parser.Parse(b"", True)
    return size


class _Judge:
    """Follows a part as its elements begin: where cells with something in them stand, and how many texts there are."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.row = self.column = self.texts = 0
        self.last_row = self.last_column = 0
        self.in_cell = False
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self.begins
        self.parser.StartDoctypeDeclHandler = self.declares  # no office writes one; entities come this way

    def declares(self, *_what: object) -> None:
        raise _no_table()

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self.column += 1
            self.in_cell = True
            if place := attributes.get("r"):
                self._stands(place)
        elif name == "row":
            self.row, self.column, self.in_cell = self.row + 1, 0, False
            if place := attributes.get("r"):
                self._stands(place)
        elif self.in_cell:
            self.in_cell = False
            self._filled()
        elif name == "si":
            self.texts += 1
            if self.texts > self.limits.cells:
                raise _too_large()

    def _stands(self, place: str) -> None:
        found = _REFERENCE.fullmatch(place)
        if found is None:
            raise _no_table()
        self.row = int(found[2])
        if found[1]:
            self.column = 0
            for letter in found[1].upper():
                self.column = self.column * _LETTERS + ord(letter) - ord("A") + 1

    def _filled(self) -> None:
        self.last_row, self.last_column = max(self.last_row, self.row), max(self.last_column, self.column)
        most = self.limits
        far = self.last_row > most.rows or self.last_column > most.columns
        if far or self.last_row * self.last_column > most.cells:
            raise _too_large()


def _too_large() -> Invalid:
    return Invalid(
        _("表格太大，或者有一格写在很远的地方"),
        hint=_("请把有内容的行和列复制到一张新表里，太多就分成几份。"), field="file", code="too_large",
    )  # fmt: skip


def _no_table() -> Invalid:
    return Invalid(
        _("这个文件打不开，不像 xlsx 或 csv 表格"), hint=_("请用表格软件打开看看，另存为 xlsx 再交。"), field="file",
        code="not_a_table",
    )  # fmt: skip
