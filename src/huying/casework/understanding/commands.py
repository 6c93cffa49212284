"""Command line of understanding: learning from the instance, and measures on files, which need none."""

from __future__ import annotations

import click

from huying.casework.understanding.evaluating import classify
from huying.casework.understanding.evaluating_duplicates import duplicates
from huying.casework.understanding.evaluating_emergencies import emergencies
from huying.casework.understanding.evaluating_replies import replies
from huying.casework.understanding.learn_command import learn_here

evaluate = click.Group("evaluate", help="Measure on files how well the product understands.")
for _command in (classify, duplicates, emergencies, replies):
    evaluate.add_command(_command)

commands: list[click.Command] = [evaluate, learn_here]
