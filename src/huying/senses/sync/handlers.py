"""What the sync does when somebody is erased from the registry."""

from __future__ import annotations

from collections.abc import Sequence

from huying.ground.registry.facts import ResidentErased
from huying.kernel.facts import subscribe

from . import actions


@subscribe(ResidentErased)
def forget_residents(facts: Sequence[ResidentErased]) -> None:
    """What phones sent about somebody who was erased is not kept either."""
    uids = {uid for fact in facts for uid in fact.uids}
    actions.forget_subjects(uids, now=max(fact.at for fact in facts))
