"""What records are found by is worked out anew: after an upgrade that finds more, or with a better dictionary of readings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from huying.ground.registry.deriving import search_tokens
from huying.ground.registry.models import MODELS
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.progress import Progress, Silent

FOUND: Final = {"premises": (), "person": ("home",), "organisation": ("premises",), "facility": ("premises",)}
_BATCH: Final = 500


def renew_search(*, actor: Actor, now: datetime, progress: Progress | None = None) -> int:
    """Work out the search tokens of every record anew; how many were others before. Cut off, it may simply run again.

    Batches of 500, each a transaction of its own. Erased records stay without any.
    """
    watcher = progress or Silent()
    watcher.start("search", sum(MODELS[kind]._default_manager.count() for kind in FOUND))
    changed = 0
    for kind in FOUND:
        last = 0
        while last >= 0:
            last, renewed, seen = _renew(kind, last)
            changed += renewed
            watcher.advance(seen)
    watcher.finish()
    with transaction.atomic():
        draft = trace.Draft(chain="registry-search", verb="renewed", actor=actor, at=now, body={"changed": changed})
        trace.append([draft])
    return changed


@transaction.atomic
def _renew(kind: str, after: int) -> tuple[int, int, int]:
    """(the last row looked at, -1 at the end; how many changed; how many were looked at)."""
    model: Any = MODELS[kind]
    here = model.objects.filter(pk__gt=after).select_related(*FOUND[kind]).select_for_update(of=("self",))
    rows = list(here.order_by("pk")[:_BATCH])
    others = []
    for row in rows:
        place = row if kind == "premises" else getattr(row, FOUND[kind][0])
        found = [] if row.ending == "erased" else search_tokens(row, place.address if place is not None else "")
        if found != row.find:
            row.find = found
            others.append(row)
    model.objects.bulk_update(others, ["find"])
    return (rows[-1].pk if len(rows) == _BATCH else -1), len(others), len(rows)
