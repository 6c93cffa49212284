"""The same matter told twice is found whatever the words, kind and channel; another matter next door is not taken for it."""

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ..evaluating.duplicates import duplicates, thresholds
from ..repeats.likeness import ChronicRule, Matter, Rarity, is_chronic, likeness, rank
from ..repeats.rare_words import RareWords

NOW = datetime(2025, 7, 16, 15, tzinfo=ZoneInfo("Asia/Shanghai"))
LAMP = Matter(
    "幸福里小区3栋楼下的路灯坏了快一个星期，晚上黑漆漆的，老人下楼很不方便",
    title="幸福里3栋路灯不亮",
    lon=114.06,
    lat=22.54,
    item="0301",
    group="03",
    at=NOW,
)
SAME = Matter(
    "3栋门口那盏路灯一直不亮，走路看不见，幸福里物业不管", title="幸福里路灯坏了", lon=114.0603, lat=22.5402, at=NOW
)
ELSEWHERE = replace(LAMP, lon=114.2, lat=22.7, text="阳光花园5栋楼下的路灯坏了", title="阳光花园路灯不亮")
OTHER = Matter(
    "幸福里小区3栋楼上每天半夜放音响，吵得睡不着", title="幸福里3栋噪音", lon=114.06, lat=22.54, item="0201", group="02"
)


def test_the_same_matter_in_other_words_is_likely():
    found = likeness(LAMP, SAME)
    assert found.likely
    assert any("路灯" in words for words in found.words)
    assert found.metres == pytest.approx(38, abs=5)


def test_another_matter_at_the_same_place_and_the_same_matter_elsewhere_are_not():
    assert not likeness(LAMP, OTHER).likely
    assert not likeness(LAMP, ELSEWHERE).likely


def test_another_kind_chosen_lowers_but_does_not_refuse():
    same, other = (likeness(LAMP, replace(SAME, item=item, group=item[:2])) for item in ("0301", "1405"))
    assert same.score > other.score
    assert other.likely
    assert (same.same_item, other.same_item) == (True, False)


def test_what_is_not_known_speaks_neither_for_nor_against():
    bare = replace(SAME, lon=None, lat=None, at=None)
    found = likeness(replace(LAMP, item="", group=""), bare)
    assert (found.metres, found.hours, found.same_item, found.same_grid) == (None, None, None, None)


def test_months_apart_is_less_likely_than_hours_apart():
    soon, late = (likeness(LAMP, replace(SAME, at=NOW - gap)).score for gap in (timedelta(hours=5), timedelta(days=90)))
    assert soon > late


def test_reasons_are_told_in_the_readers_language():
    reasons = likeness(LAMP, replace(SAME, item="0301", at=NOW - timedelta(hours=5))).reasons
    assert len(reasons) == 4


def test_a_grid_stands_in_where_no_point_is_known():
    here, there = (replace(SAME, lon=None, lat=None, grid=grid) for grid in ("001", "002"))
    lamp = replace(LAMP, lon=None, lat=None, grid="001")
    assert likeness(lamp, here).score > likeness(lamp, there).score


def test_ranking_puts_the_same_matter_first():
    found = rank(LAMP, [OTHER, ELSEWHERE, SAME], most=2)
    assert found[0][0] is SAME
    assert len(found) == 2


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_symmetric_and_bounded(one: str, other: str):
    there, back = likeness(Matter(one), Matter(other)), likeness(Matter(other), Matter(one))
    assert 0 <= there.score <= 1
    assert there.score == pytest.approx(back.score, abs=1e-3)


@given(st.text(alphabet="路灯坏了幸福里3栋噪音吵", min_size=1, max_size=40))
def test_nothing_is_likelier_than_the_same_text(text: str):
    itself = likeness(Matter(text), Matter(text)).score
    assert itself >= likeness(Matter(text), Matter(text + "电梯停运物业不管")).score - 1e-3


