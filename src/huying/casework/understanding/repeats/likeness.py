"""Do two matters speak of the same thing, whatever the words, the kind chosen and the channel? Pure.

Five witnesses are weighed like a judge would: the words (rare ones count more), what the matter is about, the distance,
the hours between, the item. Neighbours name the same house in all they write, so words alone do not decide. What is not
known speaks neither for nor against. The reasons come along; who decides is a person.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Final

from django.utils.translation import gettext as _

from huying.casework.catalogue.phrases import shipped
from huying.kernel.terms import tokens

from ..learning.spans import tells
from ..reading.splitting import themes_of

LIKELY: Final = 0.5
"""From this score on two matters are suggested as one."""
_WORTH_TELLING: Final = -2.0  # evidence below which nobody asks for the shared words
_EARTH_M: Final = 6_371_000.0
_SHOWN: Final = 6
_TERMS: Final = 160  # rarest terms of a text that are compared
_LEAST_WEIGHT: Final = 60.0
_TOLD: Final = 200  # characters in which shared words are looked for
_LONGEST: Final = 24
_RUN: Final = re.compile(r"[㐀-鿿A-Za-z0-9]+")
_READ: Final = 600  # characters of a text that are compared; what comes after is rarely the matter
# Evidence in logits: at no evidence, of the words, of the same place, of another place, of the item, of the time, of the
# same theme, of another theme; of the same registered place, of another one: two shops of a house have each their own
# blocked exit, in the very same words of one form, so that no likeness of words outweighs it.
_START, _WORDS, _HERE, _ELSEWHERE, _ITEM, _LATER, _THEME, _OTHER = -2.8, 9.0, 1.6, -4.0, 1.0, -1.2, 0.4, -3.0
_PREMISES, _APART = 1.0, -12.0


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a matter when it is compared; "" and None are unknown."""

    text: str
    title: str = ""
    place: str = ""
    grid: str = ""
    lon: float | None = None
    lat: float | None = None
    item: str = ""
    group: str = ""  # the class of the item
    at: datetime | None = None
    key: object = None
    premises: frozenset[str] = frozenset()  # registered places it is about
    around: frozenset[str] = frozenset()  # registered places those lie in: the building of a shop, its compound


@dataclass(frozen=True, slots=True)
class Likeness:
    """How sure that both are one, and what speaks for it and against it."""

    score: float
    words: tuple[str, ...]
    wording: float
    metres: float | None = None
    hours: float | None = None
    same_item: bool | None = None
    same_grid: bool | None = None
    same_premises: bool | None = None

    @property
    def likely(self) -> bool:
        return self.score >= LIKELY

    @property
    def reasons(self) -> list[str]:
        """Short reasons for a person to judge by, in the reader's language."""
        said = [_("都提到%(words)s") % {"words": _("、").join(self.words)}] if self.words else []
        return said + self.circumstances

    @property
    def circumstances(self) -> list[str]:
        """The reasons without anybody's words."""
        told = []
        if self.metres is not None:
            told.append(_("相距 %(metres)s 米") % {"metres": round(self.metres)})
        elif self.same_grid:
            told.append(_("同一网格"))
        if self.same_premises is not None:
            told.append(_("同一处登记的场所") if self.same_premises else _("是登记在册的两处不同场所"))
        if self.hours is not None and round(self.hours) >= 1:
            days = round(self.hours / 24)
            told.append(
                _("相隔 %(hours)s 小时") % {"hours": round(self.hours)}
                if self.hours < 48
                else _("相隔 %(days)s 天") % {"days": days}
            )
        if self.same_item:
            told.append(_("同一事项"))
        return told


@dataclass(frozen=True, eq=False)
class Rarity:
    """How many of ``count`` texts hold each term; what is rare tells more."""

    holding: Mapping[str, int]
    count: int

    def weight(self, term: str) -> float:
        """Inverse document frequency, smoothed, 1 for what half of all texts hold or more."""
        return max(1.0, math.log2((self.count + 1) / (self.holding.get(term, 0) + 0.5)))

    @classmethod
    def of(cls, texts: Iterable[str]) -> Rarity:
        holding: Counter[str] = Counter()
        count = 0
        for count, text in enumerate(texts, 1):  # noqa: B007
            holding.update(tokens(text[:_READ]))
        return cls(holding, count)


@cache
def usual() -> Rarity:
    """Rarity in the phrases shipped with the catalogue: what every request says weighs little."""
    return Rarity.of(line for lines in shipped().values() for line in lines)


@dataclass(frozen=True, slots=True)
class _Profile:
    terms: Mapping[str, float]
    norm: float
    total: float


def likeness(one: Matter, other: Matter, *, rarity: Rarity | None = None) -> Likeness:
    """Compare two matters; the order of the two does not matter."""
    known = rarity or usual()
    wording = _wording(one, other, known)
    metres, grid, place = _place(one, other)
    hours = abs((one.at - other.at).total_seconds()) / 3600 if one.at and other.at else None
    same = one.item == other.item if one.item and other.item else None
    kin = bool(same) or bool(one.group and one.group == other.group)
    registered = same_premises(one, other)
    evidence = _START + _WORDS * wording + place + _theme(one, other)
    if registered is not None:
        evidence += _PREMISES if registered else _APART
    if same is not None or (one.group and other.group):
        evidence += _ITEM if same else _ITEM / 2 if kin else -_ITEM / 2
    if hours is not None:
        evidence += _LATER * min(1.0, hours / (24 * 60))
    words = _common(_said(one), _said(other), known) if evidence > _WORTH_TELLING else ()
    return Likeness(
        round(1 / (1 + math.exp(-evidence)), 4), words, round(wording, 4), metres, hours, same, grid, registered
    )


