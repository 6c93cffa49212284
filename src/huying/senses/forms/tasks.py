"""Background jobs of the forms."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import now

from . import actions


@app.periodic(cron="10 19 * * *")
@app.task(name="forms.forget_sealed", queueing_lock="forms.forget_sealed")
def forget_sealed(timestamp: int) -> None:
    """Personal answers older than this place keeps them go."""
    actions.forget_sealed(actor=system("retention"), now=now(), keep=timedelta(days=settings.HUYING_RETENTION_DAYS))
