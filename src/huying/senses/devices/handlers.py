"""What devices do when the ground is divided anew, or the people they watch over change."""

from __future__ import annotations

from collections.abc import Sequence

from huying.ground.registry.facts import RecordsMerged, RecordsSplit, ResidentErased
from huying.ground.territory.facts import AreasChanged
from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.facts import subscribe

from . import actions

DEVICES = system("devices")


@subscribe(AreasChanged)
def move_to_new_grids(facts: Sequence[AreasChanged]) -> None:
    """Devices of ended areas stand in their successors."""
    for fact in facts:
        heirs = dict(fact.successors)
        actions.move_devices({code: heirs.get(code, ()) for code in fact.ended}, actor=DEVICES, now=now())


@subscribe(RecordsMerged)
def follow_residents(facts: Sequence[RecordsMerged]) -> None:
    """A device follows its resident into the record that stays."""
    for fact in facts:
        if fact.kind == "person":
            actions.follow_resident(fact.other, fact.kept, actor=DEVICES, now=fact.at)


@subscribe(RecordsSplit)
def part_residents(facts: Sequence[RecordsSplit]) -> None:
    """The merging was undone: each has their own devices again, and what those said of them."""
    for fact in facts:
        if fact.kind == "person":
            actions.part_resident(fact.other, fact.kept, actor=DEVICES, now=fact.at)


@subscribe(ResidentErased)
def forget_residents(facts: Sequence[ResidentErased]) -> None:
    """Nothing points to somebody who was erased."""
    uids = {uid for fact in facts for uid in fact.uids}
    actions.forget_residents(uids, actor=DEVICES, now=max(fact.at for fact in facts))
