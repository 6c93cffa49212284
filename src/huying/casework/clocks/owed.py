"""What an assignment's limits ask for, and where an earlier assignment of the same unit was cut short.

Recalled and sent again, merged and taken apart, transferred and taken back: a unit asked a second time goes on where it
stood. No time is won by a detour, and none is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from huying.casework.cases.models import Assignment
from huying.casework.catalogue.limits import Limit, stages_from_json, steps

from .almanac import Almanac
from .measures import elapsed, moved
from .models import Clock

OPEN = Limit("open", 0, "")
_CUT_SHORT = (Assignment.State.RECALLED, Assignment.State.DROPPED)
_NOT_REACHED = "ended"

LeftOff = Mapping[str, Clock]


def kinds(limits: Mapping[str, Any]) -> tuple[tuple[str, Limit], ...]:
    """Which clocks an assignment's limits ask for: respond, a clock for each earlier stage, close."""
    respond = steps(stages_from_json(limits.get("respond") or ()))
    close = steps(stages_from_json(limits.get("close") or ()))
    found: dict[str, Limit] = {}
    if respond:
        found["respond"] = respond[-1].limit
    for stage in (*respond[:-1], *close[:-1]):
        if not stage.limit.is_open:
            found.setdefault(f"stage:{stage.name}"[:48], stage.limit)
    found["close"] = close[-1].limit if close else OPEN
    return tuple(found.items())


def left_off(asked: Mapping[int, int]) -> dict[int, LeftOff]:
    """For cases and the units that lead them now: their clocks of an assignment that was cut short, by kind. One query."""
    if not asked:
        return {}
    rows = (
        Clock.objects.filter(case_id__in=list(asked), assignment__role="lead", stopped_at__isnull=False)
        .order_by("case_id", "assignment__unit_id", "kind", "-id")
        .distinct("case_id", "assignment__unit_id", "kind")
        .select_related("assignment")
    )
    found: dict[int, dict[str, Clock]] = {}
    for clock in rows:
        before = clock.assignment
        if before is not None and before.unit_id == asked[clock.case_id] and before.state in _CUT_SHORT:
            found.setdefault(clock.case_id, {})[clock.kind] = clock
    return found


def goes_on(kind: str, limit: Limit, before: LeftOff) -> Clock | None:
    """The clock to go on with instead of a new one; none when it was answered, or the limit is another now."""
    clock = before.get(kind)
    if clock is None or clock.stopped_why != _NOT_REACHED or Limit.from_json(clock.limit) != limit:
        return None
    return clock


def is_done(kind: str, before: LeftOff) -> bool:
    """Whether a stage was reached before the assignment was cut short: it is not asked for twice."""
    clock = before.get(kind)
    return clock is not None and kind.startswith("stage:") and clock.stopped_why == "reached"


def going_on(before: Clock, at: datetime, book: Almanac) -> tuple[datetime | None, timedelta]:
    """The due time of a stopped clock that goes on at ``at``, and the time it then stood still, in the limit's own."""
    limit, calendar = Limit.from_json(before.limit), book.calendar(before.area)
    span = elapsed(before.paused_at or before.stopped_at or at, at, limit, calendar)
    return None if before.due_at is None else moved(before.due_at, span, limit, calendar), span
