"""What everybody may know of a place: its building, its grid and whoever walks it, its last inspection in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from huying.ground.organisation.queries import directory
from huying.ground.registry.models import Premises
from huying.ground.registry.signs import is_inside, outside, premises_of
from huying.ground.territory import queries as territory
from huying.kernel.clock import local_day

from .models import Checkpoint, Finding, Task
from .queries import policy_on
from .rules import FindingState, TaskState

_CODE: Final = re.compile(r"[0-9A-Za-z]{6,16}")


@dataclass(frozen=True, slots=True)
class PublicPlace:
    """``kind`` is premises or checkpoint; the address ends at the building: who lives where is nobody's business.

    ``about``: the public code of what a report from here is about.
    """

    kind: str
    uid: UUID
    title: str
    address: str
    lon: float | None
    lat: float | None
    grid: str
    worker: str
    worker_phone: str
    supervision_phone: str
    inspected_at: datetime | None = None
    open_findings: int = 0
    about: str = ""


def place_of(code: str, *, now: datetime) -> PublicPlace | None:
    """The place behind a public code, whichever case it was typed in; None when there is none. At most seven queries."""
    if not _CODE.fullmatch(code):
        return None
    premises = premises_of(code)
    if premises is not None:
        return _premises(premises, now)
    point = Checkpoint.objects.filter(code=code.upper(), active=True).first()
    return _checkpoint(point, now) if point is not None else None


def _premises(row: Premises, now: datetime) -> PublicPlace:
    building = outside(row)
    inside = is_inside(row)
    at = None if inside else _last_inspection(row.uid)
    waiting = 0 if inside else _open_findings(row.uid)
    title = "" if inside else row.name
    address = "" if is_inside(building) else building.address
    found = _whole("premises", row.uid, title, address, building.lon, building.lat, row.area, now, at, waiting)
    return found if is_inside(building) else replace(found, about=building.code)


def _checkpoint(row: Checkpoint, now: datetime) -> PublicPlace:
    return _whole(
        "checkpoint", row.uid, row.name, territory.label_here(row.area), row.lon, row.lat, row.area, now, None, 0
    )


def _whole(
    kind: str, uid: UUID, title: str, address: str, lon: float | None, lat: float | None, area: str,
    now: datetime, at: datetime | None, waiting: int,
) -> PublicPlace:  # fmt: skip
    today = local_day(now)
    known = directory(on=today)
    worker = known.people.get(known.grid_worker(area, now) or 0)
    return PublicPlace(
        kind=kind,
        uid=uid,
        title=title,
        address=address,
        lon=lon,
        lat=lat,
        grid=territory.label_here(area) if area else "",
        worker=worker.name if worker is not None else "",
        worker_phone=worker.phone if worker is not None else "",
        supervision_phone=policy_on(today).supervision_phone,
        inspected_at=at,
        open_findings=waiting,
    )


def _last_inspection(uid: UUID) -> datetime | None:
    rows = Task.objects.filter(subject_uid=uid, state=TaskState.DONE, kind__in=("inspect", "reinspect"))
    return rows.order_by("-done_at").values_list("done_at", flat=True).first()


def _open_findings(uid: UUID) -> int:
    return Finding.objects.filter(premises_uid=uid, state__in=(FindingState.OPEN_CASE, FindingState.REINSPECT)).count()
