"""Command line: `huying areas import|export|check` and `huying places import`."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from huying.kernel.console import Console, instance_command

CRS = click.Choice(["cgcs2000", "wgs84", "gcj02", "bd09"])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("areas")
def areas() -> None:
    """区域网格：导入、导出、检查 / areas and grids."""


@click.group("places")
def places() -> None:
    """地名：导入 / place names."""


def _report(console: Console, report: Any, what: str) -> None:
    for problem in report.problems:
        console.say(f"#{problem.row} {problem.code} {problem.field}: {problem.reason}")
    for warning in report.warnings:
        console.say(f"! #{warning.row} {warning.code}: {warning.reason}")
    facts = {
        "total": report.total,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "stored": report.done,
        "problems": [
            {"row": one.row, "code": one.code, "field": one.field, "reason": str(one.reason)} for one in report.problems
        ],
    }
    state = "nothing stored (dry run)" if report.dry_run else "stored" if report.done else "nothing stored"
    console.done(
        f"{what}: {report.total:,} rows, {report.added:,} new, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {len(report.problems):,} problems; {state}",
        **facts,
    )
    if report.problems:
        raise SystemExit(1)


@instance_command("import")
@click.argument("file", type=_FILE)
@click.option("--crs", type=CRS, default="cgcs2000", show_default=True, help="坐标系 / coordinate system of the file")
@click.option("--dry-run", is_flag=True, help="只检查，不保存 / check only")
@click.option("--allow-gaps", is_flag=True, help="社区内允许有空隙 / gaps inside a community are warnings")
def import_areas(console: Console, file: Path, crs: Any, dry_run: bool, allow_gaps: bool) -> None:
    """导入区域和网格（GeoJSON 或 CSV）/ import areas; all of the file or nothing."""
    from huying.ground.territory import actions
    from huying.kernel.actor import system
    from huying.kernel.clock import now

    report = actions.import_areas(
        actor=system("import"), now=now(), content=file.read_bytes(), crs=crs, dry_run=dry_run, allow_gaps=allow_gaps
    )
    _report(console, report, "areas")


@instance_command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--crs", type=CRS, default="cgcs2000", show_default=True, help="坐标系 / coordinate system")
@click.option("--prefix", default="", help="只导出这个编码下的区域 / only areas under this code")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), default=None, help="哪一天的区域 / as on this day")
def export_areas(console: Console, file: Path, crs: Any, prefix: str, on: Any) -> None:
    """导出全部区域为 GeoJSON / export all areas as GeoJSON."""
    from huying.ground.territory import queries
    from huying.kernel.clock import local_day, now

    day: date = on.date() if on else local_day(now())
    count = queries.export_geojson(file, prefix, on=day, crs=crs)
    console.done(f"areas: {count:,} written to {file}", written=count, file=str(file))


@instance_command("check")
@click.option("--prefix", default="", help="只检查这个编码下的社区 / only communities under this code")
def check_areas(console: Console, prefix: str) -> None:
    """检查网格有无重叠、空隙、越界 / check every community for overlaps, gaps and parts outside."""
    from huying.ground.territory import queries
    from huying.ground.territory.wording import describe
    from huying.kernel.clock import local_day, now

    results = queries.check_report(prefix, on=local_day(now()))
    found = [(result, problem) for result in results for problem in result.problems]
    for result, problem in found:
        console.say(f"{result.code} {result.label}: {describe(problem)}")
    facts = [
        {
            "community": result.code,
            "kind": one.kind,
            "codes": one.codes,
            "area_m2": one.area_m2,
            "at": [one.lon, one.lat],
        }
        for result, one in found
    ]
    grids = sum(result.parts for result in results)
    console.done(
        f"areas: {len(results):,} communities, {grids:,} grids, {len(found):,} problems", ok=not found, problems=facts
    )
    if found:
        raise SystemExit(1)


@instance_command("import")
@click.argument("file", type=_FILE)
@click.option("--crs", type=CRS, default="cgcs2000", show_default=True, help="坐标系 / coordinate system of the file")
@click.option("--dry-run", is_flag=True, help="只检查，不保存 / check only")
def import_places(console: Console, file: Path, crs: Any, dry_run: bool) -> None:
    """导入地名（GeoJSON 或 CSV）/ import place names; all of the file or nothing."""
    from huying.ground.territory import actions
    from huying.kernel.actor import system
    from huying.kernel.clock import now

    report = actions.import_place_names(
        actor=system("import"), now=now(), content=file.read_bytes(), crs=crs, dry_run=dry_run
    )
    _report(console, report, "places")


areas.add_command(import_areas)
areas.add_command(export_areas)
areas.add_command(check_areas)
places.add_command(import_places)
commands = [areas, places]
