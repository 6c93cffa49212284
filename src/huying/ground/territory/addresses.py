"""Text → places, with confidence. Pure: built from names and shapes, knows no database.

All names (areas, estates, roads, schools …) sit in one Aho-Corasick automaton; a text is read once, whatever the number
of names. What was found is then weighed: a specific place beats a road, a road a community, a community a street
office; areas named in the same text that agree raise the confidence, areas that disagree lower it; a name that exists
several times yields several places that share it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Final

import ahocorasick  # type: ignore[import-not-found,unused-ignore]

from huying.ground.territory.locating import Place, PointIndex
from huying.ground.territory.roads import Road, chinese_number, crossing, number_after, position_of, samples

SURENESS: Final[dict[str, float]] = {
    "building": 0.86,
    "school": 0.85,
    "hospital": 0.85,
    "market": 0.83,
    "estate": 0.83,
    "village": 0.75,
    "industry": 0.75,
    "metro": 0.75,
    "park": 0.65,
    "poi": 0.8,
}
"""How sure one unambiguous name alone makes us, by kind of place. Large places are less exact."""
NUMBERED, CROSSED, ROAD_ONLY = 0.86, 0.72, 0.6
GRID_SAID, COMMUNITY_ONLY, TOWN_ONLY = 0.95, 0.45, 0.2
AGREES_COMMUNITY, AGREES_TOWN, AGREES_ROAD, AGREES_PLACE = 0.6, 0.35, 0.25, 0.4
CONFLICTS, CONFLICTS_NEAR, RIVAL = -0.55, -0.25, 0.88
LEAST: Final = 0.05
MEMORY: Final = 50_000

_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {ord(c): None for c in " \t\r\n\u3000\u200b"}
_GRID_AFTER = re.compile(r"(?:第)?(\d{1,3}|[一二三四五六七八九十百]{1,5})(?:号|號)?(?:综合|专属)?网格")
_CROSSING_WORDS = ("交叉", "路口", "交汇", "交界", "转角")


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A name on the ground. `area` is the code of the lowest area known to hold it, "" when unknown."""

    name: str
    kind: str
    area: str
    lon: float | None = None
    lat: float | None = None
    aliases: tuple[str, ...] = ()
    road: Road | None = None


@dataclass(slots=True)
class _Candidate:
    place: Place
    names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Found:
    """What one text mentions."""

    areas: list[tuple[str, int, str]] = field(default_factory=list)  # codes with the end position and the word
    places: dict[str, list[int]] = field(default_factory=dict)  # word → positions in Gazetteer.places
    roads: dict[str, tuple[list[int], int]] = field(default_factory=dict)  # word → positions, end of the word
    towns: set[str] = field(default_factory=set)
    communities: set[str] = field(default_factory=set)


