"""One message that raises several matters, cut into them; the resident's own words stay as they are. Pure.

Only a change of theme divides, and only in what is a list of matters: numbered points that argue for the one matter the
message opens with, long points, and a story told at length stay whole.
The parts put together are the message, but for white space where it was cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

_THEMES: Final = Path(__file__).parents[1] / "seed" / "themes.txt"
_CHINESE: Final = {sign: place for place, sign in enumerate("一二三四五六七八九", 1)}
_BEGINS: Final = r"(?:(?<=[。！？!?；;：:，,\n\s])|^)"
# A point of a list, by its way of numbering; every way is counted for itself.
_WAYS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        _BEGINS + r"(?P<n>[一二三四五六七八九十]{1,3})\s*(?:[、．.：:]|，(?!百|千|万))",
        _BEGINS + r"(?P<n>\d{1,2})\s*(?:、|[．.](?!\d)|：|:(?!\d)|，)",
        r"[（(]\s*(?P<n>[一二三四五六七八九十]{1,3}|\d{1,2})\s*[)）]",
        _BEGINS + r"(?P<n>\d{1,2})\s*[)）]",
        r"(?P<n>[①②③④⑤⑥⑦⑧⑨⑩])",
        _BEGINS + r"(?:第|其)(?P<n>[一二三四五六七八九十]{1,3})(?:个?(?:问题|件事?|点|是)|[，,、：:\s])",
        _BEGINS + r"问题(?P<n>[一二三四五六七八九十]{1,3}|\d{1,2})\s*[：:、，,.]?",
    )
)
_ALSO: Final = re.compile(
    r"(?<=[。！？!?；;\n])\s*(?:另外|此外|还有(?!没有)|除此之外|再就是|再有|同时还?想|顺便|还想(?:问|反映|投诉)|再反映)"
)
_SEVERAL: Final = re.compile(
    "(?:以下|如下|下列|下面)(?:几|[两二三四五六七八九]|一些|多|若干)|[几两三四五六七八九多]个?(?:问题|诉求|事项)|[几两三四五六七八九]件事|问题多|诸多问题|一系列问题"
)
# What a point begins with that says nothing of its matter: its number in the list, or that it comes besides.
_NUMERAL: Final = "[一二三四五六七八九十]{1,3}"
_OPENS: Final = re.compile(
    rf"\s*(?:\d{{1,2}}\s*[、．.：:)），]\s*(?!\d)|{_NUMERAL}\s*[、．.：:)），]\s*(?![一二三四五六七八九十百千万])"
    rf"|[（(]\s*(?:{_NUMERAL}|\d{{1,2}})\s*[)）]|[①②③④⑤⑥⑦⑧⑨⑩]"
    rf"|[第其]{_NUMERAL}(?:个?(?:问题|件事?|点)|是)?\s*[，,、：:\s]|问题(?:{_NUMERAL}|\d{{1,2}})\s*[：:、，,.]"
    r"|此外|除此之外|另外(?![一二两三几的那这个])|(?:还有|再就是|再有|顺便|同时)(?=[，,、：:\s]))[，,、：:\s]*(?=\S)"
)
_LONG_POINT: Final = 160  # characters on average from which points are arguments
_LONG_TEXT: Final = 300  # characters from which "besides" goes on arguing
_SHORT: Final = 4  # characters a part must have to be a matter


def split(text: str) -> list[str]:
    """The matters of a message in its order; one that raises a single matter comes back whole, an empty one as nothing."""
    if not text.strip():
        return []
    cuts = _list_cuts(text)
    if cuts and not _of_matters(text, cuts):
        return [text.strip()]
    if len(text) <= _LONG_TEXT:
        cuts = sorted({*cuts, *(match.start() for match in _ALSO.finditer(text))})
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return [part.strip() for part in _joined([piece for piece in pieces if piece.strip()])]


def unnumbered(part: str) -> str:
    """A part without the number it had in a list, or the word that it comes besides: for a heading, not for the record."""
    opening = _OPENS.match(part)
    return part[opening.end() :] if opening else part


def _list_cuts(text: str) -> list[int]:
    """Where the points of a list begin: numbered one, two, three in this order, by one way of numbering."""
    best: list[int] = []
    for way in _WAYS:
        run: list[int] = []
        for match in way.finditer(text):
            if _value(match["n"]) == len(run) + 1:
                run.append(match.start())
        if len(run) > max(1, len(best)):
            best = run
    return best


def _of_matters(text: str, cuts: Sequence[int]) -> bool:
    """Whether the points of a list are matters of their own: what stands before them has no theme or promises several."""
    opening = text[: cuts[0]]
    if (len(text) - cuts[0]) / len(cuts) > _LONG_POINT:
        return False
    return not themes_of(opening) or _SEVERAL.search(opening) is not None


def _value(said: str) -> int:
    if said.isdecimal():
        return int(said)
    if len(said) == 1 and "①" <= said <= "⑩":
        return ord(said) - ord("①") + 1
    tens, ten, ones = said.rpartition("十")
    return (_CHINESE.get(tens, 1) * 10 if ten else 0) + _CHINESE.get(ones, 0)


def _joined(pieces: Sequence[str]) -> list[str]:
    """Pieces put together again until every part has its own theme."""
    parts: list[str] = []
    told: set[int] = set()
    for piece in pieces:
        themes = themes_of(piece)
        greeting = len(parts) == 1 and not told and not themes_of(parts[0])
        if not parts or greeting or not themes or len(piece.strip()) < _SHORT or themes & told:
            parts = [*parts[:-1], parts[-1] + piece] if parts else [piece]
            told |= themes
        else:
            parts.append(piece)
            told = themes
    return parts


def themes_of(piece: str) -> set[int]:
    """The numbers of the themes a passage speaks of, see ``seed/themes.txt``."""
    return {theme for word, theme in _words() if word in piece}


@cache
def _words() -> tuple[tuple[str, int], ...]:
    lines = [line for line in _THEMES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return tuple((word, theme) for theme, line in enumerate(lines) for word in line.split())
