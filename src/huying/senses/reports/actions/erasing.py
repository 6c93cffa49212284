"""Erasing on a resident's wish: what they said and who they are, everywhere it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.kernel.actor import Actor
from huying.kernel.errors import Refused

from ..models import Contact, Report, ReportPhoto
from .owning import hold_message


def erase_report(report_id: int, *, actor: Actor, now: datetime, why: str) -> int:
    """Erase what a resident said and who they are, everywhere it is kept; the chains stay valid.

    A message that was taken apart goes as a whole, whichever of its parts is named and whoever handles the others: the
    wish is about what one person said. Each case has it in its trace. Their contact goes with the last report of it.
    Returns how many reports were erased; what was erased before stays as it is. Refused while the case of any of
    them is open: it could not be handled any more.
    """
    with transaction.atomic():
        message = hold_message(report_id)
        reports = [one for one in message if one.erased_at is None]
        _refuse_open(reports, taken_apart=len(message) > 1)
        contact_ids = {one.contact_id for one in reports if one.contact_id is not None}
        for report in reports:
            _empty(report, now)
        ReportPhoto.objects.filter(report__in=reports).delete()  # the photos stay with the case, and nobody's any more
        for contact_id in sorted(contact_ids):
            _erase_contact(contact_id, now)
        for report in reports:
            for case_id in sorted({report.first_case_id, report.case_id}):
                _erase_in(case_id, report, actor, now, why)
        return len(reports)


def _refuse_open(reports: Sequence[Report], *, taken_apart: bool) -> None:
    open_ones = dict.fromkeys(one.case.number for one in reports if one.case.open)
    if not open_ones:
        return
    if not taken_apart:
        raise Refused(_("事件还在办理，办结后才能删除。"), code="case_still_open")
    text = _("这段话分成了几件办理，%(numbers)s 还没有办结，都办结后才能一起删除。")
    raise Refused(text % {"numbers": gettext("、").join(open_ones)}, code="case_still_open")


def _empty(report: Report, now: datetime) -> None:
    report.text, report.title, report.place_text, report.comment = "", "", "", ""
    report.lon = report.lat = report.contact = None
    report.anonymous = True
    report.erased_at = now
    report.save()


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
