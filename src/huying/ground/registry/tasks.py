"""Background jobs of the registry, most of them daily in the small hours of the place."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import now

from .actions import catch_up, expire_care, forget_ended
from .actions.uploading import AWAY, TASK, clear_uploads, run_upload
from .knowing.actions import count_knowledge
from .likeness import find_likenesses

_AT_ONCE: Final = 100_000  # records, a few minutes' work: what is left over the next run takes

_AGAIN: Final = RetryStrategy(max_attempts=10, wait=5, linear_wait=10, retry_exceptions=AWAY)  # nine minutes in all


@app.periodic(cron="*/5 * * * *")
@app.task(name="registry.catch_up", queueing_lock="registry.catch_up", lock="registry.catch_up")
def catch_up_after_upgrade(timestamp: int) -> None:
    """Look at the records an upgrade left to be looked at; how well areas are known is counted when all are done."""
    actor = system("registry")
    if catch_up(actor=actor, now=now(), most=_AT_ONCE):
        count_knowledge(actor=actor, now=now())


@app.task(name=TASK, lock=TASK, retry=_AGAIN)
def import_upload(upload_id: int) -> None:
    """Import a file that was handed in; one after another. A killed worker's job is taken up and goes on, so is one whose
    database was away.
    """
    run_upload(upload_id, now=now())


@app.periodic(cron="42 * * * *")
@app.task(name="registry.clear_uploads", queueing_lock="registry.clear_uploads")
def clear_unbegun_uploads(timestamp: int) -> None:
    """Files nobody imported are put away, imports whose job is gone are stopped; hourly, for somebody waits to go on."""
    clear_uploads(actor=system("retention"), now=now())


@app.periodic(cron="12 18 * * *")
@app.task(name="registry.expire_care", queueing_lock="registry.expire_care")
def end_expired_care(timestamp: int) -> None:
    """Take off the care lists whoever's time is over."""
    expire_care(actor=system("registry"), now=now())


@app.periodic(cron="32 18 * * *")
@app.task(name="registry.find_likenesses", queueing_lock="registry.find_likenesses")
def look_for_likenesses(timestamp: int) -> None:
    """Compare what was written in the last two days with everything else."""
    moment = now()
    find_likenesses(since=moment - timedelta(days=2), now=moment)


@app.periodic(cron="52 18 * * *")
@app.task(name="registry.forget_ended", queueing_lock="registry.forget_ended")
def forget_what_ended(timestamp: int) -> None:
    """What ended longer ago than this place keeps personal data is kept no more."""
    forget_ended(actor=system("retention"), now=now(), keep=timedelta(days=settings.HUYING_RETENTION_DAYS))


@app.periodic(cron="12 19 * * *")
@app.task(name="registry.count_knowledge", queueing_lock="registry.count_knowledge")
def count_how_well_known(timestamp: int) -> None:
    """Count how well every area is known, after everything else of the night."""
    count_knowledge(actor=system("registry"), now=now())
