"""The directory: an immutable picture of the organisation on one day, held in memory for fast routing.

Pure Python over plain values; `queries.directory` builds and caches it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from . import rules


@dataclass(frozen=True, slots=True)
class UnitView:
    id: int
    code: str
    name: str
    name_en: str
    kind: str
    level: str
    parent_id: int | None
    path: str
    area: str
    trades: tuple[str, ...]
    phone: str

    @property
    def needs_admission(self) -> bool:
        return rules.needs_admission(unit_kind=self.kind, unit_level=self.level)


@dataclass(frozen=True, slots=True)
class PersonView:
    id: int
    name: str
    phone: str
    user_id: int | None


@dataclass(frozen=True, slots=True)
class AppointmentView:
    id: int
    person_id: int
    unit_id: int
    role: str
    area: str


@dataclass(frozen=True, slots=True)
class ResponsibilityView:
    id: int
    item_code: str
    area: str
    lead_unit_id: int
    assist_unit_ids: tuple[int, ...]
    first_asked_unit_id: int | None
    legal_basis: str
    source: str


@dataclass(frozen=True, slots=True)
class ShiftView:
    person_id: int
    unit_id: int
    role: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Rows:
    """What a directory is made of."""

    units: tuple[UnitView, ...] = ()
    people: tuple[PersonView, ...] = ()
    appointments: tuple[AppointmentView, ...] = ()
    responsibilities: tuple[ResponsibilityView, ...] = ()
    admissions: tuple[tuple[str, str], ...] = ()  # (item code, area)
    shifts: tuple[ShiftView, ...] = ()


_LEVEL_ORDER = {"L2": 0, "L3": 1, "L4": 2, "L5": 3, "L1": 4}


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """Look-ups over the organisation of one day. Nothing here touches the database."""

    on: date
    version: int
    units: Mapping[int, UnitView]
    people: Mapping[int, PersonView]
    _by_code: Mapping[str, UnitView]
    _trade: Mapping[str, Mapping[str, UnitView]]
    _responsibility: Mapping[str, Mapping[str, ResponsibilityView]]
    _admission: Mapping[str, frozenset[str]]
    _appointments_of_unit: Mapping[int, tuple[AppointmentView, ...]]
    _appointments_of_person: Mapping[int, tuple[AppointmentView, ...]]
    _workers: Mapping[str, tuple[AppointmentView, ...]]
    _leads: Mapping[int, int]
    _shifts: Mapping[tuple[int, str], tuple[tuple[datetime, ...], tuple[ShiftView, ...]]]
    _memo: dict[tuple[str, str], UnitView | None] = field(default_factory=dict, compare=False, repr=False)

    def unit(self, unit_id: int) -> UnitView:
        """The unit with this id. KeyError when it is not valid on the directory's day."""
        return self.units[unit_id]

    def unit_by_code(self, code: str) -> UnitView | None:
        return self._by_code.get(code)

    def unit_for_trade(self, trade: str, area: str) -> UnitView | None:
        """The unit holding a trade whose area is the longest prefix of `area`; None when nobody holds it there."""
        key = (trade, area)
        if key in self._memo:
            return self._memo[key]
        by_area = self._trade.get(trade)
        found = rules.nearest(by_area, area) if by_area else None
        if len(self._memo) < 200_000:
            self._memo[key] = found
        return found

    def units_with_trade(self, trade: str) -> tuple[UnitView, ...]:
        return tuple(self._trade.get(trade, {}).values())

    def responsibility(self, item_code: str, area: str) -> ResponsibilityView | None:
        """The row of the responsibility list whose area is the longest prefix of `area`."""
        by_area = self._responsibility.get(item_code)
        return rules.nearest(by_area, area) if by_area else None

    def admitted(self, item_code: str, area: str) -> bool:
        """True when communities lying in `area` may be asked to do this item."""
        areas = self._admission.get(item_code)
        return areas is not None and any(prefix in areas for prefix in rules.prefixes(area))

    def may_receive(self, unit_id: int, item_code: str) -> bool:
        """False for work a community may not be given: its item is not on its own admission list, wherever the matter lies."""
        unit = self.units[unit_id]
        return not unit.needs_admission or self.admitted(item_code, unit.area)

    def on_duty(self, unit_id: int, role: str, at: datetime) -> int | None:
        """The person on shift for a role at a moment; nobody on shift → the unit's lead; no lead → None."""
        starts, shifts = self._shifts.get((unit_id, role), ((), ()))
        for index in range(bisect_right(starts, at) - 1, -1, -1):
            if shifts[index].ends_at > at:
                return shifts[index].person_id
            if (at - shifts[index].starts_at).days >= 3:  # no shift is longer; older ones are over
                break
        return self._leads.get(unit_id)

    def on_shift(self, unit_id: int, role: str, at: datetime) -> tuple[int, ...]:
        """Everybody on the rota of a unit for a role at a moment, without falling back to the lead."""
        _starts, shifts = self._shifts.get((unit_id, role), ((), ()))
        return tuple(shift.person_id for shift in shifts if shift.starts_at <= at < shift.ends_at)

    def lead_of(self, unit_id: int) -> int | None:
        """The unit's lead, or the lead of the nearest unit above it that has one."""
        for each in reversed(self.ancestors(unit_id)):
            if each.id in self._leads:
                return self._leads[each.id]
        return None

    def grid_worker(self, grid_code: str, at: datetime) -> int | None:
        """Who walks this grid: the worker of the micro-grid, grid or community; one on shift then is preferred."""
        for prefix in rules.prefixes(grid_code):
            if len(prefix) < 12:
                return None
            if holders := self._workers.get(prefix):
                return next((each.person_id for each in holders if self._on_shift(each, at)), holders[0].person_id)
        return None

    def _on_shift(self, each: AppointmentView, at: datetime) -> bool:
        _starts, shifts = self._shifts.get((each.unit_id, each.role), ((), ()))
        return any(s.person_id == each.person_id and s.starts_at <= at < s.ends_at for s in shifts)

    def appointments_in(self, unit_id: int) -> tuple[AppointmentView, ...]:
        return self._appointments_of_unit.get(unit_id, ())

    def appointments_of(self, person_id: int) -> tuple[AppointmentView, ...]:
        return self._appointments_of_person.get(person_id, ())

    def holders(self, unit_id: int, role: str) -> tuple[int, ...]:
        """People appointed to a unit with a role."""
        return tuple(each.person_id for each in self.appointments_in(unit_id) if each.role == role)

    def ancestors(self, unit_id: int) -> tuple[UnitView, ...]:
        """From the root down to the unit itself."""
        ids = (int(part) for part in self.units[unit_id].path.strip("/").split("/"))
        return tuple(self.units[each] for each in ids if each in self.units)

    def children(self, unit_id: int | None) -> tuple[UnitView, ...]:
        return tuple(unit for unit in self.units.values() if unit.parent_id == unit_id)


