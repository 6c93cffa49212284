"""Reading cells of an XLSForm: words in several languages, yes and no, numbers, lists of choices. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .workbook import Problem, Row

Said = dict[str, str]
_LANGUAGE: Final = re.compile(r"\(([A-Za-z]{2,3})(?:-[A-Za-z]+)?\)\s*$")
_NAMES: Final = {"中文": "zh", "简体中文": "zh", "chinese": "zh", "english": "en", "英文": "en", "zh": "zh", "en": "en"}
_CHOICE: Final = re.compile(r"[^\s,，;；\"'`]{1,60}")
_YES: Final = frozenset({"yes", "true", "true()", "1", "是"})
_NO: Final = frozenset({"no", "false", "false()", "0", "否", ""})
MOST_SAID: Final = 2000
_OURS: Final = frozenset({"list_name", "list", "name", "value", "image", "audio", "video", "big-image"})


def said(row: Row, column: str) -> Said:
    """What a cell says in each language: ``label::English (en)`` → {"en": …}; a plain ``label`` is Chinese."""
    found: Said = {}
    for name, text in row.cells.items():
        base, sign, language = name.partition("::")
        if base == column and sign:
            found[_language(language)] = text[:MOST_SAID]
    if column in row.cells:
        found.setdefault("zh", row.cells[column][:MOST_SAID])
    return dict(sorted(found.items(), key=lambda pair: pair[0] != "zh"))


def _language(text: str) -> str:
    match = _LANGUAGE.search(text)
    return match[1].lower() if match else _NAMES.get(text.strip().lower(), text.strip().lower()[:12])


def yes_or_no(text: str) -> bool | None:
    """What a cell like yes, true(), 是, no or nothing means; None for another text."""
    lower = text.strip().lower()
    return True if lower in _YES else False if lower in _NO else None


def read_choices(rows: Sequence[Row], problems: list[Problem]) -> dict[str, list[dict[str, Any]]]:
    """The lists of choices by name; columns other than names and labels are kept for filters."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        name, choice, label = row.get("list_name", "list"), row.get("name", "value"), said(row, "label")
        if not name and not choice:
            continue
        wrong = _wrong_choice(name, choice, label, lists)
        if wrong:
            column, words = wrong
            problems.append(Problem(words, "choices", row.number, column))
            continue
        columns = {
            column: text
            for column, text in row.cells.items()
            if column.partition("::")[0] not in (*_OURS, "label", "media")
        }
        lists.setdefault(name, []).append({"name": choice, "label": label, **columns})
    return lists


def _wrong_choice(
    name: str, choice: str, label: Said, lists: dict[str, list[dict[str, Any]]]
) -> tuple[str, Words] | None:
    if not name:
        return "list_name", Words("没有写属于哪个选项表（list_name）", "The list it belongs to (list_name) is missing")
    if not _CHOICE.fullmatch(choice):
        return "name", Words(
            "选项的 name 不能空，不能有空格、逗号和引号",
            "The name of a choice is not empty and has no blank, comma or quote",
        )
    if not label:
        return "label", Words("选项没有写给人看的文字（label）", "The choice has no words for people (label)")
    if any(one["name"] == choice for one in lists.get(name, ())):
        return "name", Words(f"选项表 {name} 里有两个 {choice}", f"The list {name} has two choices {choice}")
    return None


def parameters(text: str) -> dict[str, str | int | float] | None:
    """``start=0 end=10 step=2`` → numbers and texts by name; None where it is not so written."""
    found: dict[str, str | int | float] = {}
    for part in re.split(r"[\s,;]+", text.strip()):
        name, sign, value = part.partition("=")
        if not part:
            continue
        if not sign or not name or not value:
            return None
        found[name.strip().lower()] = _number(value.strip())
    return found


def _number(text: str) -> str | int | float:
    if re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text, re.ASCII) else text
