"""What the clocks answer when the cases room asks of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Replace

from huying.casework.cases.access import area_of
from huying.casework.cases.models import Assignment, Case
from huying.casework.catalogue.limits import Limit

from .almanac import WAITING, Almanac
from .extensions import too_long
from .models import Clock, ClockChange
from .queries import almanac

STAGE = "stage:"


class Keeper:
    """See :class:`huying.casework.cases.timekeeping.Timekeeper`."""

    def too_long(self, case: Case, until: datetime) -> bool:
        clock = Clock.objects.filter(case=case, kind="close", main=True, stopped_at__isnull=True).first()
        if clock is None or clock.due_at is None:
            return False
        moved = ClockChange.objects.filter(clock__case=case, clock__kind="close", clock__main=True).order_by("id")
        return longer(clock, moved, until, almanac())

    def stages(self, case: Case) -> Mapping[str, datetime | None]:
        rows = Clock.objects.filter(case=case, kind__startswith=STAGE, stopped_at__isnull=True)
        return {kind.removeprefix(STAGE): due for kind, due in rows.order_by("id").values_list("kind", "due_at")}

    def wait_ends(self, case: Case, now: datetime) -> datetime:
        ends = almanac().standing_due(WAITING, now, area_of(case))
        assert ends is not None, "a wait has an end"
        return ends

    def known(self) -> Mapping[str, Any]:
        running = Clock.objects.filter(case=OuterRef("pk"), stopped_at__isnull=True)
        stages = running.filter(kind__startswith=STAGE).order_by("id")
        waits = ClockChange.objects.filter(
            clock__case=OuterRef("pk"), clock__assignment__state__in=Assignment.LIVE, kind="pause", why="waiting"
        )
        return {
            "stages": ArraySubquery(stages.values_list(Replace("kind", Value(STAGE), Value("")), flat=True)),
            "waiting": Exists(running.filter(paused_why="waiting")),
            "waited": Exists(waits),
        }


def longer(clock: Clock, moved: Iterable[ClockChange], until: datetime, book: Almanac) -> bool:
    """Whether a main clock given until then had more time than its limit; ``moved`` is what moved the case's main clocks."""
    assert clock.due_at is not None
    changes, limit = list(moved), Limit.from_json(clock.limit)
    granted = {(one.at, one.old_due, one.new_due) for one in changes if one.kind == "extension"}  # copies count once
    spans = [(old, new) for _at, old, new in granted if old is not None and new is not None]
    first = _first_due(clock, changes, book)
    return too_long(clock.started_at, first, spans, (clock.due_at, until), limit, book.calendar(clock.area))


def _first_due(clock: Clock, changes: Iterable[ClockChange], book: Almanac) -> datetime:
    """When the clock was due before anything moved it."""
    ruled = None if clock.fixed else book.due(clock.started_at, Limit.from_json(clock.limit), clock.area)
    before = (one.old_due for one in changes if one.clock_id == clock.pk and one.old_due is not None)
    found = ruled or next(before, clock.due_at)
    assert found is not None
    return found
