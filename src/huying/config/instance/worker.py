"""The background worker: runs jobs of every queue until it is told to stop."""

from __future__ import annotations

import asyncio
import os

CONCURRENCY = int(os.environ.get("HUYING_WORKER_CONCURRENCY", "2"))


async def _run() -> None:
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        async with app.open_async():
            await app.run_worker_async(
                concurrency=CONCURRENCY,
                wait=True,
                delete_jobs="successful",
                shutdown_graceful_timeout=8,
                update_heartbeat_interval=5,
                stalled_worker_timeout=30,
            )


def main() -> None:
    import django

    django.setup()
    asyncio.run(_run())


if __name__ == "__main__":
    main()
