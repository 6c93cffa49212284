"""Who may know who reported, and whose report it is."""

from __future__ import annotations

from huying.casework.cases import access as cases
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Party
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

from . import queries
from .models import Report
from .rules import identity_visible

_HANDLING = frozenset({Party.LEAD, Party.LEAD_HEAD, Party.ASSIST})
_CONTACTING = frozenset({Party.SEAT, Party.DISPATCHER, Party.CHECKER, Party.CENTRE})


def own_report(report_id: int, user_id: int | None) -> Report:
    """A signed-in resident's own report; anybody else's does not exist for them."""
    found = queries.of_user(user_id).filter(pk=report_id).first() if user_id is not None else None
    if found is None:
        raise NotFound(code="report_not_found")
    return found


def tracked_report(code: str) -> Report:
    """The report of a tracking code: the code is the key."""
    found = queries.by_tracking_code(code)
    if found is None:
        raise NotFound(code="report_not_found")
    return found


def may_know_reporter(actor: Actor, case: Case, report: Report) -> bool:
    """Whether this actor may learn who made this report on this case."""
    return may_know(cases.parties(actor, case), report)


def may_know(parties: frozenset[Party], report: Report) -> bool:
    """The same for what somebody is to the case, worked out once for all its reports."""
    return not report.anonymous and identity_visible(
        hide_identity=report.hide_identity,
        of_handling_unit=bool(parties & _HANDLING),
        may_contact=bool(parties & _CONTACTING),
    )


def report_on_case(actor: Actor, report_id: int) -> tuple[Report, Case]:
    """A report and its case for somebody of the staff who may see the case; NotFound for strangers."""
    report = Report.objects.select_related("contact__user").filter(pk=report_id).first()
    if report is None:
        raise NotFound(code="report_not_found")
    return report, cases.get_case(actor, report.case_id)


def may_erase(actor: Actor, case: Case) -> bool:
    """Erasing on a resident's wish is for the centre lead and the administrator of the area."""
    return any(cases.covers(duty.area, case) for duty in actor.duties_of("centre_lead", "admin"))
