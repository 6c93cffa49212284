"""What forms do when the people they are about are erased."""

from __future__ import annotations

from collections.abc import Sequence

from huying.ground.registry.facts import ResidentErased
from huying.kernel.actor import system
from huying.kernel.facts import subscribe

from . import actions

FORMS = system("forms")


@subscribe(ResidentErased)
def forget_residents(facts: Sequence[ResidentErased]) -> None:
    """Nothing is left of what was answered about somebody who was erased."""
    for fact in facts:
        actions.forget_answers(fact.uids, actor=FORMS, now=fact.at, why="registry")
