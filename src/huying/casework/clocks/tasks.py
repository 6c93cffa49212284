"""The sweep, each minute. One run at a time is enough; two at once do no harm."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.clock import now

from .actions import renew_calendar, turn_lights


@app.periodic(cron="* * * * *")
@app.task(name="clocks.turn_lights", queueing_lock="clocks.turn_lights")
def sweep_lights(timestamp: int) -> None:
    """Turn the lights whose moment has come. A missed minute is made up for by the next."""
    turn_lights(now=now())


@app.periodic(cron="20 3 * * *")
@app.task(name="clocks.renew_calendar", queueing_lock="clocks.renew_calendar")
def renew(timestamp: int) -> None:
    """After an upgrade that knows another year's holidays, work out what had assumed Monday to Friday."""
    renew_calendar(now=now())
