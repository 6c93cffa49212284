"""Search for somebody who is typing: code, Chinese, English, pinyin in full or initials, and how residents say it.

An index over one catalogue, built once and asked many times; a search looks at every item and takes well under
ten milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from huying.casework.catalogue.grams import pairs, plain
from huying.casework.catalogue.phrases import shipped
from huying.casework.catalogue.snapshot import Catalogue, ItemView

_CHINESE = re.compile(r"[㐀-鿿]")
_SPACE = re.compile(r"[\s·,，、;；/]+")

EXACT, CODE, START, INSIDE, CLASS, SPOKEN, SCATTERED = 100.0, 90.0, 80.0, 60.0, 40.0, 30.0, 20.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one item can be found by."""

    item: ItemView
    name: str
    english: str
    full: str  # loudenghuai
    initials: str  # ldh
    group: str
    spoken: tuple[str, ...]
    pairs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Index:
    """All items of a catalogue, ready to be searched."""

    entries: tuple[_Entry, ...]

    def search(self, text: str, k: int, keep: Callable[[ItemView], bool] = lambda _: True) -> list[ItemView]:
        """The best ``k`` items for every word of the text, best first; nothing for an empty text."""
        words = [word for word in _SPACE.split(plain(text).strip()) if word]
        if not words or k <= 0:
            return []
        found = []
        for entry in self.entries:
            scores = [_score(entry, word) for word in words]
            if min(scores) > 0 and keep(entry.item):
                found.append((-sum(scores) / len(scores), len(entry.name), entry.item.code, entry.item))
        if not found and len(words) > 1:
            return self.search("".join(words), k, keep)
        found.sort(key=lambda one: one[:3])
        return [one[3] for one in found[:k]]


@lru_cache(maxsize=4)
def index_of(catalogue: Catalogue) -> Index:
    """The index of a catalogue, built at first use."""
    known = shipped()
    return Index(tuple(_entry(item, (*item.phrases, *known.get(item.code, ()))) for item in catalogue.items))


def _entry(item: ItemView, spoken: Sequence[str]) -> _Entry:
    from pypinyin import Style, lazy_pinyin  # slow to import: only who uses it waits for it

    name = plain(item.name)
    lines = tuple(plain(line) for line in spoken)
    return _Entry(
        item=item,
        name=name,
        english=plain(item.name_en),
        full=_letters(lazy_pinyin(name)),
        initials=_letters(lazy_pinyin(name, style=Style.FIRST_LETTER)),
        group=plain(f"{item.class_zh} {item.class_en}"),
        spoken=lines,
        pairs=frozenset(pair for line in (name, *lines) for pair in pairs(line)),
    )


def _letters(parts: list[str]) -> str:
    return "".join(char for part in parts for char in part if char.isascii() and char.isalnum())


def _score(entry: _Entry, word: str) -> float:
    """How well one word fits an item; 0 when it does not."""
    if word.isdigit():
        return CODE + len(word) if entry.item.code.startswith(word) else _inside(entry, word)
    if _CHINESE.search(word):
        return _chinese(entry, word)
    if entry.initials.startswith(word) or entry.full.startswith(word):
        return START + (10.0 if word in (entry.initials, entry.full) else 0.0)
    if f" {word}" in f" {entry.english}":
        return INSIDE + 5.0
    if len(word) >= 2 and (word in entry.initials or word in entry.full):
        return INSIDE - 10.0
    if len(word) >= 3 and f" {word}" in entry.group:
        return CLASS
    if len(word) >= 3 and word[0] == entry.initials[:1] and _in_order(word, entry.initials):
        return SCATTERED + 5.0
    return _inside(entry, word)


def _in_order(letters: str, within: str) -> bool:
    """Whether the letters occur in this order, with others between: ldzw in lddfzw."""
    rest = iter(within)
    return all(letter in rest for letter in letters)


def _chinese(entry: _Entry, word: str) -> float:
    if entry.name == word:
        return EXACT
    if entry.name.startswith(word):
        return START
    if word in entry.name:
        return INSIDE
    if any(word in line for line in entry.spoken):
        return SPOKEN + 15.0
    if word in entry.group:
        return CLASS
    wanted = set(pairs(word))
    shared = len(wanted & entry.pairs)
    if wanted and shared * 2 >= len(wanted):
        return SCATTERED + 10.0 * shared / len(wanted)
    return SCATTERED / 2 if len(word) > 1 and all(char in entry.name for char in word) else 0.0


def _inside(entry: _Entry, word: str) -> float:
    return SPOKEN if len(word) > 1 and any(word in line for line in entry.spoken) else 0.0
