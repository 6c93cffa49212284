"""Tasks wanted once: cases to check, warnings, re-inspections, a round's turn. Rooms above may ask for theirs here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.clock import local_day

from .. import access, queries, subjects
from ..models import Task
from ..rules import Ask, TaskKind, TaskState, asked_task
from .writing import asked_values, write_moves


def ask_tasks(asks: Sequence[Ask], *, actor: Actor, now: datetime) -> list[UUID]:
    """Ask for tasks, once each by source and key; the ids. Asked again while open, a task takes the new dates."""
    access.must_derive(actor)
    values = {asked_task(ask.source, ask.key): asked_values(ask) for ask in asks}
    names = {asked_task(ask.source, ask.key): {"source": ask.source, "source_key": ask.key} for ask in asks}
    with transaction.atomic():
        known = list(Task.objects.filter(uid__in=values).select_for_update().order_by("uid"))
        closed = {row.uid for row in known if row.state in (TaskState.DONE, TaskState.SKIPPED)}
        wanted = {uid: one for uid, one in values.items() if uid not in closed}
        write_moves(wanted, names, [row for row in known if row.uid not in closed], now=now)
    return list(values)


def withdraw(source: str, keys: Iterable[str], *, actor: Actor, now: datetime) -> int:
    """End the open tasks that are not wanted any more; how many."""
    access.must_derive(actor)
    rows = Task.objects.filter(uid__in=[asked_task(source, key) for key in keys], state=TaskState.OPEN)
    return rows.update(state=TaskState.ENDED, closed_at=now)


def withdraw_like(source: str, beginnings: Iterable[str], *, actor: Actor, now: datetime) -> int:
    """The same for all keys with one of these beginnings."""
    access.must_derive(actor)
    meant = Q(pk__in=[])
    for beginning in beginnings:
        meant |= Q(source_key__startswith=beginning)
    rows = Task.objects.filter(meant, source=source, state=TaskState.OPEN)
    return rows.update(state=TaskState.ENDED, closed_at=now)


def ask_warnings(rated: Iterable[tuple[UUID, str]], *, actor: Actor, now: datetime) -> int:
    """Somebody goes to see premises whose risk has become red; (uid, day of the rating) → one task each."""
    days = dict(rated)
    today = local_day(now)
    due = today + timedelta(days=queries.policy_on(today).warning_days)
    asks = [
        Ask(
            source="warning",
            key=f"{one.uid}/{days[one.uid]}",
            kind=TaskKind.WARNING,
            title=_("风险升为红色，请上门核实：%(name)s") % {"name": one.title},
            area=one.area,
            opens_on=today,
            due_on=due,
            priority=1,
            subject_kind="premises",
            subject_uid=one.uid,
            premises=one.uid,
            address=one.address,
            lon=one.lon,
            lat=one.lat,
        )
        for one in subjects.some("premises", days)
    ]
    return len(ask_tasks(asks, actor=actor, now=now))
