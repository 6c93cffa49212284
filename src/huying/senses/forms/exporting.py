"""A definition written back as an XLSForm that reads to the same definition. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .expressions import number_text, written
from .vocabulary import KINDS, POSTS, SUBJECTS
from .workbook import write_workbook

_COLUMNS: Final = {"zh": "中文 (zh)", "en": "English (en)"}
_PIPED: Final = re.compile(r"\$\{([^{}]*/)?([^{}/]+)\}")
_SURVEY: Final = (
    "type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message", "calculation", "default",
    "read_only", "appearance", "parameters", "choice_filter", "repeat_count", "huying_fails", "huying_item",
    "huying_severity", "huying_days", "huying_on_spot", "huying_reinspect", "huying_registry", "huying_private",
)  # fmt: skip
_SAID: Final = frozenset({"label", "hint", "constraint_message"})
_EXPRESSIONS: Final = {
    "relevant": "relevant", "constraint": "constraint", "calculation": "calculation", "choice_filter": "choice_filter",
    "count": "repeat_count",
}  # fmt: skip

Cells = dict[str, str]


def export_workbook(definition: Mapping[str, Any]) -> bytes:
    """The bytes of an .xlsx file of the form."""
    return write_workbook(export_sheets(definition))


def export_sheets(definition: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """Sheets survey, choices and settings, each a header and its lines."""
    lists: dict[str, list[dict[str, Any]]] = {}
    survey = list(_rows(definition["items"], lists))
    choices = [
        {"list_name": name, "name": choice["name"], **_said("label", choice["label"]),
         **{column: str(value) for column, value in choice.items() if column not in ("name", "label")}}
        for name, inside in lists.items()
        for choice in inside
    ]  # fmt: skip
    title = definition["title"]
    settings = {
        "form_title": title.get("zh", ""), "form_title::English (en)": title.get("en", ""),
        "form_id": definition["code"], "version": definition["version"],
        "default_language": _COLUMNS["zh"],
        "huying_post": POSTS[definition["post"]].zh, "huying_kind": KINDS[definition["kind"]].zh,
        "huying_subject": SUBJECTS[definition["subject"]].zh,
    }  # fmt: skip
    return {
        "survey": _table(survey, [one for name in _SURVEY for one in _headers(name, survey)]),
        "choices": _table(choices, list(dict.fromkeys(name for row in choices for name in row)) or ["list_name"]),
        "settings": _table([settings], [name for name, text in settings.items() if text]),
    }


def _headers(name: str, rows: list[Cells]) -> list[str]:
    found = {one for row in rows for one in row if one.partition("::")[0] == name}
    return sorted(found, key=lambda one: (one != f"{name}::{_COLUMNS['zh']}", one))


def _table(rows: Iterable[Cells], header: list[str]) -> list[list[str]]:
    return [header, *([row.get(name, "") for name in header] for row in rows)]


def _rows(items: Iterable[Mapping[str, Any]], lists: dict[str, list[dict[str, Any]]]) -> Iterable[Cells]:
    for item in items:
        kind = item["type"]
        yield _row(item, lists)
        if "children" in item:
            yield from _rows(item["children"], lists)
            yield {"type": f"end_{kind}"}


def _row(item: Mapping[str, Any], lists: dict[str, list[dict[str, Any]]]) -> Cells:
    kind = item["type"]
    cells: Cells = {"type": kind, "name": item["name"]}
    if kind in ("group", "repeat"):
        cells["type"] = f"begin_{kind}"
    elif kind in ("signature", "panorama"):
        cells["type"] = "image"
    elif "choices" in item:
        cells["type"] = f"{kind} {_list_of(item, lists)}"
    for name in _SAID:
        cells |= _said(name, item.get(name, {}))
    cells |= {column: written(item[name]) for name, column in _EXPRESSIONS.items() if name in item}
    if item.get("required"):
        cells["required"] = "yes" if item["required"] is True else written(item["required"])
    cells |= {name: "yes" for name in ("read_only",) if item.get(name)}
    cells |= {"huying_private": "yes"} if item.get("private") else {}
    cells |= {"appearance": item["appearance"]} if "appearance" in item else {}
    cells |= {"huying_registry": item["registry"]} if "registry" in item else {}
    if item.get("parameters"):
        cells["parameters"] = " ".join(f"{name}={_text(value)}" for name, value in item["parameters"].items())
    if "default" in item:
        cells["default"] = _text(item["default"])
    return cells | _finding(item.get("finding"))


def _finding(finding: Mapping[str, Any] | None) -> Cells:
    if not finding:
        return {}
    return {
        "huying_fails": ",".join(finding["fails"]), "huying_item": finding["item"],
        "huying_severity": finding["severity"], "huying_days": str(finding["days"]),
        "huying_on_spot": "yes" if finding["on_spot"] else "no",
        "huying_reinspect": "yes" if finding["reinspect"] else "no",
    }  # fmt: skip


def _list_of(item: Mapping[str, Any], lists: dict[str, list[dict[str, Any]]]) -> str:
    """The name of the list with these choices; equal lists of one name are written once."""
    own = name = str(item.get("list") or "list_1")
    number = 1
    while lists.setdefault(name, item["choices"]) != item["choices"]:
        number += 1
        name = f"{own}_{number}"
    return name


def _said(name: str, words: Mapping[str, str]) -> Cells:
    return {f"{name}::{_COLUMNS.get(code, code)}": _PIPED.sub(r"${\2}", text) for code, text in words.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return number_text(value) if isinstance(value, float) else str(value)
