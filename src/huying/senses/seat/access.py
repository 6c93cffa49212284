"""Who takes calls, and which call somebody may look at again."""

from __future__ import annotations

from huying.casework.cases import access as cases
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound
from huying.senses.reports.models import Report


def must_sit(actor: Actor) -> None:
    """NotFound for everybody who is not a seat operator."""
    if not actor.has("seat"):
        raise NotFound()


def taken_report(actor: Actor, report_id: int) -> Report:
    """A report on a case the operator may see; its tracking code is read out to whoever called."""
    report = Report.objects.filter(pk=report_id, taken_by=actor.ref).first()
    if report is None:
        raise NotFound(code="report_not_found")
    cases.get_case(actor, report.case_id)
    return report
