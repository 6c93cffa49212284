"""What territory tells the rooms above."""

from dataclasses import dataclass
from datetime import date

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AreasChanged(Fact):
    """Areas were opened, ended or changed in place (name, attributes, small corrections of the boundary).

    `successors` says for each ended code which codes took its place, () when nothing did.
    """

    on: date
    opened: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    successors: tuple[tuple[str, tuple[str, ...]], ...] = ()
