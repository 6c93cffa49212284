"""What is kept no longer than needed: what operations said, uploads nobody came for, parts of files."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from ..models import Operation, Upload
from ..rules import Received, State
from .settling import about_somebody_erased, become, drop_said, write_settled
from .uploading import path_of_parts

BODIES_KEPT: Final = timedelta(days=30)
UPLOADS_KEPT: Final = timedelta(days=30)
REFUSED_KEPT: Final = timedelta(days=180)


def clear_old(*, now: datetime, most: int = 5_000) -> tuple[int, int]:
    """Clear what passed operations said a month after, and forget uploads a month old that no standing operation names.

    Refused ones stand for half a year. An operation's id, order and outcome stay, so that it is known however late it is
    sent again. A photo that was attached to something stays with that. Returns (bodies, uploads).
    """
    return _clear_bodies(now, most) + _give_up(now, most), _clear_uploads(now, most)


def _give_up(now: datetime, most: int) -> int:
    """What was refused and nobody has mended in half a year is removed: what it said may be about people."""
    old = Operation.objects.filter(state=State.REFUSED, settled_at__lte=now - REFUSED_KEPT)
    ids = list(old.order_by("settled_at").values_list("pk", flat=True)[:most])
    return Operation.objects.filter(pk__in=ids).update(state=State.REMOVED, body=None, sealed=None)


@transaction.atomic
def forget_subjects(subjects: Collection[UUID], *, now: datetime) -> int:
    """Clear what operations said about records that were erased, passed, refused and waiting ones alike; how many.

    What waits is refused. What is being tried this moment is left to that: it is refused once it comes to the record, and
    keeps nothing then.
    """
    held = Operation.objects.filter(Q(body__isnull=False) | Q(sealed__isnull=False), subject__in=subjects)
    count = held.exclude(state=State.WAITING).update(body=None, sealed=None)
    waiting = held.filter(state=State.WAITING).defer("body", "sealed").order_by("pk")
    if rows := list(waiting.select_for_update(skip_locked=True, of=("self",))):
        for row in rows:
            become(row, about_somebody_erased(), now=now)
        write_settled(rows)
        drop_said(rows)
    return count + len(rows)


def _clear_bodies(now: datetime, most: int) -> int:
    held = Q(body__isnull=False) | Q(sealed__isnull=False)
    passed = Operation.objects.filter(held, settled_at__lte=now - BODIES_KEPT).exclude(state=State.REFUSED)
    ids = list(passed.order_by("settled_at").values_list("pk", flat=True)[:most])
    return Operation.objects.filter(pk__in=ids).update(body=None, sealed=None)


def _clear_uploads(now: datetime, most: int) -> int:
    with transaction.atomic():
        old = Upload.objects.select_for_update(skip_locked=True).filter(moved_at__lte=now - UPLOADS_KEPT)
        found = {one.pk: one.state for one in old.order_by("moved_at")[:most]}
        standing = Operation.objects.filter(state__in=[State.WAITING, State.REFUSED], files__overlap=list(found))
        needed = {one for named in standing.values_list("files", flat=True) for one in named}
        gone: list[UUID] = [pk for pk in found if pk not in needed]
        Upload.objects.filter(pk__in=gone).delete()
    for pk in gone:
        if found[pk] == Received.PARTLY:
            path_of_parts(pk).unlink(missing_ok=True)
    return len(gone)
