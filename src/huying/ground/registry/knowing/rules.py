"""Pure arithmetic of how well something is known: shares, sums, the order of what needs attention first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import lcm
from typing import Final

FEW: Final = 5  # of fewer people no figure is told to who may not see who they are
OWN: Final = "-"  # after a code: what lies in the area and in none of the areas below it
_DIGITS: Final = (0, 2, 4, 6, 9, 12, 15, 17)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of ``total`` things ``known`` are as they should be. ``few``: there are some, and no figure is told; both are 0 then.

    ``waits``: it has not been counted yet, both are 0 then too.
    """

    known: int = 0
    total: int = 0
    few: bool = False
    waits: bool = False

    @property
    def missing(self) -> int:
        return self.total - self.known

    @property
    def share(self) -> int | None:
        """Percent, rounded down: 100 says that nothing is missing. None where there is nothing to know."""
        return self.known * 100 // self.total if self.total else None

    def __add__(self, other: Tally) -> Tally:
        total = self.total + other.total
        return Tally(self.known + other.known, total, (self.few or other.few) and not total, self.waits or other.waits)

    def guarded(self, withheld: bool = False) -> Tally:
        """The same, untold when it is about one to four, or stands beside such a one."""
        return Tally(few=True) if 0 < self.total < FEW or (withheld and self.total) else self


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


def cells(cell: str) -> tuple[str, ...]:
    """Every area a cell lies in, the widest first, and the cell itself."""
    code = cell.removesuffix(OWN)
    return (*(code[:digits] for digits in _DIGITS if digits < len(code)), *dict.fromkeys((code, cell)))


def withheld(totals: Mapping[str, int]) -> set[str]:
    """Which cells are not told to who may not see whom they are about, given how many there are by the code they carry.

    Cells of one to four, and the next smallest beside them, until two or more of an area are hidden that are five together:
    then nothing comes out when what is told is taken from the area's own figure. What lies below a hidden area is hidden
    with it, or it would add up again, and is not named.
    """
    sums: defaultdict[str, int] = defaultdict(int)
    below: defaultdict[str, set[str]] = defaultdict(set)
    for code, total in totals.items():
        path = cells(code + OWN)
        for up, down in pairwise(path):
            below[up].add(down)
        for cell in path if total else ():
            sums[cell] += total
    if 0 < sums[""] < FEW:
        return {""}
    hidden, open_areas = set[str](), [""]
    while open_areas:
        parts = sorted((one for one in below[open_areas.pop()] if sums[one]), key=lambda one: (sums[one], one))
        covered = _covered([sums[one] for one in parts])
        hidden |= set(parts[:covered])
        open_areas += [one for one in parts[covered:] if one in below]
    return hidden


def _covered(sizes: list[int]) -> int:
    """How many of the parts of a told area, the smallest first, have to be hidden."""
    few = sum(size < FEW for size in sizes)
    if not few:
        return 0
    n = max(few, 2)
    while sum(sizes[:n]) < FEW:
        n += 1
    return n
