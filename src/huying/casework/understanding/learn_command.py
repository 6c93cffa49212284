"""`huying learn`: a new version of what the place has learned, with its report card."""

from __future__ import annotations

from typing import Any

import click

from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.console import Console, instance_command
from huying.kernel.errors import Refused

from . import actions
from .models import LearnedModel
from .rules import Subject


@instance_command("learn")
@click.option("--only", type=click.Choice([str(one) for one in Subject]), help="One subject [default: all].")
def learn_here(console: Console, only: str | None) -> None:
    """Learn from closed cases and corrections; switched on only where it is no worse than what speaks now."""
    found: list[dict[str, Any]] = []
    for subject in [Subject(only)] if only else list(Subject):
        try:
            model = actions.learn(subject, actor=system("command-line"), now=now(), progress=console.progress())
        except Refused as error:
            console.say(f"{subject}: {error}")
            continue
        found.append(_told(model))
        console.say(_line(model))
    on = sum(one["on"] for one in found)
    console.done(f"{len(found)} learned, {on} switched on", models=found)


def _told(model: LearnedModel) -> dict[str, Any]:
    kept = ("macro_f1", "accuracy", "ece", "coverage", "drift", "texts")
    return {
        "subject": str(model.subject),
        "number": model.number,
        "examples": model.examples,
        "corrections": model.corrections,
        "on": model.on,
        **{name: model.card[name] for name in kept if name in model.card},
        "before": {name: model.present[name] for name in kept[:3] if name in model.present},
    }


def _line(model: LearnedModel) -> str:
    if not model.card:
        return f"{model.subject}: version {model.number} from {model.examples} cases, too few to judge it by"
    card, before = model.card, model.present
    said = f"accuracy {card['accuracy']:.1%}, macro-F1 {card['macro_f1']:.3f}, calibration error {card['ece']:.3f}"
    was = f"; before: {before['accuracy']:.1%}, {before['macro_f1']:.3f}" if before else ""
    return f"{model.subject}: version {model.number} from {model.examples} cases: {said}{was}; {'on' if model.on else 'not switched on'}"
