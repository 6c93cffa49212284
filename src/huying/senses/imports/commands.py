"""Command line: `huying import-messages FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huying.ground.territory.commands import CRS
from huying.kernel.console import Console, instance_command


@instance_command("import-messages")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping", default="", help="字段=表头，逗号隔开 / field=header,… e.g. id=编号,text=内容")
@click.option("--source", default="import", show_default=True, help="来源名，与编号一起防止重复 / name of the source")
@click.option("--channel", default="board", show_default=True, help="渠道 / channel")
@click.option("--crs", type=CRS, default="cgcs2000", show_default=True, help="坐标系 / coordinate system of the file")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="未导入清单 / where to write rejects")
def import_messages(
    console: Console, file: Path, mapping: str, source: str, channel: str, crs: Any, rejects: Path | None
) -> None:
    """导入留言表格（xlsx、csv），每行一件诉求 / stream a table of messages into reports.

    重复导入不会重复受理；中途断了，再运行一次即从断处继续。
    """
    from huying.kernel.actor import system
    from huying.kernel.clock import now
    from huying.kernel.errors import HuyingError
    from huying.senses.imports import actions, rules
    from huying.senses.imports.words import why

    try:
        outcome = actions.import_messages(
            file,
            actor=system("import"),
            now=now(),
            source=source,
            mapping=rules.parse_mapping(mapping),
            channel=channel,
            crs=crs,
            progress=console.progress(),
        )
    except rules.RowError as error:
        raise click.UsageError(why(error.code, error.field)) from error
    except HuyingError as error:
        raise click.ClickException(str(error)) from error
    written = ""
    if outcome.rejected:
        target = rejects or file.with_name(f"{file.name}.rejects.csv")
        actions.write_rejects(outcome.run_id, target)
        written = f"; see {target}"
    resumed = f" (went on from row {outcome.resumed_at + 1:,})" if outcome.resumed_at else ""
    console.done(
        f"{outcome.rows:,} rows{resumed}: {outcome.taken:,} taken, {outcome.repeated:,} known before, "
        f"{outcome.rejected:,} rejected{written}",
        rows=outcome.rows,
        taken=outcome.taken,
        repeated=outcome.repeated,
        rejected=outcome.rejected,
        resumed_at=outcome.resumed_at,
        rejects=written.removeprefix("; see "),
    )


commands = [import_messages]
