"""Every write of the alarms."""

from .applying import Applied, Happened, apply_events
from .climbing import climb_ladders, send_steps
from .covering import settle_covers
from .drilling import end_drills, start_drill
from .forgetting import forget_private
from .handling import acknowledge_alarm, close_alarm, note_call, take_seriously
from .jobs import follow_soon
from .laddering import save_ladder
from .opening import close_with_cases, follow_merges, open_cases, reopen_with_cases, tell_cases
from .ruling import check_rule, drop_rule, known_fields, restore_rule, save_rule
from .stopping import stop_alarms, stop_left_over

__all__ = [
    "Applied",
    "Happened",
    "acknowledge_alarm",
    "apply_events",
    "check_rule",
    "climb_ladders",
    "close_alarm",
    "close_with_cases",
    "drop_rule",
    "end_drills",
    "follow_merges",
    "follow_soon",
    "forget_private",
    "known_fields",
    "note_call",
    "open_cases",
    "reopen_with_cases",
    "restore_rule",
    "save_ladder",
    "save_rule",
    "send_steps",
    "settle_covers",
    "start_drill",
    "stop_alarms",
    "stop_left_over",
    "take_seriously",
    "tell_cases",
]
