"""Reads of the voices' desk: the voices of a case as one reader may see them, and who waits for a return call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Case, Feedback
from huying.casework.cases.queries_desk import own_work
from huying.casework.cases.rules import State
from huying.casework.cases.turns import answered_by, calls_of_round
from huying.casework.dispatch.access import covered
from huying.kernel.actor import Actor
from huying.kernel.paging import Page, page
from huying.kernel.privacy import Unsealable, mask_name, mask_phone, unseal

from . import access
from .models import Contact, Report, Telling
from .rules import Told, other_matters

MOST_LISTED = 30
VOICES_SHOWN = 5
CALLERS = ("seat", "checker")
RETRY_AFTER = timedelta(hours=4)  # nobody answered: others first


@dataclass(frozen=True, slots=True)
class VoiceView:
    """One voice as this reader may see it. ``name`` and ``phone`` are masked, empty for those who may not know."""

    report: Report
    knows: bool
    name: str
    phone: str
    told: tuple[Telling, ...]
    others: tuple[str, ...] = ()  # the other matters it raises, for those who may take it apart

    @property
    def can_open(self) -> bool:
        """Whether there is a contact behind the logged door."""
        return self.knows and bool(self.name or self.phone)


def voices(
    actor: Actor, case: Case, *, cursor: str | None = None, size: int = VOICES_SHOWN
) -> tuple[list[VoiceView], Page[Report]]:
    """The voices of a case, first one first, with what each was told; two queries, one more for members of units."""
    rows = Report.objects.filter(case_id=case.pk).select_related("contact__user")
    found = page(rows, ("id",), cursor, size)
    parties = case_access.parties(actor, case)
    told: dict[int, list[Telling]] = {}
    for telling in Telling.objects.filter(report__in=[row.pk for row in found.rows]).order_by("id"):
        told.setdefault(telling.report_id, []).append(telling)
    apart = access.may_split(parties, case)
    return [_view(row, access.may_know(parties, row), told.get(row.pk, []), apart) for row in found.rows], found


def _view(report: Report, knows: bool, told: list[Telling], apart: bool) -> VoiceView:
    contact = report.contact if knows else None
    name, phone = masked(contact) if contact is not None else ("", "")
    whole = apart and not any(one.kind == Told.SPLIT for one in told)
    return VoiceView(report, knows, name, phone, tuple(told), tuple(other_matters(report.text)) if whole else ())


def other_parts(reports: Sequence[Report]) -> dict[int, list[Report]]:
    """By report: the other parts of the message it came with that are not erased, with their cases; one query."""
    whole = {one.pk: one.part_of_id or one.pk for one in reports}
    rows = Report.objects.filter(Q(pk__in=whole.values()) | Q(part_of__in=whole.values()), erased_at__isnull=True)
    found: dict[int, list[Report]] = {}
    for row in rows.select_related("case").order_by("pk"):
        found.setdefault(row.part_of_id or row.pk, []).append(row)
    return {pk: [one for one in found.get(first, ()) if one.pk != pk] for pk, first in whole.items()}


def masked(contact: Contact) -> tuple[str, str]:
    """Name and number of a contact as screens show them."""
    sealed = sealed_of(contact)
    try:
        opened = {key: unseal(value) for key, value in sealed.items()}
    except Unsealable:
        return "", ""
    name = opened.get("name") or (contact.user.name if contact.user is not None else "")
    return mask_name(name), mask_phone(opened.get("phone", ""))


def sealed_of(contact: Contact) -> dict[str, bytes]:
    """The sealed values of a contact; a signed-in resident's number may be the account's."""
    phone = contact.phone_sealed or (contact.user.phone_sealed if contact.user is not None else None)
    found = {"name": contact.name_sealed, "phone": phone}
    return {key: bytes(value) for key, value in found.items() if value}


# --- return calls ----------------------------------------------------------------------------------------------


def to_call(actor: Actor, now: datetime) -> QuerySet[Case]:
    """Closed cases nobody has heard back about and somebody could be called for, oldest first.

    Without what the caller or their unit handled, and without those tried within the last hours.
    """
    calls = calls_of_round()
    reachable = Report.objects.filter(case=OuterRef("pk"), contact__isnull=False, anonymous=False)
    closed = Case.objects.filter(covered(actor, *CALLERS), Exists(reachable), state=State.CLOSED, rating__isnull=True)
    answered = answered_by(actor).filter(case=OuterRef("pk"))
    waiting = closed.exclude(own_work(actor) | Exists(answered)).exclude(
        Exists(calls.filter(Q(reached=True) | Q(made_at__gt=now - RETRY_AFTER)))
    )
    this_round = Q(return_calls__made_at__gte=F("closed_at"))
    tries = Count("return_calls", filter=this_round & Q(return_calls__reached=False))
    return waiting.annotate(tries=tries).defer("terms", "proposals").order_by("closed_at", "id")


def answer_of(case_id: int) -> Feedback | None:
    """The result a reporter was answered with."""
    return Feedback.objects.filter(case_id=case_id).select_related("assignment__unit").order_by("-id").first()
