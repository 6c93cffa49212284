"""Erasing on a resident's wish: what they said and who they are, everywhere it is kept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.kernel.actor import Actor
from huying.kernel.errors import Refused

from ..models import Contact, Report, ReportPhoto
from .owning import hold_report


def erase_report(report_id: int, *, actor: Actor, now: datetime, why: str) -> None:
    """Erase what a resident said and who they are, everywhere it is kept; the chain stays valid.

    Their contact goes with the last report of it. Refused while the case is open: it could not be handled any more.
    """
    with transaction.atomic():
        report = hold_report(report_id)
        if report.case.open:
            raise Refused(_("事件还在办理，办结后才能删除。"), code="case_still_open")
        contact_id = report.contact_id
        report.text, report.title, report.place_text, report.comment = "", "", "", ""
        report.lon = report.lat = report.contact = None
        report.anonymous = True
        report.erased_at = now
        report.save()
        ReportPhoto.objects.filter(report=report).delete()  # the photos stay with the case, and nobody's any more
        if contact_id is not None:
            _erase_contact(contact_id, now)
        for case_id in sorted({report.first_case_id, report.case_id}):
            _erase_in(case_id, report, actor, now, why)


def _erase_contact(contact_id: int, now: datetime) -> None:
    """Name and number go when no report needs them any more; an account of its own stays."""
    contact = Contact.objects.select_for_update().get(pk=contact_id)
    if contact.reports.exists():
        return
    contact.name_sealed = contact.phone_sealed = contact.phone_blind = contact.user = None
    contact.erased_at = now
    contact.save()


def _erase_in(case_id: int, report: Report, actor: Actor, now: datetime, why: str) -> None:
    """The words a case and its trace keep of this report."""
    of_case = Report.objects.filter(Q(case=case_id) | Q(first_case=case_id))
    opened = report.first_case_id == case_id and not of_case.filter(first_case=case_id, pk__lt=report.pk).exists()
    last = not of_case.filter(erased_at__isnull=True).exists()
    for voice in (report.mark, report.tracking_code):  # the trace of old reports knows them by their code
        cases.erase_voice(case_id, voice=voice, opened_by_it=opened, last=last, actor=actor, now=now, why=why)
