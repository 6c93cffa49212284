"""The rules of territory in one door: codes, coordinates, topology, and what may be edited how.

Pure decisions on plain values; the files beside this one hold them by idea.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from huying.ground.territory.codes import (
    GRID_RANGES,
    LENGTHS,
    LEVELS,
    GridKind,
    Level,
    ancestors_of,
    at_level,
    covers,
    free_codes,
    grid_kind,
    grid_number,
    is_code,
    level_of,
    longest_common_prefix,
    parent_of,
    reading_order,
)
from huying.ground.territory.coordinates import (
    CRS_NAMES,
    Crs,
    bd09_to_gcj02,
    bd09_to_wgs84,
    convert,
    convert_point,
    crs_of,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from huying.ground.territory.topology import (
    TOLERANCE_M2,
    Problem,
    ShapeRefused,
    are_adjacent,
    area_m2,
    check,
    follow,
    merge,
    split,
)

CORRECTION_SHARE: Final = 0.05
"""A boundary moved by at most this share of a grid is a survey correction and keeps the code; more is a re-division."""


def keeps_code(level: Level, share: float) -> bool:
    """Whether a reshaped area keeps its code. Administrative areas always do: their codes come from outside."""
    return level not in ("grid", "micro") or share <= CORRECTION_SHARE


def is_valid_on(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Validity is half-open: the first day counts, the last does not."""
    return valid_from <= on and (valid_to is None or on < valid_to)


def worsened(before: Sequence[Problem], after: Sequence[Problem]) -> list[Problem]:
    """What a change would make worse: problems that were not there before, or were smaller. Old ones are no obstacle."""

    def known(problem: Problem) -> float:
        same = (one for one in before if one.kind == problem.kind and set(one.codes) & set(problem.codes))
        return max((one.area_m2 for one in same), default=0.0)

    return [problem for problem in after if problem.area_m2 > known(problem) + TOLERANCE_M2]


def part_name(name: str, number: int) -> str:
    """What a part of a divided grid is called until somebody names it."""
    return f"{name}（{number}）"


__all__ = [
    "CORRECTION_SHARE",
    "CRS_NAMES",
    "GRID_RANGES",
    "LENGTHS",
    "LEVELS",
    "Crs",
    "GridKind",
    "Level",
    "Problem",
    "ShapeRefused",
    "ancestors_of",
    "are_adjacent",
    "area_m2",
    "at_level",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "check",
    "convert",
    "convert_point",
    "covers",
    "crs_of",
    "follow",
    "free_codes",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "grid_kind",
    "grid_number",
    "is_code",
    "is_valid_on",
    "keeps_code",
    "level_of",
    "longest_common_prefix",
    "merge",
    "parent_of",
    "part_name",
    "reading_order",
    "split",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
    "worsened",
]
