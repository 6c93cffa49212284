"""Care lists begin and end; they end by themselves when they expire. And: somebody looked, nothing has changed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from django.utils.translation import gettext_lazy as _

from huying.ground.registry import access
from huying.ground.registry.models import MODELS, CareEntry, Record
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound, Refused
from huying.kernel.facts import Fact, publish

from .changing import Changed, change
from .writing import Author, alter, known_kind, locked, said

_MOST_AT_ONCE = 500


def begin_care(
    *, actor: Actor, now: datetime, resident: UUID, list: str, basis: str, until: date, reason: str = "",
    since: date | None = None, responsible: int | None = None, visits_every: int | None = None, source: str = "desk",
) -> Changed:  # fmt: skip
    """Put a resident on a care list, by law and for a time. Waits for a decision unless the actor may decide."""
    values = {
        "resident": str(resident), "list": list, "basis": basis, "reason": reason, "until": until,
        "since": since or local_day(now), "responsible": responsible, "visits_every": visits_every,
    }  # fmt: skip
    return change(actor=actor, now=now, kind="care", uid=uuid4(), base=0, changes=values, source=source)


def end_care(*, actor: Actor, now: datetime, uid: UUID, base: int, why: str = "done", source: str = "desk") -> Changed:
    """Take a resident off a care list before it expires. Waits for a decision unless the actor may decide."""
    return change(actor=actor, now=now, kind="care", uid=uid, base=base, changes={"ending": why}, source=source)


def expire_care(*, actor: Actor, now: datetime) -> int:
    """End every entry whose last day has passed; how many. Done in steps of 500, each on its own."""
    count = 0
    while True:
        with said():
            rows = CareEntry.objects.select_for_update(skip_locked=True).filter(
                state="active", until__lte=local_day(now)
            )
            found = list(rows.order_by("pk")[:_MOST_AT_ONCE])
            facts: list[Fact] = []
            for row in found:
                author = Author(actor=actor, now=now, source="clock", base=row.version)
                facts += alter(row, {"ending": "expired"}, author)
            publish(*facts)
        count += len(found)
        if len(found) < _MOST_AT_ONCE:
            return count


def confirm(*, actor: Actor, now: datetime, kind: str, uid: UUID) -> Record:
    """Say that somebody looked today and it is all still so. The version stays: nothing has changed."""
    known_kind(kind)
    with said():
        row = locked(kind, uid)
        capability = access.CARE if kind == "care" else access.VIEW
        if row is None or not access.may(actor, capability, row.area):
            raise NotFound(_("没有这条信息"))
        access.require_over(actor, access.PROPOSE, row.area)
        if row.state != "active":
            raise Refused(_("这条信息已注销或合并"), code="not_active")
        if now > row.checked_at:
            MODELS[kind]._default_manager.filter(pk=row.pk).update(checked_at=now, checked_by=actor.ref)
            row.checked_at, row.checked_by = now, actor.ref
    return row
