"""The rows of the survey sheet, put together into questions, groups and repeats. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .asking import parameters, said, yes_or_no
from .expressions import ExpressionError, cycle, parse, reads_itself, references
from .findings import read_finding
from .vocabulary import RECORDED_ANYWAY, TYPES
from .workbook import Problem, Row

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_SELECT: Final = re.compile(r"(select_one|select_multiple) (\S+)( or_other)?")
_SPELLED: Final = re.compile(r"^select (one|multiple)\b", re.IGNORECASE)
_FROM_FILE: Final = re.compile(r"select[_ ](one|multiple)[_ ](from[_ ]file|external)\b")
_PIPED: Final = re.compile(r"\$\{\s*([^{}]+?)\s*\}")
DEEPEST: Final = 6
MOST_QUESTIONS: Final = 600
#: Our name of an expression → the columns that hold it.
EXPRESSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "relevant": ("relevant", "relevance"),
    "constraint": ("constraint",),
    "calculation": ("calculation", "calculate"),
    "choice_filter": ("choice_filter",),
    "count": ("repeat_count",),
}
OTHER: Final = {"name": "other", "label": {"zh": "其他", "en": "Other"}}


@dataclass(slots=True)
class Form:
    """What is known while a form is put together. ``problems`` grows."""

    lists: Mapping[str, list[dict[str, Any]]]
    items: Collection[str] | None
    fields: Mapping[str, Collection[str]] | None
    problems: list[Problem]
    paths: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def wrong(self, row: Row, column: str, zh: str, en: str) -> None:
        self.problems.append(Problem(Words(zh, en), "survey", row.number, column))


def compile_form(rows: Sequence[Row], form: Form) -> list[dict[str, Any]]:
    """The items of a form in their order and nesting; what is wrong is added to ``form.problems``."""
    items = _nested(rows, form)
    if len(form.rows) > MOST_QUESTIONS:
        form.wrong(rows[-1], "", f"题目太多，最多 {MOST_QUESTIONS} 题", f"Too many questions, at most {MOST_QUESTIONS}")
    if not form.rows:
        form.wrong(rows[0] if rows else Row(2), "type", "表单里没有题目", "The form has no questions")
    for item in _all(items):
        _finish(item, form)
    _refuse_circles(items, form)
    return items


def _nested(rows: Sequence[Row], form: Form) -> list[dict[str, Any]]:
    top: list[dict[str, Any]] = []
    open_now: list[tuple[dict[str, Any], Row]] = []
    for row in rows:
        kind = " ".join(row.get("type").split())
        plain = kind.lower().replace("_", " ")
        if not kind or plain in RECORDED_ANYWAY or row.get("disabled").lower() in ("yes", "true"):
            continue
        if plain in ("end group", "end repeat"):
            if not open_now or open_now[-1][0]["type"] != plain.split()[1]:
                form.wrong(row, "type", f"{kind} 没有对应的 begin", f"{kind} has no begin that belongs to it")
                continue
            group, _row = open_now.pop()
            if not group["children"]:
                form.wrong(_row, "type", f"{group['name']} 里没有题目", f"There is no question in {group['name']}")
            continue
        into = open_now[-1][0]["children"] if open_now else top
        above = open_now[-1][0]["path"] + "/" if open_now else ""
        made = _item(row, kind, above, form)
        into += made
        if made and "children" in made[0]:
            open_now.append((made[0], row))
            if len(open_now) > DEEPEST:
                form.wrong(row, "type", f"分组最多套 {DEEPEST} 层", f"Groups are nested at most {DEEPEST} deep")
                break
    for group, row in open_now:
        form.wrong(row, "type", f"{group['name']} 没有结束（缺 end_{group['type']}）", f"{group['name']} is not ended")
    return top


def _item(row: Row, kind: str, above: str, form: Form) -> list[dict[str, Any]]:
    """The item of a row (and the text behind “other”), its expressions still as written; [] where it is refused."""
    name = row.get("name")
    if not _NAME.fullmatch(name):
        form.wrong(
            row, "name", f"题名“{name}”要以字母开头，只用字母、数字和 _，最多 60 个字符",
            f"The name “{name}” begins with a letter and has letters, digits and _ only, at most 60",
        )  # fmt: skip
        return []
    if name in form.paths:
        form.wrong(row, "name", f"题名 {name} 用了两次，请改一个", f"The name {name} is used twice; change one of them")
        return []
    item: dict[str, Any] = {"name": name, "path": above + name, "type": "", "label": said(row, "label")}
    other = _typed(item, kind, row, form)
    if not item["type"]:
        return []
    form.paths[name] = item["path"]
    form.rows[item["path"]] = row
    if not item["label"] and item["type"] not in ("group", "calculate", "hidden"):
        form.wrong(row, "label", f"{name} 没有写给人看的题目（label）", f"{name} has no words for people (label)")
    _details(item, row, form)
    if not other:
        return [item]
    more: dict[str, Any] = {"name": f"{name}_other", "path": f"{above}{name}_other", "type": "text", "required": True,
            "label": {"zh": "其他，请写明", "en": "Other, please say"},
            "relevant": ["call", "selected", [["ref", item["path"]], ["str", "other"]]]}  # fmt: skip
    form.paths[more["name"]] = more["path"]
    form.rows[more["path"]] = Row(row.number)
    return [item, more]


def _typed(item: dict[str, Any], kind: str, row: Row, form: Form) -> bool:
    """Set the type, and choices or children; whether “other” is offered too."""
    plain = kind.lower().replace("_", " ")
    select = _SELECT.fullmatch(_SPELLED.sub(r"select_\1", kind))
    if plain in ("begin group", "begin repeat"):
        item |= {"type": plain.split()[1], "children": []}
    elif select and not _FROM_FILE.match(kind.lower()):
        item["type"] = "select_one" if "one" in select[1] else "select_multiple"
        if select[2] not in form.lists:
            form.wrong(
                row, "type", f"choices 表里没有选项表 {select[2]}", f"There is no list {select[2]} in the sheet choices"
            )
        item["choices"] = [*form.lists.get(select[2], ())]
        item["list"] = f"{select[2]}_other" if select[3] else select[2]
        if select[3] and all(one["name"] != "other" for one in item["choices"]):
            item["choices"].append(OTHER)
        return bool(select[3])
    elif _FROM_FILE.match(kind.lower()):
        form.wrong(
            row, "type", "不支持从外部文件选择；请把选项写进 choices 表，再用 choice_filter 筛选",
            "Choosing from a file is not supported; put the choices into the sheet choices and use choice_filter",
        )  # fmt: skip
    elif plain in TYPES:
        item["type"] = _image_kind(row) if TYPES[plain] == "image" else TYPES[plain]
    else:
        form.wrong(
            row, "type", f"不支持题型 {kind}；支持的题型见《表单》参考",
            f"The type {kind} is not supported; see the reference of forms for those that are",
        )  # fmt: skip
    return False


def _image_kind(row: Row) -> str:
    appearance = row.get("appearance").lower().split()
    if "signature" in appearance or "draw" in appearance:
        return "signature"
    return "panorama" if "panorama" in appearance else "image"


def _details(item: dict[str, Any], row: Row, form: Form) -> None:
    hint, message = _hint(row), said(row, "constraint_message")
    item |= {"hint": hint} if hint else {}
    item |= {"constraint_message": message} if message else {}
    if row.get("appearance"):
        item["appearance"] = row.get("appearance")
    if row.get("parameters"):
        read = parameters(row.get("parameters"))
        if read is None:
            form.wrong(
                row,
                "parameters",
                "parameters 写成 名=值，如 start=0 end=10",
                "parameters is written name=value, as start=0 end=10",
            )
        item["parameters"] = read or {}
    for column, name in (("read_only", "read_only"), ("readonly", "read_only"), ("huying_private", "private")):
        answer = yes_or_no(row.get(column))
        if answer is None:
            form.wrong(row, column, f"{column} 写 yes 或 no", f"{column} is yes or no")
        elif answer:
            item[name] = True
    if row.get("default") and "children" not in item:
        item["default"] = _default(item, row, form)
    required = yes_or_no(row.get("required"))
    item |= {"required": True if required else row.get("required")} if required or required is None else {}
    item |= {name: text for name, columns in EXPRESSIONS.items() if (text := row.get(*columns))}
    item |= read_finding(item, row, form)


def _hint(row: Row) -> dict[str, str]:
    """What stands below the question; what is written for guidance follows it."""
    hint, more = said(row, "hint"), said(row, "guidance_hint")
    languages = dict.fromkeys((*hint, *more))
    return {one: "\n".join(part for part in (hint.get(one), more.get(one)) if part) for one in languages}


def _default(item: dict[str, Any], row: Row, form: Form) -> Any:
    text = row.get("default")
    if "${" in text or re.search(r"[a-z]\(.*\)$", text):
        form.wrong(
            row, "default", "default 只写固定的值；要算出来的写 calculation，可用 once()",
            "default is a fixed value; what is worked out stands in calculation, with once()",
        )  # fmt: skip
        return None
    if item["type"] == "select_multiple":
        return text.split()
    if item["type"] in ("integer", "decimal", "range"):
        try:
            return int(text) if item["type"] == "integer" else float(text)
        except ValueError:
            form.wrong(row, "default", f"default 要写数字，不是“{text}”", f"default is a number, not “{text}”")
            return None
    return text


def _finish(item: dict[str, Any], form: Form) -> None:
    """Turn what is written into trees, and ``${name}`` in words into ``${path}``."""
    row = form.rows[item["path"]]
    for name in (*EXPRESSIONS, "required"):
        text = item.get(name)
        if isinstance(text, str):
            column = next(iter(EXPRESSIONS.get(name, (name,))))
            try:
                item[name] = parse(text, form.paths.get, columns=name == "choice_filter")
            except ExpressionError as error:
                form.wrong(row, column, f"{column}：{error.words.zh}", f"{column}: {error.words.en}")
                item[name] = ["bool", True]
    if item["type"] == "calculate" and "calculation" not in item:
        form.wrong(
            row, "calculation", f"{item['name']} 没有写怎么算", f"{item['name']} does not say what is calculated"
        )
    for name in ("label", "hint", "constraint_message"):
        if name in item:
            item[name] = {language: _with_paths(text, row, name, form) for language, text in item[name].items()}
    if not item["label"]:
        del item["label"]


def _with_paths(text: str, row: Row, column: str, form: Form) -> str:
    def path(match: re.Match[str]) -> str:
        if match[1] not in form.paths:
            form.wrong(row, column, f"表单里没有 ${{{match[1]}}}", f"There is no ${{{match[1]}}} in the form")
        return "${" + form.paths.get(match[1], match[1]) + "}"

    return _PIPED.sub(path, text)


def _refuse_circles(items: list[dict[str, Any]], form: Form) -> None:
    needs: dict[str, list[str]] = {}

    def walk(inside: Sequence[dict[str, Any]], above: list[str]) -> None:
        for item in inside:
            own = [*above, *references(item.get("relevant") or [])]
            needs[item["path"]] = [
                *own,
                *references(item.get("calculation") or []),
                *references(item.get("count") or []),
            ]
            walk(item.get("children", ()), own)
            if reads_itself(item.get("relevant") or []):
                form.wrong(form.rows[item["path"]], "relevant", "relevant 里不能用“.”", "relevant cannot read “.”")

    walk(items, [])
    found = cycle(needs)
    if found:
        way = " → ".join(path.rsplit("/", 1)[-1] for path in found)
        form.wrong(
            form.rows[found[0]], "calculation", f"这些题互相等着对方：{way}", f"These wait for each other: {way}"
        )


def _all(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for item in items for one in (item, *_all(item.get("children", ())))]
