"""Tables for the measuring commands: columns by name, errors that speak on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from huying.kernel.errors import Invalid
from huying.kernel.tables import rows_of


def columns_of(said: str) -> list[str]:
    """``title,text`` → its names."""
    return [name.strip() for name in said.replace("，", ",").split(",") if name.strip()]


def table_of(file: Path, names: Sequence[str]) -> list[list[str]]:
    """The named columns of every row, in this order, as trimmed text."""
    try:
        rows = rows_of(file)
        header = [_cell(cell).lstrip("\ufeff") for cell in next(rows, [])]
        for name in names:
            if name not in header:
                raise click.BadParameter(f"no column {name!r}; there are {', '.join(header)}")
        places = [header.index(name) for name in names]
        return [[_cell(row[place]) if place < len(row) else "" for place in places] for row in rows if row]
    except Invalid as error:
        raise click.ClickException(f"{file.name}: {error}") from error


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()
