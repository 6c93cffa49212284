"""Command line of the hot issues: grouping the whole history, and measuring on a table of one's own."""

from __future__ import annotations

from time import perf_counter

import click

from huying.insight.hotspots.evaluating import hot_issues
from huying.kernel.console import Console, instance_command


@click.group("evaluate")
def evaluate() -> None:
    """Run one part of the product on a table of your own; needs no instance."""


@click.group("hotspots")
def hotspots() -> None:
    """热点 / hot issues."""


@instance_command("rebuild")
@click.option(
    "--again", is_flag=True, help="全部重读重分，不只没分过的 / read and group all again, not only what is new."
)
@click.option(
    "--slice", "size", type=click.IntRange(100, 20_000), default=10_000, show_default=True,
    help="每批多少条 / messages a slice.",
)  # fmt: skip
def rebuild(console: Console, again: bool, size: int) -> None:
    """把全部历史成批归并成热点 / group the whole history into hot issues, in bulk.

    可以和运行中的实例同时跑；中途断了，再运行一次（不带 --again）即从断处继续。
    """
    from huying.insight.hotspots.rebuilding import rebuild as rebuild_all

    began = perf_counter()
    done = rebuild_all(again=again, size=size, progress=console.progress())
    seconds = round(perf_counter() - began, 1)
    console.done(
        f"{done.messages:,} messages grouped in {seconds} s; the place has {done.issues:,} hot issues",
        messages=done.messages,
        issues=done.issues,
        seconds=seconds,
    )


evaluate.add_command(hot_issues)
hotspots.add_command(rebuild)

commands: list[click.Command] = [evaluate, hotspots]