def build(on: date, version: int, rows: Rows) -> Directory:
    """Index the rows. Where two units hold a trade over the same area, the lower level, then the older one, gets it."""
    trade: dict[str, dict[str, UnitView]] = defaultdict(dict)
    for unit in sorted(rows.units, key=lambda each: (_LEVEL_ORDER.get(each.level, 9), each.id)):
        for name in unit.trades:
            trade[name].setdefault(unit.area, unit)
    responsibility: dict[str, dict[str, ResponsibilityView]] = defaultdict(dict)
    for row in rows.responsibilities:
        responsibility[row.item_code][row.area] = row
    admission: dict[str, set[str]] = defaultdict(set)
    for item_code, area in rows.admissions:
        admission[item_code].add(area)
    by_unit, by_person, workers, leads = _index_appointments(rows.appointments)
    return Directory(
        on=on,
        version=version,
        units={unit.id: unit for unit in rows.units},
        people={person.id: person for person in rows.people},
        _by_code={unit.code: unit for unit in rows.units},
        _trade=trade,
        _responsibility=responsibility,
        _admission={item: frozenset(areas) for item, areas in admission.items()},
        _appointments_of_unit=by_unit,
        _appointments_of_person=by_person,
        _workers=workers,
        _leads=leads,
        _shifts=_index_shifts(rows.shifts),
    )


Grouped = dict[int, tuple[AppointmentView, ...]]


def _index_appointments(
    rows: Iterable[AppointmentView],
) -> tuple[Grouped, Grouped, dict[str, tuple[AppointmentView, ...]], dict[int, int]]:
    by_unit: dict[int, list[AppointmentView]] = defaultdict(list)
    by_person: dict[int, list[AppointmentView]] = defaultdict(list)
    workers: dict[str, list[AppointmentView]] = defaultdict(list)
    leads: dict[int, int] = {}
    for row in sorted(rows, key=lambda each: each.id):
        by_unit[row.unit_id].append(row)
        by_person[row.person_id].append(row)
        if row.role == "grid_worker" and row.area:
            workers[row.area].append(row)
        if row.role in {"unit_lead", "centre_lead"}:
            leads.setdefault(row.unit_id, row.person_id)
    return (
        {key: tuple(value) for key, value in by_unit.items()},
        {key: tuple(value) for key, value in by_person.items()},
        {key: tuple(value) for key, value in workers.items()},
        leads,
    )


def _index_shifts(
    rows: Iterable[ShiftView],
) -> dict[tuple[int, str], tuple[tuple[datetime, ...], tuple[ShiftView, ...]]]:
    grouped: dict[tuple[int, str], list[ShiftView]] = defaultdict(list)
    for row in sorted(rows, key=lambda each: (each.starts_at, each.person_id)):
        grouped[row.unit_id, row.role].append(row)
    return {key: (tuple(row.starts_at for row in value), tuple(value)) for key, value in grouped.items()}
