"""What the room of alarms above tells these pages: which devices have an open alarm, and how grave it is.

Alarms register themselves with :func:`provide` in ``AppConfig.ready``; without them nothing is alarming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Alarming:
    """``severities``: device → its gravest open alarm (1–4). ``devices``: those with one of at least a severity, as a
    subquery. ``words``: severity → its word; ``lights``: severity → the light it is drawn with."""

    severities: Callable[[Iterable[int]], Mapping[int, int]]
    devices: Callable[[int], QuerySet[Any, Any]]
    words: Mapping[int, object]
    lights: Mapping[int, str]


_provided: list[Alarming] = []


def provide(alarming: Alarming) -> None:
    """Called once by the room of alarms."""
    _provided[:] = [alarming]


def alarming() -> Alarming | None:
    return _provided[0] if _provided else None
