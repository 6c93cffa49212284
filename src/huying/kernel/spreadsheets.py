"""Texts that go into a table somebody opens with a spreadsheet."""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")  # of what a spreadsheet takes for a formula (OWASP, CSV injection)


def harmless(text: str) -> str:
    """The text without characters no spreadsheet may hold, and never read as a formula."""
    plain = _CONTROLS.sub("", text)
    return f"'{plain}" if plain.startswith(_STARTS) else plain
