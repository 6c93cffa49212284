"""Command line of the hot issues: how well messages are grouped can be measured by anybody on their own table."""

from __future__ import annotations

import click

from huying.insight.hotspots.evaluating import hot_issues


@click.group("evaluate")
def evaluate() -> None:
    """Run one part of the product on a table of your own; needs no instance."""


evaluate.add_command(hot_issues)

commands: list[click.Command] = [evaluate]
