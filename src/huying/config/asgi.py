"""The ASGI application that Granian serves: pages and the API in threads that stay, live screens in the event loop."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from huying.config.instance.children import end_with_parent
from huying.config.pages import Page

if os.environ.get("HUYING_PART") == "web":
    end_with_parent()  # the server's worker processes must not outlive the server
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.config.settings")
# Granian's `send` is not marked as asynchronous, though it is.
warnings.filterwarnings("ignore", "async_to_sync was passed a non-async-marked callable", module="asgiref")
LIVE: Final = "/live"
THREADS: Final = 16  # of one process; each keeps one connection to the database

_live = get_asgi_application()
_pages = get_wsgi_application()
_threads = ThreadPoolExecutor(THREADS, "page")


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Route what comes in: a live screen stays for hours and must hold neither a thread nor a connection."""
    if scope["type"] == "http" and scope["path"] != LIVE:
        await Page(_pages, _threads)(scope, receive, send)
        _warm_once()
    else:  # without a thread of its own: who asks is looked up in the one thread all live screens share
        await _live.handle(scope, receive, send)


@cache
def _warm_once() -> None:
    """After the first answer, usually to whoever asks whether we are up: warming before it would only delay it."""
    from huying.config.warming import warm

    _threads.submit(warm)
