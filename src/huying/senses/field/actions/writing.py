"""How a derived task is written: the same values for a new one and for one that changes, always many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from ..models import Plan, Task
from ..rules import Ask, Kept, TaskState, Wanted, reconcile

WRITTEN: Final = (
    *("kind", "title", "form", "subject_kind", "subject_uid", "premises_uid", "address", "lon", "lat"),
    *("area", "roles", "posts", "opens_at", "due_at", "priority"),
)
ROLES: Final = ("grid_worker", "grid_lead")


def day_begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def day_ends(day: date) -> datetime:
    """The first moment that is too late for something due on a day is the one after this."""
    return day_begins(day + timedelta(days=1))


def planned_values(plan: Plan, wanted: Wanted) -> tuple[object, ...]:
    one = wanted.subject
    title = f"{plan.title} · {one.title}" if one.title else plan.title
    return (
        *(plan.kind, title[:120], plan.form, one.kind, one.uid, one.premises, one.address[:300], one.lon, one.lat),
        *(one.area, plan.roles or list(ROLES), plan.posts, day_begins(wanted.opens_on), day_ends(wanted.due_on)),
        wanted.priority,
    )


def asked_values(ask: Ask) -> tuple[object, ...]:
    return (
        *(ask.kind, ask.title[:120], ask.form, ask.subject_kind, ask.subject_uid, ask.premises, ask.address[:300]),
        *(ask.lon, ask.lat, ask.area, list(ask.roles or ROLES), list(ask.posts)),
        *(day_begins(ask.opens_on), day_ends(ask.due_on), ask.priority),
    )


def write_moves(
    wanted: Mapping[UUID, tuple[object, ...]],
    names: Mapping[UUID, Mapping[str, object]],
    rows: Sequence[Task],
    *,
    now: datetime,
) -> tuple[int, int, int]:
    """Make the open tasks what is wanted; how many were born, changed, ended. ``names``: what a new one is named after.

    ``rows`` are locked by the caller: the open tasks in question, and others with a wanted id that are not done.
    """
    kept = [Kept(row.uid, row.state == TaskState.OPEN, tuple(getattr(row, one) for one in WRITTEN)) for row in rows]
    moves = reconcile(wanted, kept)
    known = {row.uid: row for row in rows}
    if moves.ends:
        ended = Task.objects.filter(uid__in=moves.ends, state=TaskState.OPEN)
        ended.update(state=TaskState.ENDED, closed_at=now)
    changed = [_changed(known[uid], wanted[uid]) for uid in moves.changes]
    Task.objects.bulk_update(changed, [*WRITTEN, "state", "closed_at"], batch_size=500)
    born = [Task(uid=uid, **names[uid], **dict(zip(WRITTEN, wanted[uid], strict=True))) for uid in moves.births]
    # Somebody else may derive the same at this moment: the constraints let one of both through, and they are equal.
    Task.objects.bulk_create(born, batch_size=1000, ignore_conflicts=True)
    return len(born), len(changed), len(moves.ends)


def _changed(row: Task, values: tuple[object, ...]) -> Task:
    for name, value in zip(WRITTEN, values, strict=True):
        setattr(row, name, value)
    row.state, row.closed_at = TaskState.OPEN, None
    return row
