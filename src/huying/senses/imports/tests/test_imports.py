"""Tables of messages: every good row one report, every bad one named; killed and started again, nothing twice."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from django.db import connection
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from huying.casework.cases import factories
from huying.casework.cases.factories import NOW
from huying.casework.cases.models import Case
from huying.ground.territory.coordinates import convert_point
from huying.kernel.actor import system
from huying.kernel.errors import Invalid
from huying.senses.imports import rules
from huying.senses.imports.actions import import_messages, write_rejects
from huying.senses.imports.commands import import_messages as command
from huying.senses.imports.models import ImportRun, Reject
from huying.senses.imports.rules import RowError
from huying.senses.reports.models import Report

ZONE = ZoneInfo("Asia/Shanghai")
HEADER = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "地址"]
IMPORTER = system("import")


def row(number: int, **more: Any) -> list[Any]:
    values = {
        "留言编号": float(number),
        "留言用户": f"A{number:05d}",
        "留言主题": f"柳岸社区第{number}栋楼下垃圾没人清",
        "留言时间": "2020/1/6 12:09:38",
        "留言详情": f"\n\t\t柳岸社区第{number}栋楼下的垃圾堆了三天，臭味很大。\n\t\t",
        "地址": "望湖街道柳岸社区一网格",
    }
    return [(values | more)[name] for name in HEADER]


def sheet(path: Path, rows: list[list[Any]], header: list[str] = HEADER) -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    for line in [header, *rows]:
        page.append(line)
    book.save(path)
    return path


def text(path: Path, rows: list[list[Any]], encoding: str = "utf-8-sig", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([HEADER, *rows])
    return path


@pytest.fixture
def place(db: None) -> None:
    factories.make_cast()


def test_coordinates_of_other_maps_are_brought_home(place: None, tmp_path: Path) -> None:
    lon, lat = factories.IN_GRID_1
    shifted = convert_point(lon, lat, "cgcs2000", "gcj02")
    file = sheet(tmp_path / "高德.xlsx", [[*row(1, 地址=""), *shifted]], [*HEADER, "经度", "纬度"])
    import_messages(file, actor=IMPORTER, now=NOW, crs="gcj02")
    report = Report.objects.select_related("case").get()
    assert (report.lon, report.lat) == (pytest.approx(lon, abs=1e-6), pytest.approx(lat, abs=1e-6))
    assert report.case.grid == factories.GRID_1


def test_a_sheet_becomes_reports_in_cases(place: None, tmp_path: Path) -> None:
    file = sheet(tmp_path / "留言.xlsx", [row(i) for i in range(1, 31)])
    outcome = import_messages(file, actor=IMPORTER, now=NOW, batch=7)
    assert (outcome.rows, outcome.taken, outcome.repeated, outcome.rejected) == (30, 30, 0, 0)
    report = Report.objects.get(source_id="7")
    assert report.text == "柳岸社区第7栋楼下的垃圾堆了三天，臭味很大。"
    assert report.said_at == datetime(2020, 1, 6, 12, 9, 38, tzinfo=ZONE)
    assert report.case.community == factories.LIUAN
    assert set(Case.objects.values_list("state", flat=True)) <= {"dispatched", "pending", "accepted"}


def test_importing_again_changes_nothing(place: None, tmp_path: Path) -> None:
    file = sheet(tmp_path / "a.xlsx", [row(i) for i in range(1, 11)])
    import_messages(file, actor=IMPORTER, now=NOW)
    again = import_messages(file, actor=IMPORTER, now=NOW)
    assert (again.taken, again.resumed_at) == (10, 11)
    longer = sheet(tmp_path / "b.xlsx", [row(i) for i in range(1, 13)])
    more = import_messages(longer, actor=IMPORTER, now=NOW)
    assert (more.taken, more.repeated) == (2, 10)
    assert Report.objects.count() == 12


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ","), ("gb18030", ","), ("utf-8", ";"), ("utf-8", "\t")]
)
def test_csv_as_it_comes(place: None, tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = text(tmp_path / "a.csv", [row(1), row(2)], encoding, delimiter)
    assert import_messages(file, actor=IMPORTER, now=NOW).taken == 2


def test_bad_rows_are_named_and_do_not_stop_the_rest(place: None, tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2, 留言编号=""),
        row(3, 留言详情="", 留言主题=""),
        row(4, 留言时间="上周二"),
        [None] * 6,
        row(5, 留言详情="长" * 20_001),
        row(6),
    ]
    outcome = import_messages(sheet(tmp_path / "a.xlsx", rows), actor=IMPORTER, now=NOW)
    assert (outcome.taken, outcome.rejected) == (2, 4)
    assert list(Reject.objects.values_list("row", "reason")) == [
        (3, "no_id"),
        (4, "no_text"),
        (5, "bad_time"),
        (7, "text_too_long"),
    ]
    target = tmp_path / "rejects.csv"
    with translation.override("zh-hans"):
        assert write_rejects(outcome.run_id, target) == 4
    lines = list(csv.reader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert lines[3] == ["5", "4", "time", "看不懂的时间，可写 2026-03-10 09:00"]


def test_columns_may_be_named(place: None, tmp_path: Path) -> None:
    header = ["序", "人", "题", "时", "说了什么", "哪里"]
    file = sheet(tmp_path / "a.xlsx", [row(1)], header)
    with pytest.raises(Invalid) as caught:
        import_messages(file, actor=IMPORTER, now=NOW)
    assert caught.value.code == "missing_column"
    mapping = rules.parse_mapping("id=序, text=说了什么,title=题,place=哪里")
    assert import_messages(file, actor=IMPORTER, now=NOW, mapping=mapping).taken == 1
    with pytest.raises(Invalid) as caught:
        import_messages(file, actor=IMPORTER, now=NOW, mapping={"id": "没有的列"})
    assert "没有的列" in str(caught.value)


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", b"not a sheet"), ("a.pdf", b"%PDF"), ("a.csv", b"")])
def test_what_is_no_table_is_refused(place: None, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid):
        import_messages(tmp_path / name, actor=IMPORTER, now=NOW)
    assert not ImportRun.objects.exists()


def test_the_command_sums_up_and_points_to_the_rejects(place: None, tmp_path: Path) -> None:
    file = sheet(tmp_path / "a.xlsx", [row(1), row(2, 留言编号="")])
    result = CliRunner().invoke(command, [str(file), "--json"])
    assert result.exit_code == 0, result.output
    assert '"taken": 1' in result.output
    assert (tmp_path / "a.xlsx.rejects.csv").exists()
    wrong = CliRunner().invoke(command, [str(file), "--map", "id"])
    assert wrong.exit_code == 2


@given(st.text(max_size=60))
def test_any_cell_is_a_time_or_a_clear_refusal(value: str) -> None:
    try:
        read = rules.said_at(value, UTC)
    except RowError as error:
        assert error.code == "bad_time"
    else:
        assert read is None or read.tzinfo is not None


@given(st.lists(st.one_of(st.none(), st.text(max_size=30), st.floats(), st.integers(), st.booleans()), max_size=6))
def test_any_row_is_a_report_or_a_clear_refusal(cells: list[Any]) -> None:
    columns = {"id": 0, "text": 1, "time": 2, "lon": 3, "lat": 4}
    try:
        read = rules.read_row(cells, columns, UTC)
    except RowError as error:
        assert error.code in {"no_id", "no_text", "bad_time", "bad_point"}
    else:
        assert read.source_id and len(read.text) >= 2


KILLED = """
import os, sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from pathlib import Path
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.senses.imports.actions import import_messages
outcome = import_messages(Path(sys.argv[1]), actor=system("import"), now=now(), batch=20)
print("FINISHED", outcome.taken, outcome.resumed_at)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_nothing_is_lost_and_nothing_comes_twice(transactional_db: None, tmp_path: Path) -> None:
    """kill -9 three times at different moments, then let it finish."""
    factories.make_cast()
    file = sheet(tmp_path / "a.xlsx", [row(i) for i in range(1, 401)])
    settings = connection.settings_dict
    address = (
        f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}&port={settings['PORT'] or 5432}"
    )
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "huying.config.settings"}
    environment["HUYING_SECRET"] = "test-only-0123456789-abcdefghijklmnopqrstuvwxyz"
    environment["HUYING_DATA_DIR"] = str(tmp_path / "home")

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, str(file), str(settings["NAME"])],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    for wanted in (40, 120, 260):
        process = start()
        deadline = time.monotonic() + 60
        while Report.objects.count() < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        out, _errors = process.communicate(timeout=30)
        assert "FINISHED" not in out
    last = start()
    out, errors = last.communicate(timeout=120)
    assert "FINISHED 400" in out, errors[-2000:]
    assert Report.objects.count() == 400
    assert Case.objects.count() == 400
    assert Report.objects.values("source_id").distinct().count() == 400
