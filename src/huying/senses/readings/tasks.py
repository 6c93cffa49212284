"""Background jobs of the history: what is closed is rolled each minute, days are put together at night, old ones let go.

Private values go by the hour.
"""

from __future__ import annotations

from datetime import UTC, timedelta

from procrastinate.contrib.django import app

from huying.kernel.clock import now

from . import keeping, renewing


@app.periodic(cron="* * * * *")
@app.task(name="readings.roll", queueing_lock="readings.roll", lock="readings.history")
def roll(timestamp: int) -> None:
    """Spool files that are closed become Parquet."""
    keeping.roll_up()


@app.periodic(cron="40 * * * *")
@app.task(name="readings.compact", queueing_lock="readings.compact", lock="readings.history")
def compact(timestamp: int) -> None:
    """Days of many small files get fewer."""
    keeping.put_together()


@app.periodic(cron="25 3 * * *")
@app.task(name="readings.tidy", queueing_lock="readings.tidy", lock="readings.history")
def tidy(timestamp: int) -> None:
    """Each day that is over in one piece; what is older than its kind keeps goes."""
    today = now().astimezone(UTC).date()
    keeping.put_together(upto=today - timedelta(days=1))
    keeping.let_go(today)


@app.periodic(cron="14 * * * *")
@app.task(name="readings.forget", queueing_lock="readings.forget", lock="readings.forget")
def forget(timestamp: int) -> None:
    """What was laid aside for a day, who had a device, private last values of silent ones: whatever becomes of the history."""
    renewing.forget_worn(now())
    renewing.forget_silent(now())
