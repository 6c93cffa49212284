"""Somebody was erased from the registry: what was noted at visits to them goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from huying.senses.forms.models import Submission

from ..models import Dispute, Sighting, SpotCheck, Task
from ..rules import TaskState


@transaction.atomic
def forget_subjects(subjects: Collection[UUID], *, now: datetime) -> int:
    """Tasks about these people or their care entries: free words and the address of their home go, nobody calls on them any
    more; how many tasks. That a visit was made, by whom and when, stays.
    """
    rows = Task.objects.filter(subject_uid__in=subjects, subject_kind__in=("person", "care"))
    found = list(rows.order_by("uid").select_for_update(of=("self",)).values_list("pk", flat=True))
    tasks = Task.objects.filter(pk__in=found)
    tasks.filter(state=TaskState.OPEN, findings__isnull=True).update(state=TaskState.ENDED, closed_at=now)
    tasks.update(skip_words="", address="", lon=None, lat=None)
    Sighting.objects.filter(task__in=found).update(text=None, lon=None, lat=None)
    SpotCheck.objects.filter(task__in=found).update(words="")
    about = Submission.objects.filter(subject_kind="person", subject_uid__in=subjects).values("uid")
    _empty(Dispute.objects.filter(submission__in=about), now)
    return len(found)


def forget_disputes(*, now: datetime, keep: timedelta) -> int:
    """What was disputed longer ago than ``keep`` goes as the sealed answers of its form do; how many."""
    return _empty(Dispute.objects.filter(at__lt=now - keep).exclude(reason=""), now)


def _empty(disputes: QuerySet[Dispute], now: datetime) -> int:
    """Both values, the reason and the words go; nobody has to decide any more. That there was a dispute stays."""
    disputes.filter(state=Dispute.State.OPEN).update(state=Dispute.State.LEFT, decided_at=now)
    return disputes.update(change="", reason="", words="", files={})
