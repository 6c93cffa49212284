"""Work with a loop of its own, in a thread of its own: a browser test before may have left one running in this one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """What the work answers; raises what it raises."""
    with ThreadPoolExecutor(1) as hand:
        return hand.submit(asyncio.run, work).result()
