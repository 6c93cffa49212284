"""Reads of the voices."""

from __future__ import annotations

from django.db.models import QuerySet

from huying.kernel.privacy import blind_candidates

from .models import Report, Telling
from .rules import normal_tracking_code


def of_case(case_id: int) -> QuerySet[Report]:
    """The voices of a case, first one first."""
    return Report.objects.filter(case_id=case_id).select_related("contact").order_by("id")


def by_tracking_code(code: str) -> Report | None:
    """The report of a tracking code as somebody typed it."""
    wanted = normal_tracking_code(code)
    return Report.objects.select_related("case__item", "case__lead_unit").filter(tracking_code=wanted).first()


def of_user(user_id: int) -> QuerySet[Report]:
    """A signed-in resident's own voices, newest first."""
    return (
        Report.objects.filter(contact__user_id=user_id).select_related("case__item", "case__lead_unit").order_by("-id")
    )


def of_phone(phone: str, limit: int = 20) -> list[Report]:
    """A caller's past matters, newest first."""
    rows = Report.objects.filter(contact__phone_blind__in=blind_candidates(phone))
    return list(rows.select_related("case__item", "case__lead_unit").order_by("-id")[:limit])


def tellings_of(report_id: int) -> QuerySet[Telling]:
    """What this reporter was told, first one first."""
    return Telling.objects.filter(report_id=report_id).order_by("id")
