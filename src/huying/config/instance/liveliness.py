"""The demonstration's life: goes on reporting, handling and rating until it is told to stop."""

from __future__ import annotations

import signal
from importlib import import_module

from huying.kernel.stopping import Stopping


def main() -> None:
    import django

    django.setup()
    stop = Stopping(signal.SIGTERM, signal.SIGINT)
    import_module("huying.config.demo.live").run(stop)


if __name__ == "__main__":
    main()
