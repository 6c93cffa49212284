"""A wording in both languages that chooses one when it is shown.

The pure modules of this package (limits, conditions) carry their own Chinese and English, because catalogue
texts are data, edited by staff, and not messages of the program. ``str(words)`` speaks the language of the
reader; which one that is comes from a source set once at start (``apps.py``), so nothing here knows Django.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_language: Callable[[], str | None] = lambda: "zh-hans"  # noqa: E731 - a default, replaced at start


def set_language_source(source: Callable[[], str | None]) -> None:
    """Say where the reader's language code comes from."""
    global _language
    _language = source


def in_english() -> bool:
    """True when the reader's language is English."""
    return (_language() or "zh").startswith("en")


@dataclass(frozen=True, slots=True)
class Words:
    """One wording, Chinese and English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if in_english() else self.zh

    def fill(self, **values: object) -> Words:
        """The same wording with ``{name}`` places filled in both languages."""
        return Words(self.zh.format(**values), self.en.format(**values))
