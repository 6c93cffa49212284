"""Every write of clocks. Handlers and other rooms call these; nothing else touches the tables."""

from .correcting import (
    CorrectedDay,
    continue_corrections,
    correct_calendar,
    renew_calendar,
    set_standing_limit,
    set_thresholds,
    set_working_hours,
)
from .notices import Note, read_notices, send_notices
from .running import Start, continue_clocks, extend_clocks, pause_clocks, resume_clocks, start_clocks, stop_clocks
from .sweeping import Swept, turn_lights

__all__ = [
    "CorrectedDay",
    "Note",
    "Start",
    "Swept",
    "continue_clocks",
    "continue_corrections",
    "correct_calendar",
    "extend_clocks",
    "pause_clocks",
    "read_notices",
    "renew_calendar",
    "resume_clocks",
    "send_notices",
    "set_standing_limit",
    "set_thresholds",
    "set_working_hours",
    "start_clocks",
    "stop_clocks",
    "turn_lights",
]
