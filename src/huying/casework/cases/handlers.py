"""What cases do when what they are about changes in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from huying.ground.registry.facts import RecordsMerged, RecordsSplit
from huying.kernel.facts import subscribe

from .actions.following import follow_subject, part_subject
from .subjects import REGISTERED, mark


@subscribe(RecordsMerged)
def follow_merged(facts: Sequence[RecordsMerged]) -> None:
    """The page of the record that stays shows the matters of both."""
    for fact in facts:
        if fact.kind in REGISTERED:
            follow_subject(gone=mark(fact.kind, fact.other), kept=mark(fact.kind, fact.kept))


@subscribe(RecordsSplit)
def leave_split(facts: Sequence[RecordsSplit]) -> None:
    """Each record has its own matters again."""
    for fact in facts:
        if fact.kind in REGISTERED:
            part_subject(gone=mark(fact.kind, fact.other), kept=mark(fact.kind, fact.kept))
