"""Messages find their issue within a minute; everything is looked at again before dawn."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from huying.kernel.clock import now

from . import actions
from . import rebuilding as bulk

_SLICE: Final = 5_000  # a transaction of the catching up: some ten seconds


@app.periodic(cron="* * * * *")
@app.task(name="hotspots.take_new", queueing_lock="hotspots.take_new")
def take_new(timestamp: int) -> None:
    """What came in since the last minute; where that is more than a round takes, all of it, in bulk."""
    if actions.take_new(now=now()) >= actions.AT_ONCE:
        ask_to_catch_up()


@app.task(name="hotspots.catch_up", queueing_lock="hotspots.catch_up", lock="hotspots.catch_up")
def catch_up() -> None:
    """Everything of the last year that no round has taken yet: a history taken over, or what came while no worker ran."""
    bulk.catch_up(now=now(), size=_SLICE)


def ask_to_catch_up() -> None:
    """As soon as a worker has a hand free; asked for twice it is done once."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        catch_up.defer()


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
