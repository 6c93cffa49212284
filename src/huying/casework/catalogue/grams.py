"""From a text to countable pieces: runs of one to three Chinese characters, and whole Latin words.

Short pieces of characters need no word cutter, forgive slips of the pen and unknown names, and are fast. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 3
_RUN = re.compile(r"[㐀-鿿]+|[a-z]{2,}")
_NOT_PLAIN = re.compile(r"[^\x00-\x7f㐀-鿿、。，！？；：（）“”‘’《》【】…—～·]")  # full-width stops divide as they are


def plain(text: str) -> str:
    """Lower case, full-width forms made half-width; same length is not promised."""
    return unicodedata.normalize("NFKC", text).lower() if _NOT_PLAIN.search(text) else text.lower()


def runs(text: str) -> list[str]:
    """Stretches of Chinese characters, and Latin words; all else divides."""
    return _RUN.findall(text)


def grams(text: str) -> list[str]:
    """All pieces of a text, repeated as often as they occur."""
    pieces: list[str] = []
    for run in runs(plain(text)):
        if run[0] < "\x7f":
            pieces.append(run)
            continue
        pieces += run
        twos = list(map(str.__add__, run, run[1:]))
        pieces += twos
        pieces += map(str.__add__, twos, run[2:])
    return pieces


def pairs(text: str) -> Iterator[str]:
    """Two-character pieces only, for rough likeness."""
    for run in runs(plain(text)):
        yield from map(str.__add__, run, run[1:])
