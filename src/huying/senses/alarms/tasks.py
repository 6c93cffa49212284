"""Background jobs of the alarms."""

from __future__ import annotations

import logging
import time
from typing import Final

from procrastinate.contrib.django import app

from huying.ground.accounts import senders
from huying.kernel.actor import system
from huying.kernel.clock import now

from . import actions, calling

ALARMS = system("alarms")
ROUNDS: Final = 50
LONGEST: Final = 30.0  # seconds of one run; what is left is the next one's
log = logging.getLogger("huying.alarms")


@app.task(name="alarms.follow")
def follow() -> None:
    """Whoever has to be told is told, cases are opened, until nothing is left. Several at once share the work.

    In small portions, so that who is called for an alarm that comes meanwhile does not wait for all those before.
    """
    until = time.monotonic() + LONGEST
    for _round in range(ROUNDS):
        moment = now()
        climbed = actions.climb_ladders(actor=ALARMS, now=moment).alarms
        opened = actions.open_cases(actor=ALARMS, now=moment)
        sent = actions.send_steps(
            sender=senders.from_settings(), caller=calling.from_settings(), actor=ALARMS, now=now()
        )
        told = actions.tell_cases(actor=ALARMS, now=moment)
        if not (climbed or opened or sent or told):
            return
        if time.monotonic() >= until:
            break
    actions.follow_soon(urgent=True)


@app.periodic(cron="* * * * *")
@app.task(name="alarms.sweep", queueing_lock="alarms.sweep")
def sweep(timestamp: int) -> None:
    """The same each minute, for what a killed worker left behind; what time alone ends, ends: tests, explained silences."""
    failed: Exception | None = None
    for step in (actions.end_drills, actions.settle_covers, actions.stop_left_over):
        try:
            step(actor=ALARMS, now=now())
        except Exception as error:  # people are called for alarms whatever else is wrong
            log.exception("%s failed", step.__name__)
            failed = failed or error
    follow()
    if failed is not None:
        raise failed


@app.periodic(cron="35 3 * * *")
@app.task(name="alarms.forget", queueing_lock="alarms.forget", lock="alarms.forget")
def forget(timestamp: int) -> None:
    """What is private goes as long after as from the history."""
    actions.forget_private(actor=ALARMS, now=now())
