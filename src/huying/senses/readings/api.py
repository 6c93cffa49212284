"""REST: a device's past, and how the drain fares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import kind

from . import queries
from .history import MOST_POINTS, Series

router = Router(auth=SignedIn("devices:read"))
DAY = timedelta(days=1)


class FiguresOut(Schema):
    """Of one field in a stretch of time; for texts only ``last``, for yes and no the share of yes."""

    min: float | None
    avg: float | None
    max: float | None
    last: float | bool | str | None


class BucketOut(Schema):
    at: datetime
    count: int
    values: dict[str, FiguresOut]


class SeriesOut(Schema):
    """Stretches of ``step_seconds`` from ``since``; those without a reading are left out."""

    since: datetime
    until: datetime
    step_seconds: float
    buckets: list[BucketOut]


class ReadingOut(Schema):
    at: datetime
    seq: int | None
    values: dict[str, float | bool | str]


class StandingOut(Schema):
    """``taken`` messages, ``readings`` in them, ``repeated`` told twice, ``refused`` messages nothing could be made of."""

    stream: str
    taken: int
    readings: int
    repeated: int
    refused: int
    updated_at: datetime | None


class RejectedOut(Schema):
    stream: str
    code: str
    why: str
    count: int
    sample: str
    first_at: datetime
    last_at: datetime


class RejectedPage(Schema):
    items: list[RejectedOut]
    next: str | None


@router.get("/devices/{code}/history", response=SeriesOut, summary="A device's past, in stretches of time")
def get_history(
    request: HttpRequest,
    code: str,
    fields: Annotated[str, Field(max_length=400)] = "",
    since: datetime | None = None,
    until: datetime | None = None,
    points: Annotated[int, Field(ge=1, le=MOST_POINTS)] = queries.USUAL_POINTS,
    why: Annotated[str, Field(max_length=200)] = "",
) -> dict[str, Any]:
    """The last day by default; ``fields`` by comma, by default all that are not private.

    Private fields (vitals) are for appointed carers, who say ``why``; every look is logged.
    """
    actor, now = _actor(request), clock.now()
    device = devices.get(actor, code)
    of = kind(device.kind)
    chosen = [one for one in fields.split(",") if one] or [one for one in of.fields if one not in of.private_fields]
    if of.private_fields & set(chosen):
        devices.open_private(actor, device, fields=chosen, why=why, now=now)
    end = until or now
    begin = since or (end - DAY if end.year > 1 else end)
    return _series(queries.series(device, chosen, begin, end, points))


@router.get("/devices/{code}/history/readings", response=list[ReadingOut], summary="A device's readings one by one")
def list_readings(
    request: HttpRequest,
    code: str,
    since: datetime,
    until: datetime,
    why: Annotated[str, Field(max_length=200)] = "",
) -> list[dict[str, Any]]:
    """The first 5,000 of a period, by the device's own time. Private values only with ``why``, for appointed carers."""
    actor, now = _actor(request), clock.now()
    device = devices.get(actor, code)
    of = kind(device.kind)
    allowed = devices.open_private(actor, device, fields=of.fields, why=why, now=now) if why else frozenset[str]()
    return [
        {"at": at, "seq": seq, "values": devices.shown(of, values, allowed)}
        for at, seq, values in queries.readings(device, since, until)
    ]


@router.get("/readings/status", response=list[StandingOut], summary="How far what devices sent is taken")
def get_status(request: HttpRequest) -> list[queries.Standing]:
    _must_keep(request)
    return queries.standings()


@router.get("/readings/rejected", response=RejectedPage, summary="What devices sent and could not be taken")
def list_rejected(request: HttpRequest, cursor: str | None = None, size: int = 50) -> dict[str, Any]:
    """Of the caller's devices and of senders nobody registered, the latest first; ``sample`` is how the latest began."""
    _must_keep(request)
    found = queries.rejected(_actor(request), cursor=cursor, size=size)
    items = [
        {name: getattr(one, name) for name in ("stream", "code", "why", "count", "first_at", "last_at")}
        | {"sample": bytes(one.sample).decode(errors="replace")}
        for one in found.rows
    ]
    return {"items": items, "next": found.next}


def _series(found: Series) -> dict[str, Any]:
    return {
        "since": found.since,
        "until": found.until,
        "step_seconds": found.step.total_seconds(),
        "buckets": [{"at": one.at, "count": one.count, "values": one.values} for one in found.buckets],
    }


def _must_keep(request: HttpRequest) -> None:
    """For those who look after devices somewhere; what unknown senders sent belongs to no area."""
    if not devices.may_somewhere(_actor(request), devices.EDIT):
        raise NotFound


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]
