"""Command line: `huying forms import FILE`, `huying forms load`, `huying forms list`."""

from __future__ import annotations

from pathlib import Path

import click

from huying.kernel.console import Console, instance_command

_BECAME = {
    "new": "new", "renewed": "renewed", "same": "as it was", "own": "left: the place has its own version",
    "retired": "left: the place retired it",
}  # fmt: skip


@click.group("forms")
def forms() -> None:
    """检查与采集表单 / inspection and collection forms."""


@instance_command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--publish", is_flag=True, help="导入后马上发布 / publish it at once")
def import_file(console: Console, file: Path, publish: bool) -> None:
    """导入一张 XLSForm（.xlsx）/ bring in an XLSForm as a new version."""
    from huying.kernel.actor import system
    from huying.kernel.clock import now
    from huying.kernel.errors import HuyingError

    from . import actions

    actor = system("command-line")
    try:
        version = actions.import_form(file.read_bytes(), actor=actor, now=now(), name=file.name)
    except actions.FormRefused as error:
        for one in error.problems:
            console.say(f"{one.sheet} {one.row or ''} {one.column}: {one.words}".strip())
        raise click.ClickException(f"{file.name}: {len(error.problems)} problems, nothing was kept") from error
    except HuyingError as error:
        raise click.ClickException(str(error)) from error
    code = version.form.code
    if publish:
        actions.publish_version(code, version.number, actor=actor, now=now())
    state = "published" if publish else "not published yet"
    facts = {"code": code, "version": version.version, "number": version.number, "published": publish}
    console.done(f"{code} {version.version}: {state}", **facts)


@instance_command("load")
@click.option(
    "--take", "take", multiple=True, metavar="CODE", help="本地改过或停用的也换成自带的 / take ours, whatever is there"
)
def load(console: Console, take: tuple[str, ...]) -> None:
    """装入、更新程序自带的表单 / bring in shipped forms and newer versions of them."""
    from huying.kernel.clock import now
    from huying.kernel.errors import HuyingError

    from . import actions

    try:
        found = actions.refresh_shipped(actor=actions.LOADER, now=now(), take=take)
    except HuyingError as error:
        raise click.ClickException(str(error)) from error
    for one in found:
        console.say(f"{one.code:<24} {one.version:<12} {_BECAME[one.state]}")
    forms_of = {state: [one.code for one in found if one.state == state] for state in _BECAME}
    new, renewed = len(forms_of["new"]), len(forms_of["renewed"])
    left = len(forms_of["own"]) + len(forms_of["retired"])
    console.done(f"{new} new, {renewed} renewed, {left} left as the place has them", **forms_of)


@instance_command("list")
def list_forms(console: Console) -> None:
    """列出表单 / list the forms."""
    from huying.kernel.actor import system

    from . import queries

    found = queries.forms(system("command-line"))
    for one in found:
        state = "retired" if one.retired else one.version or "not published"
        console.say(f"{one.post:<10} {one.kind:<10} {one.code:<24} {state:<12} {one.title}")
    rows = [{"code": one.code, "post": one.post, "version": one.version, "title": one.title} for one in found]
    console.done(f"{len(found)} forms", forms=rows)


forms.add_command(import_file)
forms.add_command(load)
forms.add_command(list_forms)
commands = [forms]