class Gazetteer:
    """Every name valid on one date, compiled once."""

    def __init__(
        self,
        points: PointIndex,
        areas: Mapping[str, Iterable[str]],
        places: Sequence[NamedPlace],
        labels: Mapping[str, str],
    ) -> None:
        self.points, self.places, self.labels = points, tuple(places), labels
        self._positions = {code: position for position, code in enumerate(points.codes)}
        self._known = self._resolve()
        self._road_grids: dict[int, list[tuple[Place, int]]] = {}
        self._numbered: dict[tuple[int, int], Place | None] = {}
        self._crossings: dict[tuple[int, int], Place | None] = {}
        senses: dict[str, list[str | int]] = {}
        for code, names in areas.items():
            for name in names:
                senses.setdefault(_plain(name), []).append(code)
        for position, place in enumerate(self.places):
            for name in (place.name, *place.aliases):
                senses.setdefault(_plain(name), []).append(position)
        self._automaton = ahocorasick.Automaton()
        for name, meant in senses.items():
            if len(name) >= 2:
                self._automaton.add_word(name, (name, tuple(dict.fromkeys(meant))))
        self._empty = not len(self._automaton)
        self._automaton.make_automaton()

    def _resolve(self) -> list[Place | None]:
        """The grid of every place on this date: by its position, else by its area when that is still valid."""
        spots = [(p.lon, p.lat) if p.lon is not None and p.lat is not None else None for p in self.places]
        found = self.points.locate(spots)
        for i, place in enumerate(self.places):
            if found[i] is None and place.area:
                found[i] = self._of_area(place.area, place.lon, place.lat)
        return found

    def _of_area(self, code: str, lon: float | None = None, lat: float | None = None) -> Place | None:
        grid = code[:15] if len(code) >= 15 else ""
        if grid and grid in self._positions:
            return replace(self.points.pattern(self._positions[grid]), lon=lon, lat=lat)
        known = next((code[:size] for size in (12, 9) if len(code) >= size and code[:size] in self.labels), "")
        if not known:
            return None
        return Place("", known if len(known) == 12 else "", known[:9], lon, lat, 1.0, "", self.labels[known])

    def locate(self, texts: Sequence[str], *, within: str = "", k: int = 3) -> list[list[Place]]:
        """For each text up to `k` places, best first; an empty list when nothing in it names a known place."""
        if self._empty:
            return [[] for _ in texts]
        return [self._locate(text, within, k) for text in texts]

    def _locate(self, text: str, within: str, k: int) -> list[Place]:
        plain = _plain(text)
        found = self._read(plain)
        candidates: dict[str, _Candidate] = {}
        for word, positions in found.places.items():
            known = [(self._known[p], SURENESS.get(self.places[p].kind, 0.8)) for p in positions]
            self._add(candidates, word, [(place, sure) for place, sure in known if place], found)
        self._add_roads(candidates, plain, found)
        self._add_said_grids(candidates, plain, found)
        kept = [
            c
            for c in candidates.values()
            if (c.place.grid or c.place.community or c.place.town)[: len(within)] == within
        ]
        if not kept:
            kept = [_Candidate(place) for place in self._areas_only(found, within)]
        return _best(kept, k)

    def _read(self, plain: str) -> _Found:
        found = _Found()
        for end, (word, senses) in longest(self._automaton, plain):
            positions = []
            for sense in senses:
                if isinstance(sense, str):
                    found.areas.append((sense, end + 1, word))
                    (found.communities if len(sense) == 12 else found.towns).add(sense)
                else:
                    positions.append(sense)
            roads = [p for p in positions if self.places[p].road]
            if roads:
                found.roads[word] = (roads, end + 1)
            elif positions:
                found.places[word] = positions
        found.towns = {code for code in found.towns if len(code) == 9}
        return found

    def _add(
        self, candidates: dict[str, _Candidate], word: str, senses: Sequence[tuple[Place, float]], found: _Found
    ) -> None:
        """Weigh the places one word may mean, and join them with what other words said."""
        weights = [_agreement(place, found) for place, _ in senses]
        total = sum(weight for weight, _ in weights) or 1.0
        for (place, sure), (weight, gain) in zip(senses, weights, strict=True):
            sure *= 0.25 + 0.75 * weight / total
            sure = sure * (1 + gain) if gain < 0 else sure + (1 - sure) * gain
            key = place.grid or place.community or place.town
            if (known := candidates.get(key)) is None:
                candidates[key] = _Candidate(replace(place, confidence=sure, matched=word), {word})
                continue
            first, second = max(known.place.confidence, sure), min(known.place.confidence, sure)
            best = known.place if known.place.confidence >= sure else replace(place, matched=word)
            if word not in known.names:
                first += (1 - first) * second * AGREES_PLACE
            known.place = replace(best, confidence=first)
            known.names.add(word)

    def _add_roads(self, candidates: dict[str, _Candidate], plain: str, found: _Found) -> None:
        exact = bool(candidates)
        if len(found.roads) > 1 and any(word in plain for word in _CROSSING_WORDS):
            exact |= self._add_crossings(candidates, found)
        for word, (positions, end) in found.roads.items():
            number = number_after(plain, end)
            if number is not None:
                numbered = [self._house(p, number) for p in positions]
                known = [place for place in numbered if place]
                if known:
                    self._add(candidates, f"{word}{number}号", [(place, NUMBERED) for place in known], found)
                    exact = True
                    continue
            stretches = [stretch for p in positions for stretch in self._along(p)]
            if exact:
                self._confirm(candidates, {place.grid for place, _ in stretches})
            elif stretches:
                self._add_stretches(candidates, word, stretches, found)

    def _add_stretches(
        self, candidates: dict[str, _Candidate], word: str, stretches: list[tuple[Place, int]], found: _Found
    ) -> None:
        """A road without a number: every grid it passes, longest stretch first, in the areas named if any are."""
        named = [s for s in stretches if _agreement(s[0], found)[1] > 0] or stretches
        named.sort(key=lambda stretch: (-stretch[1], stretch[0].grid))
        shown = named[:6]
        sure = ROAD_ONLY * max(0.25, len(named) ** -0.5)
        for place, _ in shown:
            self._add(candidates, word, [(place, sure)], found)

    def _confirm(self, candidates: dict[str, _Candidate], grids: set[str]) -> None:
        for candidate in candidates.values():
            if candidate.place.grid in grids:
                sure = candidate.place.confidence
                candidate.place = replace(candidate.place, confidence=sure + (1 - sure) * AGREES_ROAD)

    def _add_crossings(self, candidates: dict[str, _Candidate], found: _Found) -> bool:
        added = False
        for (one, (left, _)), (other, (right, _)) in combinations(found.roads.items(), 2):
            met = [place for a in left for b in right if (place := self._corner(a, b))]
            unique = list({place.grid: place for place in met}.values())
            if unique:
                self._add(candidates, f"{one}/{other}", [(place, CROSSED) for place in unique], found)
                added = True
        return added

    def _add_said_grids(self, candidates: dict[str, _Candidate], plain: str, found: _Found) -> None:
        """…社区第三网格: the number says which grid of the community."""
        for code, end, word in found.areas:
            said = _GRID_AFTER.match(plain, end) if len(code) == 12 else None
            number = chinese_number(said.group(1)) if said else None
            if said and number and (position := self._positions.get(f"{code}{number:03d}")) is not None:
                place = replace(self.points.pattern(position), confidence=GRID_SAID, matched=f"{word}{said.group(0)}")
                candidates[place.grid] = _Candidate(place, {word})

    def _areas_only(self, found: _Found, within: str) -> list[Place]:
        codes = [(code, COMMUNITY_ONLY, word) for code, _, word in found.areas if len(code) == 12]
        if found.towns and any(code[:9] in found.towns for code, _, _ in codes):
            codes = [(code, sure + 0.1, word) for code, sure, word in codes if code[:9] in found.towns]
        codes = codes or [(code, TOWN_ONLY, word) for code, _, word in found.areas if len(code) == 9]
        places = []
        for code, sure, word in dict.fromkeys(codes):
            if code.startswith(within) and (place := self._of_area(code)):
                places.append(replace(place, confidence=sure / len(set(codes)) ** 0.5, matched=word))
        return places

    def _house(self, position: int, number: int) -> Place | None:
        key = position, number
        if key not in self._numbered:
            road = self.places[position].road
            spot = position_of(road, number) if road and road.has_number(number) else None
            self._remember(self._numbered, key, spot)
        return self._numbered[key]

    def _corner(self, a: int, b: int) -> Place | None:
        key = a, b
        if key not in self._crossings:
            left, right = self.places[a].road, self.places[b].road
            self._remember(self._crossings, key, crossing(left, right) if left and right else None)
        return self._crossings[key]

    def _remember(
        self, memory: dict[tuple[int, int], Place | None], key: tuple[int, int], spot: tuple[float, float] | None
    ) -> None:
        if len(memory) >= MEMORY:
            memory.clear()
        memory[key] = self.points.locate([spot])[0]

    def _along(self, position: int) -> list[tuple[Place, int]]:
        """The grids a road passes, with the number of samples in each."""
        if position not in self._road_grids:
            road = self.places[position].road
            counted: dict[str, tuple[Place, int]] = {}
            for place in self.points.locate(list(samples(road))) if road else ():
                if place:
                    first, count = counted.get(place.grid, (place, 0))
                    counted[place.grid] = first, count + 1
            self._road_grids[position] = list(counted.values())
        return self._road_grids[position]


