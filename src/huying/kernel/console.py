"""Commands of the command line: every one that talks to an instance takes `--data-dir` and `--json`, shows progress on a
terminal, and ends with one line (or one JSON object) that sums up what it did.

A package offers commands in its `commands.py` as a list named `commands`; `huying` mounts them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import click

from huying.kernel.progress import Progress, for_terminal


class Instance(Protocol):
    """What the root of the command line carries as `ctx.obj`."""

    def connected(self) -> AbstractContextManager[None]:
        """Make the database of `--data-dir` answer for as long as the command runs."""


class Console:
    """What a command says: progress while it works, one summary at its end, and the same facts in ``file`` if there is one."""

    def __init__(self, *, as_json: bool, file: Path | None = None) -> None:
        self.as_json = as_json
        self.file = file

    def progress(self) -> Progress:
        return for_terminal(quiet=self.as_json)

    def say(self, line: str) -> None:
        """A line for people on standard error; silent with --json."""
        if not self.as_json:
            click.echo(line, err=True)

    def done(self, summary: str, **facts: Any) -> None:
        """The last line; with --json one object holding `facts` and the summary. Raises click.FileError."""
        told = {**facts, "summary": summary}
        if self.file:
            try:
                self.file.write_text(_json(told, indent=1) + "\n", encoding="utf-8")
            except OSError as error:
                raise click.FileError(str(self.file), error.strerror) from error
        click.echo(_json(told) if self.as_json else summary)


def _json(facts: dict[str, Any], indent: int | None = None) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=indent, default=str)


class InstanceCommand(click.Command):
    """A command that runs while the database of its instance answers."""

    def invoke(self, ctx: click.Context) -> Any:
        instance = ctx.find_root().obj
        if instance is None:
            return super().invoke(ctx)
        with instance.connected():
            return super().invoke(ctx)


def data_dir_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--data-dir`; its value is read before Django starts, so the command itself never sees it."""
    return click.option(
        "--data-dir",
        type=click.Path(file_okay=False),
        expose_value=False,
        help="Directory of the instance [default: $HUYING_DATA_DIR or ./.huying].",
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`; the function gets a Console as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
    @functools.wraps(function)
    def with_console(*args: Any, as_json: bool, **kwargs: Any) -> Any:
        return function(Console(as_json=as_json), *args, **kwargs)

    return with_console


def instance_command(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], InstanceCommand]:
    """Like `click.command`, for a command that works on an instance: `def import_messages(console: Console, …)`."""

    def decorate(function: Callable[..., Any]) -> InstanceCommand:
        return click.command(name, cls=InstanceCommand, **attributes)(data_dir_option(json_option(function)))

    return decorate
