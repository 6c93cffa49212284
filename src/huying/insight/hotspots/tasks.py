"""Messages find their issue within a minute; everything is looked at again before dawn."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.clock import now

from . import actions


@app.periodic(cron="* * * * *")
@app.task(name="hotspots.take_new", queueing_lock="hotspots.take_new")
def take_new(timestamp: int) -> None:
    """What came in since the last minute."""
    actions.take_new(now=now())


@app.periodic(cron="17 * * * *")
@app.task(name="hotspots.forget_erased", queueing_lock="hotspots.forget_erased")
def forget_erased(timestamp: int) -> None:
    """What residents had erased in the last hour."""
    actions.forget_erased(now=now())


@app.periodic(cron="10 4 * * *")
@app.task(name="hotspots.nightly", queueing_lock="hotspots.nightly")
def nightly(timestamp: int) -> None:
    """All messages once more, then what has become old."""
    moment = now()
    actions.consolidate(now=moment)
    actions.tidy(now=moment)
