"""Which units a district has: tables of what there is, and the tree built from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from .vocabulary import Trade


class AreaLike(Protocol):
    """What is needed of an area: a code of 6, 9, 12 or 15 digits, its name and, for grids, general or special."""

    code: str
    name: str
    name_en: str
    kind: str


@dataclass(slots=True)
class UnitRow:
    """A unit to be: `parent` is a code."""

    code: str
    name: str
    name_en: str
    kind: str
    level: str
    parent: str
    area: str
    trades: list[str] = field(default_factory=list)
    staff: int = 2
    around_the_clock: bool = False
    stem: str = ""  # what sort of unit this is, such as "enforcement"


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of unit: code stem, names, trades it takes, people, whether somebody is always on duty."""

    stem: str
    zh: str
    en: str
    kind: str
    trades: tuple[str, ...]
    staff: int = 2
    clock: bool = False


DEPARTMENTS: Final = (
    Sort("urban", "城市管理和综合执法局", "Urban Management Bureau", "department", ("urban_management",), 6, True),
    Sort("municipal", "市政设施管理中心", "Municipal Facilities Centre", "department", ("municipal",), 5, True),
    Sort("lighting", "灯光管理所", "Street Lighting Office", "department", ("street_lighting",)),
    Sort("water", "水务局", "Water Affairs Bureau", "department", ("water",), 6, True),
    Sort("parks", "园林绿化管理中心", "Parks and Greening Centre", "department", ("parks",)),
    Sort("housing", "住房和建设局", "Housing and Construction Bureau", "department", ("housing",), 3),
    Sort("transport", "交通运输局", "Transport Bureau", "department", ("transport",)),
    Sort("traffic", "公安交警大队", "Traffic Police Brigade", "department", ("traffic_police",), 6, True),
    Sort("police", "公安分局", "Public Security Sub-bureau", "department", ("police",), 6, True),
    Sort("fire", "消防救援大队", "Fire and Rescue Brigade", "department", ("fire",), 6, True),
    Sort("emergency", "应急管理局", "Emergency Management Bureau", "department", ("emergency",), 6, True),
    Sort("market", "市场监督管理局", "Market Regulation Bureau", "department", ("market",), 4),
    Sort("ecology", "生态环境分局", "Ecology and Environment Sub-bureau", "department", ("environment",), 3),
    Sort("land", "规划和自然资源局", "Planning and Natural Resources Bureau", "department", ("natural_resources",)),
    Sort("farming", "农业农村和林业局", "Agriculture and Forestry Bureau", "department", ("agriculture_forestry",)),
    Sort("civil", "民政局", "Civil Affairs Bureau", "department", ("civil_affairs",)),
    Sort("relief", "救助管理站", "Relief Station", "department", ("relief_station",)),
    Sort("labour", "人力资源和社会保障局", "Human Resources Bureau", "department", ("human_resources",), 3),
    Sort("insurance", "医疗保障局", "Medical Insurance Bureau", "department", ("medical_insurance",)),
    Sort("education", "教育局", "Education Bureau", "department", ("education",)),
    Sort("health", "卫生健康局", "Health Bureau", "department", ("health",)),
    Sort("culture", "文化广电旅游体育局", "Culture, Sport and Tourism Bureau", "department", ("culture_sport",)),
    Sort("disabled", "残疾人联合会", "Disabled Persons' Federation", "department", ("disabled_federation",)),
    Sort("women", "妇女联合会", "Women's Federation", "department", ("womens_federation",)),
    Sort("finance", "金融工作局", "Financial Affairs Bureau", "department", ("finance",)),
    Sort("commerce", "商务局", "Commerce Bureau", "department", ("commerce",)),
    Sort("tobacco", "烟草专卖局", "Tobacco Monopoly Bureau", "department", ("tobacco",)),
    Sort("postal", "邮政管理局", "Postal Administration", "department", ("postal",)),
    Sort("service", "政务服务和数据管理局", "Government Services Bureau", "department", ("government_service",)),
    Sort("publicity", "宣传部（网信办）", "Publicity and Internet Affairs", "department", ("publicity",)),
    Sort("discipline", "纪委监委", "Discipline Inspection Commission", "department", ("discipline",)),
    Sort("governance", "综治中心", "Governance Centre", "centre", ("governance_centre",), 3),
    Sort("mediation", "行业性专业性调解委员会", "Sector Mediation Committees", "department", ("industry_mediation",)),
    Sort("ambulance", "急救中心（120）", "Emergency Medical Centre (120)", "emergency", ("emergency_medical",)),
)
COMPANIES: Final = (
    Sort("water-co", "供水有限公司", "Water Supply Company", "company", ("water_company",)),
    Sort("drain-co", "排水有限公司", "Drainage Company", "company", ("drainage_company",)),
    Sort("power-co", "供电局", "Power Company", "company", ("power_company",)),
    Sort("gas-co", "燃气有限公司", "Gas Company", "company", ("gas_company",)),
    Sort("telecom-co", "通信运营商联合服务中心", "Telecom Operators' Joint Service", "company", ("telecom_company",)),
    Sort("lift-co", "电梯维保联合应急站", "Lift Maintenance Emergency Station", "company", ("lift_company",)),
    Sort("shared-co", "共享单车与充电运营中心", "Shared Bikes and Charging", "company", ("shared_operator",)),
)
STREET_UNITS: Final = (
    Sort("enforcement", "综合行政执法队", "Law Enforcement Team", "team", ("street_enforcement",), 6, True),
    Sort("sanitation", "市政服务中心", "Municipal Service Centre", "department", ("street_sanitation",), 3),
    Sort("safety", "应急管理办公室", "Emergency Office", "department", ("street_emergency",), 6, True),
    Sort("inspection", "规划土地监察队", "Planning and Land Inspection", "team", ("street_land",)),
    Sort("order", "综治办公室", "Public Order Office", "department", ("street_security",)),
    Sort("mediation", "人民调解委员会", "People's Mediation Committee", "department", ("street_mediation",)),
    Sort("station", "派出所", "Police Station", "department", ("police_station",), 3),
    Sort("justice", "司法所", "Justice Office", "department", ("justice_office",)),
    Sort("clinic", "社区健康服务中心", "Community Health Centre", "department", ("health_centre", "street_health")),
    Sort("clean-co", "环卫服务有限公司", "Sanitation Company", "company", ("sanitation_company",)),
    Sort("estate-co", "物业服务企业联合会", "Property Service Firms", "company", ("property",)),
)
COMMUNITY_TRADES: Final = ("L1", "L2")


