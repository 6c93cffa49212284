"""The forms that come with the program: `python scripts/shipped_forms.py --write` writes each .yaml of `senses/forms/shipped` as
an .xlsx beside it; without it, says which are not current. The .xlsx is the XLSForm that is loaded; the .yaml is for reading.

A line under ``checks`` is ``name | 中文 | English | 看什么 | what to look at | item | severity | days | flags`` (flags: s may be
put right on the spot, n no second look). ``fields`` are questions made from the fields of the registry.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

SHIPPED: Final = Path(__file__).parents[1] / "src" / "huying" / "senses" / "forms" / "shipped"
LISTS: Final = "lists.yaml"
ZH: Final = "中文 (zh)"
EN: Final = "English (en)"
COLUMNS: Final = (
    "type", "name", f"label::{ZH}", f"label::{EN}", f"hint::{ZH}", f"hint::{EN}", "required", "relevant", "constraint",
    f"constraint_message::{ZH}", f"constraint_message::{EN}", "calculation", "default", "appearance", "parameters",
    "huying_fails", "huying_item", "huying_severity", "huying_days", "huying_on_spot", "huying_reinspect",
    "huying_registry", "huying_private",
)  # fmt: skip
SIGNED: Final = [
    {"type": "begin_group", "name": "ending", "zh": "结果与签名", "en": "Result and signature"},
    {"type": "text", "name": "remark", "zh": "备注", "en": "Note", "appearance": "multiline"},
    {"type": "text", "name": "keeper", "zh": "现场负责人姓名", "en": "Name of the person in charge", "huying_private": True},
    {"type": "acknowledge", "name": "told", "zh": "已当面说明检查结果", "en": "The result was explained face to face",
     "required": True},
    {"type": "image", "name": "keeper_sign", "zh": "负责人签名", "en": "Signature of the person in charge",
     "appearance": "signature"},
    {"type": "end_group"},
]  # fmt: skip
TYPES: Final = {"text": "text", "phone": "text", "id_number": "text", "date": "date", "integer": "integer",
                "decimal": "decimal"}  # fmt: skip
Cells = dict[str, str]


def sheets(source: Path) -> dict[str, list[list[str]]]:
    """The sheets of the form that a .yaml file describes."""
    form = yaml.safe_load(source.read_text(encoding="utf-8"))
    lists = yaml.safe_load((SHIPPED / LISTS).read_text(encoding="utf-8")) | form.get("lists", {})
    failing: list[tuple[str, str]] = []
    rows = [_row(one) for one in _questions(form, lists, failing)]
    for row in rows:
        row["calculation"] = _counted(row.get("calculation", ""), failing)
    used = dict.fromkeys(row["type"].split()[1] for row in rows if row["type"].startswith("select_"))
    title_zh, title_en = form["title"]
    columns = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    return {
        "survey": [columns, *([row.get(name, "") for name in columns] for row in rows)],
        "choices": [["list_name", "name", f"label::{ZH}", f"label::{EN}"],
                    *([name, *map(str, choice)] for name in used for choice in lists[name])],
        "settings": [
            ["form_title", f"form_title::{EN}", "form_id", "version", "default_language", "huying_post", "huying_kind",
             "huying_subject"],
            [title_zh, title_en, form["code"], form["version"], ZH, form["post"], form["kind"], form["subject"]],
        ],
    }  # fmt: skip


def _questions(form: dict[str, Any], lists: dict[str, Any], failing: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    yield from form.get("questions", ())
    for group in form.get("groups", ()):
        zh, en = group["label"]
        yield {"type": "begin_group", "name": group["name"], "zh": zh, "en": en, "relevant": group.get("relevant", "")}
        yield from group.get("questions", ())
        for line in group.get("checks", ()):
            yield _check(line, failing)
        yield {"type": "end_group"}
    for name in form.get("fields", ()):
        yield _of_field(name, form, lists)
    if form.get("tail") == "sign":
        yield from SIGNED


def _check(line: str, failing: list[tuple[str, str]]) -> dict[str, Any]:
    name, zh, en, hint_zh, hint_en, item, severity, days, flags = (part.strip() for part in line.split("|"))
    failing.append((name, severity))
    return {
        "type": "select_one results", "name": name, "zh": zh, "en": en, "hint": [hint_zh, hint_en], "required": True,
        "huying_fails": "bad", "huying_item": item, "huying_severity": severity, "huying_days": days,
        "huying_on_spot": "s" in flags, "huying_reinspect": "n" not in flags,
    }  # fmt: skip


def _of_field(name: str, form: dict[str, Any], lists: dict[str, Any]) -> dict[str, Any]:
    """A question for one field of the registry, in its own words and with its own choices."""
    from huying.ground.registry.fields import as_json

    kind, _dot, own = name.partition(".")
    field = next(one for one in as_json()[kind] if one["name"] == own)
    question = {
        "type": TYPES.get(field["type"], ""), "name": f"{kind}_{own}", "huying_registry": name,
        "zh": field["label"]["zh"], "en": field["label"]["en"], "huying_private": field["private"],
        "required": field["required"], "hint": form.get("hints", {}).get(name, ["", ""]),
    }  # fmt: skip
    if field["type"] == "choice":
        lists[f"{kind}_{own}"] = [[one["name"], one["label"]["zh"], one["label"]["en"]] for one in field["choices"]]
        question["type"] = f"select_one {kind}_{own}"
    elif field["type"] == "boolean":
        question["type"] = "select_one yes_no"
    elif field["type"] in ("integer", "decimal"):
        bounds = [(">=", field.get("least")), ("<=", field.get("most"))]
        question["constraint"] = " and ".join(f". {sign} {bound}" for sign, bound in bounds if bound is not None)
    elif field["type"] == "phone":
        question["constraint"] = r"regex(., '\+?\d[\d-]{2,19}')"
        question["constraint_message"] = ["电话号码不对", "This is no phone number"]
    elif field["type"] == "id_number":
        question["constraint"] = r"regex(., '\d{17}[\dXx]')"
        question["constraint_message"] = ["身份证号是18位", "The identity number has 18 signs"]
    return question


def _counted(text: str, failing: list[tuple[str, str]]) -> str:
    """Counts of failing checks, all and those at once, in place of {failing} and {failing_at_once}."""

    def sum_of(names: list[str]) -> str:
        return "(" + " + ".join(f"(${{{name}}} = 'bad')" for name in names) + ")"

    if "{failing" not in text.replace("${failing}", ""):
        return text
    at_once = sum_of([name for name, severity in failing if severity == "at_once"])
    kept = text.replace("${failing}", "\0").replace("{failing_at_once}", at_once)
    return kept.replace("{failing}", sum_of([name for name, _severity in failing])).replace("\0", "${failing}")


def _row(question: dict[str, Any]) -> Cells:
    row: Cells = {}
    for name, value in question.items():
        if name in ("zh", "en"):
            row[f"label::{ZH if name == 'zh' else EN}"] = str(value)
        elif name in ("hint", "constraint_message"):
            row[f"{name}::{ZH}"], row[f"{name}::{EN}"] = map(str, value)
        elif isinstance(value, bool):
            row[name] = "yes" if value else "no" if name.startswith("huying_") and name != "huying_private" else ""
        else:
            row[name] = str(value)
    return row


def stale(*, write: bool = False) -> list[str]:
    """The names of .xlsx files that differ from their .yaml; with ``write`` they are written."""
    from huying.senses.forms.workbook import read_sheets, write_workbook

    wrong = []
    for source in sorted(SHIPPED.glob("*.yaml")):
        if source.name == LISTS:
            continue
        target, made = source.with_suffix(".xlsx"), write_workbook(sheets(source))
        if not target.exists() or read_sheets(target.read_bytes()) != read_sheets(made):
            wrong.append(target.name)
            if write:
                target.write_bytes(made)
    return wrong


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.config.settings")
    sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
    import django

    django.setup()
    write = "--write" in sys.argv
    found = stale(write=write)
    print("\n".join(f"{'written' if write else 'not current'}: {name}" for name in found) or "all current")
    return 0 if write or not found else 1


if __name__ == "__main__":
    sys.exit(main())
