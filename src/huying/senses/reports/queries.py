"""Reads of the voices."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from huying.ground.accounts.models import User
from huying.kernel.paging import Page, page
from huying.kernel.privacy import blind_candidates

from .models import Contact, Report, Telling
from .rules import Told, normal_tracking_code, other_matters


def of_case(case_id: int) -> QuerySet[Report]:
    """The voices of a case, first one first."""
    return Report.objects.filter(case_id=case_id).select_related("contact").order_by("id")


def read_page(rows: QuerySet[Report], *, channel: str, cursor: str | None, size: int) -> Page[Report]:
    """One page of reports with their cases, newest first; one query."""
    if channel:
        rows = rows.filter(channel=channel)
    return page(rows.select_related("case"), ("-id",), cursor, size)


def by_tracking_code(code: str) -> Report | None:
    """The report of a tracking code as somebody typed it."""
    wanted = normal_tracking_code(code)
    return Report.objects.select_related("case__item", "case__lead_unit").filter(tracking_code=wanted).first()


def of_phone(phone: str, limit: int = 20) -> list[Report]:
    """A caller's past matters, also what they said while signed in with this number; newest first, one query."""
    accounts = User.objects.with_phone(phone, kind=User.Kind.RESIDENT).values("pk")
    contacts = Contact.objects.filter(phone_blind__in=blind_candidates(phone)).values("pk")
    rows = Report.objects.filter(contact__in=contacts.union(Contact.objects.filter(user__in=accounts).values("pk")))
    return list(rows.select_related("case__item", "case__lead_unit").order_by("-id")[:limit])


def message_of(report_id: int) -> list[int]:
    """Every part of the message a report came with, itself among them, the first first; one query."""
    first = Report.objects.filter(pk=report_id).values(first_id=Coalesce("part_of", "pk"))[:1]
    return list(Report.objects.filter(Q(pk=first) | Q(part_of=first)).order_by("pk").values_list("pk", flat=True))


def others_of(report: Report) -> list[str]:
    """The other matters a report raises, while they may still get cases of their own. At most one query."""
    others = other_matters(report.text) if report.case.open else []
    return [] if others and Telling.objects.filter(report=report, kind=Told.SPLIT).exists() else others


def tellings_of(report_id: int) -> QuerySet[Telling]:
    """What this reporter was told, first one first."""
    return Telling.objects.filter(report_id=report_id).order_by("id")
