"""Nobody's correction is lost, and what changed is looked at again."""

from __future__ import annotations

from collections.abc import Sequence

from huying.casework.cases.facts import CaseCorrected, CaseFact, CaseUnassigned
from huying.kernel.facts import subscribe

from .models import Correction, LookAgain


@subscribe(CaseCorrected)
def keep_corrections(facts: Sequence[CaseCorrected]) -> None:
    rows = [
        Correction(
            case_id=fact.case_id,
            at=fact.at,
            by=fact.by,
            was_item=fact.was_item,
            item=fact.item_code,
            was_area=fact.was_area,
            area=fact.area,
        )
        for fact in facts
    ]
    Correction.objects.bulk_create(rows, ignore_conflicts=True)


@subscribe(CaseCorrected)
def look_again_at_corrected(facts: Sequence[CaseCorrected]) -> None:
    """Of another kind or place now: it may be one of those that keep coming back there."""
    _look_again(facts)


@subscribe(CaseUnassigned)
def look_again_at_taken_up(facts: Sequence[CaseUnassigned]) -> None:
    """A merge undone, a declined matter taken up after all: it counts again."""
    _look_again(facts)


def _look_again(facts: Sequence[CaseFact]) -> None:
    LookAgain.objects.bulk_create([LookAgain(case_id=fact.case_id) for fact in facts])
