"""Background jobs of cases, thin."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import now

from .actions.answering import archive_quiet


@app.periodic(cron="20 * * * *")
@app.task(name="cases.archive_quiet", queueing_lock="cases.archive_quiet")
def archive(timestamp: int) -> None:
    """Archive closed cases nobody has said anything about for a week."""
    archive_quiet(actor=system("archive"), now=now())
