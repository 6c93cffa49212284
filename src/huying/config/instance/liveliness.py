"""The demonstration's life: goes on reporting, handling and rating until it is told to stop."""

from __future__ import annotations

import signal
import threading
from importlib import import_module


def main() -> None:
    import django

    django.setup()
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop.set())
    import_module("huying.config.demo.live").run(stop)


if __name__ == "__main__":
    main()
