"""The demo place speaks: 90 days of believable reports and what became of them, all from one seed.

``load`` and ``logins`` fill an instance with it; ``live`` goes on with it. Everything else is pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .places import AreaLike, PlaceLike
from .plans import FatePlan, Step
from .rhythm import Live, VoicedReport, make_reports

if TYPE_CHECKING:
    from huying.kernel.progress import Progress

__all__ = ["AreaLike", "FatePlan", "Live", "PlaceLike", "Step", "VoicedReport", "load", "logins", "make_reports"]


def load(
    scale: str,
    seed: int,
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
    count: int | None = None,
) -> None:
    """Fill the instance with the demonstration; once loaded nothing changes, cut off it goes on where it stood."""
    from .loading import load as load_all

    load_all(scale, seed, progress, now=now, count=count)


def logins() -> list[dict[str, str]]:
    """Who can sign in, for the end of the start: role, name and password of each, residents by telephone number."""
    from .loading import logins as known_logins

    return known_logins()
