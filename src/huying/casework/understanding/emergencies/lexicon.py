"""The words of ``seed/emergencies.yaml``, compiled: words by their first two signs, rules, and marks that weigh. Pure.

All pairs of neighbouring signs of a text are looked up at once, as numbers in a table of those words begin with; only
where a pair is known are words compared. That is several times faster than an automaton over the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import yaml

_SEED: Final = Path(__file__).parents[1] / "seed" / "emergencies.yaml"
_EVERY: Final = "*"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LEVELS: Final = ("sure", "likely", "faint", "brief")
_TABLE: Final = 1 << 17  # a pair not known is taken for a known one about once in a hundred, and then compared
_NARROW: Final = {0xFF21 + i: 0x61 + i for i in range(26)} | {0xFF41 + i: 0x61 + i for i in range(26)}
_WIDE: Final = re.compile("[Ａ-Ｚａ-ｚ\u200b\ufeff]")
_CHOICE: Final = re.compile(r"\(([^()]*)\)")
# The traditional characters in which words are known too.
_TRADITIONAL: Final = str.maketrans(
    "着气烧烟楼电触杀伤坠压关门孩儿学们来泄爆浓滚尸体断线桥遗书轻农药枪绑强奸亵虐殴误晕抢离见丢护车没无",
    "著氣燒煙樓電觸殺傷墜壓關門孩兒學們來洩爆濃滾屍體斷線橋遺書輕農藥槍綁強姦褻虐毆誤暈搶離見丟護車沒無",
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """What near a word changes its urgency: a cry for help, a year long past, a picture."""

    name: str
    weight: float
    reach: tuple[int, int]
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    only: re.Pattern[str] | None

    def found(self, text: str, spans: Sequence[Span], sentence: Span) -> bool:
        """Whether it stands before the last word or after it, near enough and in the same sentence."""
        (left, right), start, (last, end) = sentence, spans[0][0], spans[-1]
        if self.only and not self.only.search(text, start, end):
            return False
        if self.before and self.before.search(text[max(left, start - self.reach[0]) : last]):
            return True
        return bool(self.after and self.after.search(text[end : min(right, end + self.reach[1])]))


@dataclass(frozen=True, slots=True)
class Rule:
    """Groups of words that together mean a kind of danger, within so many characters besides the words."""

    kind: str
    groups: tuple[int, ...]
    within: int
    urgency: float
    brief: bool = False  # said so only by whoever writes a few words: counts in brief texts only


@dataclass(frozen=True, slots=True)
class Kind:
    """Which line to call, and how marks weigh where that differs from the rule."""

    line: str
    weigh: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Depth:
    """How a word deep inside a long text weighs less."""

    weight: float
    brief: int
    opening: int
    full: int
    short: int

    def factor(self, position: int, length: int, least: float) -> float:
        """1 in a brief text and in the opening of any, falling to ``least`` where the text is long."""
        if length <= self.brief or position < self.opening:
            return 1.0
        return 1.0 - (1.0 - least) * min(1.0, (length - self.brief) / (self.full - self.brief))


class Word(NamedTuple):
    """A word, the groups it belongs to, and the kinds it voids."""

    text: str
    groups: tuple[int, ...]
    voids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """Words as they are looked up."""

    words: Mapping[str, Word]
    lengths: Mapping[str, tuple[int, ...]]  # of the words that begin with two signs
    singles: tuple[Word, ...]
    table: npt.NDArray[np.bool_]  # by the number of a pair: whether words may begin with it

    def found(self, text: str) -> Iterator[tuple[int, Word]]:
        """Every place of a text of one form where a word stands."""
        for at in np.flatnonzero(self.table[_pairs(text)]).tolist():
            for length in self.lengths.get(text[at : at + 2], ()):
                if (word := self.words.get(text[at : at + length])) is not None:
                    yield at, word
        for word in self.singles:
            at = text.find(word.text)
            while at >= 0:
                yield at, word
                at = text.find(word.text, at + 1)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words and what they mean."""

    brief: Index  # every word
    long: Index  # without those only rules for brief texts ask for
    rules: Mapping[int, tuple[Rule, ...]]  # by their first group
    kinds: Mapping[str, Kind]
    marks: tuple[Mark, ...]
    now: Mark
    call: Mark
    overruled: frozenset[str]
    depth: Depth

    def words(self, text: str) -> tuple[dict[int, list[Span]], dict[str, list[Span]]]:
        """Where words of each group stand in a text of one form, and where words that void a kind."""
        groups: dict[int, list[Span]] = {}
        voids: dict[str, list[Span]] = {}
        index = self.brief if len(text) <= self.depth.short else self.long
        for at, word in index.found(text):
            _note(groups, voids, word, at)
        if _EVERY in voids:
            every = voids.pop(_EVERY)
            voids = {kind: [*voids.get(kind, ()), *every] for kind in self.kinds}
        return groups, voids


def spelt(word: object) -> list[str]:
    """All words that ``(a|b)c(d|)`` stands for."""
    parts = [part.split("|") if place % 2 else [part] for place, part in enumerate(_CHOICE.split(str(word)))]
    return ["".join(chosen) for chosen in product(*parts)]


def _note(groups: dict[int, list[Span]], voids: dict[str, list[Span]], word: Word, at: int) -> None:
    span = (at, at + len(word.text))
    for part in word.groups:
        groups.setdefault(part, []).append(span)
    for kind in word.voids:
        voids.setdefault(kind, []).append(span)


