"""Tables as people send them: columns by name, cells as they are meant, times as they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from huying.kernel.errors import Invalid
from huying.kernel.tables import Table, clean, moment, rows_of, trimmed, words

ZONE = ZoneInfo("Asia/Shanghai")


def test_columns_are_read_by_name(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("\ufeff 编号 ,内容,备注\n 1 , 路灯\n不亮 \n\n2\n", encoding="utf-8-sig")
    table = Table(file)
    assert table.header == ["编号", "内容", "备注"]
    assert list(table.rows(["备注", "编号"])) == [
        {"备注": "", "编号": "1"},
        {"备注": "", "编号": "不亮"},
        {"备注": "", "编号": "2"},
    ]


def test_whole_numbers_of_a_sheet_are_whole_and_its_times_are_times(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["编号", "时间"])
    book.active.append([188006, datetime(2031, 1, 6, 12, 9, 38)])
    book.save(tmp_path / "a.xlsx")
    (row,) = Table(tmp_path / "a.xlsx").rows(["编号", "时间"])
    assert row["编号"] == "188006"
    assert moment(row["时间"], ZONE) == datetime(2031, 1, 6, 12, 9, 38, tzinfo=ZONE)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_rows_bear_the_numbers_a_spreadsheet_shows(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.{ending}"
    if ending == "csv":
        file.write_text('编号,内容\n1,"路灯\n不亮"\n\n2,\n\n\n3,井盖\n', encoding="utf-8")
    else:
        book = Workbook()
        for row, cells in {1: ("编号", "内容"), 2: (1, "路灯\n不亮"), 4: (2, None), 7: (3, "井盖")}.items():
            for column, cell in enumerate(cells, start=1):
                book.active.cell(row, column, cell)
        book.save(file)
    found = [(number, row["编号"]) for number, row in Table(file).numbered(["编号", "内容"]) if row["编号"]]
    assert found == [(2, "1"), (4, "2"), (7, "3")]


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    table = Table(tmp_path / "a.csv")
    assert (table.header, list(table.rows([]))) == ([], [])


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xlsx", b"not a sheet"), ("a.pdf", b"%PDF"), ("a.csv", b"id\n\xff\xff"), ("b.csv", b'id\n"' + b"a" * 200_000)],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid):
        list(rows_of(tmp_path / name))


@pytest.mark.parametrize(
    ("value", "text", "line", "running"),
    [
        (None, "", "", ""),
        (188006.0, "188006", "188006", "188006"),
        (1.5, "1.5", "1.5", "1.5"),
        (" a\u3000 b \n\n\tc\x00 ", "a\u3000 b \n\n\tc\x00", "a b c", "a b\nc"),
    ],
)
def test_a_cell_is_read_as_it_is_meant(value: Any, text: str, line: str, running: str) -> None:
    assert (trimmed(value), words(value), clean(value)) == (text, line, running)


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("2031/8/3 12:22:05", datetime(2031, 8, 3, 12, 22, 5)),
        ("2031-08-03 12:22", datetime(2031, 8, 3, 12, 22)),
        ("2031-01-06 12:09:38.0", datetime(2031, 1, 6, 12, 9, 38)),
        ("2031/1/6 12:09:38.0", datetime(2031, 1, 6, 12, 9, 38)),
        ("2031.1.6", datetime(2031, 1, 6)),
        ("2031年1月6日", datetime(2031, 1, 6)),
        ("2031年1月6日9时30分", datetime(2031, 1, 6, 9, 30)),
        ("2031年1月6日 9:30:05", datetime(2031, 1, 6, 9, 30, 5)),
        ("20310106", datetime(2031, 1, 6)),
        ("20310106093005", datetime(2031, 1, 6, 9, 30, 5)),
        (20310106.0, datetime(2031, 1, 6)),
        (datetime(2031, 1, 6, 1), datetime(2031, 1, 6, 1)),
        (date(2031, 1, 6), datetime(2031, 1, 6)),
    ],
)
def test_times_as_people_write_them(cell: Any, time: datetime) -> None:
    assert moment(cell, ZONE) == time.replace(tzinfo=ZONE)


def test_a_zone_that_is_named_counts() -> None:
    there = datetime(2031, 1, 6, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert moment("2031-01-06T09:30:00-05:00", ZONE) == moment(there, ZONE) == there


@pytest.mark.parametrize("cell", [None, "", "昨天", "2031-13-40", "2031-1-1012:30", "约 2031-01-06", 43836, True])
def test_what_is_no_time(cell: Any) -> None:
    assert moment(cell, ZONE) is None


@given(st.one_of(st.none(), st.text(max_size=60), st.floats(), st.integers(), st.booleans()))
def test_any_cell_is_a_time_of_some_zone_or_none(cell: Any) -> None:
    read = moment(cell, UTC)
    assert read is None or read.tzinfo is not None
