"""Field work: plans and the tasks they ask for, time on duty, rounds of checkpoints, findings, spot checks.

An ``area`` is a prefix of an area code; a task lies in the most exact area known of what it is about. A task's due moment
still counts. Times of a telephone's own clock are kept beside the time the server received them.
"""

from .checks import HOWS, VERDICTS, CheckIn, Sighting, SpotCheck, SpotDay
from .corrections import Consequence, Dispute
from .work import (
    KINDS,
    SUBJECTS,
    Checkpoint,
    DutySpell,
    FieldPolicy,
    Finding,
    FindingPhoto,
    Plan,
    Position,
    Round,
    Task,
)

__all__ = [
    "HOWS",
    "KINDS",
    "SUBJECTS",
    "VERDICTS",
    "CheckIn",
    "Checkpoint",
    "Consequence",
    "Dispute",
    "DutySpell",
    "FieldPolicy",
    "Finding",
    "FindingPhoto",
    "Plan",
    "Position",
    "Round",
    "Sighting",
    "SpotCheck",
    "SpotDay",
    "Task",
]
