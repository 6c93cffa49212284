"""What the sign at a door says of a report that came from it."""

from __future__ import annotations

from typing import NamedTuple

from huying.casework.cases.subjects import marks_of
from huying.ground.registry.signs import is_inside, premises_of


class Sign(NamedTuple):
    """What the sign at a door stands for: the marks of a report about it, and the area the registry has it in."""

    subjects: tuple[str, ...] = ()
    area: str = ""


def sign_of(code: str) -> Sign:
    """The sign a report came from, by the place's public code: never one of a home. At most one query."""
    premises = premises_of(code) if code else None
    if premises is None or is_inside(premises):
        return Sign()
    return Sign(marks_of((premises.KIND, premises.uid)), premises.area)
