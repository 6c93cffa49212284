"""Background jobs of the kernel."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.files import clear_begun, clear_unattached, unlink_erased
from huying.kernel.sharing import forget_what_ended
from huying.kernel.trace import make_checkpoint


@app.periodic(cron="7 * * * *")
@app.task(name="kernel.checkpoint", queueing_lock="kernel.checkpoint")
def sign_checkpoint(timestamp: int) -> None:
    """Sign the day's checkpoint. Runs hourly: the first run of a local day signs, the others find it done."""
    make_checkpoint(actor=system("trace"), now=now())


@app.periodic(cron="41 * * * *")
@app.task(name="kernel.clear_unattached", queueing_lock="kernel.clear_unattached")
def clear_uploads(timestamp: int) -> None:
    """Delete photos that were uploaded with a form nobody sent. What is left over the next hour takes."""
    clear_unattached(now=now())


@app.periodic(cron="47 * * * *")
@app.task(name="kernel.unlink_erased", queueing_lock="kernel.unlink_erased")
def unlink_bytes(timestamp: int) -> None:
    """Delete what a process killed at the wrong moment, or a full or broken disk, left behind: erased, or half written."""
    unlink_erased()
    clear_begun(now=now())


@app.periodic(cron="23 * * * *")
@app.task(name="kernel.forget_shared", queueing_lock="kernel.forget_shared")
def forget_shared(timestamp: int) -> None:
    """Delete counts and marks that are over."""
    forget_what_ended()
