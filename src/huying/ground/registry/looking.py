"""What a file that was handed in holds: judged by its bytes, never by its name, before a row of it is taken."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.privacy import mask_text
from huying.kernel.tables import Table
from huying.kernel.workbooks import Limits

from . import exchange

MOST_BYTES: Final = 20 * 1024**2
MOST_UNPACKED: Final = 300 * 1024**2  # an xlsx is a zip: a small one may hold very much
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 200
MOST_CELLS: Final = 10_000_000  # rows × columns, about 100 bytes each while a workbook is read
UNBEGUN_KEPT: Final = timedelta(days=7)
ENDED_KEPT: Final = timedelta(days=90)
_LONGEST_TITLE: Final = 60
_NUMBER: Final = re.compile(r"\d{11}")  # also of identity numbers whose last sign is wrong
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"  # xls, and every office file with a password


@dataclass(frozen=True, slots=True)
class Looked:
    """A table: what kind of file, its columns with how many cells are filled, how many rows."""

    suffix: str
    header: tuple[tuple[str, int], ...]
    rows: int


def look(content: bytes, kind: str) -> Looked:
    """Read a file of one kind of record to its end. Raises Invalid saying what is wrong and what to do."""
    suffix = suffix_of(content)
    limits = Limits(unpacked=MOST_UNPACKED, rows=2 * MOST_ROWS, columns=2 * MOST_COLUMNS, cells=MOST_CELLS)
    try:
        with written(content, suffix) as path:
            return _looked(Table(path, limits), suffix, kind)
    except HuyingError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # a reader written in Rust gives up with a panic, which is no Exception; all else is not ours to hold back
        raise _unreadable() from error


def _looked(table: Table, suffix: str, kind: str) -> Looked:
    titles = [title for title in dict.fromkeys(table.header) if title]
    if not titles:
        raise Invalid(_("第一行没有表头"), hint=_("请下载模板，把内容填在模板里。"), field="file", code="no_header")
    if len(titles) > MOST_COLUMNS or any(len(title) > _LONGEST_TITLE for title in titles):
        raise Invalid(
            _("第一行不像表头：列太多，或者字太长"),
            hint=_("请下载模板，把内容填在模板里。"),
            field="file",
            code="no_header",
        )
    if not exchange.understood(kind, titles, {}) and any(_is_personal(title) for title in titles):
        raise Invalid(
            _("第一行要是表头，不能是数据"), hint=_("请在最上面加一行表头，写明每一列是什么；也可以下载模板来填。"),
            field="file", code="no_header",
        )  # fmt: skip
    filled = dict.fromkeys(titles, 0)
    rows = 0
    for rows, cells in enumerate(table.rows(titles), start=1):
        if rows > MOST_ROWS:
            raise Invalid(
                _("一次最多导入 %(n)s 行") % {"n": f"{MOST_ROWS:,}"}, hint=_("请分成几份，一份一份导入。"), field="file",
                code="too_many_rows",
            )  # fmt: skip
        for title, text in cells.items():
            filled[title] += bool(text)
    return Looked(suffix, tuple(filled.items()), rows)


def _is_personal(title: str) -> bool:
    """Whether a first cell is somebody's number: titles are kept in the open, what people are is not."""
    return mask_text(title) != title or _NUMBER.search(title) is not None


def suffix_of(content: bytes) -> str:
    """``.xlsx`` or ``.csv``, by the bytes. Raises Invalid."""
    if not content:
        raise Invalid(_("文件是空的"), field="file", code="empty")
    if len(content) > MOST_BYTES:
        raise too_large()
    if content.startswith(b"PK"):
        _must_be_workbook(content)
        return ".xlsx"
    if content.startswith(_OLD_OFFICE):
        raise Invalid(
            _("这是旧版 xls 表格，或者加了密码"), hint=_("请用表格软件打开，另存为不带密码的 xlsx 再交。"), field="file",
            code="not_a_table",
        )  # fmt: skip
    if content.lstrip()[:1] == b"<":
        raise Invalid(
            _("这是网页，不是表格"), hint=_("请用表格软件打开，另存为 xlsx 再交。"), field="file", code="not_a_table"
        )
    if not _is_text(content):
        raise _unreadable()
    return ".csv"


def too_large() -> Invalid:
    return Invalid(
        _("文件不能超过 %(n)d MB") % {"n": MOST_BYTES // 1024**2}, hint=_("请分成几份，一份一份导入。"), field="file",
        code="too_large",
    )  # fmt: skip


def _must_be_workbook(content: bytes) -> None:
    try:
        with ZipFile(BytesIO(content)) as packed:
            members = packed.infolist()
    except (BadZipFile, ValueError, OSError) as error:
        raise _unreadable() from error
    if not any(one.filename.startswith("xl/workbook") for one in members):
        raise _unreadable()
    if sum(one.file_size for one in members) > MOST_UNPACKED:
        raise too_large()


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _unreadable() -> Invalid:
    return Invalid(
        _("这个文件打不开，不像 xlsx 或 csv 表格"), hint=_("请用表格软件打开看看，另存为 xlsx 再交。"), field="file",
        code="not_a_table",
    )  # fmt: skip


@contextmanager
def written(content: bytes, suffix: str) -> Iterator[Path]:
    """The bytes as a file nobody else may read. On Linux it is in memory: whatever kills the process takes it along."""
    with TemporaryDirectory(prefix="huying-import-") as place, ExitStack() as held:
        path = Path(place) / f"table{suffix}"  # readers ask a name what kind of file it is
        if hasattr(os, "memfd_create"):
            memory = held.enter_context(os.fdopen(os.memfd_create("table"), "wb", buffering=0))
            path.symlink_to(f"/proc/self/fd/{memory.fileno()}")
        path.write_bytes(content)
        yield path
