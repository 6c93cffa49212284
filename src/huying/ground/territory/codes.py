"""Area codes: what the digits mean, which code is the parent, and which code is free next.

Code = 12-digit statistical area code (6 county, 3 township, 3 committee; GB/T 2260, GB/T 10114) + 3-digit grid
+ optional 2-digit micro-grid. Grids 001–599 are general (综合), 600–899 special (专属), 900–999 temporary.
Codes are immutable: a re-divided grid ends and its parts receive codes never used before.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, Literal

Level = Literal["province", "city", "county", "town", "community", "grid", "micro"]
GridKind = Literal["general", "special", "temporary"]

LENGTHS: Final[dict[Level, int]] = {
    "province": 2,
    "city": 4,
    "county": 6,
    "town": 9,
    "community": 12,
    "grid": 15,
    "micro": 17,
}
LEVELS: Final[tuple[Level, ...]] = tuple(LENGTHS)
_LEVEL_OF_LENGTH: Final[dict[int, Level]] = {length: level for level, length in LENGTHS.items()}
_DIGITS = re.compile(r"[0-9]+")

GRID_RANGES: Final[dict[GridKind, range]] = {
    "general": range(1, 600),
    "special": range(600, 900),
    "temporary": range(900, 1000),
}
MICRO_RANGE: Final = range(1, 100)


def is_code(text: str) -> bool:
    """True when `text` has the form of an area code of any level (ASCII digits, known length, no grid 000)."""
    if len(text) not in _LEVEL_OF_LENGTH or not _DIGITS.fullmatch(text) or not text.isascii():
        return False
    if len(text) >= 15 and text[12:15] == "000":
        return False
    return len(text) < 17 or text[15:17] != "00"


def level_of(code: str) -> Level:
    """The level a code belongs to; ValueError when it is no area code."""
    if not is_code(code):
        raise ValueError(f"not an area code: {code!r}")
    return _LEVEL_OF_LENGTH[len(code)]


def parent_of(code: str) -> str:
    """Code of the level above, "" for a province. ValueError when `code` is no area code."""
    position = LEVELS.index(level_of(code))
    return code[: LENGTHS[LEVELS[position - 1]]] if position else ""


def ancestors_of(code: str) -> tuple[str, ...]:
    """All codes above, highest first, without the code itself."""
    length = LENGTHS[level_of(code)]
    return tuple(code[:size] for size in LENGTHS.values() if size < length)


def at_level(code: str, level: Level) -> str:
    """The ancestor (or the code itself) at `level`; "" when the code is higher up than that."""
    return code[: LENGTHS[level]] if len(code) >= LENGTHS[level] else ""


def covers(prefix: str, code: str) -> bool:
    """True when an area prefix covers a code; the empty prefix covers everything."""
    return code.startswith(prefix)


def grid_number(code: str) -> int:
    """The number of a grid inside its community, 1–999."""
    if level_of(code) not in ("grid", "micro"):
        raise ValueError(f"not a grid code: {code!r}")
    return int(code[12:15])


def grid_kind(code: str) -> GridKind:
    """general, special or temporary, read from the grid number."""
    number = grid_number(code)
    return next(kind for kind, numbers in GRID_RANGES.items() if number in numbers)


def free_codes(parent: str, kind: GridKind, used: Collection[str]) -> Iterator[str]:
    """Codes for new grids (parent = community) or micro-grids (parent = grid) that were never used, in order.

    Numbers continue after the highest ever used, so that a reader can tell new from old; when the range is spent the
    gaps that were never used follow. `used` holds every code ever issued below `parent`, retired ones included.
    """
    width, numbers = (3, GRID_RANGES[kind]) if level_of(parent) == "community" else (2, MICRO_RANGE)
    if level_of(parent) not in ("community", "grid"):
        raise ValueError(f"grids live in communities and micro-grids in grids, not in {parent!r}")
    taken = {int(code[len(parent) :]) for code in used if len(code) == len(parent) + width and code.startswith(parent)}
    inside = [number for number in taken if number in numbers]
    start = max(inside, default=numbers.start - 1) + 1
    for number in (*range(start, numbers.stop), *range(numbers.start, start)):
        if number not in taken:
            yield f"{parent}{number:0{width}d}"


def reading_order(centres: Sequence[tuple[float, float]]) -> list[int]:
    """Positions of the centres in numbering order: rows from north to south, inside a row from west to east.

    A row is a band of latitude as high as the mean spacing of the centres, so that neighbours of slightly different
    latitude stay in one row. Ties are broken by latitude, then position: the order is total and deterministic.
    """
    if not centres:
        return []
    lats = [lat for _, lat in centres]
    rows = max(1, round(len(centres) ** 0.5))
    north, height = max(lats), (max(lats) - min(lats)) / rows

    def key(position: int) -> tuple[int, float, float, int]:
        lon, lat = centres[position]
        row = min(rows - 1, int((north - lat) / height)) if height > 0 else 0
        return row, lon, -lat, position

    return sorted(range(len(centres)), key=key)


def longest_common_prefix(codes: Iterable[str]) -> str:
    """The lowest area that covers all the codes, "" when there is none."""
    found = list(codes)
    if not found:
        return ""
    low, high = min(found), max(found)
    size = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return max((low[:length] for length in LENGTHS.values() if length <= size), key=len, default="")
