"""Answers that were given, looked at again: a sample for audits, the weakest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Case, Feedback
from huying.casework.cases.rules import State
from huying.kernel.actor import Actor

from .replies.judging import Advice, judge

SAMPLE = 40
_OVER = (State.CLOSED, State.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Audited:
    """One answer with its advice."""

    case: Case
    answer: str
    given_at: datetime
    advice: Advice


def audited(actor: Actor, *, unit_id: int | None = None, size: int = SAMPLE) -> list[Audited]:
    """The latest answers of closed cases the actor may see, weakest first; of a case answered again the last. One query."""
    rows = Feedback.objects.filter(case__in=case_access.visible(actor), case__state__in=_OVER).exclude(text="")
    if unit_id is not None:
        rows = rows.filter(case__lead_unit=unit_id)
    found: dict[int, Audited] = {}
    for row in rows.select_related("case__item", "case__lead_unit").order_by("-id")[:size]:
        if row.case_id not in found:
            advice = judge(row.case.summary, row.text, title=row.case.title)
            found[row.case_id] = Audited(row.case, row.text, row.given_at, advice)
    return sorted(found.values(), key=lambda one: (one.advice.overall, -one.case.pk))
