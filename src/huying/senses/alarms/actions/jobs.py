"""Work that begins when the transaction commits: the jobs of ``tasks``, asked for by name."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from procrastinate.contrib.django import app

FOLLOW: Final = "alarms.follow"
_FIRST: Final = 100  # before everything else that waits


def follow_soon(*, urgent: bool = False) -> None:
    """Call who has to be called, open and tell cases, now; what is urgent goes before all other jobs."""
    app.configure_task(FOLLOW, priority=_FIRST if urgent else 0).defer()


def follow_at(moment: datetime) -> None:
    """The same when the next rung of some ladder is due."""
    app.configure_task(FOLLOW, schedule_at=moment, priority=_FIRST).defer()
