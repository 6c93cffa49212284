"""A named cast for tests: one small place, its units and people, a few items. Everybody has a name and a duty.

澄湖区 990101 · 望湖街道 990101001 · 柳岸社区 …001 (grids 001, 002) and 桥东社区 …002 (grid 001).
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from django.db import transaction
from PIL import Image

from huying.casework.catalogue.limits import parse_limit
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.ground.accounts.factories import make_staff
from huying.ground.accounts.models import User
from huying.ground.organisation.models import Admission, Appointment, Person, Post, Unit
from huying.ground.territory.models import Area
from huying.kernel.actor import Actor, Duty
from huying.kernel.files import accept_upload

from .actions import attach_file
from .models import Attachment

COUNTY, TOWN = "990101", "990101001"
LIUAN, QIAODONG = "990101001001", "990101001002"
GRID_1, GRID_2, GRID_3 = f"{LIUAN}001", f"{LIUAN}002", f"{QIAODONG}001"
BEGAN = date(2020, 1, 1)
ZONE = ZoneInfo("Asia/Shanghai")
# A Tuesday morning in an ordinary week.
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=ZONE)
IN_GRID_1 = (120.005, 30.005)
IN_GRID_2 = (120.015, 30.005)
IN_GRID_3 = (120.025, 30.005)


@dataclass(frozen=True)
class Cast:
    """Units, people's actors and items by name."""

    units: Mapping[str, Unit]
    people: Mapping[str, Actor]
    items: Mapping[str, Item]

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


@transaction.atomic
def make_cast() -> Cast:
    """Write the place, the organisation and the catalogue, and return who is who."""
    _make_areas()
    units = _make_units()
    items = _make_items()
    Admission.objects.create(area=LIUAN, item_code="0514", basis="柳岸社区协助事项清单第3条", valid_from=BEGAN)
    Admission.objects.create(area=LIUAN, item_code="0101", basis="柳岸社区协助事项清单第1条", valid_from=BEGAN)
    return Cast(units, _make_people(units), items)


def _make_areas() -> None:
    def box(x: float, width: float = 0.01) -> bytes:
        return shapely.to_wkb(shapely.box(120 + x, 30, 120 + x + width, 30.01))

    rows = [
        ("99", "province", "湖东省", None, box(0, 0.03)),
        ("9901", "city", "澄江市", "99", box(0, 0.03)),
        (COUNTY, "county", "澄湖区", "9901", box(0, 0.03)),
        (TOWN, "town", "望湖街道", COUNTY, box(0, 0.03)),
        (LIUAN, "community", "柳岸社区", TOWN, box(0, 0.02)),
        (QIAODONG, "community", "桥东社区", TOWN, box(0.02)),
        (GRID_1, "grid", "柳岸一网格", LIUAN, box(0)),
        (GRID_2, "grid", "柳岸二网格", LIUAN, box(0.01)),
        (GRID_3, "grid", "桥东一网格", QIAODONG, box(0.02)),
    ]
    for code, level, name, parent, shape in rows:
        centre = shapely.from_wkb(shape).centroid
        Area.objects.create(
            code=code,
            level=level,
            kind="general" if level == "grid" else "",
            name=name,
            parent_id=parent,
            shape=shape,
            lon=centre.x,
            lat=centre.y,
            valid_from=BEGAN,
        )


_UNITS = (
    # key, name, kind, level, parent, area, trades
    ("centre", "澄湖区社会治理中心", "centre", "L4", None, COUNTY, ()),
    ("housing", "区住房和建设局", "department", "L4", "centre", COUNTY, ("housing",)),
    ("water", "区水务局", "department", "L4", "centre", COUNTY, ("water",)),
    ("street", "望湖街道办事处", "street", "L3", "centre", TOWN, ()),
    ("sanitation", "望湖街道市政环卫队", "team", "L3", "street", TOWN, ("street_sanitation",)),
    ("enforcement", "望湖街道综合执法队", "team", "L3", "street", TOWN, ("street_enforcement",)),
    ("liuan", "柳岸社区居委会", "community", "L2", "street", LIUAN, ("community",)),
    ("qiaodong", "桥东社区居委会", "community", "L2", "street", QIAODONG, ("community",)),
)


def _make_units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for key, name, kind, level, parent, area, trades in _UNITS:
        above = units[parent] if parent else None
        unit = Unit(
            code=key, name=name, kind=kind, level=level, parent=above, area=area, trades=list(trades),
            valid_from=BEGAN,
        )  # fmt: skip
        unit.save()
        unit.path = f"{above.path if above else '/'}{unit.pk}/"
        unit.save(update_fields=["path"])
        units[key] = unit
    return units