def _plain(text: str) -> str:
    """Half-width, without any white space, lower case: how names and texts are compared."""
    return text.translate(_FULL_WIDTH).lower()


def _agreement(place: Place, found: _Found) -> tuple[float, float]:
    """How plausible a sense is beside the areas named in the text: its weight, and the gain (<0: it contradicts)."""
    in_community = place.community in found.communities
    in_town = place.town in found.towns
    if in_community:
        return 1.0, 1 - (1 - AGREES_COMMUNITY) * (1 - AGREES_TOWN * in_town)
    if found.communities and not in_town:
        near = any(code[:9] == place.town for code in found.communities)
        return (0.3, CONFLICTS_NEAR) if near else (0.1, CONFLICTS)
    if in_town:
        return 1.0, AGREES_TOWN
    return (0.1, CONFLICTS) if found.towns else (1.0, 0.0)


def _best(candidates: list[_Candidate], k: int) -> list[Place]:
    kept = sorted(candidates, key=lambda c: (-c.place.confidence, c.place.grid or c.place.community or c.place.town))
    if len(kept) > 1 and not kept[0].names & kept[1].names:
        first, second = kept[0].place, kept[1].place
        if second.confidence > 0.8 * first.confidence:  # two things named in two places: less sure of the first
            kept[0].place = replace(first, confidence=max(first.confidence * RIVAL, second.confidence))
    shown = [c.place for c in kept[:k] if c.place.confidence >= LEAST]
    return [replace(place, confidence=round(min(place.confidence, 0.99), 3)) for place in shown]


def longest(automaton: ahocorasick.Automaton, text: str) -> Iterator[tuple[int, Any]]:
    """The words of a text from left to right, each the longest that begins where none before it has ended.

    Values of the automaton begin with their word. (The automaton's own ``iter_long`` misses words that begin inside a
    longer one the text breaks off.)
    """
    found = sorted((end - len(value[0]) + 1, -end, value) for end, value in automaton.iter(text))
    free = 0
    for start, last, value in found:
        if start >= free:
            free = 1 - last
            yield -last, value
