"""Pure arithmetic of how well something is known: shares, sums, the order of what needs attention first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import lcm
from typing import Final

FEW: Final = 5  # of fewer people no figure is told to who may not see who they are


@dataclass(frozen=True, slots=True)
class Tally:
    """Of ``total`` things ``known`` are as they should be. ``few``: there are some, too few to be told; both are 0 then."""

    known: int = 0
    total: int = 0
    few: bool = False

    @property
    def missing(self) -> int:
        return self.total - self.known

    @property
    def share(self) -> int | None:
        """Percent, rounded down: 100 says that nothing is missing. None where there is nothing to know."""
        return self.known * 100 // self.total if self.total else None

    def __add__(self, other: Tally) -> Tally:
        total = self.total + other.total
        return Tally(self.known + other.known, total, (self.few or other.few) and not total)

    def guarded(self) -> Tally:
        """The same, untold when it is about one to four."""
        return Tally(few=True) if 0 < self.total < FEW else self


def overall(tallies: Iterable[Tally]) -> int | None:
    """The mean of the shares, rounded down: each point counts alike, those with nothing to know are left out.

    100 only when nothing at all is missing; None when there is nothing to know.
    """
    counted = [one for one in tallies if one.total]
    if not counted:
        return None
    common = lcm(*(one.total for one in counted))  # whole numbers: 29 of 100 is 29 %, not 28.999…
    return sum(one.known * (common // one.total) for one in counted) * 100 // (common * len(counted))


def weakest(tallies: Mapping[str, Tally]) -> str:
    """Which point is known least, of equals the one with more missing, then the earlier one; "" when nothing is missing."""
    lacking = {name: one for name, one in tallies.items() if one.missing}
    if not lacking:
        return ""
    return min(lacking, key=lambda name: (lacking[name].known / lacking[name].total, -lacking[name].missing))


def urgency(share: int | None, missing: int, code: str) -> tuple[bool, int, int, str]:
    """A sort key: the least known first, of equals what lacks more; last where there is nothing to know."""
    return share is None, share or 0, -missing, code
