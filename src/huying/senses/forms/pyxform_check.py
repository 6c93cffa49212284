"""A second opinion: pyxform, the reader of XLSForm that everybody uses, reads the form too. What it refuses is refused."""

from __future__ import annotations

import re
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .workbook import Problem, Sheets

_PLACE: Final = re.compile(r"\[row : (\d+)\]\s*")
_SHEET: Final = re.compile(r"'(survey|choices|settings)' sheet")
_COLUMN: Final = re.compile(r"the '([a-z_:]+)' value")


def refused_by_pyxform(sheets: Sheets) -> list[Problem]:
    """What pyxform says against the form, at the place in our sheets."""
    from pyxform.errors import PyXFormError  # slow to import, and only a form that is brought in needs it
    from pyxform.xls2xform import convert

    plain: dict[str, Any] = {}
    for name, rows in sheets.items():
        plain[name] = [_plain(row.cells) for row in rows]
        columns = list(dict.fromkeys(column for row in plain[name] for column in row))
        plain[f"{name}_header"] = [dict.fromkeys(columns)]
    try:
        convert(xlsform=plain, validate=False, warnings=[])
    except PyXFormError as error:
        return [_problem(str(error), sheets)]
    except Exception as error:  # it reads what a stranger wrote, and not every fault of it is a PyXFormError
        return [_problem(f"{type(error).__name__}: {error}", sheets)]
    return []


def _plain(cells: Any) -> dict[str, str]:
    """The columns pyxform knows; ours say nothing to it, and it knows no limits of a repeat."""
    repeat = cells.get("type", "").replace("_", " ").lower().startswith("begin repeat")
    return {
        name: text
        for name, text in cells.items()
        if not name.startswith(("huying_", "form_title::")) and not (repeat and name == "parameters")
    }


def _problem(message: str, sheets: Sheets) -> Problem:
    place, sheet, column = _PLACE.search(message), _SHEET.search(message), _COLUMN.search(message)
    name = sheet[1] if sheet else "survey"
    index = int(place[1]) - 2 if place else -1
    rows = sheets.get(name, ())
    number = rows[index].number if 0 <= index < len(rows) else 0
    text = _PLACE.sub("", message).strip()[:500]
    return Problem(
        Words(f"XLSForm 校验没有通过：{text}", f"The form is not valid XLSForm: {text}"),
        name,
        number,
        column[1] if column else "",
    )
