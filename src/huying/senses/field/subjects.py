"""What plans are about, read from the registry in batches: premises, organisations, facilities, entries of care lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from huying.ground.registry.fields import FIELDS, Field
from huying.ground.registry.models import MODELS
from huying.kernel.clock import local_day

from .rules import Subject

BATCH: Final = 2000
_MEANT: Final = ("choice", "boolean")
_PLACED: Final = {
    "premises": (),
    "organisation": ("premises",),
    "facility": ("premises",),
    "care": ("resident__home",),
}
KINDS: Final = tuple(_PLACED)


def conditions(kind: str) -> dict[str, Field]:
    """The fields of a kind a plan may ask for: choices and yes-or-no, none of them personal."""
    return {
        name: field
        for name, field in FIELDS[kind].items()
        if field.type in _MEANT and not field.private and name not in ("risk", "ending")
    }


def batches(kind: str, *, area: str = "", size: int = BATCH) -> Iterator[list[Subject]]:
    """All active subjects of a kind by uid; a batch costs one query however many there are."""
    last: UUID | None = None
    rows = _rows(kind).filter(area__startswith=area) if area else _rows(kind)
    while True:
        here = rows.filter(uid__gt=last) if last is not None else rows
        found = [_read(kind, row) for row in here.order_by("uid")[:size]]
        yield found
        if len(found) < size:
            return
        last = found[-1].uid


def some(kind: str, uids: Iterable[UUID]) -> list[Subject]:
    """These subjects, as far as they are active. One query."""
    return [_read(kind, row) for row in _rows(kind).filter(uid__in=list(uids)).order_by("uid")]


def _rows(kind: str) -> Any:
    return MODELS[kind]._default_manager.filter(state="active").select_related(*_PLACED[kind]).defer("private")


def _read(kind: str, row: Any) -> Subject:
    meant = {name: row.value(name) for name in conditions(kind)}
    return _READERS[kind](row, meant, local_day(row.created_at))


def _premises(row: Any, meant: dict[str, Any], since: date) -> Subject:
    return Subject(
        kind="premises",
        uid=row.uid,
        area=row.area,
        since=since,
        risk=row.risk,
        title=row.name,
        address=row.address,
        lon=row.lon,
        lat=row.lat,
        premises=row.uid,
        attributes=meant,
    )


def _placed(kind: str) -> Callable[[Any, dict[str, Any], date], Subject]:
    def read(row: Any, meant: dict[str, Any], since: date) -> Subject:
        there = row.premises
        own = (getattr(row, "lon", None), getattr(row, "lat", None))
        lon, lat = own if own[0] is not None or there is None else (there.lon, there.lat)
        return Subject(
            kind=kind,
            uid=row.uid,
            area=row.area,
            since=since,
            risk=there.risk if there is not None else "",
            title=row.name,
            address=there.address if there is not None else "",
            lon=lon,
            lat=lat,
            premises=there.uid if there is not None else None,
            attributes=meant,
        )

    return read


def _care(row: Any, meant: dict[str, Any], since: date) -> Subject:
    """Somebody on a care list is visited at home; the task says neither who nor why."""
    home = row.resident.home
    return Subject(
        kind="care",
        uid=row.uid,
        area=row.area,
        since=max(since, row.since),
        every=row.visits_every,
        address=home.address if home is not None else "",
        lon=home.lon if home is not None else None,
        lat=home.lat if home is not None else None,
        premises=home.uid if home is not None else None,
        attributes=meant,
    )


_READERS: Final = {
    "premises": _premises,
    "organisation": _placed("organisation"),
    "facility": _placed("facility"),
    "care": _care,
}