def draw_units(areas: Sequence[AreaLike], trades: Sequence[Trade]) -> list[UnitRow]:
    """The tree for every county among the areas, parents before children. Every trade finds a holder."""
    rows: list[UnitRow] = []
    for county in (area for area in areas if len(area.code) == 6):
        inside = [area for area in areas if area.code.startswith(county.code)]
        rows += _county(county, inside, trades)
    return rows


def _unit(sort: Sort, *, place: AreaLike, level: str, parent: str) -> UnitRow:
    return UnitRow(
        code=f"{place.code}-{sort.stem}",
        name=f"{_short(place.name)}{sort.zh}",
        name_en=f"{place.name_en or place.code} {sort.en}".strip(),
        kind=sort.kind,
        level=level,
        parent=parent,
        area=place.code,
        trades=list(sort.trades),
        staff=sort.staff,
        around_the_clock=sort.clock,
        stem=sort.stem,
    )


def _short(name: str) -> str:
    return name.removesuffix("办事处")


def _county(county: AreaLike, inside: Sequence[AreaLike], trades: Sequence[Trade]) -> list[UnitRow]:
    sort = Sort("centre", "社会治理综合指挥中心", "Governance Command Centre", "centre", (), 30, True)
    centre = _unit(sort, place=county, level="L4", parent="")
    rows = [centre]
    rows += [_unit(each, place=county, level="L4", parent=centre.code) for each in (*DEPARTMENTS, *COMPANIES)]
    for town in (area for area in inside if len(area.code) == 9):
        rows += _street(town, inside, trades, centre.code)
    held = {trade for row in rows for trade in row.trades}
    homes = {"company": f"{county.code}-water-co", "emergency": f"{county.code}-ambulance"}
    by_code = {row.code: row for row in rows}
    for trade in trades:
        if trade.code not in held:
            by_code[homes.get(trade.level, centre.code)].trades.append(trade.code)
    return rows


def _street(town: AreaLike, inside: Sequence[AreaLike], trades: Sequence[Trade], centre: str) -> list[UnitRow]:
    specialised = {trade for each in STREET_UNITS for trade in each.trades}
    general = [trade.code for trade in trades if trade.level == "L3" and trade.code not in specialised]
    sort = Sort(
        "office", "街道办事处" if not town.name.endswith(("街道", "镇", "乡")) else "办事处", "Office", "street", (), 4
    )
    office = _unit(sort, place=town, level="L3", parent=centre)
    office.trades = general
    rows = [office, *(_unit(each, place=town, level="L3", parent=office.code) for each in STREET_UNITS)]
    own = [trade.code for trade in trades if trade.level in COMMUNITY_TRADES]
    for community in (area for area in inside if len(area.code) == 12 and area.code.startswith(town.code)):
        suffix = "" if community.name.endswith(("社区", "村")) else "社区"
        rows.append(
            UnitRow(
                code=community.code,
                name=f"{community.name}{suffix}居民委员会"
                if not community.name.endswith("村")
                else f"{community.name}村民委员会",
                name_en=f"{community.name_en or community.code} Residents' Committee",
                kind="community",
                level="L2",
                parent=office.code,
                area=community.code,
                trades=list(own),
                stem="community",
            )
        )
    return rows
