"""The front door of the pure rules of clocks: worktime (calendars), measures (limits on calendars), lights (warnings)."""

from huying.casework.clocks.lights import (
    DEFAULT_THRESHOLDS,
    LIGHTS,
    RANK,
    Thresholds,
    Turns,
    first_turn,
    highest,
    light,
    next_turn,
    passed,
    turns,
)
from huying.casework.clocks.measures import LimitLike, after, due, elapsed, extended, moved, share
from huying.casework.clocks.worktime import (
    CalendarBook,
    DayRow,
    Hours,
    HoursRow,
    OutsideCalendar,
    WorkCalendar,
    national_years,
)

__all__ = [
    "DEFAULT_THRESHOLDS",
    "LIGHTS",
    "RANK",
    "CalendarBook",
    "DayRow",
    "Hours",
    "HoursRow",
    "LimitLike",
    "OutsideCalendar",
    "Thresholds",
    "Turns",
    "WorkCalendar",
    "after",
    "due",
    "elapsed",
    "extended",
    "first_turn",
    "highest",
    "light",
    "moved",
    "national_years",
    "next_turn",
    "passed",
    "share",
    "turns",
]
