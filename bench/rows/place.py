"""The fictional place and what its residents say, as the demonstration has them; every run the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

SEED = 7


@dataclass(frozen=True, slots=True)
class Point:
    """A named point, as the writer of voices wants it."""

    name: str
    lon: float
    lat: float
    area: str
    kind: str


def found_place(now: datetime, size: int) -> Any:
    """Ground, catalogue, organisation and dispatch policy of a district (of one community for a small size)."""
    from django.db import connection, transaction

    from huying.casework.catalogue.models import CatalogueVersion
    from huying.config.demo.founding import found

    if CatalogueVersion.objects.exists():  # an earlier question of the same run has founded it
        from huying.ground.territory import fictional

        return fictional.make(_scale(size), SEED)
    with transaction.atomic():
        place = found(_scale(size), SEED, began=now - timedelta(days=800), now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return place


def _scale(size: int) -> Any:
    if size > 1_000_000:
        return "city"
    return "district" if size > 1_000 else "community"


def voices(place: Any, count: int, now: datetime) -> Sequence[Any]:
    """`count` voices of ninety days. Nobody has named their kind and none is held: all is left to the program."""
    from huying.config.demo.rhythm import make_reports

    points = [
        Point(name.name, name.lon, name.lat, name.area, name.kind)
        for name in place.place_names
        if name.lon is not None and name.lat is not None
    ]
    return [_voice(one) for one in make_reports(Random(SEED), points, place.areas, now, count=count)]


def _voice(told: Any) -> Any:
    from huying.senses.reports.actions import Voice

    return Voice(
        source="bench",
        source_id=told.source_id,
        channel="hotline" if told.channel == "seat" else told.channel,
        text=told.text,
        title="" if told.channel == "portal" else told.title,
        said_at=told.at,
        name=told.reporter,
        phone=told.phone,
        anonymous=told.anonymous,
        hide_identity=told.hide_identity,
        place_text=told.place_text,
        lon=told.lon,
        lat=told.lat,
    )
