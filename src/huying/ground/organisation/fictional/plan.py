"""The whole plan: units, posts, people with appointments, rotas, responsibility and admission lists. Pure."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from .logins import DEMO_LOGINS
from .names import Names
from .structure import AreaLike, UnitRow, draw_units
from .vocabulary import ItemRow, Trade, read_items, read_trades

LOCAL: Final = timezone(timedelta(hours=8))
HANDOVERS: Final = (time(8), time(16), time(0))  # three shifts of eight hours
GRIDS_PER_WORKER: Final = 4
ROTA_BEFORE, ROTA_AFTER = 7, 30

POSTS: Final = (
    ("director", "中心主任", "Centre director", "centre_lead", 1),
    ("grid_chief", "总网格长", "Chief grid lead", "grid_lead", 2),
    ("chief", "负责人", "Unit lead", "unit_lead", 5),
    ("seat", "坐席", "Seat operator", "seat", 10),
    ("dispatcher", "分拨员", "Dispatcher", "dispatcher", 11),
    ("checker", "核查回访员", "Checker", "checker", 12),
    ("supervisor", "督办员", "Supervisor", "supervisor", 13),
    ("inspector", "纪检监察员", "Discipline inspector", "discipline", 14),
    ("catalogue_editor", "事项编辑", "Catalogue editor", "catalogue_editor", 15),
    ("territory_editor", "网格编辑", "Territory editor", "territory_editor", 16),
    ("organisation_editor", "组织编辑", "Organisation editor", "organisation_editor", 17),
    ("admin", "系统管理员", "Administrator", "admin", 18),
    ("registry_editor", "信息管理员", "Registry editor", "registry_editor", 19),
    ("device_keeper", "设备管理员", "Device keeper", "device_keeper", 21),
    ("officer", "处置员", "Handler", "handler", 20),
    ("grid_lead", "网格长", "Grid lead", "grid_lead", 30),
    ("grid_worker", "专职网格员", "Full-time grid worker", "grid_worker", 31),
    ("assistant", "协管员", "Assistant", "assistant", 40),
)
# The staff of a command centre: (post, how many). Seats stand three abreast, dispatchers two, around the clock.
CENTRE_STAFF: Final = (
    ("director", 2), ("seat", 12), ("dispatcher", 8), ("checker", 4), ("supervisor", 3),
    ("catalogue_editor", 1), ("territory_editor", 1), ("organisation_editor", 1), ("admin", 1),
    ("registry_editor", 1), ("device_keeper", 1),
)  # fmt: skip
ABREAST: Final = {"seat": 3, "dispatcher": 2, "officer": 1}
LIST_SOURCE: Final = "演示区权责清单（2025年版）"
ADMISSION_BASIS: Final = "演示区社区工作事项准入清单（2025年版）"


@dataclass(slots=True)
class PersonRow:
    number: str
    name: str
    name_en: str
    phone: str
    employment: str
    username: str


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    person: str  # staff number
    unit: str
    post: str
    role: str
    area: str


@dataclass(frozen=True, slots=True)
class ShiftRow:
    unit: str
    person: str
    role: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ResponsibilityRow:
    item_code: str
    area: str
    lead: str
    assists: tuple[str, ...]
    first_asked: str
    legal_basis: str
    source: str


@dataclass(slots=True)
class Plan:
    """Everything to be loaded. References are codes and staff numbers."""

    since: date
    units: list[UnitRow]
    people: list[PersonRow] = field(default_factory=list)
    appointments: list[AppointmentRow] = field(default_factory=list)
    shifts: list[ShiftRow] = field(default_factory=list)
    responsibilities: list[ResponsibilityRow] = field(default_factory=list)
    admissions: list[tuple[str, str, str]] = field(default_factory=list)  # (area, item code, basis)


def plan(
    areas: Sequence[AreaLike],
    *,
    today: date,
    seed: int = 20250101,
    trades: Sequence[Trade] | None = None,
    items: Sequence[ItemRow] | None = None,
) -> Plan:
    """Plan the organisation of a place. The same areas, day and seed give the same plan.

    `today` is the day around which rotas are drawn: the last 7 days and the next 30.
    """
    units = draw_units(areas, trades if trades is not None else read_trades())
    made = Plan(since=date(today.year - 2, 1, 1), units=units)
    staff = _Staff(made, random.Random(seed))
    grids: dict[str, list[str]] = defaultdict(list)
    for area in areas:
        if len(area.code) == 15:
            grids[area.code[:12]].append(area.code)
    for unit in units:
        if unit.stem == "centre":
            staff.centre(unit)
        elif unit.kind == "community":
            staff.community(unit, grids[unit.area])
        else:
            staff.ordinary(unit)
    staff.name_logins()
    made.shifts = list(_shifts(made, today))
    rows = items if items is not None else read_items()
    made.responsibilities = list(_responsibilities(units, rows))
    made.admissions = list(_admissions(units, rows))
    return made


class _Staff:
    def __init__(self, made: Plan, lot: random.Random) -> None:
        self.made, self.lot, self.names = made, lot, Names(lot)
        self.posts = {code: role for code, _zh, _en, role, _rank in POSTS}
        self.by_unit_post: dict[tuple[str, str], list[PersonRow]] = defaultdict(list)

    def hire(self, unit: UnitRow, post: str, employment: str = "contract") -> PersonRow:
        number = f"{len(self.made.people) + 1:05d}"
        name, name_en = self.names.draw()
        phone = f"1990001{len(self.made.people) % 10000:04d}"
        person = PersonRow(number, name, name_en, phone, employment, f"w{number}")
        self.made.people.append(person)
        self.by_unit_post[unit.code, post].append(person)
        return person

    def appoint(self, person: PersonRow, unit: UnitRow, post: str, area: str) -> None:
        self.made.appointments.append(AppointmentRow(person.number, unit.code, post, self.posts[post], area))

    def centre(self, unit: UnitRow) -> None:
        for post, count in CENTRE_STAFF:
            for _ in range(count):
                self.appoint(self.hire(unit, post, "civil"), unit, post, unit.area)

    def ordinary(self, unit: UnitRow) -> None:
        employment = {"company": "company", "team": "team"}.get(unit.kind, "civil")
        self.appoint(self.hire(unit, "chief", employment), unit, "chief", unit.area)
        if unit.stem == "discipline":
            self.appoint(self.hire(unit, "inspector", "civil"), unit, "inspector", unit.area)
        for _ in range(unit.staff - 1):
            self.appoint(self.hire(unit, "officer", employment), unit, "officer", unit.area)

    def community(self, unit: UnitRow, grids: Sequence[str]) -> None:
        """Secretary (总网格长), two committee members who handle and lead grids, workers and assistants per grid."""
        secretary = self.hire(unit, "grid_chief", "civil")
        self.appoint(secretary, unit, "grid_chief", unit.area)
        self.appoint(secretary, unit, "chief", unit.area)
        members = [self.hire(unit, "officer", "civil") for _ in range(2)]
        for member in members:
            self.appoint(member, unit, "officer", unit.area)
        for index, grid in enumerate(grids):
            self.appoint(members[index % len(members)], unit, "grid_lead", grid)
        self._spread(unit, "grid_worker", grids, -(-len(grids) // GRIDS_PER_WORKER), "contract", missing=0.01)
        self._spread(unit, "assistant", grids, 2 if grids else 0, "volunteer", missing=0.05)

    def _spread(
        self, unit: UnitRow, post: str, grids: Sequence[str], count: int, employment: str, *, missing: float
    ) -> None:
        """Hire people and give each a stretch of neighbouring grids; a few grids stay open for the report to find."""
        people = [self.hire(unit, post, employment) for _ in range(count)]
        for index, grid in enumerate(grids):
            if self.lot.random() >= missing or index == 0:
                self.appoint(people[index * count // len(grids)], unit, post, grid)

    def name_logins(self) -> None:
        """Give the first fitting person of the first fitting unit each demonstration username."""
        first: dict[str, UnitRow] = {}
        for unit in self.made.units:
            first.setdefault(unit.stem, unit)
        taken: dict[tuple[str, str], int] = defaultdict(int)
        for login in DEMO_LOGINS:
            holder = first.get(login.stem)
            people = self.by_unit_post[holder.code, login.post] if holder else []
            place = taken[login.stem, login.post]
            if place < len(people):
                people[place].username = login.username
                taken[login.stem, login.post] += 1


def _shifts(made: Plan, today: date) -> Iterator[ShiftRow]:
    """Three shifts a day for every post that must be covered, people taking turns with sixteen hours' rest or more."""
    clock = {unit.code for unit in made.units if unit.around_the_clock}
    lanes: dict[tuple[str, str], list[AppointmentRow]] = defaultdict(list)
    for row in made.appointments:
        if row.unit in clock and row.post in ABREAST:
            lanes[row.unit, row.post].append(row)
    first = datetime.combine(today - timedelta(days=ROTA_BEFORE), HANDOVERS[0], LOCAL)
    count = (ROTA_BEFORE + ROTA_AFTER + 1) * len(HANDOVERS)
    for (unit, post), rows in lanes.items():
        abreast = ABREAST[post]
        for turn in range(count):
            starts = first + timedelta(hours=8 * turn)
            for lane in range(abreast):
                row = rows[(turn * abreast + lane) % len(rows)]
                yield ShiftRow(
                    unit, row.person, row.role, starts.astimezone(UTC), (starts + timedelta(hours=8)).astimezone(UTC)
                )


