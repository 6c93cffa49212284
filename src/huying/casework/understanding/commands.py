"""Command line of understanding: learning from the instance, and measures on files, which need none."""

from __future__ import annotations

import click

from huying.casework.understanding.learn_command import learn_here

from .evaluating.classify import classify
from .evaluating.duplicates import duplicates
from .evaluating.emergencies import emergencies
from .evaluating.replies import replies

evaluate = click.Group("evaluate", help="Measure on files how well the product understands.")
for _command in (classify, duplicates, emergencies, replies):
    evaluate.add_command(_command)

commands: list[click.Command] = [evaluate, learn_here]
