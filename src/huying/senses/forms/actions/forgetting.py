"""Somebody was erased from the registry: what forms say about them goes as well. And sealed answers go in their time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.files import erase_files
from huying.kernel.locks import lock_rows

from ..models import Submission, SubmissionRevision
from .receiving import draft_of

_AT_ONCE: Final = 500
_PICTURES: Final = ("photos", "after_photos")


def hold_answers(subjects: Collection[UUID]) -> None:
    """Lock what was filled in about these people, before the registry's names as a correction does. Needs a transaction."""
    lock_rows(Submission, _about(subjects).values_list("pk", flat=True))


def _about(subjects: Collection[UUID]) -> QuerySet[Submission]:
    return Submission.objects.filter(subject_kind="person", subject_uid__in=subjects)


@transaction.atomic
def forget_answers(subjects: Collection[UUID], *, actor: Actor, now: datetime, why: str) -> int:
    """Empty every submission about these people, with what it said before each correction; how many were emptied.

    That it was filled in, by whom and when, stays, and so do the kinds of findings with the pictures their cases rest on.
    Repeated it changes nothing. ``why`` holds no personal data.
    """
    found = list(
        _about(subjects)
        .exclude(state=Submission.State.ERASED)
        .select_for_update(of=("self",))
        .order_by("id")
        .defer("private")
    )
    before = SubmissionRevision.objects.filter(submission__in=found)
    said = [row.findings for row in found] + [one.findings for one in before.defer("private")]
    evidence = {file for findings in said for file in _evidence(findings)}
    for row in found:
        _empty(row, evidence)
    before.update(answers={}, private=None, findings=[], reason="")
    trace.record([draft_of(row, "forget_answers", actor, now, {"why": why}) for row in found])
    for row in found:
        trace.erase_private(f"submission:{row.uid}", actor=actor, now=now, why=why, labels={"reason", "words"})
    return len(found)


def forget_sealed(*, actor: Actor, now: datetime, keep: timedelta) -> int:
    """Personal answers that came longer ago than ``keep`` go, those before corrections as well; how many submissions.

    Names and phones of keepers and witnesses among them. What was found and every other answer stays. Steps of 500, each
    from where the last one ended.
    """
    sealed = Submission.objects.filter(received_at__lt=now - keep, private__isnull=False)
    count, moment, last = 0, datetime.min.replace(tzinfo=UTC), 0
    while step := _some(sealed.filter(Q(received_at__gt=moment) | Q(pk__gt=last), received_at__gte=moment)):
        count += _unseal([pk for pk, _moment in step])
        last, moment = step[-1]
    if count:
        body = {"count": count, "before": (now - keep).isoformat()}
        with transaction.atomic():
            trace.record([trace.Draft(chain="submissions", verb="forget_sealed", actor=actor, at=now, body=body)])
    return count


def _some(rows: QuerySet[Submission]) -> list[tuple[int, datetime]]:
    return list(rows.order_by("received_at", "pk").values_list("pk", "received_at")[:_AT_ONCE])


@transaction.atomic
def _unseal(submissions: Collection[int]) -> int:
    rows = Submission.objects.filter(pk__in=submissions).order_by("pk")
    found = list(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
    Submission.objects.filter(pk__in=found, private__isnull=False).update(private=None)
    SubmissionRevision.objects.filter(submission__in=found, private__isnull=False).update(private=None)
    return len(found)


def _evidence(findings: Iterable[Mapping[str, Any]]) -> set[int]:
    """Pictures the cases of findings rest on, those of withdrawn ones among them."""
    return {file for finding in findings for name in _PICTURES for file in finding[name]}


def _empty(row: Submission, evidence: Collection[int]) -> None:
    row.files.exclude(file__in=evidence).delete()
    erase_files(f"submission:{row.pk}", keep=evidence)
    row.findings = [{**finding, "note": ""} for finding in row.findings]
    row.answers, row.private = {}, None
    row.lon = row.lat = row.accuracy = None
    row.state = Submission.State.ERASED
    row.save(update_fields=["answers", "private", "findings", "lon", "lat", "accuracy", "state"])
