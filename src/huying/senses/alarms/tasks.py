"""Background jobs of the alarms."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.ground.accounts import senders
from huying.kernel.actor import system
from huying.kernel.clock import now

from . import actions, calling

ALARMS = system("alarms")


@app.task(name="alarms.follow")
def follow() -> None:
    """Whoever has to be told is told, cases are opened. Several at once share the work."""
    moment = now()
    actions.climb_ladders(actor=ALARMS, now=moment)
    actions.open_cases(actor=ALARMS, now=moment)
    actions.send_steps(sender=senders.from_settings(), caller=calling.from_settings(), actor=ALARMS, now=moment)
    actions.tell_cases(actor=ALARMS, now=moment)


@app.periodic(cron="* * * * *")
@app.task(name="alarms.sweep", queueing_lock="alarms.sweep")
def sweep(timestamp: int) -> None:
    """The same each minute, for what a killed worker left behind; tests nobody answered end."""
    follow()
    actions.end_drills(actor=ALARMS, now=now())
