"""What something is found by: overlapping pairs of Chinese characters, and whole words of everything else.

A pair index finds 路灯 in 路灯不亮 without a dictionary, takes two-character searches (which trigrams cannot) and
never misses a new estate's name.
"""

from __future__ import annotations

import re
import unicodedata

# What compatibility folding may change: anything but ASCII, the ideographs searched for, and stops, which divide anyway.
_ODD = re.compile(r"[^\x00-\x7f㐀-䶿一-鿿、。，！？；：（）“”‘’《》【】…—～·]")
_RUN = re.compile(r"[㐀-䶿一-鿿]+|[0-9a-z]+")
_MOST_TERMS = 96
_SUMMARY_CHARACTERS = 120


def tokens(text: str) -> list[str]:
    """The search terms of a text, each once, in order of first appearance."""
    found: dict[str, None] = {}
    plain = unicodedata.normalize("NFKC", text) if _ODD.search(text) else text
    for run in _RUN.findall(plain.lower()):
        if run[0].isascii() or len(run) == 1:
            found[run] = None
        else:
            found.update(dict.fromkeys(map(str.__add__, run, run[1:])))
    return list(found)


def terms(title: str, place: str, summary: str) -> str:
    """The ``tsvector`` literal stored with a record; bounded, so a very long message costs no more than a long one."""
    text = f"{title} {place} {summary[:_SUMMARY_CHARACTERS]}"
    found = tokens(text)[:_MOST_TERMS]
    return "'" + "' '".join(found) + "'" if found else ""


def query(text: str) -> str:
    """The ``tsquery`` literal for a search: every term must be there. Empty when nothing can be searched."""
    return " & ".join(f"'{token}'" for token in tokens(text)[:12])
