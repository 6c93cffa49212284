"""Limits measured on a calendar: when something is due, how much of its time has gone, what a pause or extension does.

Every limit has its own time. ``24x7`` and ``calendar_days`` run always; ``working_hours`` and ``working_days`` run only
while the calendar works. All functions are pure and monotone: a later start, a longer limit or a later ``now`` never gives
an earlier due time or a smaller share.

Working days: a limit of n working days started at 10:00 ends at 10:00 n working days later. A start outside working hours
counts from the next opening, so what arrives on Friday at 20:00 with one working day is due on Tuesday at 08:30.
Working hours end at the earliest moment at which that much working time has passed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from huying.casework.clocks.worktime import WorkCalendar

ALWAYS = frozenset({"24x7", "calendar_days"})
ZERO = timedelta(0)
ONE_DAY = timedelta(days=1)


class LimitLike(Protocol):
    """The shape of ``catalogue.limits.Limit``: minutes for 24x7, hours for working_hours, else days.

    No calendar day at all (0) means by the end of the same day.
    """

    @property
    def kind(self) -> str: ...
    @property
    def amount(self) -> int: ...


def due(start: datetime, limit: LimitLike, calendar: WorkCalendar) -> datetime | None:
    """When ``limit`` started at ``start`` ends; None for an open limit, which has no fixed end."""
    kind = limit.kind
    if kind == "working_days":
        return calendar.add_days(start, limit.amount)
    if kind == "24x7":
        return start + timedelta(minutes=limit.amount)
    if kind == "working_hours":
        if limit.amount <= 0:
            return calendar.opening(start)
        return calendar.add_work(start, timedelta(hours=limit.amount))
    if kind == "calendar_days":
        return start + timedelta(days=limit.amount) if limit.amount else calendar.end_of_day(start)
    if kind == "open":
        return None
    raise ValueError(f"unknown kind of limit: {kind}")


def elapsed(start: datetime, now: datetime, limit: LimitLike, calendar: WorkCalendar) -> timedelta:
    """The limit's own time from ``start`` to ``now``; zero when ``now`` is not later."""
    if limit.kind in ALWAYS or limit.kind == "open":
        return max(now - start, ZERO)
    return calendar.work_between(start, now)


def after(start: datetime, span: timedelta, limit: LimitLike, calendar: WorkCalendar) -> datetime:
    """The earliest moment at which ``span`` of the limit's own time has passed since ``start``."""
    if limit.kind in ALWAYS or limit.kind == "open":
        return start + max(span, ZERO)
    return calendar.add_work(start, span)


def day_of(start: datetime, limit: LimitLike, calendar: WorkCalendar) -> timedelta:
    """One day in the limit's own time: 24 hours, or the hours of one working day."""
    return ONE_DAY if limit.kind in ALWAYS else calendar.day_length(start)


def moved(due_at: datetime, span: timedelta, limit: LimitLike, calendar: WorkCalendar) -> datetime:
    """``due_at`` put off by ``span`` of the limit's own time: what a pause of that length does."""
    if span <= ZERO:
        return due_at
    later = after(due_at, span, limit, calendar)
    return calendar.opening(later) if limit.kind == "working_days" else later


def extended(due_at: datetime, extra: LimitLike, calendar: WorkCalendar) -> datetime:
    """``due_at`` put off by a granted extension, itself a limit; an open extension is refused."""
    later = due(due_at, extra, calendar)
    if later is None:
        raise ValueError("an extension must have an end")
    return later


def share(
    start: datetime,
    due_at: datetime,
    now: datetime,
    limit: LimitLike,
    calendar: WorkCalendar,
    paused: timedelta = ZERO,
) -> float:
    """Part of the limit used at ``now``: 0.0 at the start, 1.0 when due, 2.0 when as long again has passed.

    ``paused`` is the sum of finished pauses in the limit's own time; a clock still paused is asked with its ``paused_at``.
    """
    whole = elapsed(start, due_at, limit, calendar) - paused
    gone = elapsed(start, now, limit, calendar) - paused
    if whole <= ZERO:
        return 1.0 if now >= due_at else 0.0
    return max(gone / whole, 0.0)
