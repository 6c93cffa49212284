"""Warning lights: blue half gone, yellow nearly gone, red overdue, black overdue beyond excuse.

Every threshold is data (:class:`Thresholds`). Lights are worked out as *turning moments*, so a sweep need only ask which
clocks have a moment that has come. All of it is counted in the limit's own time, and one day is a day of that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from huying.casework.clocks.measures import ALWAYS, ZERO, LimitLike, after, day_of, elapsed
from huying.casework.clocks.worktime import WorkCalendar

LIGHTS = ("none", "blue", "yellow", "red", "black")
RANK = {light: rank for rank, light in enumerate(LIGHTS)}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares in percent of the limit. ``yellow_days_left``: yellow also when so few days are left of a longer limit,
    though never before a one-day limit would be yellow. ``black_days_over``: black also when so many days overdue."""

    blue_percent: int = 50
    yellow_percent: int = 80
    yellow_days_left: int = 1
    black_percent: int = 100
    black_days_over: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.blue_percent <= self.yellow_percent <= 100:
            raise ValueError("blue must come before yellow, and yellow before the limit ends")
        if self.yellow_days_left < 0 or self.black_percent <= 0 or self.black_days_over <= 0:
            raise ValueError("days and percentages must be positive")


DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Turns:
    """When a running clock turns each light, never earlier than the light before it."""

    blue: datetime
    yellow: datetime
    red: datetime
    black: datetime

    def pairs(self) -> tuple[tuple[str, datetime], ...]:
        return (("blue", self.blue), ("yellow", self.yellow), ("red", self.red), ("black", self.black))


def turns(
    start: datetime,
    due_at: datetime | None,
    limit: LimitLike,
    calendar: WorkCalendar,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    paused: timedelta = ZERO,
) -> Turns | None:
    """Turning moments of a clock that runs; None when it has no due time. Red is the due time itself."""
    if due_at is None:
        return None
    whole = max(elapsed(start, due_at, limit, calendar) - paused, ZERO)
    day = day_of(start, limit, calendar)
    at_blue = whole * thresholds.blue_percent // 100
    at_yellow = whole * thresholds.yellow_percent // 100
    if thresholds.yellow_days_left:
        at_yellow = min(
            at_yellow, max(whole - day * thresholds.yellow_days_left, day * thresholds.yellow_percent // 100)
        )
    over = min(whole * thresholds.black_percent // 100, day * thresholds.black_days_over)
    yellow = min(after(start, at_yellow + paused, limit, calendar), due_at)
    blue = min(after(start, at_blue + paused, limit, calendar), yellow)
    return Turns(blue, yellow, due_at, after(due_at, over, limit, calendar))


def first_turn(
    start: datetime, due_at: datetime | None, limit: LimitLike, calendar: WorkCalendar, thresholds: Thresholds
) -> datetime | None:
    """``turns(...).blue`` of a clock without pauses, at a third of the cost: what bulk intake needs."""
    if due_at is None:
        return None
    if limit.kind in ALWAYS or limit.kind == "open" or not thresholds.yellow_days_left:
        found = turns(start, due_at, limit, calendar, thresholds)
        return found.blue if found else None
    day = calendar.day_length(start)
    spare = day * thresholds.yellow_percent // 100
    return min(calendar.point(start, due_at, thresholds.blue_percent, day * thresholds.yellow_days_left, spare), due_at)


def light(now: datetime, turning: Turns | None) -> str:
    """The light at ``now``: the highest whose moment has come."""
    shown = "none"
    if turning is not None:
        for name, moment in turning.pairs():
            if moment <= now:
                shown = name
    return shown


def next_turn(now: datetime, turning: Turns | None) -> datetime | None:
    """The next moment after ``now`` at which the light changes."""
    if turning is None:
        return None
    return min((moment for _, moment in turning.pairs() if moment > now), default=None)


def passed(before: str, now: datetime, turning: Turns | None) -> tuple[tuple[str, datetime], ...]:
    """Lights above ``before`` whose moment has come, lowest first, each with its exact moment."""
    if turning is None:
        return ()
    return tuple((name, at) for name, at in turning.pairs() if RANK[name] > RANK[before] and at <= now)


def highest(lights: list[str]) -> str:
    return max(lights, key=RANK.__getitem__, default="none")
