"""How much more time may be granted: all extensions together are never longer than the limit itself. Pure.

Counted in the limit's own time: working hours and days while people work, everything else always (domain sheet §3.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .measures import ZERO, LimitLike, elapsed
from .worktime import WorkCalendar


def too_long(
    start: datetime,
    first_due: datetime,
    granted: Iterable[tuple[datetime, datetime]],
    asked: tuple[datetime, datetime],
    limit: LimitLike,
    calendar: WorkCalendar,
) -> bool:
    """Whether what is ``asked`` (from the present due time to another), with what was ``granted``, is too much."""
    used = sum((elapsed(since, until, limit, calendar) for since, until in (*granted, asked)), ZERO)
    return used > elapsed(start, first_due, limit, calendar)
