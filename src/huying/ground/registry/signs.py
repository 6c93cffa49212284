"""Public codes: what stands in the QR code at a door, and the place a stranger may name by it."""

from __future__ import annotations

import re
from typing import Final

from .models import Premises

_CODE: Final = re.compile(r"[0-9A-Za-z]{6,16}")
_INSIDE: Final = ("room", "floor", "unit")


def premises_of(code: str) -> Premises | None:
    """The premises with this public code, whichever case it was typed in; without private values. One query."""
    if not _CODE.fullmatch(code):
        return None
    rows = Premises.objects.filter(code__in=[code.lower(), code.upper()], state="active")
    return rows.defer("private").select_related("parent__parent").first()


def outside(premises: Premises) -> Premises:
    """The building of a room, floor or unit: who lives where is nobody's business. Other premises are themselves."""
    there = premises
    while there.kind in _INSIDE and there.parent is not None:
        there = there.parent
    return there


def is_inside(premises: Premises) -> bool:
    """Whether it is a room, a floor or a unit."""
    return premises.kind in _INSIDE
