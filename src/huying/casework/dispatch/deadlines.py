"""By when: the due times of an item at a place, counted from a moment on the place's own calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huying.casework.catalogue.limits import Stage, parse_limit, steps
from huying.casework.clocks import queries as clocks
from huying.casework.clocks.almanac import Almanac
from huying.casework.clocks.rules import due

from .rules import ItemLike

ARRIVAL = "30m"  # origin of 吹哨报到: there within thirty minutes (domain sheet §3.2)


@dataclass(frozen=True, slots=True)
class Times:
    """``respond`` first contact or on site, ``close`` the end of the whole limit; ``None`` where it is open-ended."""

    respond: datetime | None
    close: datetime | None
    limits: dict[str, Any] = field(default_factory=dict)


def of_item(item: ItemLike, area: str, start: datetime, book: Almanac | None = None) -> Times:
    """The due times of an item's respond and close limits."""
    return of_stages(item.respond, item.close, area, start, book)


def of_stages(
    respond: Sequence[Stage], close: Sequence[Stage], area: str, start: datetime, book: Almanac | None = None
) -> Times:
    calendar = (book or clocks.almanac()).calendar(area)
    times: list[datetime | None] = []
    for stages in (respond, close):
        counted = steps(stages)
        times.append(due(start, counted[-1].limit, calendar) if counted else None)
    limits = {"respond": [one.as_json() for one in respond], "close": [one.as_json() for one in close]}
    return Times(times[0], times[1], limits)


def again(times: Times, case_id: int, unit_id: int, at: datetime) -> Times:
    """The same, unless the unit had the case before and was cut short (recalled, merged, transferred): then it goes on."""
    first = {"respond": times.respond, "close": times.close}
    due = clocks.due_again(case_id, unit_id, times.limits, at, first)
    return Times(due["respond"], due["close"], times.limits)


def of_call(limit: str, area: str, start: datetime, case_due: datetime | None) -> Times:
    """The due times of a unit called by a whistle: arrival within thirty minutes, the part by its own limit."""
    respond = parse_limit(ARRIVAL)
    if limit:
        return of_stages(respond, parse_limit(limit), area, start)
    times = of_stages(respond, (), area, start)
    return Times(times.respond, case_due, times.limits)
