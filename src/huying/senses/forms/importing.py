"""From an XLSForm workbook to the definition that phones, the desk and the server work with.

The columns are those of https://xlsform.org and a few of ours beginning with ``huying_`` (docs/reference/forms.md). Every problem
is found in one go and says sheet, row, column and what to do. pyxform reads the form as well: what it refuses, we refuse.
Pure: no database, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .asking import read_choices, said
from .columns import READ, unread_columns
from .compiling import Form, compile_form
from .pyxform_check import refused_by_pyxform
from .vocabulary import KINDS, POSTS, SUBJECTS, code_of, offered
from .workbook import Problem, Row, Sheets, Unreadable, read_sheets

_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}")
MOST_PROBLEMS: Final = 100


@dataclass(frozen=True, slots=True)
class Known:
    """What a form may point to outside itself. None: not checked."""

    items: Collection[str] | None = None
    fields: Mapping[str, Collection[str]] | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """The definition, or else every problem of the form."""

    definition: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


def import_workbook(content: bytes, known: Known | None = None) -> Imported:
    """Read a file (see :func:`import_sheets`)."""
    try:
        return import_sheets(read_sheets(content), known)
    except Unreadable as error:
        return Imported(problems=(Problem(error.words),))


def shipped_version(content: bytes) -> str:
    """The version a workbook gives itself, "" for none; nothing else of it is looked at. Raises Unreadable."""
    rows = read_sheets(content).get("settings", ())
    return rows[0].get("version") if rows else ""


def import_sheets(sheets: Sheets, known: Known | None = None) -> Imported:
    """The definition of a form, or all that is wrong with it."""
    known = known or Known()
    problems: list[Problem] = []
    head = _settings(sheets.get("settings", ()), problems)
    lists = read_choices(sheets.get("choices", ()), problems)
    form = Form(lists, known.items, known.fields, problems)
    items = compile_form(sheets["survey"], form)
    for name in READ:
        problems += unread_columns(name, sheets.get(name, ()))
    if not problems:
        problems += refused_by_pyxform(sheets)
    if problems:
        ordered = sorted(problems, key=lambda one: (one.sheet != "survey", one.sheet, one.row))
        return Imported(problems=tuple(ordered[:MOST_PROBLEMS]))
    return Imported(definition=head | {"items": items})


def _settings(rows: Sequence[Row], problems: list[Problem]) -> dict[str, Any]:
    row = rows[0] if rows else Row(2)

    def wrong(column: str, zh: str, en: str) -> None:
        problems.append(Problem(Words(zh, en), "settings", row.number, column))

    code, version = row.get("form_id", "id_string"), row.get("version")
    if not _CODE.fullmatch(code):
        wrong(
            "form_id", "form_id 要以字母开头，只用字母、数字、_ - .，最多 40 个字符",
            "form_id begins with a letter and has letters, digits, _ - . only, at most 40",
        )  # fmt: skip
    if not _VERSION.fullmatch(version):
        wrong(
            "version", "version 要写版本号，如 1 或 2026.1，最多 20 个字符",
            "version is the number of the version, such as 1 or 2026.1, at most 20 characters",
        )  # fmt: skip
    title = said(row, "form_title") or said(row, "title")
    if not title.get("zh"):
        wrong("form_title", "form_title 要写表单的名字", "form_title is the name of the form")
    head: dict[str, Any] = {"code": code, "version": version, "title": title}
    for column, name, words in (
        ("huying_post", "post", POSTS), ("huying_kind", "kind", KINDS), ("huying_subject", "subject", SUBJECTS)
    ):  # fmt: skip
        head[name] = code_of(words, row.get(column))
        if not head[name]:
            wrong(
                column, f"{column} 要写其中一个：{offered(words)}", f"{column} is one of: {', '.join(words)}"
            )  # fmt: skip
    return head
