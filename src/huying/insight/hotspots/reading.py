"""From a message to cut words: one dictionary, loaded once; the same text is always cut the same way. Pure."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any

MARK = "|"  # stands where a district was named
_SPACE = re.compile(r"[\s\u200b-\u200d\ufeff\u3000|]+")
_JOINERS = re.compile(r"(?<=[㐀-鿿])[·•・.．](?=[㐀-鿿])")  # 丽景园·东苑 and 丽景园.东苑 are 丽景园东苑
_RUN = re.compile(rf"[㐀-鿿a-zA-Z0-9#{MARK}]+")
_SCRIPT = re.compile(r"[㐀-鿿]+|[^㐀-鿿]+")
_PIECE = re.compile(rf"[{MARK}]|[^{MARK}]+")
# Places made anonymous: "A市", "B7县", "A市A3区", with the province before them or not.
_ANONYMOUS = re.compile(r"(?:[㐀-鿿]{2,3}省)?(?:[A-Z]\d{0,2}[市区县](?![a-z]))+")
_PROVINCE = re.compile(r"(?<![㐀-鿿])[㐀-鿿]{2}省(?=[㐀-鿿0-9])")


@lru_cache(maxsize=1)
def _dictionary() -> Any:
    import jieba  # slow to import: only who uses it waits for it

    jieba.setLogLevel(logging.WARNING)  # its progress is of no use to anybody here
    cutter = jieba.Tokenizer()
    cutter.initialize()
    return cutter


def plain(text: str) -> str:
    """Half-width forms, no white space, no dots inside names; districts made anonymous become a mark."""
    joined = _JOINERS.sub("", _SPACE.sub("", unicodedata.normalize("NFKC", text)))
    return _PROVINCE.sub(MARK, _ANONYMOUS.sub(MARK, joined))


def cut(run: str) -> list[str]:
    """The words of a run of signs; unknown names fall apart into single signs, which is how they are noticed.

    The likeliest way through jieba's dictionary, as jieba itself takes it without guessing new words, in half the time.
    """
    words: list[str] = []
    for piece in _SCRIPT.findall(run):
        words += [piece] if piece[0] < "\x7f" else _chinese(piece)
    return words


def _chinese(run: str) -> list[str]:
    chances, alone = _chances()
    size = len(run)
    best = [0.0] * (size + 1)
    ends = [0] * size
    for start in range(size - 1, -1, -1):
        end = start + 1
        word = run[start]
        most, at = (chances.get(word) or alone) + best[end], end
        while word in chances and end < size:
            end += 1
            word = run[start:end]
            chance = chances.get(word)
            if chance and chance + best[end] > most:
                most, at = chance + best[end], end
        best[start], ends[start] = most, at
    words: list[str] = []
    start = 0
    while start < size:
        words.append(run[start : ends[start]])
        start = ends[start]
    return words


@lru_cache(maxsize=1)
def _chances() -> tuple[dict[str, float], float]:
    """The logarithm of the chance of every word, 0 for what only begins words; and that of a sign that is no word."""
    cutter = _dictionary()
    whole = log(cutter.total)
    return {word: log(times) - whole if times else 0.0 for word, times in cutter.FREQ.items()}, -whole


@lru_cache(maxsize=65536)
def familiar(word: str) -> int:
    """How often the dictionary's makers met the word; 0 for what is no word. The whole is about 60 million."""
    return int(_dictionary().FREQ.get(word) or 0)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text made plain, and the words of every stretch between punctuation; districts stay as marks."""

    text: str
    runs: tuple[tuple[str, ...], ...]


def read(text: str, longest: int | None = None) -> Reading:
    """Make a text plain and cut it; only its first ``longest`` signs where given."""
    clean = plain(text)[:longest]
    return Reading(clean, tuple(tuple(_words(found.group())) for found in _RUN.finditer(clean)))


def _words(run: str) -> list[str]:
    words: list[str] = []
    for piece in _PIECE.findall(run):
        words += [MARK] if piece == MARK else cut(piece)
    return words
