"""Notices: few, grouped at the bell, saying the due time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huying.kernel import live
from huying.kernel.actor import Actor
from huying.kernel.bulk import insert_rows
from huying.kernel.errors import NotFound

from ..models import Notice

_COLUMNS = ("person_id", "kind", "case_id", "order_id", "body", "due_at", "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A notice to be sent."""

    person_id: int
    kind: str
    case_id: int | None = None
    order_id: int | None = None
    due_at: datetime | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


def send_notices(notes: Sequence[Note], *, now: datetime) -> int:
    """Send notices in the caller's transaction; one query."""
    rows = [
        (note.person_id, note.kind, note.case_id, note.order_id, dict(note.body), note.due_at, now) for note in notes
    ]
    insert_rows(Notice, _COLUMNS, rows)
    live.announce_all((f"notices:{person_id}", None) for person_id in sorted({row[0] for row in rows}))
    return len(rows)


def read_notices(*, actor: Actor, now: datetime, ids: Sequence[int] | None = None, kind: str = "") -> int:
    """Mark the actor's own notices read: the given ones, one kind, or all. Returns how many were unread."""
    if actor.person_id is None:
        raise NotFound(code="no_notices")
    rows = Notice.objects.filter(person_id=actor.person_id, read_at__isnull=True)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.update(read_at=now)
