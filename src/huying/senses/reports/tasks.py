"""Background jobs of the voices."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.ground.accounts import senders
from huying.kernel.clock import now

from .sending import send_tellings


@app.periodic(cron="* * * * *")
@app.task(name="reports.send_tellings", queueing_lock="reports.send_tellings", lock="reports.send_tellings")
def send(timestamp: int) -> None:
    """Send to phones what reporters have to be told. A missed minute is made up for by the next."""
    send_tellings(sender=senders.from_settings(), now=now())
