"""Background jobs of devices: commands on their way, and those that came to nothing."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.errors import Refused
from huying.kernel.stream import StreamUnavailable, publisher

from .actions import expire_commands, send_command
from .actions.commanding import SEND

DEVICES = system("devices")


@app.task(name=SEND, retry=RetryStrategy(max_attempts=30, wait=5, retry_exceptions=[StreamUnavailable]))
def send(command_id: int) -> None:
    """A command that was agreed to. One the device may no longer be given stays unsent, and expires."""
    try:
        send_command(command_id, actor=DEVICES, now=now(), stream=publisher())
    except Refused:
        return


@app.periodic(cron="* * * * *")
@app.task(name="devices.expire_commands", queueing_lock="devices.expire_commands", lock="devices.expire_commands")
def expire(timestamp: int) -> None:
    """Give up what nobody confirmed or answered in time."""
    expire_commands(actor=DEVICES, now=now())
