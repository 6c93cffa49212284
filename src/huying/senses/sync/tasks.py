"""Background jobs of the sync."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from huying.kernel.clock import now
from huying.kernel.replicas import forget_departures, settle

from .actions import clear_old, retry_waiting


@app.periodic(cron="* * * * *")
@app.task(name="sync.retry_waiting", queueing_lock="sync.retry_waiting", lock="sync.retry_waiting")
def retry(timestamp: int) -> None:
    """Try again what waits and is due. A missed minute is made up for by the next."""
    retry_waiting(now=now())


@app.periodic(cron="* * * * *")
@app.task(name="sync.settle", queueing_lock="sync.settle", lock="sync.settle")
def settle_here(timestamp: int) -> None:
    """After a restore into another cluster, number what changed anew; until then phones are told to come back later."""
    settle()


@app.periodic(cron="50 3 * * *")
@app.task(name="sync.clear_old", queueing_lock="sync.clear_old")
def clear(timestamp: int) -> None:
    """Clear what is kept no longer than needed."""
    moment = now()
    clear_old(now=moment)
    forget_departures(before=moment - timedelta(days=settings.HUYING_DEPARTURE_DAYS), now=moment)
