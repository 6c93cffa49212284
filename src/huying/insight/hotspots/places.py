"""What a message names: estates, roads, villages, schools, companies, schemes, found without a gazetteer.

A name ends in a word such as 小区 or 路 and reaches left to the first word that cannot be part of one. A title that names
something without such an ending (丽景天下电梯故障) is read from its start, or from the district it begins with. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from huying.insight.hotspots.reading import MARK, Reading, cut, familiar, plain, read
from huying.insight.hotspots.vocabulary import (
    CONCEPTS,
    CORNERS,
    ENDINGS,
    FUNCTION_WORDS,
    GIVEN,
    HEAD,
    KIND_WEIGHT,
    LOOSE_ENDINGS,
    NOT_NAMES,
    QUOTED,
    ROAD,
    STOPS,
    words_in,
)

_AREA = re.compile(r"[㐀-鿿]{0,3}(?:街道|[市区县镇乡])")
_NOT_AREAS = frozenset(
    words_in(
        "小区 社区 园区 校区 景区 城区 地区 片区 市区 郊区 城市 超市 上市 夜市 都市 门市 集市 街道 城镇 乡镇 老乡 家乡 下乡"
    )
)
_QUOTED = re.compile(r"[“「『《\"]([㐀-鿿a-zA-Z0-9]{3,12})[”」』》\"]")
_CORNER = re.compile(CORNERS)
_PHASE = re.compile(r"[一二三四五六七八九十\d]+(?:期|栋|号|区|幢|组)$")
_COMMON = 200  # names with one pair of signs, from where on the pair is not looked up
_NONE: frozenset[str] = frozenset()
_LONGEST = 10  # signs of a name
_START = 4  # signs at the start of two names that make them one, whatever follows
_MOST = 6  # names kept of one message
_RARE = 300  # a word ending like a name, met more often than this by the dictionary's makers, is just a word


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written, its core for comparing, its kind, and how much it tells where the matter is (0..1)."""

    text: str
    core: str
    kind: str
    weight: float


def names_of(title: Reading, body: Reading) -> tuple[Name, ...]:
    """Names of a message, the telling ones first; the title counts more than the body, and the first more than the last."""
    found: dict[str, Name] = {}
    for text, kind in _title_names(title):
        _keep(found, text, kind, 1.0)
    in_title = bool(found)
    for rank, (text, kind) in enumerate(_body_names(body)):
        _keep(found, text, kind, max(0.3, (0.6 if in_title else 0.95) - 0.06 * rank))
    return _first(found)


def names_given(place: str) -> tuple[Name, ...]:
    """Names of a place that was filled in apart, which is beyond doubt; none where it only tells a corner (楼下)."""
    found: dict[str, Name] = {}
    if len(main := place_in(place)) > 2:
        _keep(found, main, GIVEN, 1.0)
        for text, kind in _title_names(read(place)):
            if kind != HEAD and not text.startswith(main):  # no house of it
                _keep(found, text, kind, 1.0)
    return _first(found)


def _first(found: dict[str, Name]) -> tuple[Name, ...]:
    return tuple(sorted(found.values(), key=lambda name: -name.weight)[:_MOST])


def place_in(given: str) -> str:
    """The place itself of one that was filled in: without house, gate, corner and district (竹塘新村一巷2号 → 竹塘新村)."""
    text = plain(given).rpartition(MARK)[2][: _LONGEST + 2]
    found = _CORNER.search(text, 2)
    return text[: found.start()] if found else text


def _keep(found: dict[str, Name], text: str, kind: str, trust: float) -> None:
    core = core_of(text)
    if len(core) < 2 or core in NOT_NAMES or core in STOPS:
        return
    weight = trust * KIND_WEIGHT[kind]
    if core not in found or found[core].weight < weight:
        found[core] = Name(text, core, kind, weight)


def _title_names(title: Reading) -> Iterable[tuple[str, str]]:
    for match in _QUOTED.finditer(title.text):
        yield match.group(1), QUOTED
    heads = 0
    for words in title.runs:
        ended = [name for chunk in _chunks(words, STOPS) for name in _ended(chunk)]
        yield from ended
        if ended:
            heads = 2
        for chunk in _chunks(words, FUNCTION_WORDS) if heads < 2 else ():
            if heads < 2 and (head := _head(chunk)):
                heads += 1
                yield head, HEAD


def _body_names(body: Reading) -> Iterable[tuple[str, str]]:
    for match in _QUOTED.finditer(body.text):
        yield match.group(1), QUOTED
    for words in body.runs:
        for chunk in _chunks(words, STOPS):
            yield from _ended(chunk)


def _chunks(words: Sequence[str], stops: frozenset[str]) -> Iterable[list[str]]:
    """Stretches without a word that cannot be in a name, and without districts."""
    chunk: list[str] = []
    for word in words:
        if word == MARK or word in stops or _is_area(word):
            if chunk:
                yield chunk
            chunk = []
        elif word in ("市", "区", "县", "镇", "乡") and 0 < sum(map(len, chunk)) <= 3:
            chunk = []  # a district the dictionary does not know
        else:
            chunk.append(word)
    if chunk:
        yield chunk


