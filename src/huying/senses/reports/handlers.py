"""What the voices do when their case moves: follow it, and tell their reporters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count

from huying.casework.cases import facts
from huying.casework.cases.actions.merging import recount
from huying.casework.cases.models import Case, Feedback
from huying.kernel.facts import subscribe
from huying.kernel.live import announce_all

from .models import Report, Telling
from .rules import Told


def tell(case_ids: Mapping[int, dict[str, Any]], kind: Told, at: datetime) -> None:
    """Write down for every reporter of the cases what they are told; the sender takes it from there."""
    reports = Report.objects.filter(case_id__in=case_ids, erased_at__isnull=True).values_list("id", "case_id")
    Telling.objects.bulk_create(
        [Telling(report_id=pk, kind=kind, body=case_ids[case_id], at=at) for pk, case_id in reports]
    )


def _tell_all(told: Iterable[facts.CaseFact], kind: Told, body: Mapping[int, dict[str, Any]]) -> None:
    for at in {fact.at for fact in told}:
        tell({fact.case_id: body.get(fact.case_id, {}) for fact in told if fact.at == at}, kind, at)


@subscribe(facts.CaseFact)
def on_anything(moved: Sequence[facts.CaseFact]) -> None:
    """Whoever has the matter open on a phone sees it move. While it is being opened nobody has."""
    told = {fact.case_id for fact in moved if not _is_opening(fact)}
    if not told:
        return
    codes = Report.objects.filter(case_id__in=told).values_list("tracking_code", flat=True)
    announce_all((f"track:{code}", None) for code in codes)


def _is_opening(fact: facts.CaseFact) -> bool:
    return isinstance(fact, facts.CaseOpened) or (isinstance(fact, facts.AssignmentMade) and fact.opening)


@subscribe(facts.AssignmentMade)
def on_assignment(made: Sequence[facts.AssignmentMade]) -> None:
    """Who has it now and by when. At intake there is no report yet and nobody is told twice."""
    leads = [fact for fact in made if fact.role == "lead" and not fact.opening]
    if not leads:
        return
    body = {
        fact.case_id: {"unit": fact.unit_id, "due": fact.due_at.isoformat() if fact.due_at else None} for fact in leads
    }
    _tell_all(leads, Told.DISPATCHED, body)


@subscribe(facts.ExtensionGranted)
def on_extension(granted: Sequence[facts.ExtensionGranted]) -> None:
    body = {fact.case_id: {"until": fact.until.isoformat(), "words": fact.told} for fact in granted}
    _tell_all(granted, Told.EXTENDED, body)


@subscribe(facts.CaseSuspended)
def on_suspension(suspended: Sequence[facts.CaseSuspended]) -> None:
    _tell_all(suspended, Told.SUSPENDED, {})


@subscribe(facts.CaseDeclined)
def on_declined(declined: Sequence[facts.CaseDeclined]) -> None:
    body = {fact.case_id: {"channel": fact.channel, "words": fact.reason} for fact in declined}
    _tell_all(declined, Told.DECLINED, body)


@subscribe(facts.CaseTransferred)
def on_transferred(transferred: Sequence[facts.CaseTransferred]) -> None:
    body = {fact.case_id: {"channel": fact.channel} for fact in transferred}
    _tell_all(transferred, Told.TRANSFERRED, body)


@subscribe(facts.CaseSentBack)
def on_sent_back(sent: Sequence[facts.CaseSentBack]) -> None:
    after_closing = [fact for fact in sent if fact.why != "check"]
    _tell_all(after_closing, Told.SENT_BACK, {})


@subscribe(facts.CaseClosed)
def on_closed(closed: Sequence[facts.CaseClosed]) -> None:
    """Every reporter gets the answer, whoever's voice came first."""
    ids = [fact.case_id for fact in closed]
    rows = Feedback.objects.filter(case_id__in=ids).order_by("id").values_list("case_id", "text")
    body = {case_id: {"words": text} for case_id, text in rows}
    _tell_all(closed, Told.ANSWERED, body)


@subscribe(facts.CaseMerged)
def on_merged(merged: Sequence[facts.CaseMerged]) -> None:
    """The voices move to the case theirs was merged into."""
    for fact in merged:
        number = Case.objects.values_list("number", flat=True).get(pk=fact.into_id)
        tell({fact.case_id: {"into": number}}, Told.MERGED, fact.at)
        Report.objects.filter(case_id=fact.case_id).update(case_id=fact.into_id)


@subscribe(facts.CaseUnmerged)
def on_unmerged(unmerged: Sequence[facts.CaseUnmerged]) -> None:
    """The voices it had brought go back with it, from whichever case they have been moved to since."""
    for fact in unmerged:
        brought = Report.objects.filter(first_case_id__in=[fact.case_id, *_merged_below(fact.case_id)])
        touched = {fact.case_id, fact.from_id, *brought.values_list("case_id", flat=True).distinct()}
        brought.update(case_id=fact.case_id)
        tell({fact.case_id: {}}, Told.UNMERGED, fact.at)
        rows = Report.objects.filter(case_id__in=touched).order_by().values_list("case_id")
        recount(dict.fromkeys(touched, 0) | dict(rows.annotate(n=Count("id"))))


def _merged_below(case_id: int) -> list[int]:
    """Cases that had been merged into this one before it was merged itself."""
    found: list[int] = []
    layer = [case_id]
    while layer:
        layer = list(Case.objects.filter(merged_into_id__in=layer).values_list("id", flat=True))
        found.extend(layer)
    return found
