"""Whole numbers as they come in an address or a form: short enough to be meant, or none at all."""

from __future__ import annotations

from typing import Final

KEY_DIGITS: Final = 18  # any primary key of PostgreSQL's bigint that there will ever be


def whole_number(text: str, most_digits: int = KEY_DIGITS) -> int | None:
    """The whole number somebody wrote in decimal digits (full-width ones too); None for anything else or more digits.

    Python refuses to read thousands of digits, and the database none beyond 19: both would be an error of ours.
    """
    return int(text) if len(text) <= most_digits and text.isdecimal() else None
