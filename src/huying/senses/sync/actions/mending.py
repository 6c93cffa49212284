"""Mending by a person: an operation that cannot go on is removed, or tried again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound, Refused

from ..models import Operation
from ..rules import Cause, State
from . import trying
from .devices import note


def remove_operation(operation_id: UUID, *, actor: Actor, now: datetime, why: str = "") -> Operation:
    """Take a waiting or refused operation away for good; what it said is cleared, that it was there stays.

    What waited for it is tried. Removing again changes nothing. Refused for one that has been done.
    """
    with transaction.atomic():
        row = _locked(operation_id)
        if row.state == State.REMOVED:
            return row
        _must_stand(row)
        row.outcome = {**row.outcome, "removed_by": actor.ref, "why": why.strip()[:200]}
        row.state, row.cause, row.try_at, row.settled_at = State.REMOVED, Cause.NONE, None, now
        row.body = row.sealed = None
        row.save(update_fields=["outcome", "state", "cause", "try_at", "settled_at", "body", "sealed"])
        note(row.device, "remove_operation", actor=actor, now=now, operation=str(row.pk), kind=row.kind)
    trying.wake_for([row], actor=actor, now=now)
    return row


def retry_operation(operation_id: UUID, *, actor: Actor, now: datetime) -> Operation:
    """Try a waiting or refused operation once more, as the person who sent it; what became of it."""
    with transaction.atomic():
        row = _locked(operation_id)
        _must_stand(row)
        row.state, row.cause, row.try_at, row.settled_at = State.WAITING, Cause.QUEUED, now, None
        row.tries, row.outcome = 0, {}
        row.save(update_fields=["state", "cause", "try_at", "settled_at", "tries", "outcome"])
        note(row.device, "retry_operation", actor=actor, now=now, operation=str(row.pk), kind=row.kind)
    return trying.try_operations([row], actors={}, now=now)[row.pk]


def _locked(operation_id: UUID) -> Operation:
    row = Operation.objects.select_for_update(of=("self",)).select_related("device").filter(pk=operation_id).first()
    if row is None:
        raise NotFound(code="operation_not_found")
    return row


def _must_stand(row: Operation) -> None:
    if row.state not in (State.WAITING, State.REFUSED):
        raise Refused(_("这一条已经处理过，不能再动"), code="operation_settled")
