"""Who may know who reported, and whose report it is."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from django.db.models import QuerySet

from huying.casework.cases import access as cases
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Party
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

from . import queries
from .models import Report
from .rules import identity_visible

_HANDLING = frozenset({Party.LEAD, Party.LEAD_HEAD, Party.ASSIST})
_SPLITTING = frozenset({Party.SEAT, Party.DISPATCHER, Party.CENTRE})
_CONTACTING = frozenset({Party.SEAT, Party.DISPATCHER, Party.CHECKER, Party.CENTRE})


_READS, _READS_CASES = "scope:reports:read", "scope:cases:read"


def is_colleague(actor: Actor) -> bool:
    """Staff and connected systems, who are believed what kind a matter is and how it came; residents say what is."""
    return actor.kind in ("staff", "key", "system")


def public_cases() -> QuerySet[Case]:
    """Cases of kinds that everybody may see."""
    return Case.objects.filter(item__public_visible=True, item__sensitive=False)


def must_join(actor: Actor, case_ids: Set[int]) -> None:
    """NotFound unless each of these cases may get one more voice from this actor.

    Staff and keys join what they may see, everybody else an open case of a public kind: whoever joins a case may
    follow it. One query, none without a case.
    """
    if not case_ids:
        return
    known = cases.visible(actor) if is_colleague(actor) else public_cases().filter(open=True)
    if known.filter(pk__in=case_ids).count() != len(case_ids):
        raise NotFound(code="case_not_found")


def readable(actor: Actor) -> QuerySet[Report]:
    """The reports on the cases somebody may see; a key with ``reports:read`` sees those of its own area or unit."""
    if actor.kind == "key":
        duties = tuple(replace(duty, role=_READS_CASES) for duty in actor.duties_of(_READS))
        actor = replace(actor, duties=duties)
    return Report.objects.filter(case__in=cases.visible(actor), erased_at__isnull=True)


def tracked_report(code: str) -> Report:
    """The report of a tracking code: the code is the key. NotFound once it was erased."""
    found = queries.by_tracking_code(code)
    if found is None or found.erased_at is not None:
        raise NotFound(code="report_not_found")
    return found


def brought_report(actor: Actor, code: str) -> Report:
    """The report of a tracking code for whoever brought it: the system, member of staff or resident that sent it in.

    NotFound for everybody else who holds the code.
    """
    report = tracked_report(code)
    if report.taken_by != actor.ref:
        raise NotFound(code="report_not_found")
    return report


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


def may_split(parties: frozenset[Party], case: Case) -> bool:
    """Taking a voice apart is for those who decide where matters go, while the case is open."""
    return case.open and bool(parties & _SPLITTING)


def may_erase(actor: Actor, case: Case) -> bool:
    """Erasing on a resident's wish is for the centre lead and the administrator of the area."""
    return any(cases.covers(duty.area, case) for duty in actor.duties_of("centre_lead", "admin"))
