"""The background worker: runs jobs of every queue until it is told to stop, and takes up what dead workers left."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import Any, Final

CONCURRENCY = int(os.environ.get("HUYING_WORKER_CONCURRENCY", "2"))
BEAT: Final = 5.0  # seconds between two signs of life of a worker
DEAD: Final = 15.0  # seconds without one after which it is gone, and what it was doing is done again
log = logging.getLogger("huying.worker")


async def _run() -> None:
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()) as own:  # type: ignore[attr-defined]
        async with own.open_async():
            watching = asyncio.create_task(_watch(own))
            try:
                await own.run_worker_async(
                    concurrency=CONCURRENCY,
                    wait=True,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=8,
                    update_heartbeat_interval=BEAT,
                    stalled_worker_timeout=DEAD,
                )
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching


async def _watch(app: Any) -> None:
    """Look again and again; a database that is away is looked for again too."""
    from procrastinate.exceptions import ConnectorException

    while True:
        try:
            await take_up_stalled(app)
        except ConnectorException as error:
            log.warning("stalled jobs cannot be looked for: %s", error)
        await asyncio.sleep(BEAT)


async def take_up_stalled(app: Any) -> int:
    """Jobs whose worker died are done again, for every job may be repeated; how many.

    Until then they would hold their locks, and nothing of their kind would ever run. Where the same waits already
    (queueing lock), that one is enough.
    """
    from procrastinate.exceptions import ConnectorException, UniqueViolation
    from procrastinate.jobs import Status

    manager, taken = app.job_manager, 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD):
        try:
            await manager.retry_job(job)
            taken += 1
            log.warning("%s %s: its worker died, it is done again", job.task_name, job.id)
        except UniqueViolation:
            await manager.finish_job(job, Status.FAILED, delete_job=True)
            log.warning("%s %s: its worker died, the next of its kind waits already", job.task_name, job.id)
        except ConnectorException as error:  # another worker was faster
            log.info("%s %s: %s", job.task_name, job.id, error)
    return taken


def main() -> None:
    import django

    django.setup()
    asyncio.run(_run())


if __name__ == "__main__":
    main()
