"""XLSForms: read to definitions, refused with sheet and row, written back; and the forms that come with the program."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import huying.casework.catalogue as catalogue
from huying.ground.registry.fields import FIELDS
from huying.senses.forms.actions.publishing import SHIPPED
from huying.senses.forms.describing import compare, count_checks, outline
from huying.senses.forms.exporting import export_workbook
from huying.senses.forms.factories import CHECK, EXITS, SETTINGS, book, read
from huying.senses.forms.importing import Known, import_workbook
from huying.senses.forms.vocabulary import POSTS
from huying.senses.forms.workbook import read_sheets, write_workbook

ROOT = Path(__file__).parents[5]
CODES = {
    row["code"]
    for row in csv.DictReader((Path(catalogue.__file__).parent / "seed" / "items.csv").open(encoding="utf-8"))
}


def every(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        yield item
        yield from every(item.get("children", []))


def said(rows: list[dict[str, str]], **settings: str) -> list[tuple[str, int, str, str]]:
    found = read(rows, Known({"0514"}, FIELDS), **settings)
    assert found.problems and not found.definition
    return [(one.sheet, one.row, one.column, one.words.zh) for one in found.problems]


def test_a_form_becomes_a_definition() -> None:
    found = read(EXITS, Known({"0514"}))
    assert found.ok
    assert {name: found.definition[name] for name in ("code", "version", "post", "kind", "subject", "title")} == {
        "code": "small", "version": "1", "post": "fire", "kind": "inspection", "subject": "premises",
        "title": {"zh": "小表", "en": "Small form"},
    }  # fmt: skip
    clear, keeper, front = found.definition["items"]
    assert clear["choices"] == [{"name": "yes", "label": {"zh": "是"}}, {"name": "no", "label": {"zh": "否"}}]
    assert clear["required"] is True and keeper["private"] is True and front["type"] == "image"
    assert clear["finding"] == {
        "fails": ["no"], "item": "0514", "severity": "serious", "days": 3, "on_spot": True, "reinspect": True,
    }  # fmt: skip


RICH = [
    {"type": "start", "name": "start"},
    {"type": "begin_group", "name": "g", "label::中文 (zh)": "组", "label::English (en)": "Group"},
    {"type": "select_multiple yn or_other", "name": "many", "label::中文 (zh)": "多选", "label::English (en)": "Many"},
    {"type": "end_group"},
    {"type": "begin_repeat", "name": "rooms", "label::中文 (zh)": "房间", "parameters": "min=1 max=5"},
    {"type": "decimal", "name": "size", "label::中文 (zh)": "${many}里的面积", "constraint": ". > 0 and . < 500",
     "constraint_message::中文 (zh)": "太大", "default": "1.5"},
    {"type": "begin_repeat", "name": "beds", "label::中文 (zh)": "床", "repeat_count": "${size} div 10"},
    {"type": "image", "name": "sign", "label::中文 (zh)": "签名", "appearance": "signature"},
    {"type": "end_repeat"},
    {"type": "end_repeat"},
    {"type": "calculate", "name": "whole", "calculation": "sum(${size})"},
    {"type": "range", "name": "mark", "label::中文 (zh)": "分", "parameters": "start=0 end=10 step=1", "relevant": "${whole} > 3"},
    {"type": "select_one yn", "name": "one", "label::中文 (zh)": "选", "choice_filter": "name != 'no' or ${whole} > 1"},
]  # fmt: skip


def test_groups_repeats_choices_and_expressions() -> None:
    definition = read(RICH).definition
    by_name = {item["name"]: item for item in every(definition["items"])}
    assert [item["name"] for item in by_name["g"]["children"]] == ["many", "many_other"]
    assert by_name["many_other"]["relevant"] == ["call", "selected", [["ref", "g/many"], ["str", "other"]]]
    assert by_name["many"]["choices"][-1]["name"] == "other"
    assert by_name["sign"]["path"] == "rooms/beds/sign" and by_name["sign"]["type"] == "signature"
    assert by_name["size"]["label"]["zh"] == "${g/many}里的面积" and by_name["size"]["default"] == 1.5
    assert by_name["rooms"]["parameters"] == {"min": 1, "max": 5}
    assert by_name["beds"]["count"] == ["op", "div", ["ref", "rooms/size"], ["num", 10]]
    assert by_name["one"]["choice_filter"][1][0] == ["op", "!=", ["col", "name"], ["str", "no"]]


def test_written_back_it_reads_the_same() -> None:
    definition = read(RICH).definition
    content = export_workbook(definition)
    assert import_workbook(content).definition == definition
    assert content == export_workbook(definition)


ASK = {"type": "text", "name": "a", "label": "问"}


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        ([ASK, {"type": "rank yn", "name": "b", "label": "问"}], ("survey", 3, "type"), "不支持题型"),
        (
            [{"type": "select_one_from_file a.csv", "name": "b", "label": "问"}],
            ("survey", 2, "type"),
            "不支持从外部文件",
        ),
        ([{"type": "select_one zz", "name": "b", "label": "问"}], ("survey", 2, "type"), "没有选项表 zz"),
        ([ASK, ASK], ("survey", 3, "name"), "用了两次"),
        ([{**ASK, "name": "_a"}], ("survey", 2, "name"), "以字母开头"),
        ([{**ASK, "label": ""}], ("survey", 2, "label"), "没有写给人看"),
        ([{**ASK, "relevant": "${b} = 1"}], ("survey", 2, "relevant"), "${b}"),
        ([{**ASK, "constraint": "foo(.)"}], ("survey", 2, "constraint"), "foo()"),
        ([{**ASK, "label": "看${b}"}], ("survey", 2, "label"), "${b}"),
        ([{"type": "calculate", "name": "x"}], ("survey", 2, "calculation"), "怎么算"),
        ([{**ASK, "relevant": "${a} = 1"}], ("survey", 2, "calculation"), "互相等着"),
        ([{"type": "begin_group", "name": "g", "label": "组"}, ASK], ("survey", 2, "type"), "没有结束"),
        ([ASK, {"type": "end_repeat"}], ("survey", 3, "type"), "没有对应的 begin"),
        ([{**ASK, **CHECK}], ("survey", 2, "huying_fails"), "单选题"),
        ([{**EXITS[0], "huying_fails": "maybe"}], ("survey", 2, "huying_fails"), "没有 maybe"),
        ([{**EXITS[0], "huying_item": "9999"}], ("survey", 2, "huying_item"), "9999"),
        ([{**EXITS[0], "huying_severity": "很大"}], ("survey", 2, "huying_severity"), "一般、严重、立即"),
        ([{**EXITS[0], "huying_days": "soon"}], ("survey", 2, "huying_days"), "天数"),
        ([{**ASK, "huying_registry": "premises.colour"}], ("survey", 2, "huying_registry"), "premises.colour"),
        ([{**ASK, "default": "${a}"}], ("survey", 2, "default"), "固定的值"),
        ([{**ASK, "parameters": "rows"}], ("survey", 2, "parameters"), "名=值"),
        ([ASK, {**ASK, "name": "b", "relevent": "1 = 2"}], ("survey", 3, "relevent"), "是不是 relevant"),
        ([{**EXITS[0], "huying_fail": "no"}], ("survey", 2, "huying_fail"), "是不是 huying_fails"),
        ([{**ASK, "huying_colour": "red"}], ("survey", 2, "huying_colour"), "huying_private"),
        ([{**ASK, "trigger": "${a}"}], ("survey", 2, "trigger"), "once()"),
        ([{**ASK, "media::image": "a.png"}], ("survey", 2, "media"), "图片"),
        ([{**ASK, "required_message::English (en)": "Do"}], ("survey", 2, "required_message"), "required_message"),
    ],
)
def test_problems_name_their_place(rows: list[dict[str, str]], place: tuple[str, int, str], words: str) -> None:
    sheet, row, column, text = said(rows)[0]
    assert (sheet, row, column) == place and words in text


def test_notes_of_the_author_are_no_problem_and_guidance_follows_the_hint() -> None:
    guided = {
        **ASK,
        "hint": "看门口",
        "guidance_hint": "两扇都要看",
        "guidance_hint::English (en)": "Both",
        "备注": "王工写",
    }
    (item,) = read([{**guided, "notes": "draft", "remark::English": "x"}]).definition["items"]
    assert item["hint"] == {"zh": "看门口\n两扇都要看", "en": "Both"}
    assert said([ASK], huying_kinds="检查")[0][2:] == ("huying_kinds", "没有 huying_kinds 这一列，是不是 huying_kind？")


@pytest.mark.parametrize(
    ("settings", "column"),
    [({"form_id": "1 x"}, "form_id"), ({"version": ""}, "version"), ({"form_title": ""}, "form_title"),
     ({"huying_post": "财务"}, "huying_post"), ({"huying_kind": "x"}, "huying_kind")],
)  # fmt: skip
def test_settings_are_checked(settings: dict[str, str], column: str) -> None:
    assert (said([ASK], **settings)[0][0], said([ASK], **settings)[0][2]) == ("settings", column)


def test_all_problems_come_at_once() -> None:
    assert (
        len(said([{**ASK, "constraint": "("}, {**ASK, "name": "b", "relevant": "${zz}"}, {"type": "x", "name": "c"}]))
        == 3
    )


def test_what_pyxform_refuses_is_refused() -> None:
    """A limit only pyxform knows: the step of a range must fit."""
    rows = [{"type": "range", "name": "r", "label": "分", "parameters": "start=1 end=10 step=0"}]
    sheet, _row, _column, text = said(rows)[0]
    assert sheet == "survey" and "XLSForm" in text


@pytest.mark.parametrize("content", [b"", b"not a table", b"PK\x03\x04", write_workbook({"other": [["a"]]})])
def test_other_files_are_refused(content: bytes) -> None:
    found = import_workbook(content)
    assert not found.ok and found.problems[0].words.en


def test_differences_between_versions_are_told() -> None:
    before = read(EXITS).definition
    after = read([{**EXITS[0], "label": "通道畅通"}, {"type": "note", "name": "new", "label": "新"}]).definition
    told = [(one.what, one.name, one.said) for one in compare(before, after)]
    assert told == [
        ("changed", "clear", "题目"),
        ("added", "new", "说明"),
        ("removed", "keeper", ""),
        ("removed", "front", ""),
    ]


# --- what comes with the program ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> dict[str, dict[str, Any]]:
    found = {}
    for file in sorted(SHIPPED.glob("*.xlsx")):
        read = import_workbook(file.read_bytes(), Known(CODES, FIELDS))
        assert read.ok, (file.name, [(one.row, one.words.zh) for one in read.problems])
        found[file.stem] = read.definition
    return found


def test_shipped_forms_are_current() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        script = importlib.import_module("shipped_forms")
    finally:
        sys.path.pop(0)
    assert script.stale() == [], "run: python scripts/shipped_forms.py --write"


def test_shipped_forms_have_154_inspection_items_of_all_posts(shipped: dict[str, dict[str, Any]]) -> None:
    counts: Counter[str] = Counter()
    for code, definition in shipped.items():
        if code.startswith("inspect_"):
            counts[definition["post"]] += count_checks(definition)
    assert counts.total() == 154
    assert set(counts) == set(POSTS) and min(counts.values()) >= 14


def test_shipped_forms_have_60_data_items_of_all_posts(shipped: dict[str, dict[str, Any]]) -> None:
    fields, posts = [], set()
    for code, definition in shipped.items():
        if code.startswith("collect_"):
            posts.add(definition["post"])
            fields += [item["registry"] for item in every(definition["items"]) if "registry" in item]
    assert len(fields) == len(set(fields)) == 60
    assert posts == set(POSTS)


def test_shipped_forms_speak_both_languages(shipped: dict[str, dict[str, Any]]) -> None:
    lacking = [
        (code, item["name"], name)
        for code, definition in shipped.items()
        for item in every(definition["items"])
        for name, words in [("label", item.get("label")), ("hint", item.get("hint")),
                            *(("choice", one["label"]) for one in item.get("choices", ()))]
        if words and not (words.get("zh") and words.get("en"))
    ]  # fmt: skip
    assert not lacking
    assert all(definition["title"].get("en") for definition in shipped.values())


def test_every_check_says_what_to_look_at(shipped: dict[str, dict[str, Any]]) -> None:
    silent = [item["name"] for one in shipped.values() for item in every(one["items"])
              if "finding" in item and not item.get("hint")]  # fmt: skip
    assert not silent


def test_shipped_forms_round_trip(shipped: dict[str, dict[str, Any]]) -> None:
    definition = shipped["small_premises_fire"]
    assert import_workbook(export_workbook(definition)).definition == definition


def test_small_premises_form_holds_all_of_the_practice(shipped: dict[str, dict[str, Any]]) -> None:
    items = {item["name"]: item for item in every(shipped["small_premises_fire"]["items"])}
    assert items["panorama"]["type"] == "panorama" and items["keeper_sign"]["type"] == "signature"
    assert {"witness_1", "witness_2", "witness_1_sign", "witness_2_sign", "refusal_handover"} <= set(items)
    assert sum("finding" in item for item in items.values()) == 26
    assert items["risk"]["registry"] == "premises.risk"
    assert len(outline(shipped["small_premises_fire"])) > 40


def test_settings_of_the_factory_are_all_ours() -> None:
    assert read_sheets(book(EXITS))["settings"][0].cells == SETTINGS
    assert json.dumps(read(EXITS).definition, ensure_ascii=False)
