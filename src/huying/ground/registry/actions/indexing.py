"""What is kept beside sealed values is worked out anew: what records are found by, and whether there is a number to call.

After an upgrade that finds or tells more, or with a better dictionary of readings.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from huying.ground.registry.deriving import PHONES, has_phone, search_tokens
from huying.ground.registry.models import MODELS, Backlog
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.progress import Progress, Silent

FOUND: Final = {"premises": (), "person": ("home",), "organisation": ("premises",), "facility": ("premises",)}
KINDS: Final = (*FOUND, *(kind for kind in PHONES if kind not in FOUND))
_BATCH: Final = 500


def renew_search(*, actor: Actor, now: datetime, progress: Progress | None = None) -> int:
    """Work out the search tokens, and whether there is a number to call, of every record anew; how many were others before.

    Cut off, it may simply run again. Batches of 500, each a transaction of its own. Erased records stay without any.
    """
    watcher = progress or Silent()
    watcher.start("search", sum(MODELS[kind]._default_manager.count() for kind in KINDS))
    changed = 0
    for kind in KINDS:
        last = 0
        while last >= 0:
            last, renewed, seen = _renew(kind, last)
            changed += renewed
            watcher.advance(seen)
        Backlog.objects.filter(kind=kind).delete()
    watcher.finish()
    _leave_trace(actor, now, changed)
    return changed


def catch_up(*, actor: Actor, now: datetime, most: int) -> bool:
    """Look at what an upgrade left to be looked at, about ``most`` records; whether that was the last of it.

    How far it is is kept with every batch: cut off, the next goes on from there. False as well when nothing waited.
    """
    seen = changed = waited = 0
    while seen < most:
        step = _next_batch()
        if step is None:
            break
        waited, changed, seen = 1, changed + step[0], seen + step[1]
    if waited:
        _leave_trace(actor, now, changed)
    return bool(waited) and not Backlog.objects.exists()


@transaction.atomic
def _next_batch() -> tuple[int, int] | None:
    """(how many changed, how many were looked at), None when nothing waits."""
    due = Backlog.objects.select_for_update().order_by("pk").first()
    if due is None:
        return None
    last, changed, seen = _renew(due.kind, due.after)
    if last < 0:
        due.delete()
    else:
        due.after = last
        due.save(update_fields=["after"])
    return changed, seen


@transaction.atomic
def _leave_trace(actor: Actor, now: datetime, changed: int) -> None:
    draft = trace.Draft(chain="registry-search", verb="renewed", actor=actor, at=now, body={"changed": changed})
    trace.append([draft])


@transaction.atomic
def _renew(kind: str, after: int) -> tuple[int, int, int]:
    """(the last row looked at, -1 at the end; how many changed; how many were looked at)."""
    model: Any = MODELS[kind]
    here = model.objects.filter(pk__gt=after).select_related(*FOUND.get(kind, ())).select_for_update(of=("self",))
    rows = list(here.order_by("pk")[:_BATCH])
    others = [row for row in rows if _renewed(kind, row)]
    model.objects.bulk_update(others, [name for name in ("find", "reachable") if hasattr(model, name)])
    return (rows[-1].pk if len(rows) == _BATCH else -1), len(others), len(rows)


def _renewed(kind: str, row: Any) -> bool:
    """Put right what is kept beside the sealed values; whether anything was another."""
    other = False
    if kind in FOUND:
        place = row if kind == "premises" else getattr(row, FOUND[kind][0])
        found = [] if row.ending == "erased" else search_tokens(row, place.address if place is not None else "")
        other, row.find = found != row.find, found
    if kind in PHONES:
        told = has_phone(kind, row.secrets)
        other, row.reachable = other or told != row.reachable, told
    return other
