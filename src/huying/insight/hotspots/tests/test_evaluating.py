import csv
import json

import openpyxl
import pytest
from click.testing import CliRunner

from huying.insight.hotspots.commands import evaluate
from huying.insight.hotspots.evaluating import COLUMNS

from .messages import MATTERS, everything

HEADER = ["编号", "主题", "时间", "详情", "点赞"]
OPTIONS = ["--id", "编号", "--text", "主题,详情", "--time", "时间", "--likes", "点赞"]


def run(file, out, *more):
    return CliRunner().invoke(evaluate, ["hot-issues", str(file), *OPTIONS, "--out", str(out), *more])


def rows_of(out):
    with out.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def as_csv(path, encoding):
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for one in everything():
            writer.writerow(
                [one.id, one.title, f"{one.time:%Y/%-m/%-d %H:%M:%S}", one.text, 50 if one.id == "lift0" else 0]
            )
    return path


def as_xlsx(path):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for number, one in enumerate(everything()):
        when = one.time if number % 2 else f"{one.time:%Y-%m-%d %H:%M:%S}.0"
        book.active.append([1000 + number, one.title, when, one.text, 0])
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_becomes_ranked_groups(tmp_path, encoding):
    result = run(as_csv(tmp_path / "in.csv", encoding), tmp_path / "out.csv", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout.splitlines()[-1])
    assert (said["messages"], said["groups"], said["alone"]) == (12, 5, 1)
    rows = rows_of(tmp_path / "out.csv")
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 12
    clusters = [int(row["cluster"]) for row in rows]
    assert clusters == sorted(clusters)
    assert set(clusters) == set(range(1, len(MATTERS) + 1))
    heats = [float(row["heat"]) for row in rows]
    assert heats == sorted(heats, reverse=True)
    assert rows[0]["id"].startswith("lift")  # the likes decide
    assert rows[0]["from"] == "2031-03-01 08:00:00"


def test_an_xlsx_with_times_of_both_kinds(tmp_path):
    result = run(as_xlsx(tmp_path / "in.xlsx"), tmp_path / "out.csv", "--at-least", "2")
    assert result.exit_code == 0, result.output
    assert "12 messages in 5 groups, 1 of them alone" in result.stdout
    rows = rows_of(tmp_path / "out.csv")
    assert len(rows) == 11
    assert {row["id"] for row in rows[:4]} == {"1000", "1001", "1002", "1003"}
    assert "丽景花园" in rows[0]["name"]


def test_a_column_that_is_not_there_is_named(tmp_path):
    file = as_csv(tmp_path / "in.csv", "utf-8")
    result = CliRunner().invoke(
        evaluate, ["hot-issues", str(file), "--id", "号", *OPTIONS[2:], "--out", str(tmp_path / "o")]
    )
    assert result.exit_code == 2
    assert "'号'" in result.output
    assert "编号" in result.output
    assert not (tmp_path / "o").exists()


def test_what_is_no_table_is_told(tmp_path):
    (tmp_path / "in.pdf").write_bytes(b"%PDF")
    result = run(tmp_path / "in.pdf", tmp_path / "out.csv")
    assert result.exit_code == 1
    assert "in.pdf" in result.output
    assert not (tmp_path / "out.csv").exists()
