"""Looking after the history: which spool files are closed is known by the cursors; one process at a time."""

from __future__ import annotations

from datetime import date

from . import rolling
from .models import Cursor
from .rolling import Rolled


def roll_up() -> Rolled:
    """Roll what is closed; nothing when somebody else is at it."""
    with rolling.alone() as mine:
        if not mine:
            return Rolled()
        rows = Cursor.objects.exclude(spool="").values_list("stream", "partition", "spool")
        return rolling.roll({(stream, partition): name for stream, partition, name in rows})


def put_together(*, upto: date | None = None) -> int:
    """Fewer, larger files; ``upto`` a day: each day up to it in one. How many files there are fewer."""
    with rolling.alone() as mine:
        return rolling.compact(upto=upto) if mine else 0


def let_go(today: date) -> int:
    """Days older than their kind keeps; how many went."""
    with rolling.alone() as mine:
        return rolling.let_go(today) if mine else 0