def test_rare_words_find_the_earlier_message():
    texts = [SAME.text, OTHER.text, *(f"第{number}中学食堂的饭菜价格太高" for number in range(40))]
    index = RareWords(Rarity.of([*texts, LAMP.text]))
    for text in texts:
        index.add(text)
    assert set(index.like(LAMP.text)[:2]) == {0, 1}
    assert index.size == len(texts)
    assert index.like("") == index.like("zzz") == []


def days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in days]


def test_coming_back_often_enough_is_chronic():
    assert is_chronic(days_ago(10, 50, 90), NOW).chronic
    assert not is_chronic(days_ago(10, 50), NOW).chronic
    assert is_chronic(days_ago(10, 50), NOW, ChronicRule(times=2, days=60)).chronic


def test_old_closings_and_those_closed_together_do_not_count():
    assert not is_chronic(days_ago(10, 50, 200), NOW).chronic
    assert len(is_chronic(days_ago(10, 10.1, 10.2), NOW).closings) == 1
    assert is_chronic(days_ago(-5, -6, -7), NOW).closings == ()


def test_the_reason_tells_the_numbers_and_the_rule():
    reason = is_chronic(days_ago(10, 50, 90), NOW).reason
    assert all(number in reason for number in ("180", "3"))


@given(st.lists(st.floats(0, 400), max_size=12))
def test_one_more_closing_never_makes_it_less_chronic(days: list[float]):
    before, after = is_chronic(days_ago(*days), NOW), is_chronic(days_ago(*days, 5), NOW)
    assert len(after.closings) >= len(before.closings) - 1
    assert after.closings == tuple(sorted(after.closings))


def test_thresholds_count_what_was_never_found_as_missed():
    told = thresholds([0.9, 0.8, 0.3], [True, False, True], pairs=4)
    assert told["default"] == {"threshold": 0.5, "precision": 0.5, "recall": 0.25, "f1": 0.3333}
    assert told["best"]["f1"] == pytest.approx(0.5714, abs=1e-3)


def test_the_command_measures_a_table(tmp_path: Path):
    file, out = tmp_path / "messages.csv", tmp_path / "out.json"
    rows = [
        ("1", "2025-07-01", "幸福里3栋路灯不亮", LAMP.text, "a"),
        ("2", "2025-07-02", "幸福里3栋噪音", OTHER.text, ""),
        ("3", "2025-07-03", "幸福里路灯坏了", SAME.text, "a"),
        *((str(n), f"2025-07-{n:02}", f"第{n}中学", "食堂的饭菜价格太高", "") for n in range(4, 20)),
    ]
    with file.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([("编号", "时间", "主题", "详情", "组"), *rows])
    arguments = [
        str(file),
        "--id",
        "编号",
        "--text",
        "主题,详情",
        "--time",
        "时间",
        "--group",
        "组",
        "--json",
        str(out),
    ]
    result = CliRunner().invoke(duplicates, arguments)
    assert result.exit_code == 0, result.output
    facts = json.loads(out.read_text(encoding="utf-8"))
    assert (facts["count"], facts["with_earlier"], facts["recall_at_1"], facts["pairs"]) == (19, 1, 1.0, 1)


def test_a_column_that_is_not_there_is_named(tmp_path: Path):
    file = tmp_path / "messages.csv"
    file.write_text("编号,内容\n1,路灯不亮\n", encoding="utf-8")
    result = CliRunner().invoke(duplicates, [str(file), "--id", "编号", "--text", "正文", "--group", "编号"])
    assert result.exit_code == 2
    assert all(word in result.output for word in ("--text", "正文", "编号, 内容"))


def test_a_text_needs_a_column(tmp_path: Path):
    file = tmp_path / "messages.csv"
    file.write_text("编号,内容\n1,路灯不亮\n", encoding="utf-8")
    result = CliRunner().invoke(duplicates, [str(file), "--id", "编号", "--text", "，", "--group", "编号"])
    assert result.exit_code == 2
    assert "'--text': name at least one column" in result.output
