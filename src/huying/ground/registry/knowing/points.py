"""Which points a place asks its grid workers to know: a table of this package, or the place's own (HUYING_KNOWLEDGE_FILE).

No national text says what 三知三清六掌握 are; the twelve of the table are ours. A place leaves out, renames or adds lines.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.translation import get_language

from huying.ground.registry.fields import KIND_LABELS

from .measures import MEASURES, Measure

OWN: Final = Path(__file__).parents[1] / "seed" / "knowledge.csv"
COLUMNS: Final = ("group_zh", "group_en", "name_zh", "name_en", "measure", "days")
MOST: Final = 24
_LONGEST: Final = 40
_MOST_DAYS: Final = 3650
_PERSONAL: Final = ("person", "household", "care")


class WrongTable(ValueError):
    """The table cannot be used; says which line and why."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its names, how it is measured, how many days ago a look may be (0 where the measure asks for none)."""

    group_zh: str
    group_en: str
    name_zh: str
    name_en: str
    measure: str
    days: int

    @property
    def group(self) -> str:
        return self.group_en if _english() else self.group_zh

    @property
    def name(self) -> str:
        return self.name_en if _english() else self.name_zh

    @property
    def how(self) -> Measure:
        return MEASURES[self.measure]

    @property
    def kind_label(self) -> str:
        return str(KIND_LABELS[self.how.kind])

    def lacking(self, missing: int) -> str:
        """还有 3 户没有联系电话."""
        return str(self.how.lacking % {"n": missing})


def _english() -> bool:
    return (get_language() or "").startswith("en")


def read(text: str) -> tuple[Point, ...]:
    """The points of a table with the columns ``COLUMNS``; WrongTable names the first line that cannot be used."""
    rows = csv.DictReader(text.lstrip("\ufeff").splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise WrongTable(f"line 1: the columns must be {','.join(COLUMNS)}")
    points: list[Point] = []
    for row in rows:
        try:
            points.append(_point(row, {one.measure for one in points}))
        except ValueError as error:
            raise WrongTable(f"line {rows.line_num}: {error}") from error
    if not 1 <= len(points) <= MOST:
        raise WrongTable(f"there must be 1 to {MOST} points, not {len(points)}")
    return tuple(points)


def _point(row: dict[str, Any], taken: set[str]) -> Point:
    given = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    for name in COLUMNS[:4]:
        if not 1 <= len(given[name]) <= _LONGEST:
            raise ValueError(f"{name} needs 1 to {_LONGEST} signs")
    if None in row:
        raise ValueError("too many columns")
    measure = MEASURES.get(given["measure"])
    if measure is None:
        raise ValueError(f"no measure {given['measure'] or '(empty)'}; there are {', '.join(sorted(MEASURES))}")
    if given["measure"] in taken:
        raise ValueError(f"{given['measure']} stands there twice")
    days = given.pop("days")
    if days and measure.days is None:
        raise ValueError(f"{given['measure']} has no limit of days")
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days) <= _MOST_DAYS):
        raise ValueError(f"days must be 1 to {_MOST_DAYS}")
    return Point(**given, days=int(days) if days else measure.days or 0)


def points() -> tuple[Point, ...]:
    """The points of this place, in order. Read once a process."""
    return _of(settings.HUYING_KNOWLEDGE_FILE)


@cache
def _of(file: str) -> tuple[Point, ...]:
    return read((Path(file) if file else OWN).read_text(encoding="utf-8"))


def own_table() -> bool:
    """Whether the place has a table of its own."""
    return bool(settings.HUYING_KNOWLEDGE_FILE)


def personal() -> dict[str, str]:
    """The points that are about people, households and people in care: measure → kind of record."""
    return {one.measure: one.how.kind for one in points() if one.how.kind in _PERSONAL}


def point_of(measure: str) -> Point | None:
    """The point of this place with a measure."""
    return next((one for one in points() if one.measure == measure), None)


@register()
def check_points(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The table of points can be read and used."""
    try:
        points()
    except (OSError, ValueError) as error:
        hint = f"{error}. Leave HUYING_KNOWLEDGE_FILE empty for the table that comes along."
        return [Error("HUYING_KNOWLEDGE_FILE cannot be used.", hint=hint, id="registry.E001")]
    return []
