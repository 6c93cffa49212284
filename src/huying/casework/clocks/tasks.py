"""The sweep, each minute. One run at a time is enough; two at once do no harm."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.clock import now

from .actions import turn_lights


@app.periodic(cron="* * * * *")
@app.task(name="clocks.turn_lights", queueing_lock="clocks.turn_lights")
def sweep_lights(timestamp: int) -> None:
    """Turn the lights whose moment has come. A missed minute is made up for by the next."""
    turn_lights(now=now())
