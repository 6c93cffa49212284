"""Somebody was erased from the registry: what was noted at visits to them goes. And disputes go in their time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Q, QuerySet

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.files import erase_unnamed
from huying.kernel.locks import lock_rows
from huying.kernel.trace.models import Entry
from huying.senses.forms.models import Submission

from ..models import Dispute, Finding, Sighting, SpotCheck, Task
from ..rules import TaskState
from .ordering import hold

_AT_ONCE: Final = 200
_VERBS: Final = ("dispute_amendment", "decide_dispute")


def hold_subjects(subjects: Collection[UUID]) -> None:
    """Lock everything :func:`forget_subjects` will touch, in the order of work that comes in. Needs a transaction."""
    hold([("person", uid) for uid in subjects], tasks=_tasks(subjects).values_list("uid", flat=True))


def _tasks(subjects: Collection[UUID]) -> QuerySet[Task]:
    return Task.objects.filter(subject_uid__in=subjects, subject_kind__in=("person", "care"))


@transaction.atomic
def forget_subjects(subjects: Collection[UUID], *, actor: Actor, now: datetime, why: str) -> int:
    """Tasks about these people or their care entries: free words and the address of their home go, nobody calls on them any
    more; how many tasks. That a visit was made, by whom and when, stays. ``why`` holds no personal data.
    """
    found = list(_tasks(subjects).order_by("uid").select_for_update(of=("self",)).values_list("pk", flat=True))
    tasks = Task.objects.filter(pk__in=found)
    tasks.filter(state=TaskState.OPEN, findings__isnull=True).update(state=TaskState.ENDED, closed_at=now)
    tasks.update(skip_words="", address="", lon=None, lat=None)
    about = Submission.objects.filter(subject_kind="person", subject_uid__in=subjects).values("uid")
    visits = tasks.filter(submission__isnull=False).values("submission")
    Finding.objects.filter(Q(submission__in=about) | Q(submission__in=visits)).update(address="")
    _forget_words(found, actor, now, why)
    _empty(Dispute.objects.filter(submission__in=about), actor, now, why)
    return len(found)


def _forget_words(tasks: Collection[int], actor: Actor, now: datetime, why: str) -> None:
    """What was seen at the door, what was found out about the work and what the worker said to it; verdicts stay."""
    seen, checks = Sighting.objects.filter(task__in=tasks), SpotCheck.objects.filter(task__in=tasks)
    chains = {f"task:{pk}" for pk in seen.exclude(text=None).values_list("task", flat=True)}
    chains |= {f"spotcheck:{pk}" for pk in checks.exclude(answer="").values_list("pk", flat=True)}
    seen.update(text=None, lon=None, lat=None)
    checks.update(words="", answer="", answered_at=None)
    for chain in sorted(chains):
        trace.erase_private(chain, actor=actor, now=now, why=why, labels={"text", "answer"})


def forget_disputes(*, actor: Actor, now: datetime, keep: timedelta) -> int:
    """What was disputed longer ago than ``keep`` goes as the sealed answers of its form do; how many. Steps of 200."""
    count, last = 0, 0
    old = Dispute.objects.filter(at__lt=now - keep).exclude(reason="")
    while step := list(old.filter(pk__gt=last).order_by("pk").values_list("pk", "submission")[:_AT_ONCE]):
        last = step[-1][0]
        with transaction.atomic():
            uids = [uid for _pk, uid in step]
            lock_rows(Submission, Submission.objects.filter(uid__in=uids).values_list("pk", flat=True))
            count += _empty(Dispute.objects.filter(pk__in=[pk for pk, _uid in step]), actor, now, "retention")
    return count


def _empty(disputes: QuerySet[Dispute], actor: Actor, now: datetime, why: str) -> int:
    """Both values, the reason, the words and the pictures go; nobody has to decide any more. That there was a dispute stays."""
    rows = list(disputes.select_for_update(of=("self",)).order_by("pk"))
    for row in rows:
        if row.state == Dispute.State.OPEN:
            row.state, row.decided_at = Dispute.State.LEFT, now
        row.change = row.reason = row.words = ""
        drop_pictures(row)
        row.save()
        trace.erase_private(f"submission:{row.submission}", actor=actor, now=now, why=why, places=_places(row))
    return len(rows)


def drop_pictures(dispute: Dispute) -> None:
    """Its pictures go, but those the form, what it said before, a finding or another dispute needs. It is not saved."""
    others = Dispute.objects.filter(submission=dispute.submission).exclude(pk=dispute.pk)
    needed = {pk for files in others.values_list("files", flat=True) for pk in files.values()}
    row = Submission.objects.filter(uid=dispute.submission).values_list("pk", flat=True).first()
    erase_unnamed(f"submission:{row}", set(dispute.files.values()) - needed)
    dispute.files = {}


def _places(dispute: Dispute) -> list[tuple[int, str]]:
    """Where the trace holds its reason and its words."""
    rows: Iterable[tuple[int, str]] = Entry.objects.filter(
        chain=f"submission:{dispute.submission}", verb__in=_VERBS
    ).values_list("seq", "body")
    own = [seq for seq, body in rows if orjson.loads(body)["op"] == str(dispute.op)]
    return [(seq, label) for seq in own for label in ("reason", "words")]
