"""The command line `huying`: the instance's own commands, and those each package offers in its `commands.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from huying.config import commands
from huying.config.instance.cluster import ClusterFailed
from huying.config.instance.home import AlreadyRunning, Home
from huying.config.instance.nats import NatsFailed
from huying.config.instance.supervisor import CannotStart


class Instance:
    """The instance the command line was pointed at."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @contextmanager
    def connected(self) -> Iterator[None]:
        if not self.home.path.exists():
            hint = "Start one with `huying demo` or `huying up`, or name its directory with --data-dir."
            raise click.ClickException(f"There is no instance in {self.home.path}. {hint}")
        with self.home.database():
            yield


class Rooms(click.Group):
    """Our own commands need no Django; a package's commands are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_offered()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _offered().get(cmd_name)


_found: dict[str, click.Command] = {}


def _offered() -> dict[str, click.Command]:
    if not _found:
        _set_up_django()
        from django.conf import settings

        for package in [*settings.HUYING_APPS, "huying.config.demo", "huying.config.founding"]:
            if find_spec(f"{package}.commands") is not None:
                for command in import_module(f"{package}.commands").commands:
                    _offer(command)
    return _found


def _offer(command: click.Command) -> None:
    """A group several rooms add to ("evaluate") holds the commands of all."""
    known = _found.setdefault(command.name or "", command)
    if known is not command and isinstance(known, click.Group) and isinstance(command, click.Group):
        known.commands = {**known.commands, **command.commands}


def _set_up_django() -> None:
    """For the data directory named on the command line; looking at an absent instance does not create one."""
    import django

    home = Home.at(data_dir_of(sys.argv[1:]))
    if not home.path.exists():
        os.environ.setdefault("HUYING_SECRET", "no instance, nothing to protect; replaced when one is made")
    os.environ.update(home.environment())
    django.setup()


def data_dir_of(arguments: list[str]) -> str | None:
    """The value of `--data-dir`, wherever it stands: Django needs it before any command is parsed."""
    for index, argument in enumerate(arguments):
        if argument == "--data-dir" and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith("--data-dir="):
            return argument.partition("=")[2]
    return None


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="huying")
@click.pass_context
def huying(ctx: click.Context) -> None:
    """呼应 Huying: 民有所呼，我有所应. Start with `huying demo`."""
    ctx.obj = Instance(Home.at(data_dir_of(sys.argv[1:])))


for _command in commands.commands:
    huying.add_command(_command)


def main() -> None:
    """The console script. Errors meant for people are shown as such, everything else as it is."""
    try:
        huying()
    except (CannotStart, ClusterFailed, NatsFailed, AlreadyRunning) as error:
        said = f"{error} is in use by another process." if isinstance(error, AlreadyRunning) else str(error)
        click.echo(said, err=True)
        sys.exit(1)
    except Exception as error:
        if not _speaks(error):
            raise
        click.echo(str(error), err=True)
        sys.exit(1)


def _speaks(error: Any) -> bool:
    errors = sys.modules.get("huying.kernel.errors")
    return errors is not None and isinstance(error, errors.HuyingError)


if __name__ == "__main__":
    main()
