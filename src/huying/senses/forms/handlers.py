"""What forms do when the people they are about are erased."""

from __future__ import annotations

from collections.abc import Sequence

from huying.ground.registry.facts import ErasureBegun, ResidentErased
from huying.kernel.actor import system
from huying.kernel.facts import subscribe

from . import actions

FORMS = system("forms")


@subscribe(ErasureBegun)
def hold_answers(facts: Sequence[ErasureBegun]) -> None:
    """What was answered about them is not corrected any more until they are erased."""
    actions.hold_answers({uid for fact in facts for uid in fact.uids})


@subscribe(ResidentErased)
def forget_residents(facts: Sequence[ResidentErased]) -> None:
    """Nothing is left of what was answered about somebody who was erased."""
    uids = {uid for fact in facts for uid in fact.uids}
    actions.forget_answers(uids, actor=FORMS, now=max(fact.at for fact in facts), why="registry")
