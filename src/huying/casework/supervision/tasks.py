"""Orders that nobody answered."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.clock import now

from .actions import chase_orders


@app.periodic(cron="*/10 * * * *")
@app.task(name="supervision.chase_orders", queueing_lock="supervision.chase_orders")
def chase(timestamp: int) -> None:
    """Tell unit and supervisors of orders whose reply is overdue."""
    chase_orders(now=now())
