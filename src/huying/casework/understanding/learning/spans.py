"""The words of a text that spoke loudest and tell a person something. Pure.

What is weighed are runs of signs, some across two words. What is quoted are whole words: each as loud as the runs in it.
A run may speak for a kind by habit alone, by how letters begin and end, or by the name of a place where the like happens
often. Such words are weighed like any other and never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .cutting import PAIRS, SINGLES, normalise, places
from .features import Floats, Runs

Span = tuple[int, int]
_FAINT: Final = 0.3  # of the loudest: what speaks more softly is not quoted
_WIDE: Final = 8  # signs of neighbouring words that are quoted as one
_MANY: Final = 3
_SEED: Final = Path(__file__).parents[1] / "seed" / "always_said.txt"
_GAP: Final = "\n"  # stands for a sign that tells nothing
_HOUSE: Final = r"\d+(?:号楼|单元|[号栋幢座室楼层])"


@cache
def _idle() -> frozenset[str]:
    """Words that tell nothing: those no kind is learned from, and those of ``seed/always_said.txt``."""
    lines = [line for line in _SEED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return PAIRS.union(" ".join(lines).split())


@cache
def _quiet() -> re.Pattern[str]:
    """What is never quoted: words that tell nothing, the longest first, and numbers of houses."""
    return re.compile("|".join([*map(re.escape, sorted(_idle(), key=len, reverse=True)), _HOUSE]))


def tells(word: str) -> bool:
    """Whether a word picked elsewhere may be a reason."""
    return word not in _idle() and not SINGLES.issuperset(word)


def telling(text: str, names: Sequence[str] = ()) -> list[Span]:
    """Where the words of a normalised text stand that may be a reason, in order.

    ``names`` are names of places in it; what a place is called says nothing of the matter. Single signs that stand
    together, as in 狗咬人, count as one word.
    """
    for first, last in _quiet_in(text, names):
        text = f"{text[:first]}{_GAP * (last - first)}{text[last:]}"
    found: list[Span] = []
    alone = False  # whether the last word is made of single signs
    for first, last in places(text):
        word = text[first:last]
        if word in SINGLES or not word.isalnum():
            alone = False
        elif last - first == 1 and alone and found[-1][1] == first:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
            alone = last - first == 1
    return [(first, last) for first, last in found if last - first > 1 and not text[first:last].isdigit()]


def _quiet_in(text: str, names: Sequence[str]) -> list[Span]:
    found = [match.span() for match in _quiet().finditer(text)]
    for name in filter(None, map(normalise, names)):
        at = text.find(name)
        while at >= 0:
            found.append((at, at + len(name)))
            at = text.find(name, at + len(name))
    return found


def spoken(
    read: Runs, words: Sequence[Sequence[Span]], chosen: NDArray[np.int64], forces: Floats
) -> list[tuple[str, ...]]:
    """For every text up to three of its ``words``, loudest first; ``forces`` belong to the runs numbered ``chosen``."""
    begins = np.concatenate([[0], np.cumsum([len(text) + 1 for text in read.texts])]).astype(np.int64)
    firsts, lasts = (begins[read.rows[chosen]] + part[chosen] for part in (read.firsts, read.lasts))
    each = forces.astype(np.float64) / (lasts - firsts + 1)
    size = int(begins[-1]) + 1
    turns = np.bincount(firsts, each, size) - np.bincount(lasts + 1, each, size)
    before = np.concatenate([[0.0], np.cumsum(np.cumsum(turns))])  # how loud all signs before each are together
    found: list[tuple[str, ...]] = []
    for row, text in enumerate(read.texts):
        here = before[begins[row] : begins[row] + len(text) + 1].tolist()
        found.append(_loudest(text, [(here[last] - here[first], first, last) for first, last in words[row]]))
    return found


def _loudest(text: str, words: list[tuple[float, int, int]]) -> tuple[str, ...]:
    """The loudest words, those that stand together as one."""
    loudest = max(words, default=(0.0, 0, 0))[0]
    kept = sorted(
        ((loud, -first, last) for loud, first, last in words if loud > 0 and loud >= _FAINT * loudest), reverse=True
    )
    grown: list[Span] = []
    for _loud, first, last in kept[: 2 * _MANY]:
        at = next((at for at, (begin, end) in enumerate(grown) if -first == end or last == begin), None)
        if at is not None and max(last, grown[at][1]) - min(-first, grown[at][0]) <= _WIDE:
            grown[at] = min(-first, grown[at][0]), max(last, grown[at][1])
        else:
            grown.append((-first, last))
    said = dict.fromkeys(text[first:last].replace(" ", "") for first, last in grown)
    return tuple(said)[:_MANY]
