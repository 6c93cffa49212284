"""How well every area is known is counted from all records: every night, after a load, or when somebody asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Q

from huying.ground.registry.models import Knowledge, Withheld
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.bulk import copy_rows
from huying.kernel.locks import lock_name
from huying.kernel.progress import Progress, Silent

from .measures import counts
from .points import personal, points
from .queries import waiting
from .rules import withheld

_WHOLE: Final = 17  # digits of the longest area code
_MEMORY: Final = "128MB"  # what one count may hold, so that it looks nothing up row by row among millions


@transaction.atomic
def count_knowledge(*, actor: Actor, now: datetime, progress: Progress | None = None) -> int:
    """Count every point in every area and put the figures in the place of the last ones; how many areas.

    One query a point; points that wait for records still to be looked at are left out. Whoever reads meanwhile sees the figures
    as they were; of two counts at once the later one waits.
    """
    watch = progress or Silent()
    late = waiting()
    asked = [one for one in points() if one.measure not in late]
    lock_name("registry.knowledge")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [_MEMORY])
    watch.start("knowledge", len(asked))
    found = []
    for one in asked:
        found += counts([(one.measure, one.days)], Q(), _WHOLE, now)
        watch.advance(1)
    watch.finish()
    Knowledge.objects.all().delete()
    lines = ((area, measure, known, total, now) for area, measure, total, known in found)
    copy_rows(Knowledge, ("area", "measure", "known", "total", "at"), lines)
    _withhold(found)
    areas = len({area for area, *_figures in found})
    body = {"areas": areas, "points": len(asked)}
    trace.append([trace.Draft(chain="registry-knowledge", verb="counted", actor=actor, at=now, body=body)])
    return areas


def _withhold(found: list[tuple[str, str, int, int]]) -> None:
    """Note which of the figures are for those alone who may see the records behind them."""
    hidden = [
        (cell, measure)
        for measure in personal()
        for cell in withheld({area: total for area, one, total, _known in found if one == measure})
    ]
    Withheld.objects.all().delete()
    copy_rows(Withheld, ("area", "measure"), hidden)
