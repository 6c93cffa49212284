"""How likely two messages are about the same matter at the same place: what they say, and what they name. Pure.

The chance is a logistic curve over two likenesses: of the words (cosine of rare words, names left out, so that two
matters of one estate stay apart) and of the names. Its constants were fitted by hand-labelled pairs and are watched by tests.
What is known beside the words (``where``) raises or lowers it: on other ground wording alone never makes two messages one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from huying.insight.hotspots.places import Name, alike, is_road, names_given, names_of
from huying.insight.hotspots.reading import Reading, cut, familiar, read
from huying.insight.hotspots.vocabulary import CONCEPTS, EMPTY, QUOTED, UNENDED
from huying.insight.hotspots.where import NOWHERE, Where, are_close, doubt_of, on_one_spot

WORDS, ROOT, NAMES, BASE = 6.0, 10.0, 4.0, -8.5  # of the curve; the root of the words: the first in common tell most
STRANGERS = 10.0  # both titles name a place, and not the same: the same trouble elsewhere
NEAR, NEAR_DAYS = 1.5, 30.0  # a shared name says more when both spoke within weeks
UNNAMED = 1.0  # no name in common, as with schemes that everybody calls something else
SAME_NAME = 0.2  # from here on names count as shared
NEIGHBOURS = 0.3  # on one ground: as if names were shared at least so much
_STRONG = 0.55  # a name of the title with an ending weighs at least this, that of a lake or hill excepted
_BODY = 400  # signs of a body that are read: what matters is said early
_TITLE = 3.0  # a word of the title counts as often
_IMAGINED = 300  # messages imagined before the first, so that rarity means something from the start
_TYPICAL = 150  # words of a typical message
_DICTIONARY = 6e7


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of a message: weighted words (concept words as ``=concept``) and names; small enough to store."""

    words: Mapping[str, float]
    names: tuple[Name, ...]
    where: Where = NOWHERE

    @property
    def placed(self) -> bool:
        """Whether the message names its place early and beyond doubt."""
        return any(name.weight >= _STRONG and name.kind not in UNENDED for name in self.names)

    @property
    def sure(self) -> frozenset[str]:
        """Places it names beyond doubt, as cores: what has an ending, and what stands in quotes; a road is no one place."""
        sure = (name for name in self.names if name.kind not in UNENDED or name.kind == QUOTED)
        return frozenset(name.core for name in sure if name.weight >= _STRONG and not is_road(name.core))


def features(title: str, body: str, where: Where = NOWHERE, place: str = "") -> Features:
    """Read a message once; the costly part, one to two milliseconds.

    ``place`` as it was filled in apart; where the words repeat it they say nothing more.
    """
    given = names_given(place) if place else ()
    if given:
        title, body = title.replace(place, "，"), body.replace(place, "，")
    head, rest = read(title), read(body, _BODY)
    names = given or names_of(head, rest)
    named = {word for name in names if name.kind not in UNENDED for word in cut(name.core)}
    words: dict[str, float] = defaultdict(float)
    for part, times in ((head, _TITLE), (rest, 1.0)):
        _count(words, part, times, named)
    return Features({word: 1 + log(times) for word, times in words.items()}, names, where)


def _count(words: dict[str, float], part: Reading, times: float, named: set[str]) -> None:
    for run in part.runs:
        for word in run:
            if word in CONCEPTS:
                words["=" + CONCEPTS[word]] += times
            elif len(word) > 1 and word not in EMPTY and word not in named and not word.isdigit():
                words[word] += times


class Rarity:
    """How rare words are: counted in the messages met so far, with the dictionary's opinion mixed in."""

    def __init__(self) -> None:
        self.messages = 0
        self._times: Counter[str] = Counter()

    def learn(self, words: Mapping[str, float]) -> None:
        self.messages += 1
        self._times.update(words.keys())

    def forget(self, words: Mapping[str, float]) -> None:
        self.messages -= 1
        self._times.subtract(words.keys())

    def of(self, word: str) -> float:
        expected = min(1.0, _TYPICAL * familiar(word.removeprefix("=")) / _DICTIONARY)
        return max(0.0, log((self.messages + _IMAGINED) / (self._times[word] + _IMAGINED * expected + 0.5)))

    def vector(self, words: Mapping[str, float], known: dict[str, float] | None = None) -> dict[str, float]:
        """Weights of length one. ``known`` keeps how rare words are while many vectors are made."""
        rare = {} if known is None else known
        for word in words:
            if word not in rare:
                rare[word] = self.of(word)
        weights = {word: times * rare[word] for word, times in words.items()}
        length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Of two vectors of length one."""
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[word] for word, weight in one.items() if word in other)


def same_name(one: Sequence[Name], other: Sequence[Name]) -> float:
    """The best match of two messages' names, 0..1."""
    return max((match(a, b) for a in one for b in other), default=0.0)


def match(one: Name, other: Name) -> float:
    likeness = alike(one.core, other.core)
    return likeness * sqrt(one.weight * other.weight) if likeness else 0.0


def alike_chance(one: Features, other: Features, words: float, days: float | None) -> float:
    """The chance of one matter of two messages whose words are alike by ``words``, ``days`` from each other."""
    names = same_name(one.names, other.names)
    strangers = one.placed and other.placed and not on_one_spot(one.where, other.where)
    close = are_close(one.where, other.where)
    doubt = doubt_of(one.where, other.where, named=bool(one.sure & other.sure))
    return chance(words, names, strangers=strangers, days=days, close=close, doubt=doubt)


def chance(
    words: float, names: float, *, strangers: bool, days: float | None, close: bool = False, doubt: float = 0.0
) -> float:
    """The chance of one matter, 0..1, from both likenesses (each 0..1).

    ``strangers``: both are placed beyond doubt, which counts when no name is shared. ``days``: between the two, None when a
    time is unknown. ``close``: said on one ground; ``doubt``: points off because of the ground and the kind of matter.
    """
    near = exp(-abs(days) / NEAR_DAYS) if days is not None else 0.0
    strangers = strangers and names < SAME_NAME
    named = max(names, NEIGHBOURS) if close and not strangers else names
    score = WORDS * words + ROOT * sqrt(max(0.0, words)) + (NAMES + NEAR * near) * named + BASE - doubt
    if strangers:
        score -= STRANGERS
    elif named < SAME_NAME:
        score -= UNNAMED
    return 1 / (1 + exp(-score))
