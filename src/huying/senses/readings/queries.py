"""What is read of the readings: a device's past, and how the drain fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page
from huying.kernel.stream import PARTITIONS, READINGS, URGENT, partition_of
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import Kind, kind
from huying.senses.devices.models import Device
from huying.senses.devices.queries import worn as devices_worn
from huying.senses.devices.rules import EARLIEST

from . import history
from .models import Cursor, Rejected

MOST_READINGS: Final = 5_000
USUAL_POINTS: Final = 300
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def series(
    device: Device, fields: Sequence[str], since: datetime, until: datetime, points: int = USUAL_POINTS
) -> history.Series:
    """The device's past in at most ``points`` stretches of equal length, each with min, avg, max and last of the fields.

    Any period, in a second. Who may see private fields is not asked here: ``devices.access`` has the doors; but what is private
    and about whoever the device watched over before is never told. Invalid for a period that is none, for fields the kind
    does not have, for none at all.
    """
    of = kind(device.kind)
    if unknown := [code for code in fields if code not in of.fields]:
        raise Invalid(_("没有这个读数：%(name)s") % {"name": unknown[0][:40]}, code="unknown_field", field="fields")
    if not fields:
        raise Invalid(_("请选要看的读数"), code="fields_needed", field="fields")
    _period(since, until)
    found = history.series(of, device.pk, list(dict.fromkeys(fields)), since, until, points, folders_of(device))
    if device.watches_since is None or not of.private_fields & set(fields):
        return found
    (worn,) = devices_worn([device]).values()
    return replace(
        found,
        buckets=tuple(
            one if worn.holds(one.at, one.at + found.step) else replace(one, values=_open(of, one.values))
            for one in found.buckets
        ),
    )


def readings(
    device: Device, since: datetime, until: datetime, *, most: int = MOST_READINGS
) -> list[tuple[datetime, int | None, dict[str, Any]]]:
    """The device's readings one by one, by its own time: (at, seq, values). For replaying rules and for the data's owner.

    Without what is private and about whoever it watched over before.
    """
    _period(since, until)
    of = kind(device.kind)
    (worn,) = devices_worn([device]).values()
    found = history.readings(of, device.pk, since, until, folders_of(device), most)
    return [(at, seq, values if worn.holds(at) else _open(of, values)) for at, seq, values in found]


def _open(of: Kind, values: dict[str, Any]) -> dict[str, Any]:
    """The values that are about nobody in particular."""
    return {code: value for code, value in values.items() if code not in of.private_fields}


def _period(since: datetime, until: datetime) -> None:
    for name, moment in (("since", since), ("until", until)):
        if timezone.is_naive(moment):
            raise Invalid(_("时间要写明时区，例如 2026-03-10T09:00:00+08:00"), code="zone_needed", field=name)
        if not EARLIEST <= moment <= LATEST:
            raise Invalid(_("时间要在 2000 年到 2200 年之间"), code="moment_far", field=name)
    if since >= until:
        raise Invalid(_("开始时间要早于结束时间"), code="period_empty", field="until")


def folders_of(device: Device) -> list[str]:
    """The spools a device's readings may lie in: its own partition's, its gateway's, the urgent one."""
    numbers = {partition_of(device.code)}
    if device.gateway is not None:
        numbers.add(partition_of(device.gateway.code))
    return [*(f"{READINGS.lower()}-{number}" for number in sorted(numbers)), f"{URGENT.lower()}-0"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the drain of a stream fares: how far, how much, when it last took something."""

    stream: str
    taken: int
    readings: int
    repeated: int
    refused: int
    seqs: tuple[int, ...]
    updated_at: datetime | None


def standings() -> list[Standing]:
    """One a stream; one query."""
    rows = list(Cursor.objects.all())
    return [_standing(stream, [row for row in rows if row.stream == stream]) for stream in (READINGS, URGENT)]


def standing(stream: str) -> Standing:
    """The same for one."""
    return _standing(stream, list(Cursor.objects.filter(stream=stream)))


def _standing(stream: str, rows: Sequence[Cursor]) -> Standing:
    taken, readings, repeated, refused = (
        sum(getattr(row, name) for row in rows) for name in ("taken", "readings", "repeated", "refused")
    )
    latest = max((row.updated_at for row in rows if row.updated_at is not None), default=None)
    seqs = {row.partition: row.seq for row in rows}
    numbers = range(PARTITIONS) if stream == READINGS else [0]
    return Standing(
        stream, taken, readings, repeated, refused, tuple(seqs.get(number, 0) for number in numbers), latest
    )


def rejected(actor: Actor, *, cursor: str | None = None, size: int = 50) -> Page[Rejected]:
    """What could not be taken, the latest first: of devices the actor looks after, and of senders nobody registered."""
    mine = devices.visible(actor, devices.EDIT).filter(code=OuterRef("code"))
    anybody = Device.objects.filter(code=OuterRef("code"))
    rows = Rejected.objects.filter(Exists(mine) | ~Exists(anybody))
    return page(rows, ["-last_at", "-id"], cursor=cursor, size=size)
