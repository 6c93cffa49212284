"""Background jobs of the accounts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.clock import now

from . import actions


@app.periodic(cron="20 4 * * *")
@app.task(name="accounts.forget_old_codes", queueing_lock="accounts.forget_old_codes")
def forget_old_codes(timestamp: int) -> None:
    """Every night: sign-in codes no limit looks at any more."""
    actions.forget_old_codes(now=now())
