"""The gatekeeper: answers the stream's server when a device knocks. ``python -m huying.senses.devices.gatekeeper``.

Runs beside the server for as long as the instance does; several may run, each login is answered by one of them. A device
that is let in is asked again within the hour, so one that was paused, retired or revoked is gone by then.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress

import django
from django.db import close_old_connections


async def keep() -> None:
    """Answer until told to stop. Raises StreamUnavailable where there is no stream, or no key to sign answers with."""
    from huying.kernel.stream import Login, Permit, answer_logins, connect

    from .logins import judge

    def judged(login: Login) -> Permit | None:
        close_old_connections()  # a thread of its own, whose connection may have died with the database
        try:
            return judge(login)
        finally:
            close_old_connections()

    connection = await connect(name="gatekeeper")
    answering = asyncio.ensure_future(answer_logins(connection, judged))
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, answering.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await answering
    finally:
        await connection.close()


def main() -> None:
    """Start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.config.settings")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    django.setup()
    asyncio.run(keep())


if __name__ == "__main__":
    main()
