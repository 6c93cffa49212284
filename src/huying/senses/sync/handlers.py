"""What the sync does when somebody is erased from the registry."""

from __future__ import annotations

from collections.abc import Sequence

from huying.ground.registry.facts import ResidentErased
from huying.kernel.facts import subscribe

from . import actions


@subscribe(ResidentErased)
def forget_residents(facts: Sequence[ResidentErased]) -> None:
    """What phones sent about somebody who was erased is not kept either."""
    for fact in facts:
        actions.forget_subjects(fact.uids, now=fact.at)
