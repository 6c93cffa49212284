"""The rules of field work in one door: what kinds of tasks and findings there are, lateness, coverage.

Pure. Deriving tasks, local limits, routes and doubts stand in the files beside this one by idea and are found here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from .deriving import (
    TASKS,
    Ask,
    Closed,
    Kept,
    Moves,
    PlanRule,
    Subject,
    Wanted,
    asked_task,
    count_visits,
    derive,
    due_on,
    planned_uid,
    reconcile,
)
from .doubting import CheckPlace, Doubt, DoubtLimits, Passing, doubts
from .limiting import RANGES, SKIPS, Policy, Severity, SkipReason, read_policy, told_policy
from .routes import Stop, metres, route


class TaskKind(StrEnum):
    INSPECT = "inspect"
    VISIT = "visit"
    COLLECT = "collect"
    CHECK = "check"
    REINSPECT = "reinspect"
    PATROL = "patrol"
    WARNING = "warning"


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"
    ENDED = "ended"


class FindingState(StrEnum):
    """``open_case``: its case is being handled; ``reinspect``: handled, somebody looks again; ``solved``: done with;
    ``again``: looked at again and still wrong, another finding takes its place; ``withdrawn``: the form was corrected,
    there was no such thing."""

    OPEN_CASE = "open_case"
    REINSPECT = "reinspect"
    SOLVED = "solved"
    AGAIN = "again"
    WITHDRAWN = "withdrawn"


class CheckResult(StrEnum):
    """What a spot check of finished work found. The worker is heard before anything follows from it."""

    CONFIRMED = "confirmed"
    DOUBTFUL = "doubtful"
    NOT_DONE = "not_done"
    UNREACHABLE = "unreachable"


RISKS: Final = ("red", "yellow", "green")
EVERY: Final[Mapping[str, int]] = {"red": 7, "yellow": 30, "green": 90}
PRIORITIES: Final = (1, 2, 3)
LONGEST_PERIOD: Final = 3660  # days


# --- lateness ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lateness:
    """``word``: waiting (not open yet), open, late (open past its due time), in_time or done_late; ``by`` past due."""

    word: str
    by: timedelta = timedelta(0)


def lateness(*, opens_at: datetime, due_at: datetime, done_at: datetime | None, now: datetime) -> Lateness:
    """How a task stands. Done at the due moment itself is in time; early is in time too."""
    if done_at is not None:
        return Lateness("in_time") if done_at <= due_at else Lateness("done_late", done_at - due_at)
    if now > due_at:
        return Lateness("late", now - due_at)
    return Lateness("waiting" if now < opens_at else "open")


# --- coverage ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was due in a period: how much was done in time, late, not yet, and passed over. Ended tasks are in none."""

    in_time: int = 0
    late: int = 0
    skipped: int = 0
    overdue: int = 0
    waiting: int = 0

    @property
    def due(self) -> int:
        """Everything that fell due, or will until the period ends."""
        return self.in_time + self.late + self.skipped + self.overdue + self.waiting

    @property
    def done(self) -> int:
        return self.in_time + self.late

    @property
    def done_share(self) -> int | None:
        """Percent done of what had to be done by now: passed over with a reason counts for neither side."""
        return share(self.done, self.done + self.overdue)

    @property
    def in_time_share(self) -> int | None:
        return share(self.in_time, self.done + self.overdue)

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def share(part: int, whole: int) -> int | None:
    """Percent, rounded down so that 100 % means all of them; None of nothing."""
    return None if whole == 0 else part * 100 // whole


def total(parts: Iterable[Coverage]) -> Coverage:
    return sum(parts, Coverage())


def is_sampled(key: bytes, percent: int) -> bool:
    """Whether finished work is drawn for a spot check: by a keyed digest nobody in the field can foresee.

    ``key`` is at least eight bytes of a keyed digest of the work's id; about ``percent`` in a hundred are drawn.
    """
    return int.from_bytes(key[:8], "big") % 10_000 < percent * 100


__all__ = [
    "EVERY",
    "LONGEST_PERIOD",
    "PRIORITIES",
    "RANGES",
    "RISKS",
    "SKIPS",
    "TASKS",
    "Ask",
    "CheckPlace",
    "CheckResult",
    "Closed",
    "Coverage",
    "Doubt",
    "DoubtLimits",
    "FindingState",
    "Kept",
    "Lateness",
    "Moves",
    "Passing",
    "PlanRule",
    "Policy",
    "Severity",
    "SkipReason",
    "Stop",
    "Subject",
    "TaskKind",
    "TaskState",
    "Wanted",
    "asked_task",
    "count_visits",
    "derive",
    "doubts",
    "due_on",
    "is_sampled",
    "lateness",
    "metres",
    "planned_uid",
    "read_policy",
    "reconcile",
    "route",
    "share",
    "told_policy",
    "total",
]
