"""How Chinese names sound: the likely pinyin of a run of signs, and the initials, for lists people search in Latin letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product
from typing import Final

# Surnames read otherwise than the sign usually is.
_SURNAMES: Final = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "朴": "piao", "任": "ren", "区": "ou", "查": "zha", "盖": "ge",
    "华": "hua", "尉": "yu", "召": "shao", "冼": "xian", "覃": "qin", "乐": "yue", "员": "yun", "翟": "zhai", "黑": "he",
    "缪": "miao", "宓": "mi", "盛": "sheng", "郇": "xun", "折": "she", "繁": "po", "种": "chong", "秘": "bi", "逄": "pang",
}  # fmt: skip
_READINGS: Final = 4
_LONGEST: Final = 12
HAN: Final = re.compile(r"[㐀-䶿一-鿿]+")


@lru_cache(maxsize=30_000)
def readings(name: str) -> tuple[str, ...]:
    """Initials and whole pinyin of a name's likely readings: 李桂兰 → lgl, liguilan. A run of one sign has none."""
    found: dict[str, None] = {}
    for run in HAN.findall(unicodedata.normalize("NFKC", name)):
        for syllables in spoken(run[:_LONGEST]):
            if len(syllables) > 1:
                found["".join(syllable[0] for syllable in syllables)] = None
                found["".join(syllables)] = None
    return tuple(found)


@lru_cache(maxsize=20_000)
def spoken(run: str) -> tuple[tuple[str, ...], ...]:
    """The likely readings: as a phrase, with the surname's own reading, and other readings of the first two signs."""
    from pypinyin import Style, lazy_pinyin, pinyin  # slow to import: only who uses it waits for it

    usual = tuple(lazy_pinyin(run, style=Style.NORMAL, errors="ignore"))
    if len(usual) != len(run):
        return (usual,) if usual else ()
    each = pinyin(run[:2], style=Style.NORMAL, heteronym=True, errors="ignore")
    found = {usual: None}
    if run[0] in _SURNAMES:
        found[(_SURNAMES[run[0]], *usual[1:])] = None
    for head in product(*(options[:2] for options in each)):
        found[(*head, *usual[len(head) :])] = None
    return tuple(found)[:_READINGS]


def is_sound(word: str) -> bool:
    """Whether a word of a search may be pinyin or initials: two Latin letters at least."""
    return len(word) > 1 and word.isascii() and word.isalpha()
