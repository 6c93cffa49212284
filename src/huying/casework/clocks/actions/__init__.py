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
from .waiting import end_wait, reach_stage, wait_for_reporter

__all__ = [
    "CorrectedDay",
    "Note",
    "Start",
    "Swept",
    "continue_clocks",
    "continue_corrections",
    "correct_calendar",
    "end_wait",
    "extend_clocks",
    "pause_clocks",
    "reach_stage",
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
    "wait_for_reporter",
]
