"""Somebody was erased from the registry: what was noted at visits to them goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ..models import Sighting, SpotCheck, Task
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
    return len(found)
