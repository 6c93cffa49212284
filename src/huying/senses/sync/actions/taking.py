"""Taking in what a phone did while it was away.

First the whole batch is written down, in one statement; from then on nothing of it can be lost. Then the operations are
tried, alike ones together and every other in a transaction of its own: writes and outcomes are committed together, or
neither. A server that dies anywhere in between leaves operations waiting, which the phone's next call or the minute's job
takes up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.bulk import insertion
from huying.kernel.gathering import ask_together

from .. import doors, rules
from ..models import Device, Operation
from ..reading import Damaged, Sent
from ..rules import Cause, State
from . import trying

_COLUMNS: Final = tuple(one.attname for one in Operation._meta.concrete_fields)


@dataclass(frozen=True, slots=True)
class Result:
    """What a phone is told of one operation. ``state`` is one of :class:`State`, with ``gone`` for a removed one."""

    id: str
    state: str
    message: str = ""
    code: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)


def take_operations(
    *,
    actor: Actor,
    device: Device,
    now: datetime,
    operations: Sequence[Sent | Damaged],
    sent_at: datetime | None = None,
) -> list[Result]:
    """Take in a batch, in any order and any number of times; one result for each, in the order given.

    What was taken in before is answered with what became of it. ``sent_at`` is the device's clock now.
    """
    sent = {one.id: one for one in operations if isinstance(one, Sent)}
    known = _known(sent)
    fresh = [one for one in sent.values() if one.id not in known]
    if fresh:
        written = _write_down(fresh, device=device, now=now, offset=rules.clock_offset(sent_at, now))
        known |= written | _known(one.id for one in fresh if one.id not in written)
    _note_call(device, sent.values(), now=now, sent_at=sent_at)
    mine = [one for one in known.values() if one.device_id == device.pk and one.state == State.WAITING]
    if any(one.branch or one.after for one in mine):
        mine += _held_back(device, known)
    known |= trying.try_operations(mine, actors={device.person_id: actor}, now=now)
    return [_result(one, known.get(one.id), device) if isinstance(one, Sent) else _damaged(one) for one in operations]


def _known(ids: Iterable[UUID]) -> dict[UUID, Operation]:
    wanted = list(ids)
    return Operation.objects.defer("body", "sealed").in_bulk(wanted) if wanted else {}


def _held_back(device: Device, besides: Iterable[UUID]) -> list[Operation]:
    """What of this device waits for others of it: with these it may go on, a long run of changes at once."""
    held = Operation.objects.filter(device=device, state=State.WAITING, cause__in=[Cause.AFTER, Cause.BRANCH])
    return list(held.exclude(pk__in=list(besides)).defer("body", "sealed").order_by("seq")[: trying.MOST_WOKEN])


def _write_down(fresh: Sequence[Sent], *, device: Device, now: datetime, offset: timedelta) -> dict[UUID, Operation]:
    """Those written now, in one statement. Who sends the same at the same time waits for it and then finds it written."""
    rows = {}
    for one in sorted(fresh, key=lambda each: each.id):
        applier = doors.applier_of(one.kind)
        row = Operation(
            id=one.id,
            device=device,
            person_id=device.person_id,
            seq=one.seq,
            kind=one.kind,
            subject=one.subject,
            base=one.base,
            branch=one.branch,
            after=list(one.after),
            files=list(one.files),
            at=one.at,
            at_true=rules.true_time(one.at, offset, now),
            received_at=now,
            digest=one.digest,
            state=State.WAITING,
            cause=Cause.QUEUED,
            try_at=now,
        )
        row.keep(one.body, private=applier is None or applier.private)
        row._state.adding = False
        rows[one.id] = row
    sql, values = insertion(Operation, _COLUMNS, [[getattr(row, name) for name in _COLUMNS] for row in rows.values()])
    (written,) = ask_together((f"{sql} ON CONFLICT DO NOTHING RETURNING id", values))
    return {pk: rows[pk] for (pk,) in written}


def _note_call(device: Device, sent: Iterable[Sent], *, now: datetime, sent_at: datetime | None) -> None:
    highest = max((one.seq for one in sent), default=0)
    changes: dict[str, Any] = {"seen_at": Greatest("seen_at", now), "next_seq": Greatest("next_seq", highest + 1)}
    if sent_at is not None:
        changes["offset"] = now - sent_at
    Device.objects.filter(pk=device.pk).update(**changes)


def _result(sent: Sent, row: Operation | None, device: Device) -> Result:
    if row is None:
        message = _("这一条的序号已经用过")
        return Result(str(sent.id), State.REFUSED, message, "seq_taken", {"seq": message})
    if row.device_id != device.pk or bytes(row.digest) != sent.digest:
        return Result(str(sent.id), State.REFUSED, _("这个编号已经用在另一条上"), "id_reused", {"id": _("编号已用过")})
    return told(row)


def told(row: Operation) -> Result:
    """What a phone is told of an operation that was taken in."""
    outcome = row.outcome
    return Result(
        id=str(row.pk),
        state="gone" if row.state == State.REMOVED else row.state,
        message=outcome.get("message", ""),
        code=outcome.get("code", "") or (row.cause if row.state == State.WAITING else ""),
        fields=outcome.get("fields", {}),
        made=outcome.get("made", {}),
    )


def _damaged(one: Damaged) -> Result:
    return Result(one.id, State.REFUSED, one.message, one.code, one.fields)
