"""Every read of devices a screen, the API or the readings' worker needs. Lists page by key; a map shows a bounded number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Avg, Count, F, FloatField, Func, Min, Q, QuerySet, Value
from django.db.models.functions import Cast, Floor

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page

from . import access
from .directory import Known, directory
from .models import Command, Device, Wearing
from .rules import OPEN_COMMANDS, DeviceState

__all__ = ["Filters", "Known", "Spot", "Tally", "areas_of", "command_page", "device_page", "directory", "open_commands", "spots",
           "tally", "whole", "worn"]  # fmt: skip

PAGE_SIZE: Final = 50
MOST_SPOTS: Final = 1500
CELLS: Final = 40  # clusters a side, when there are more devices than that in a view
_ORDER: Final = ("area", "code")
ONLINE: Final = ("online", "offline", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list or a map is narrowed to; empty values narrow nothing.

    ``words``: in code, name, serial number or address. ``online``: online, offline, or never (it has not said a word yet).
    ``gateway``: behind the gateway with this code. ``state``: without one, retired devices are left out.
    """

    words: str = ""
    kind: str = ""
    area: str = ""
    state: str = ""
    online: str = ""
    gateway: str = ""
    resident: str = ""
    premises: str = ""


def wished(actor: Actor, filters: Filters) -> QuerySet[Device]:
    """The devices the actor may see and the filters let through."""
    rows = access.visible(actor)
    rows = rows.filter(state=filters.state) if filters.state else rows.exclude(state=DeviceState.RETIRED)
    narrow: dict[str, Any] = {
        "kind": filters.kind,
        "area__startswith": filters.area,
        "gateway__code": filters.gateway,
        "resident_uid": filters.resident,
        "premises_uid": filters.premises,
    }
    rows = rows.filter(**{name: value for name, value in narrow.items() if value})
    if filters.online:
        rows = rows.filter(_online(filters.online))
    for word in filters.words.split()[:5]:
        rows = rows.filter(
            Q(code__icontains=word) | Q(name__icontains=word) | Q(serial__icontains=word) | Q(address__icontains=word)
        )
    return rows


def _online(wanted: str) -> Q:
    if wanted not in ONLINE:
        raise Invalid(field="online")
    return Q(last__isnull=True) if wanted == "never" else Q(last__online=wanted == "online")