def same_premises(one: Matter, other: Matter) -> bool | None:
    """Whether both are about one registered place, or one about a place the other's lies in; ``None`` where not known."""
    if not one.premises or not other.premises:
        return None
    return bool(one.premises & (other.premises | other.around)) or bool(other.premises & one.around)


def rank(
    new: Matter, candidates: Iterable[Matter], *, most: int = 5, rarity: Rarity | None = None
) -> list[tuple[Matter, Likeness]]:
    """The likeliest candidates, best first; the likelier place in the list decides where scores are equal."""
    found = [(candidate, likeness(new, candidate, rarity=rarity)) for candidate in candidates]
    found.sort(key=lambda pair: -pair[1].score)
    return found[:most]


@dataclass(frozen=True, slots=True)
class ChronicRule:
    """When a matter counts as chronic: it came back so often within so many days."""

    times: int = 3
    days: int = 180
    apart: timedelta = field(default=timedelta(hours=24))  # cases closed together were one


@dataclass(frozen=True, slots=True)
class Chronic:
    """The judgement, and the closings it rests on."""

    chronic: bool
    closings: tuple[datetime, ...]
    rule: ChronicRule

    @property
    def reason(self) -> str:
        """One line in the reader's language."""
        said = _("%(days)s天内同一地点同类问题办结后再次出现%(times)s次，规则为%(least)s次")
        return said % {"days": self.rule.days, "times": len(self.closings), "least": self.rule.times}


def is_chronic(closings: Sequence[datetime], now: datetime, rule: ChronicRule | None = None) -> Chronic:
    """Whether a matter raised now, at a place and of a kind closed at these times before, keeps coming back."""
    rule = rule or ChronicRule()
    kept: list[datetime] = []
    for closed in sorted(closings):
        if now - timedelta(days=rule.days) <= closed <= now and (not kept or closed - kept[-1] >= rule.apart):
            kept.append(closed)
    return Chronic(len(kept) >= rule.times, tuple(kept), rule)


def _wording(one: Matter, other: Matter, rarity: Rarity) -> float:
    """How much of the weight of their words both share, 0..1."""
    both = _shared(_profile(_said(one), rarity), _profile(_said(other), rarity))
    if one.title and other.title:
        both = max(both, (both + _shared(_profile(one.title, rarity), _profile(other.title, rarity))) / 2)
    return both


def _theme(one: Matter, other: Matter) -> float:
    """What it speaks for that both are about the same, or about different things; a theme not known says nothing."""
    left, right = (themes_of(f"{matter.title}\n{matter.text[:_TOLD]}") for matter in (one, other))
    if not left or not right:
        return 0.0
    return _THEME if left & right else _OTHER


def _said(matter: Matter) -> str:
    return f"{matter.title}\n{matter.place}\n{matter.text[:_READ]}"


def _shared(left: _Profile, right: _Profile) -> float:
    """Half the cosine of both, half the share of the shorter that the longer holds too."""
    if not left.total or not right.total:
        return 0.0
    common = left.terms.keys() & right.terms.keys()
    cosine = sum(left.terms[term] * right.terms[term] for term in common) / (left.norm * right.norm)
    # A very short text is held by many: its share counts less.
    share = sum(left.terms[term] for term in common) / max(min(left.total, right.total), _LEAST_WEIGHT)
    return min(1.0, 0.5 * cosine + 0.5 * share)


def _common(one: str, other: str, rarity: Rarity) -> tuple[str, ...]:
    """The longest stretches both say, the rarest first, as they stand in the shorter of the two."""
    short, long = sorted((one[:_TOLD], other[: _TOLD * 2]), key=lambda text: (len(text), text))
    found: dict[str, float] = {}
    for run in _RUN.findall(short):
        start = 0
        while start < len(run) - 1:
            end = start + 2
            if run[start:end] not in long:
                start += 1
                continue
            while end < len(run) and run[start : end + 1] in long:
                end += 1
            words = run[start:end]
            found[words] = sum(rarity.weight(term) for term in tokens(words)) / (1 + 0.1 * len(words))
            start = end
    worth = (words for words in found if len(words) <= _LONGEST and tells(words))
    best = sorted(worth, key=lambda words: (-found[words], words))
    return tuple(best[:_SHOWN])


@lru_cache(maxsize=8_000)
def _profile(text: str, rarity: Rarity) -> _Profile:
    """The rarest terms of a text; the same few texts are compared again and again."""
    weighed = sorted((-rarity.weight(term), term) for term in tokens(text))[:_TERMS]
    terms = {term: -weight for weight, term in weighed}
    return _Profile(terms, math.sqrt(sum(weight * weight for weight in terms.values())), sum(terms.values()))


def _place(one: Matter, other: Matter) -> tuple[float | None, bool | None, float]:
    """Metres apart, whether in one grid, and what that speaks for."""
    grid = one.grid == other.grid if one.grid and other.grid else None
    if one.lon is not None and one.lat is not None and other.lon is not None and other.lat is not None:
        metres = _metres(one.lon, one.lat, other.lon, other.lat)
        near = 1 / (1 + (metres / 250) ** 2)
        return metres, grid, _HERE * near + _ELSEWHERE * (1 - 1 / (1 + (metres / 1500) ** 2))
    if grid is not None:
        return None, grid, _HERE * 0.75 if grid else _ELSEWHERE / 4
    return None, None, 0.0


def _metres(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """Great-circle distance (haversine)."""
    north, east = math.radians(to_lat - lat), math.radians(to_lon - lon)
    half = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(lat)) * math.cos(math.radians(to_lat)) * math.sin(east / 2) ** 2
    )
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half)))