def _responsibilities(units: Sequence[UnitRow], items: Sequence[ItemRow]) -> Iterator[ResponsibilityRow]:
    """For every item, each unit that holds its lead trade above community level, with who assists and the law."""
    holders: dict[str, list[UnitRow]] = defaultdict(list)
    for unit in units:
        for trade in unit.trades:
            holders[trade].append(unit)

    def near(trade: str, area: str) -> str:
        fitting = [unit for unit in holders.get(trade, ()) if area.startswith(unit.area)]
        return max(fitting, key=lambda unit: len(unit.area)).code if fitting else ""

    for item in items:
        for unit in holders.get(item.lead_trade, ()):
            if unit.level == "L2":
                continue
            assists = {near(trade, unit.area) for trade in item.co_trades} - {"", unit.code}
            first = near(item.first_trade, unit.area)
            law = item.law or LIST_SOURCE
            yield ResponsibilityRow(item.code, unit.area, unit.code, tuple(sorted(assists)), first, law, LIST_SOURCE)


def _admissions(units: Sequence[UnitRow], items: Sequence[ItemRow]) -> Iterator[tuple[str, str, str]]:
    """Items of community level, or led by a community trade, are admitted in the whole county."""
    for root in (unit for unit in units if not unit.parent):
        own = {
            trade
            for unit in units
            if unit.kind == "community" and unit.area.startswith(root.area)
            for trade in unit.trades
        }
        for item in items:
            if item.level in {"L1", "L2"} or item.lead_trade in own:
                yield root.area, item.code, ADMISSION_BASIS