_PEOPLE = (
    # key, name, unit, role, area
    ("wang_seat", "王坐席", "centre", "seat", COUNTY),
    ("li_dispatcher", "李分拨", "centre", "dispatcher", COUNTY),
    ("zhou_dispatcher", "周分拨", "centre", "dispatcher", COUNTY),
    ("zhao_centre", "赵主任", "centre", "centre_lead", COUNTY),
    ("sun_checker", "孙核查", "centre", "checker", COUNTY),
    ("qian_supervisor", "钱督办", "centre", "supervisor", COUNTY),
    ("ji_discipline", "纪检", "centre", "discipline", COUNTY),
    ("he_sanitation", "何环卫", "sanitation", "handler", TOWN),
    ("lin_sanitation_head", "林队长", "sanitation", "unit_lead", TOWN),
    ("deng_enforcement", "邓执法", "enforcement", "handler", TOWN),
    ("xu_housing", "徐住建", "housing", "handler", COUNTY),
    ("ma_liuan", "马社区", "liuan", "handler", LIUAN),
    ("gao_liuan_lead", "高书记", "liuan", "unit_lead", LIUAN),
    ("fang_qiaodong", "方社区", "qiaodong", "handler", QIAODONG),
    ("bai_street", "白街道", "street", "handler", TOWN),
    ("tang_grid", "唐网格", "liuan", "grid_worker", GRID_1),
)


def _make_people(units: Mapping[str, Unit]) -> dict[str, Actor]:
    actors: dict[str, Actor] = {}
    posts: dict[str, Post] = {}
    for number, (key, name, unit_key, role, area) in enumerate(_PEOPLE, 1):
        unit = units[unit_key]
        post = posts.get(role) or Post.objects.create(code=role, name=role, role=role)
        posts[role] = post
        person = Person.objects.create(number=f"T{number:03d}", name=name, valid_from=BEGAN)
        Appointment.objects.create(person=person, unit=unit, post=post, role=role, area=area, valid_from=BEGAN)
        duty = Duty(role, area, unit.pk, unit.path)
        actors[key] = Actor("staff", f"person:{person.pk}", name, unit.pk, person.pk, (duty,))
    return actors


_ITEMS: tuple[tuple[str, str, str, str, str, str, str, dict[str, Any]], ...] = (
    # code, name, level, trade, respond, close, condition, more
    ("0101", "暴露垃圾", "L2", "street_sanitation", "1wh", "4wh", "C1", {}),
    (
        "0301",
        "在建违法建筑",
        "L3",
        "street_enforcement",
        "1wh",
        "4wh stop-work; 7wd penalty; 20wd removal",
        "C3→C1",
        {},
    ),
    ("0514", "楼道堆放杂物", "L1", "community", "2wh", "1wd", "C1", {}),
    ("0701", "房屋开裂倾斜", "L4", "housing", "30m evacuate if danger", "3wd appraisal", "C11", {}),
    ("0904", "邻里纠纷", "L2", "community", "1d", "30d", "C5", {"can_suspend": False}),
    ("1208", "黑臭水体", "L4", "water", "1wd", "15wd", "C9", {"max_extensions": 1}),
    ("1605", "意见建议", "L2", "street_enforcement", "1wd", "5wd", "C4", {"auto_dispatch": False}),
)


def _make_items() -> dict[str, Item]:
    version = CatalogueVersion.objects.create(number=1, valid_from=BEGAN)
    items: dict[str, Item] = {}
    for code, name, level, trade, respond, close, condition, more in _ITEMS:
        items[code] = Item.objects.create(
            version=version,
            code=code,
            class_code=code[:2],
            class_zh=f"第{code[:2]}类",
            name=name,
            level=level,
            lead_trade=trade,
            first_trade=trade,
            respond=[stage.as_json() for stage in parse_limit(respond)],
            close=[stage.as_json() for stage in parse_limit(close)],
            conditions=condition,
            **more,
        )
    version.state = "published"
    version.published_at = NOW
    version.save()
    return items


def photograph(
    case_id: int, stage: str, *, actor: Actor, now: datetime, point: tuple[float, float] | None = IN_GRID_1,
    taken: datetime | None = None,
) -> Attachment:  # fmt: skip
    """A picture put up at this stage by somebody, taken at a point and a moment (default: when it is put up)."""
    drawn = io.BytesIO()
    Image.new("RGB", (32, 24), tuple(os.urandom(3))).save(drawn, "PNG")
    drawn.seek(0)
    file = accept_upload(drawn, actor=actor, now=now)
    file.captured_lon, file.captured_lat = point or (None, None)
    file.captured_at = taken
    file.save(update_fields=["captured_lon", "captured_lat", "captured_at"])
    return attach_file(case_id, file, stage=stage, actor=actor, now=now)


def prove(case_id: int, *, actor: Actor, now: datetime) -> None:
    """Pictures of before and after at one spot, as a restored place (C1) needs them."""
    photograph(case_id, "before", actor=actor, now=now, taken=now - timedelta(hours=1))
    photograph(case_id, "after", actor=actor, now=now)


def account_of(actor: Actor) -> User:
    """A staff account for somebody of the cast, so that they can sign in."""
    person = Person.objects.get(pk=actor.person_id)
    if person.user is None:
        person.user = make_staff(f"u{person.pk}", name=person.name)
        person.save(update_fields=["user"])
    return person.user
