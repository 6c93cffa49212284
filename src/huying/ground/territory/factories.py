"""A small made-up town for tests: one county, one street office, two communities of square grids side by side."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import shapely
from shapely.geometry import LineString, box
from shapely.geometry.base import BaseGeometry

from huying.ground.territory.changes import open_area
from huying.ground.territory.models import Area, PlaceName
from huying.kernel.actor import Actor, Duty

NOW: Final = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
TODAY: Final = date(2026, 3, 2)
SINCE: Final = date(2020, 1, 1)
COUNTY, TOWN = "990101", "990101001"
HETANG, TAOYUAN = "990101001001", "990101001002"
WEST, SOUTH, STEP = 124.0, 30.0, 0.004
EDITOR: Final = Actor("staff", "person:31", "网格办小陈", 3, 31, (Duty("territory_editor", COUNTY),))
HETANG_EDITOR: Final = Actor("staff", "person:32", "荷塘小林", 4, 32, (Duty("territory_editor", HETANG),))
CLERK: Final = Actor("staff", "person:33", "坐席小王", 5, 33, (Duty("seat", COUNTY),))
RESIDENT: Final = Actor("resident", "user:9", "李阿婆")


def cell(column: int, row: int, columns: int = 1, rows: int = 1) -> BaseGeometry:
    """A rectangle of squares of about 400 m; row 0 is the southernmost."""
    west, south = round(WEST + column * STEP, 7), round(SOUTH + row * STEP, 7)
    return box(west, south, round(west + columns * STEP, 7), round(south + rows * STEP, 7))


def an_area(code: str, name: str, shape: BaseGeometry | None = None, **changes: Any) -> Area:
    """Store one area."""
    area = open_area(code, name, shape if shape is not None else cell(0, 0), changes.pop("valid_from", SINCE))
    if shape is None:
        area.shape = None
    for field, value in changes.items():
        setattr(area, field, value)
    area.save(force_insert=True)
    return area


def a_town() -> dict[str, Area]:
    """Chenghu district with 柳汀街道: 荷塘社区 (2 × 2 general grids) and, east of it, 桃源社区 (1 × 2 grids)."""
    rows = [
        an_area(COUNTY, "澄湖区", cell(0, 0, 3, 2), name_en="Chenghu District", parent_id=None),
        an_area(TOWN, "柳汀街道", cell(0, 0, 3, 2), name_en="Liuting Subdistrict"),
        an_area(HETANG, "荷塘社区", cell(0, 0, 2, 2), name_en="Hetang Community"),
        an_area(TAOYUAN, "桃源社区", cell(2, 0, 1, 2), name_en="Taoyuan Community"),
        an_area(f"{HETANG}001", "第一网格", cell(0, 1), name_en="Grid 1"),
        an_area(f"{HETANG}002", "第二网格", cell(1, 1), name_en="Grid 2"),
        an_area(f"{HETANG}003", "第三网格", cell(0, 0), name_en="Grid 3"),
        an_area(f"{HETANG}004", "第四网格", cell(1, 0), name_en="Grid 4"),
        an_area(f"{TAOYUAN}001", "第一网格", cell(2, 1), name_en="Grid 1"),
        an_area(f"{TAOYUAN}002", "第二网格", cell(2, 0), name_en="Grid 2"),
    ]
    return {area.code: area for area in rows}


def a_name(name: str, kind: str = "estate", column: float = 0.5, row: float = 0.5, **changes: Any) -> PlaceName:
    """Store one place name; position in squares."""
    spot = {"lon": round(WEST + column * STEP, 7), "lat": round(SOUTH + row * STEP, 7)}
    return PlaceName.objects.create(name=name, kind=kind, **{**spot, **changes})


def a_road(name: str, points: Sequence[tuple[float, float]], first: int, last: int, **changes: Any) -> PlaceName:
    """Store a road with house numbers; points in squares."""
    line = LineString([(WEST + x * STEP, SOUTH + y * STEP) for x, y in points])
    middle = line.interpolate(0.5, normalized=True)
    return PlaceName.objects.create(
        name=name,
        kind="road",
        lon=middle.x,
        lat=middle.y,
        path=shapely.to_wkb(line),
        number_from=first,
        number_to=last,
        **changes,
    )