def device_page(actor: Actor, filters: Filters, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[Device]:
    """One page by area and code, each with its last value, gateway and unit. One query."""
    rows = wished(actor, filters).select_related("last", "gateway", "unit").defer("last__state")
    return page(rows, _ORDER, cursor, size)


class Tally(NamedTuple):
    """How many devices of a kind there are, and how they do."""

    kind: str
    total: int
    online: int
    offline: int
    never: int


def tally(actor: Actor, filters: Filters) -> list[Tally]:
    """Numbers by kind within the filters. One query."""
    counts = (
        wished(actor, filters)
        .order_by()
        .values("kind")
        .annotate(
            total=Count("pk"),
            online=Count("pk", filter=Q(last__online=True)),
            offline=Count("pk", filter=Q(last__online=False)),
        )
        .order_by("kind")
    )
    return [
        Tally(row["kind"], row["total"], row["online"], row["offline"], row["total"] - row["online"] - row["offline"])
        for row in counts
    ]


@dataclass(frozen=True, slots=True)
class Spot:
    """A device on the map, or several close together: then ``code`` and ``name`` are empty and ``count`` is above 1."""

    lon: float
    lat: float
    count: int
    offline: int
    code: str
    name: str
    kind: str


Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees (CGCS2000)."""


def spots(actor: Actor, filters: Filters, bounds: Bounds) -> list[Spot]:
    """What the map shows within bounds: each device while there are few, else clusters. At most two queries."""
    west, south, east, north = bounds
    if not (west < east and south < north):
        raise Invalid(field="bounds")
    rows = wished(actor, filters).filter(lon__range=(west, east), lat__range=(south, north)).order_by()
    named = ("lon", "lat", "code", "name", "kind", "last__online")
    few = list(rows.values_list(*named)[: MOST_SPOTS + 1])
    if len(few) <= MOST_SPOTS:
        return [Spot(lon, lat, 1, int(online is False), code, name, kind) for lon, lat, code, name, kind, online in few]
    return _clusters(rows, bounds)


def _clusters(rows: QuerySet[Device], bounds: Bounds) -> list[Spot]:
    west, south, east, north = bounds
    cells = rows.annotate(
        column=_cell("lon", west, (east - west) / CELLS), row=_cell("lat", south, (north - south) / CELLS)
    )
    found = (
        cells.values("column", "row")
        .annotate(
            x=Avg("lon"),
            y=Avg("lat"),
            number=Count("pk"),
            off=Count("pk", filter=Q(last__online=False)),
            one_code=Min("code"),
            one_name=Min("name"),
            one_kind=Min("kind"),
        )
        .values_list("x", "y", "number", "off", "one_code", "one_name", "one_kind")
    )
    return [
        Spot(x, y, number, off, *((code, name, kind) if number == 1 else ("", "", "")))
        for x, y, number, off, code, name, kind in found
    ]


def _cell(field: str, start: float, width: float) -> Func:
    return Floor(Cast((F(field) - Value(start)) / Value(width), FloatField()))


def whole(actor: Actor, code: str) -> Device:
    """One device with its last value, gateway, unit and contacts; NotFound for strangers. Two queries."""
    device = access.get(actor, code)
    device.contact_rows = list(device.contacts.select_related("person").order_by("rank"))  # type: ignore[attr-defined]
    return device


def command_page(device: Device, *, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[Command]:
    """What a device was told, latest first. One query."""
    return page(Command.objects.filter(device=device.pk), ("-id",), cursor, size)


def open_commands(actor: Actor, *, most: int = 100) -> list[Command]:
    """Commands that wait for a second person or an answer, oldest first, where the actor commands. One query."""
    devices = access.visible(actor, access.COMMAND)
    rows = Command.objects.select_related("device").filter(state__in=[str(one) for one in OPEN_COMMANDS])
    return list(rows.filter(device__in=devices).order_by("asked_at", "pk")[:most])


def expiring_commands(now: datetime, *, most: int = 500) -> Sequence[int]:
    """Open commands, oldest first; the caller judges each under its lock."""
    rows = Command.objects.filter(state__in=[str(one) for one in OPEN_COMMANDS], asked_at__lt=now)
    return list(rows.order_by("asked_at").values_list("pk", flat=True)[:most])


@dataclass(frozen=True, slots=True)
class Worn:
    """When a device watched over whom it watches over now: (since, until) with the end not included; None: no end to it."""

    times: tuple[tuple[datetime | None, datetime | None], ...]

    def holds(self, begin: datetime, end: datetime | None = None) -> bool:
        """Whether a moment, or all of a stretch of time, is theirs."""
        return any(
            (since is None or begin >= since) and (until is None or (begin < until and (end is None or end <= until)))
            for since, until in self.times
        )


def worn(devices: Sequence[Device]) -> dict[int, Worn]:
    """By device, when private values were about whom it watches over now. One query, none where nobody had one before."""
    asked = {one.pk: one.resident_uid for one in devices if one.watches_since is not None and one.resident_uid}
    times: dict[int, list[tuple[datetime | None, datetime | None]]] = {one.pk: [] for one in devices}
    if asked:
        rows = Wearing.objects.filter(device__in=asked, resident_uid__in=set(asked.values())).order_by("until")
        for pk, whose, since, until in rows.values_list("device", "resident_uid", "since", "until"):
            if asked[pk] == whose:
                _lengthen(times[pk], since, until)
    for one in devices:
        _lengthen(times[one.pk], one.watches_since, None)
    return {pk: Worn(tuple(found)) for pk, found in times.items()}


def _lengthen(
    times: list[tuple[datetime | None, datetime | None]], since: datetime | None, until: datetime | None
) -> None:
    """Add a time to those before it; where one ends as it begins, they are one."""
    if times and times[-1][1] == since:
        since = times.pop()[0]
    times.append((since, until))


def areas_of(codes: Collection[str]) -> set[str]:
    """The areas devices are registered in, by their codes. One query."""
    return set(Device.objects.filter(code__in=codes).values_list("area", flat=True))
