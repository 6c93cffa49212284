"""What cases ask of time. They know no calendar and no clock: the clocks room above answers, and says so at start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from .models import Case


class Timekeeper(Protocol):
    """Answers about the clocks of a case that its caller has locked."""

    def too_long(self, case: Case, until: datetime) -> bool:
        """Whether an extension until then, with those granted before, is longer than the limit itself."""
        ...

    def stages(self, case: Case) -> Mapping[str, datetime | None]:
        """The stages of the limit that are still running, with their due times."""
        ...

    def wait_ends(self, case: Case, now: datetime) -> datetime:
        """When a wait for the reporter that begins now ends by itself."""
        ...

    def known(self) -> Mapping[str, Any]:
        """Expressions over a query of cases for what the lifecycle's guards ask: ``stages`` ``waiting`` ``waited``."""
        ...


_keepers: list[Timekeeper] = []


def keep_time(keeper: Timekeeper) -> None:
    """Called once, at start."""
    _keepers[:] = [keeper]


def timekeeper() -> Timekeeper:
    return _keepers[0]
