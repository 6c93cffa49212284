"""What the measuring commands share: columns by name with errors that speak, and `--json [OUT]`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from huying.kernel.console import Console
from huying.kernel.errors import Invalid
from huying.kernel.tables import Table


def columns_of(said: str) -> list[str]:
    """``title,text`` → its names. Raises click.BadParameter when there are none."""
    names = [name.strip() for name in said.replace("，", ",").split(",") if name.strip()]
    if not names:
        raise click.BadParameter("name at least one column")
    return names


def table_of(file: Path, asked: Mapping[str, str | Sequence[str] | None]) -> list[dict[str, str]]:
    """Every row of a table with the columns each option asks for, by their names; an option may ask for none."""
    named = {option: [names] if isinstance(names, str) else names or [] for option, names in asked.items()}
    with opened(file) as table:
        for option, names in named.items():
            require(table, names, option)
        return list(table.rows(name for names in named.values() for name in names))


@contextmanager
def opened(file: Path) -> Iterator[Table]:
    """The table while it is read; what is no table ends the command, naming the file."""
    try:
        yield Table(file)
    except Invalid as error:
        raise click.ClickException(f"{file}: {error}") from error


def present(table: Table, names: Sequence[str]) -> list[str]:
    """Those of the names that are columns."""
    return [name for name in names if name in table.header]


def require(table: Table, names: Sequence[str], option: str) -> None:
    """Refuse names that are no columns. Raises click.BadParameter, which says what there is."""
    for name in names:
        if name not in table.header:
            raise click.BadParameter(f"no column {name!r}; {offer(table)}", param_hint=option)


def offer(table: Table) -> str:
    """Which columns there are, for those who asked for others."""
    return f"{table.file} has {', '.join(filter(None, table.header)) or 'nothing'}"


def report_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json [OUT]`; the function gets a Console as its first argument, which tells the result there."""

    @click.option(
        "--json",
        "out",
        is_flag=False,
        flag_value="-",
        metavar="[OUT]",
        help="Write one JSON object to OUT, or print it.",
    )
    @functools.wraps(function)
    def with_console(*args: Any, out: str | None, **kwargs: Any) -> Any:
        file = Path(out) if out and out != "-" else None
        return function(Console(as_json=out == "-", file=file), *args, **kwargs)

    return with_console
