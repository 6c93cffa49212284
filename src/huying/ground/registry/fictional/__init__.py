"""A registry for the fictional place: made from a seed (``make``), loaded by COPY (``load``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from django.db import transaction

from huying.ground.registry.actions.bearing import bear_many
from huying.ground.registry.actions.writing import Author
from huying.ground.registry.models import Resident
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.kernel.progress import Progress, Silent

from .town import Estate, Town, make

PEOPLE: Final = {"community": 3_000, "district": 24_000, "city": 60_000}
ORDER: Final = ("premises", "person", "household", "organisation", "residence", "relation", "facility", "care")
HOMES: Final = ("estate", "village")
_STEP: Final = 1_000
# What somebody looked at on one day: so many at a time, at most so many days ago, most of them so long ago.
_ROUNDS: Final = {
    "care": (12, 60, 4),
    "organisation": (30, 320, 40),
    "facility": (15, 320, 60),
    "premises": (120, 320, 50),
}
_MOST_ROUNDS: Final = 300
_OLDEST_LOOK: Final = 320  # days


def estates_of(place_names: Iterable[Any]) -> list[Estate]:
    """Where people live in a fictional territory: its estates and villages with a point."""
    return [
        Estate(name.name, float(name.lon), float(name.lat))
        for name in place_names
        if str(name.kind) in HOMES and name.lon is not None and name.lat is not None
    ]


def load(
    scale: str, seed: int, place_names: Iterable[Any], *, now: datetime, progress: Progress | None = None,
    people: int | None = None,
) -> int:  # fmt: skip
    """Fill an empty registry; how many records. Does nothing when somebody is registered already.

    No facts are published: whoever derives something from the registry reads its tables after the load.
    """
    if Resident.objects.exists():
        return 0
    town = make(estates_of(place_names), people or PEOPLE[scale], seed, local_day(now))
    return write(town, seed=seed, now=now, progress=progress)


@transaction.atomic
def write(town: Town, *, seed: int, now: datetime, progress: Progress | None = None) -> int:
    """COPY a town, in steps that were looked at on different days, so that some records are fresh and some stale."""
    watch = progress or Silent()
    lot = Random(f"registry looks:{seed}")
    refs: dict[str, dict[Any, Any]] = {}
    count = 0
    for kind in ORDER:
        items = getattr(town, kind)
        watch.start(f"基础信息 {kind}", len(items))
        few, oldest, usual = _ROUNDS.get(kind, (_STEP, _OLDEST_LOOK, _OLDEST_LOOK // 3))
        step = max(few, min(_STEP, len(items) // _MOST_ROUNDS))
        for start in range(0, len(items), step):
            part = items[start : start + step]
            seen = now - timedelta(days=int(lot.triangular(0, oldest, usual)), minutes=lot.randint(0, 500))
            author = Author(actor=system("demo"), now=seen, source="demo")
            bear_many(kind, part, refs, author, chain="registry-demo")
            count += len(part)
            watch.advance(len(part))
        watch.finish()
    return count


__all__ = ["ORDER", "PEOPLE", "Estate", "Town", "estates_of", "load", "make", "write"]