def _pairs(text: str) -> npt.NDArray[np.uint32]:
    """The number of every pair of neighbouring signs."""
    signs = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    return (signs[:-1] * np.uint32(40503) + signs[1:]) & np.uint32(_TABLE - 1)


def one_form(text: str) -> str:
    """Without white space, in half-width lower case letters."""
    if _WIDE.search(text):
        text = text.translate({**_NARROW, 0x200B: None, 0xFEFF: None})
    return "".join(text.split()).lower()


@cache
def shipped() -> Lexicon:
    """The words shipped with the program, compiled at first use."""
    return read(_SEED)


def read(path: Path) -> Lexicon:
    """Compile a file of words; a rule that names an unknown group is a ``KeyError``."""
    told = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    meant = _Meanings(told.get("slips", {}))
    said: dict[str, list[str]] = {}
    for name, words in told["groups"].items():
        said[name] = [one for word in words for one in (said[word[1:]] if str(word).startswith("+") else spelt(word))]
        meant.learn(said[name], group=name)
    meant.learn(told.get("elsewhere", ()), voids=_EVERY)
    rules: list[Rule] = []
    for kind, says in told["kinds"].items():
        levels = {**told["levels"], **says.get("levels", {})}
        for level in _LEVELS:
            if says.get(level):
                meant.learn(says[level], group=f"{kind}.{level}")
                brief = level == "brief"
                rules.append(Rule(kind, (meant.groups[f"{kind}.{level}"],), 0, float(levels[level]), brief))
        for rule in says.get("rules", ()):
            parts = tuple(meant.groups[name] for name in rule["say"])
            brief = bool(rule.get("brief", False))
            rules.append(Rule(kind, parts, int(rule["within"]), float(rule["urgency"]), brief))
        meant.learn(says.get("unless", ()), voids=kind)
    words = meant.words()
    lasting = {group for rule in rules if not rule.brief for group in rule.groups}
    free, deep = told["long"]["free"], told["long"]
    return Lexicon(
        brief=_index(words),
        long=_index(_only(words, lasting)),
        rules={rule.groups[0]: tuple(r for r in rules if r.groups[0] == rule.groups[0]) for rule in rules},
        kinds={kind: Kind(str(says["line"]), says.get("weigh", {})) for kind, says in told["kinds"].items()},
        marks=tuple(_mark(name, said) for name, said in told["marks"].items()),
        now=_mark("now", told["now"]),
        call=_mark("call", told["call"]),
        overruled=frozenset(told["now"]["overrules"]),
        depth=Depth(float(deep["weight"]), int(free[0]), int(free[1]), int(deep["full"]), int(deep["short"])),
    )


class _Meanings:
    """Words being learned; the same word may belong to several groups."""

    def __init__(self, slips: Mapping[str, Sequence[str]]) -> None:
        self.groups: dict[str, int] = {}
        self._slips = slips
        self._slipping = re.compile("|".join(map(re.escape, slips))) if slips else None
        self._words: dict[str, tuple[set[int], set[str]]] = {}

    def learn(self, words: Iterable[object], *, group: str = "", voids: str = "") -> None:
        if group:
            self.groups[group] = len(self.groups)
        for word in words:
            for form in self._forms(word):
                parts, voided = self._words.setdefault(form, (set(), set()))
                if group:
                    parts.add(self.groups[group])
                if voids:
                    voided.add(voids)

    def _forms(self, word: object) -> set[str]:
        """A word in every spelling: as it should be, with one slip of the pen, in traditional characters."""
        forms = {one_form(one) for one in spelt(word)}
        if self._slipping:
            for right in [form for form in forms if self._slipping.search(form)]:
                forms.update(right.replace(meant, slip) for meant, slips in self._slips.items() for slip in slips)
        return forms | {form.translate(_TRADITIONAL) for form in forms}

    def words(self) -> list[Word]:
        return [
            Word(word, tuple(sorted(parts)), tuple(sorted(voided)))
            for word, (parts, voided) in sorted(self._words.items())
        ]


def _only(words: Iterable[Word], groups: Set[int]) -> Iterator[Word]:
    """The words with no other groups than these; those left without a meaning are left out."""
    for word in words:
        kept = tuple(group for group in word.groups if group in groups)
        if kept or word.voids:
            yield Word(word.text, kept, word.voids)


def _index(words: Iterable[Word]) -> Index:
    known = {word.text: word for word in words}
    lengths: dict[str, set[int]] = {}
    for text in known:
        if len(text) > 1:
            lengths.setdefault(text[:2], set()).add(len(text))
    table = np.zeros(_TABLE, dtype=np.bool_)
    for start in lengths:
        table[_pairs(start)] = True
    singles = tuple(word for text, word in known.items() if len(text) == 1)
    return Index(known, {start: tuple(sorted(sizes)) for start, sizes in lengths.items()}, singles, table)


def _mark(name: str, said: Mapping[str, Any]) -> Mark:
    before, after, only = (_pattern(said.get(key)) for key in ("before", "after", "only"))
    weight = float(said.get("weight", said.get("raises", 1.0)))
    return Mark(name, weight, (int(said["near"][0]), int(said["near"][1])), before, after, only)


def _pattern(said: str | list[str] | None) -> re.Pattern[str] | None:
    return re.compile(said if isinstance(said, str) else "|".join(said)) if said else None
