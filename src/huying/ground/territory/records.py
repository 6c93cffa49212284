"""Plain rows of territory as they come from a file or a generator, before they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class AreaRecord:
    """One area. `valid_from` None means: from the day of the import on."""

    code: str
    name: str
    name_en: str = ""
    kind: str = ""
    shape: BaseGeometry | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NameRecord:
    """One name on the ground; for a road `path` is its middle line and the numbers are those at both ends."""

    name: str
    kind: str
    area: str = ""
    lon: float | None = None
    lat: float | None = None
    name_en: str = ""
    aliases: tuple[str, ...] = ()
    path: BaseGeometry | None = None
    number_from: int | None = None
    number_to: int | None = None


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One thing drawn under the grids: water, park, road, rail or the buildings of one grid."""

    kind: str
    name: str
    name_en: str
    area: str
    shape: BaseGeometry
    rank: int = 0
