"""Command line of the registry: `huying registry import|export|reindex|count`."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from huying.ground.accounts.commands import spoken
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.console import Console, instance_command

from .fields import KINDS

_KIND = click.Choice(KINDS)


@click.group("registry")
def registry() -> None:
    """基础信息：导入、导出 / the registry as tables."""


@instance_command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=_KIND, required=True, help="类别 / what the rows are")
@click.option("--map", "mapping", default="", help="字段=表头，逗号隔开 / field=header,… e.g. name=姓名,phone=手机")
@click.option("--area", default="", help="没有地址的记录归到哪个区域 / area of records that point nowhere")
@click.option("--check", is_flag=True, help="只检查不写入 / judge every row, write nothing")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="未导入清单 / where to write rejects")
def import_file(
    console: Console, file: Path, kind: str, mapping: str, area: str, check: bool, rejects: Path | None
) -> None:
    """导入基础信息表格（xlsx、csv），中文表头 / read a table of records.

    重复导入不会重复登记；中途断了，再运行一次即从断处继续。没有导入的行写明行号和原因。
    """
    from .actions.importing import import_records, rejects_of

    pairs = dict(part.split("=", 1) for part in mapping.split(",") if "=" in part)
    with spoken():
        done = import_records(
            file, actor=system("import"), now=now(), kind=kind, mapping=pairs, area=area, check=check,
            progress=console.progress(),
        )  # fmt: skip
    written = ""
    if done.rejected and not check:
        target = rejects or file.with_name(f"{file.name}.rejects.csv")
        with target.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([("row", "field", "reason"), *rejects_of(done.run_id)])
        written = str(target)
    resumed = f" (went on after row {done.resumed_at:,})" if done.resumed_at else ""
    checked = "checked, nothing written: " if check else ""
    console.done(
        f"{checked}{done.born:,} new{resumed}, {done.changed:,} changed, {done.same:,} the same, {done.waiting:,} wait for a "
        f"person, {done.rejected:,} rejected{f'; see {written}' if written else ''}",
        born=done.born, changed=done.changed, same=done.same, waiting=done.waiting, rejected=done.rejected,
        resumed_at=done.resumed_at, rejects=written,
    )  # fmt: skip


@instance_command("export")
@click.option("--kind", type=_KIND, required=True, help="类别 / which records")
@click.option("--area", default="", help="区域编码前缀 / only under this area")
@click.option("--plain", is_flag=True, help="不遮盖个人信息，须写 --why / open sealed values; needs --why")
@click.option("--why", default="", help="用途，留在查看记录里 / purpose, kept in the access log")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="xlsx 或 csv / file"
)
def export_file(console: Console, kind: str, area: str, plain: bool, why: str, output: Path) -> None:
    """导出基础信息，默认遮盖个人信息 / write records as a table, masked by default."""
    from .exchange import export_records

    with spoken():
        count = export_records(kind, output, actor=system("command-line"), now=now(), area=area, why=why, plain=plain)
    console.done(f"{count:,} records written to {output}", records=count, file=str(output))


@instance_command("reindex")
def reindex(console: Console) -> None:
    """重算每条信息的检索内容（升级后能找到更多时执行一次） / work out anew what records are found by.

    可以随时执行；中途断了再执行一次即可。
    """
    from .actions import renew_search

    with spoken():
        changed = renew_search(actor=system("command-line"), now=now(), progress=console.progress())
    console.done(f"{changed:,} records are found by more or by other pieces than before", changed=changed)


@instance_command("count")
def count(console: Console) -> None:
    """重新统计各区域的底数掌握（每晚自动统计） / count anew how well every area is known; done every night."""
    from .knowing.actions import count_knowledge

    with spoken():
        areas = count_knowledge(actor=system("command-line"), now=now(), progress=console.progress())
    console.done(f"{areas:,} areas counted", areas=areas)


registry.add_command(import_file)
registry.add_command(export_file)
registry.add_command(reindex)
registry.add_command(count)
commands: list[click.Command] = [registry]