@lru_cache(maxsize=16384)
def _is_area(word: str) -> bool:
    return len(word) > 1 and word not in _NOT_AREAS and _AREA.fullmatch(word) is not None


def _ended(chunk: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Names with an ending; an ending right after another belongs to the same name (丽景新城小区)."""
    begin, at = 0, 0
    while at < len(chunk):
        kind = _ending(chunk[at], alone=at == begin)
        if kind is None:
            at += 1
            continue
        until = at + 1
        while until < len(chunk) and (more := _ending(chunk[until], alone=False)) and chunk[until] in ENDINGS:
            kind, until = more, until + 1
        text = "".join(chunk[begin:until])
        while len(text) > _LONGEST and begin < at:
            begin += 1
            text = "".join(chunk[begin:until])
        if len(text) > 2 and text not in NOT_NAMES and not _PHASE.fullmatch(text):
            yield text, kind
        begin = at = until


@lru_cache(maxsize=32768)
def _ending(word: str, *, alone: bool) -> str | None:
    """The kind of name a word ends. A word alone is a name only when it is rare and longer than its ending."""
    if alone and (word in NOT_NAMES or word in ENDINGS or familiar(word) > _RARE):
        return None
    if word in ENDINGS:
        return ENDINGS[word]
    if len(word) < 2 or word in NOT_NAMES or word in CONCEPTS:
        return None
    for size in range(min(len(word) - 1, 4), 0, -1):
        kind = ENDINGS.get(word[-size:])
        if kind and (size > 1 or familiar(word) <= _RARE):
            return kind
    return None


def _head(chunk: Sequence[str]) -> str:
    """What a title begins with, up to the first word that names a problem."""
    text = ""
    for word in chunk:
        if (len(text) >= 5 and word in CONCEPTS) or len(text) + len(word) > 8:
            break
        text += word
    return text if len(text) >= 3 else ""


@lru_cache(maxsize=65536)
def core_of(text: str) -> str:
    """A name without what people leave out or add: 丽景小区, 丽景社区二期 and 丽景 are one."""
    core = text
    while True:
        shorter = _PHASE.sub("", core)
        for ending in LOOSE_ENDINGS:
            if shorter.endswith(ending) and len(shorter) - len(ending) >= 2:
                shorter = shorter[: -len(ending)]
                break
        if shorter == core or len(shorter) < 2:
            return core
        core = shorter


@lru_cache(maxsize=262144)
def alike(one: str, other: str) -> float:
    """How surely two cores are one name, 0..1: what they share, how special it is, how much of the shorter it covers."""
    least = max(2, min(len(one), len(other)) // 2 + 1)
    shared = _longest_shared(one, other, least)
    coverage = len(shared) / min(len(one), len(other))
    start = _same_start(one, other)
    if start >= max(_START, len(shared)):
        shared, coverage = one[:start], 1.0  # names without an ending run on into the sentence
    if not shared:
        return 0.0
    certain = 0.3 if one == other and len(one) >= 4 else 0.0
    return min(1.0, certain + speciality(shared) / 2.0) * coverage**2


@lru_cache(maxsize=65536)
def is_road(core: str) -> bool:
    """Whether a name ends like a road's."""
    return any(ENDINGS.get(core[-size:]) == ROAD for size in (2, 1))


class NameIndex:
    """Finds cores that could be alike by the pairs of signs they share."""

    def __init__(self) -> None:
        self._holding: dict[str, set[str]] = defaultdict(set)
        self._cores: set[str] = set()

    def add(self, core: str) -> None:
        if core not in self._cores:
            self._cores.add(core)
            for pair in _pairs(core):
                self._holding[pair].add(core)

    def alike(self, core: str) -> list[tuple[str, float]]:
        """Known cores with their likeness above 0; pairs of signs found all over are not followed."""
        near = {core} & self._cores
        for pair in _pairs(core):
            holding = self._holding.get(pair, _NONE)
            if len(holding) <= _COMMON:
                near |= holding
        return [(other, likeness) for other in sorted(near) if (likeness := alike(core, other)) > 0]


def _pairs(core: str) -> Iterable[str]:
    return map(str.__add__, core, core[1:])


@lru_cache(maxsize=65536)
def speciality(text: str) -> float:
    """How special a stretch of signs is: unknown signs count one each, a common word less than one for all of it."""
    total = 0.0
    for word in cut(text):
        if word in ENDINGS or word in NOT_NAMES:
            total += 0.3
        elif len(word) == 1:
            total += 1.0
        else:
            total += 1.2 if familiar(word) < 1000 else 0.7
    return total


def _longest_shared(one: str, other: str, least: int) -> str:
    """The longest stretch of at least so many signs that both have; empty where there is none."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if short in long:
        return short if len(short) >= least else ""
    for size in range(len(short) - 1, least - 1, -1):
        for start in range(len(short) - size + 1):
            if short[start : start + size] in long:
                return short[start : start + size]
    return ""


def _same_start(one: str, other: str) -> int:
    size = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        size += 1
    return size
