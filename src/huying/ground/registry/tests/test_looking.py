"""What is handed in is judged before it is opened: hostile files are refused, and nothing of them stays."""

from __future__ import annotations

import io
import zipfile

import pytest

from huying.ground.registry import looking
from huying.ground.registry.models import Upload
from huying.kernel.errors import Invalid
from huying.kernel.trace import Entry

from .desk_cast import Desk
from .test_uploading import PEOPLE, desk, take, text, workbook

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


def packed(*names: str, content: bytes = b"<a/>") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, content)
    return file.getvalue()


def sheet(cells: str, before: str = "") -> bytes:
    """A workbook whose only sheet says this."""
    source, file = zipfile.ZipFile(io.BytesIO(workbook(*PEOPLE))), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for one in source.infolist():
            if one.filename == "xl/worksheets/sheet1.xml":
                main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
                made.writestr(one, f'{before}<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>')
            else:
                made.writestr(one, source.read(one))
    return file.getvalue()


def cell(place: str, said: str = "姓名") -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{said}</t></is></c>'


def lying(content: bytes) -> bytes:
    """The same zip, every part of which declares to be ten bytes."""
    changed = bytearray(content)
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.find(mark)
        while at >= 0:
            changed[at + place : at + place + 4] = (10).to_bytes(4, "little")
            at = content.find(mark, at + 1)
    return bytes(changed)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FAR = f'<row r="1">{cell("A1")}</row><row r="1048576">{cell("XFD1048576")}</row>'
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_table"),
    "a page": (b"\n <html><table><tr><td>x</td></tr></table></html>", "not_a_table"),
    "old or locked": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not_a_table"),
    "half a zip": (workbook(*PEOPLE)[:300], "not_a_table"),
    "a document": (packed("word/document.xml"), "not_a_table"),
    "a workbook of nonsense": (packed("[Content_Types].xml", "xl/workbook.xml", content=b"<" * 999), "not_a_table"),
    "utf-16": ("姓名,电话".encode("utf-16"), "not_a_table"),
    "no header": (text(["", ""], ["赵大明", "13911110000"]), "no_header"),
    "no columns": (text([f"列{number}" for number in range(looking.MOST_COLUMNS + 1)]), "no_header"),
    "a letter": (("这是一封信" * 30).encode(), "no_header"),
    "a cell far away": (sheet(FAR), "too_large"),
    "a cell far down": (sheet(f'<row r="1">{cell("A1")}</row><row r="900000">{cell("B900000")}</row>'), "too_large"),
    "cells that say no place": (sheet("<row>" + "<c><v>1</v></c>" * 900 + "</row>"), "too_large"),
    "wide and deep": (
        sheet(f'<row r="1">{cell("A1")}{cell("CV1")}</row><row r="199999">{cell("A199999")}</row>'),
        "too_large",
    ),
    "far away and lying": (lying(sheet(FAR)), "too_large"),
    "a place nobody knows": (sheet('<row r="1"><c r="A-1"><v>1</v></c></row>'), "not_a_table"),
    "an entity bomb": (sheet(f'<row r="1">{cell("A1", "&b;")}</row>', BOMB), "not_a_table"),
    "a sheet behind words": (sheet(FAR, "words"), "not_a_table"),
    "an endless cell": (b'"' + b"x" * 200_000, "not_a_table"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_table_is_refused_and_leaves_nothing(desk: Desk, name: str) -> None:
    content, code = HOSTILE[name]
    entries = Entry.objects.count()
    with pytest.raises(Invalid) as refused:
        take(desk, content, name="人员.xlsx")
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert not Upload.objects.exists() and Entry.objects.count() == entries


@pytest.mark.parametrize(
    ("limit", "value", "content", "code"),
    [
        ("MOST_BYTES", 40, text(*PEOPLE), "too_large"),
        ("MOST_UNPACKED", 2_000, workbook(*PEOPLE), "too_large"),  # small as a file, large once unpacked
        ("MOST_ROWS", 2, text(*PEOPLE), "too_many_rows"),
    ],
)
def test_there_are_limits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, content: bytes, code: str
) -> None:
    monkeypatch.setattr(looking, limit, value)
    with pytest.raises(Invalid) as refused:
        take(desk, content)
    assert refused.value.code == code and not Upload.objects.exists()


def test_what_a_zip_declares_is_not_believed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_UNPACKED", 60_000)
    rows = "".join(f'<row r="{number}">{cell(f"A{number}")}</row>' for number in range(1, 2_000))
    with pytest.raises(Invalid) as refused:
        take(desk, lying(sheet(rows)))
    assert (refused.value.code, Upload.objects.count()) == ("too_large", 0)


def test_empty_cells_far_away_do_no_harm(desk: Desk) -> None:
    rows = f'<row r="1">{cell("A1")}</row><row r="2">{cell("A2", "赵大明")}</row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert take(desk, sheet(rows)).rows == 1
