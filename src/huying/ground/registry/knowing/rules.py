"""Pure arithmetic of how well something is known: shares, sums, the order of what needs attention first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """Of ``total`` things ``known`` are as they should be."""

    known: int = 0
    total: int = 0

    @property
    def missing(self) -> int:
        return self.total - self.known

    @property
    def share(self) -> int | None:
        """Percent, rounded down: 100 says that nothing is missing. None where there is nothing to know."""
        return self.known * 100 // self.total if self.total else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.known + other.known, self.total + other.total)


def overall(tallies: Iterable[Tally]) -> int | None:
    """The mean of the shares, rounded down: each point counts alike, those with nothing to know are left out.

    100 only when nothing at all is missing; None when there is nothing to know.
    """
    exact = [(one.known, one.total) for one in tallies if one.total]
    if not exact:
        return None
    if all(known == total for known, total in exact):
        return 100
    return min(99, int(sum(known / total for known, total in exact) * 100 / len(exact)))


def weakest(tallies: Mapping[str, Tally]) -> str:
    """Which point is known least, of equals the one with more missing, then the earlier one; "" when nothing is missing."""
    lacking = {name: one for name, one in tallies.items() if one.missing}
    if not lacking:
        return ""
    return min(lacking, key=lambda name: (lacking[name].known / lacking[name].total, -lacking[name].missing))


def urgency(share: int | None, missing: int, code: str) -> tuple[bool, int, int, str]:
    """A sort key: the least known first, of equals what lacks more; last where there is nothing to know."""
    return share is None, share or 0, -missing, code
