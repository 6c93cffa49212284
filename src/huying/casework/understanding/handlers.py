"""Nobody's correction is lost."""

from __future__ import annotations

from collections.abc import Sequence

from huying.casework.cases.facts import CaseCorrected
from huying.kernel.facts import subscribe

from .models import Correction


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
