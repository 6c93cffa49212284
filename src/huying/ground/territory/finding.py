"""Areas by what people type: a code, words of a name in Chinese or English, pinyin, initials, and words of what lies above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from huying.ground.territory.codes import ancestors_of
from huying.ground.territory.snapshot import AreaView, Snapshot
from huying.kernel.sounds import is_sound, readings

_WRITTEN, _SPOKEN = 0, 1
_ENDS: Final = ",，、"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How an area and what lies above it may be asked for, without regard to case."""

    own: str
    above: str
    whole: str  # names from the highest down run together, for 柳汀街道荷塘社区


def search(snapshot: Snapshot, words: str, *, on: date, most: int) -> list[AreaView]:
    """As :func:`queries.search_areas`, in a snapshot."""
    parts = [part for word in words.casefold().split() if (part := word.strip(_ENDS))]
    if not parts:
        return []
    spoken = any(map(is_sound, parts))
    found: list[tuple[int, int, str]] = []
    for area in snapshot.areas.values():
        if area.valid_on(on) and (rank := _rank(snapshot, area, parts, spoken)) is not None:
            found.append((rank, len(area.code), area.code))
    return [snapshot.areas[code] for _rank_of, _length, code in sorted(found)[:most]]


def _rank(snapshot: Snapshot, area: AreaView, parts: Sequence[str], spoken: bool) -> int | None:
    if len(parts) == 1 and area.code.startswith(parts[0]):
        return _WRITTEN
    written = _written(snapshot, area)
    if _is_called(parts, written):
        return _WRITTEN
    return _SPOKEN if spoken and _is_called(parts, written, _spoken(snapshot, area)) else None


def _is_called(parts: Sequence[str], written: Spelling, spoken: Spelling | None = None) -> bool:
    """Whether every word is found, and one of them not only above."""
    own_one = False
    for part in parts:
        sound = spoken if spoken is not None and is_sound(part) else None
        above = part in written.above or (sound is not None and part in sound.above)
        if part in written.own or (sound is not None and part in sound.own):
            own_one = True
        elif not above:
            if part not in written.whole:
                return False
            own_one = True  # it reaches from what lies above into the area's own name
    return own_one


def _written(snapshot: Snapshot, area: AreaView) -> Spelling:
    if (known := snapshot.written.get(area.code)) is None:
        above = [snapshot.areas[code] for code in ancestors_of(area.code) if code in snapshot.areas]
        names = "".join(one.name for one in above)
        english = ", ".join(one.name_en for one in reversed(above))
        whole = f"{names}{area.name}\n{', '.join(filter(None, (area.name_en, english)))}"
        known = Spelling(f"{area.name}\n{area.name_en}".casefold(), f"{names}\n{english}".casefold(), whole.casefold())
        snapshot.written[area.code] = known
    return known


def _spoken(snapshot: Snapshot, area: AreaView) -> Spelling:
    """Worked out once a word in Latin letters is asked for."""
    if (known := snapshot.spoken.get(area.code)) is None:
        above = [snapshot.areas[code].name for code in ancestors_of(area.code) if code in snapshot.areas]
        own = "\n".join(readings(area.name))
        known = Spelling(own, "\n".join(one for name in above for one in readings(name)), own)
        snapshot.spoken[area.code] = known
    return known
