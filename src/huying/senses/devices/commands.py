"""Command line: `huying devices import|kinds`. Rooms above add their own to the group."""

from __future__ import annotations

from pathlib import Path

import click

from huying.kernel.console import Console, instance_command


@click.group("devices")
def devices() -> None:
    """设备：导入、类型、模拟 / devices: import, kinds, simulate."""


@instance_command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", default="", help="字段=表头，逗号隔开 / field=header,… e.g. code=IMEI,kind=类型")
@click.option("--check", is_flag=True, help="只检查不写入 / judge every row, write nothing")
@click.option(
    "--secrets",
    type=click.Path(dir_okay=False, path_type=Path),
    help="给新设备发密钥，写到这个文件 / where to write secrets",
)
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="未导入清单 / where to write rejects")
def import_file(
    console: Console, file: Path, mapping: str, check: bool, secrets: Path | None, rejects: Path | None
) -> None:
    """导入设备表格（xlsx、csv），中文表头 / read a table of devices.

    按设备编号登记或更新，重复导入不会重复登记；没有导入的行写明行号和原因。密钥只在这里出现一次。
    """
    from huying.ground.accounts.commands import spoken
    from huying.kernel.actor import system
    from huying.kernel.clock import now

    from .actions import import_devices, write_rejects, write_secrets

    pairs = dict(part.split("=", 1) for part in mapping.split(",") if "=" in part)
    with spoken():
        done = import_devices(
            file, actor=system("import"), now=now(), mapping=pairs, check=check, credentials=secrets is not None,
            progress=console.progress(),
        )  # fmt: skip
    if secrets is not None and done.secrets:
        write_secrets(done.secrets, secrets)
    written = ""
    if done.rejected and not check:
        target = rejects or file.with_name(f"{file.name}.rejects.csv")
        write_rejects(done.rejected, target)
        written = str(target)
    checked = "checked, nothing written: " if check else ""
    console.done(
        f"{checked}{done.rows:,} rows: {done.born:,} new, {done.changed:,} changed, {done.same:,} the same, "
        f"{len(done.rejected):,} rejected{f'; see {written}' if written else ''}",
        rows=done.rows, born=done.born, changed=done.changed, same=done.same, rejected=len(done.rejected),
        rejects=written, secrets=str(secrets) if done.secrets else "",
    )  # fmt: skip


@instance_command("kinds")
def list_kinds(console: Console) -> None:
    """列出设备类型和读数字段 / the kinds of devices and their fields."""
    from .kinds import kinds

    lines = [f"{one.code:18} {one.name.zh}  {', '.join(one.fields)}" for one in kinds().values()]
    console.done("\n".join(lines), kinds={one.code: sorted(one.fields) for one in kinds().values()})


devices.add_command(import_file)
devices.add_command(list_kinds)
commands: list[click.Command] = [devices]
