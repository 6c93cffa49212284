"""Every read of the organisation. `directory` is the fast one; the rest feed screens and the API."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from huying.kernel.paging import Page, page
from huying.kernel.remembering import stamp, watch
from huying.kernel.trace import Entry

from . import rules
from .directory import (
    AppointmentView,
    Directory,
    PersonView,
    ResponsibilityView,
    Rows,
    ShiftView,
    UnitView,
    build,
)
from .models import (
    Admission,
    ApiKey,
    Appointment,
    DirectoryVersion,
    Person,
    Responsibility,
    Shift,
    Unit,
)

SHIFTS_BEFORE = timedelta(days=8)  # how far around its day a directory knows the rota
SHIFTS_AFTER = timedelta(days=35)
_KEPT = 8

_cache: OrderedDict[tuple[str, date], Directory] = OrderedDict()
_guard = threading.Lock()
watch("directory", f"SELECT number FROM {DirectoryVersion._meta.db_table} WHERE id = 1")


def directory(*, on: date) -> Directory:
    """The organisation on a day, immutable and cached; costs one small query when nothing has changed.

    Rotas are known from 8 days before `on` to 35 days after. Call once for a batch, never once for a row.
    """
    version: int = stamp("directory") or 0
    key = (_database(), on)
    with _guard:
        held = _cache.get(key)
        if held is not None and held.version == version:
            _cache.move_to_end(key)
            return held
    fresh = build(on, version, _rows(on))
    with _guard:
        _cache[key] = fresh
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return fresh


def _database() -> str:
    return str(DirectoryVersion.objects.db)


def _rows(on: date) -> Rows:
    noon = timezone.make_aware(datetime.combine(on, time(12)))
    assists: dict[int, list[int]] = {}
    responsibilities = list(Responsibility.objects.on(on).values_list(*_RESPONSIBILITY))
    through = Responsibility.assist_units.through.objects.order_by("id").values_list("responsibility_id", "unit_id")
    for row_id, unit_id in through:
        assists.setdefault(row_id, []).append(unit_id)
    return Rows(
        units=tuple(_unit(row) for row in Unit.objects.on(on).order_by("id").values_list(*_UNIT)),
        people=tuple(PersonView(*row) for row in Person.objects.on(on).values_list("id", "name", "phone", "user_id")),
        appointments=tuple(AppointmentView(*row) for row in Appointment.objects.on(on).values_list(*_APPOINTMENT)),
        responsibilities=tuple(_responsibility(row, assists) for row in responsibilities),
        admissions=tuple(Admission.objects.on(on).values_list("item_code", "area")),
        shifts=tuple(
            ShiftView(*row)
            for row in Shift.objects.filter(
                starts_at__lt=noon + SHIFTS_AFTER, ends_at__gt=noon - SHIFTS_BEFORE
            ).values_list("person_id", "unit_id", "role", "starts_at", "ends_at")
        ),
    )


_UNIT = ("id", "code", "name", "name_en", "kind", "level", "parent_id", "path", "area", "trades", "phone")
_APPOINTMENT = ("id", "person_id", "unit_id", "role", "area")
_RESPONSIBILITY = ("id", "item_code", "area", "lead_unit_id", "first_asked_unit_id", "legal_basis", "source")


def _unit(row: Sequence[Any]) -> UnitView:
    values = dict(zip(_UNIT, row, strict=True))
    return UnitView(**(values | {"trades": tuple(values["trades"])}))


def _responsibility(row: Sequence[Any], assists: dict[int, list[int]]) -> ResponsibilityView:
    values = dict(zip(_RESPONSIBILITY, row, strict=True))
    return ResponsibilityView(**values, assist_unit_ids=tuple(assists.get(row[0], ())))


# --- tree, units, people ---------------------------------------------------------------------------------------


def unit_rows(*, on: date, within: str = "", search: str = "", kind: str = "", bound: int = 2000) -> list[Unit]:
    """Units valid on a day in tree order, each with `people` (how many are appointed). One query."""
    rows = Unit.objects.on(on).filter(path__startswith=within) if within else Unit.objects.on(on)
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(name_en__icontains=search) | Q(code__istartswith=search))
    if kind:
        rows = rows.filter(kind=kind)
    valid = Q(appointments__valid_from__lte=on) & (
        Q(appointments__valid_to__isnull=True) | Q(appointments__valid_to__gt=on)
    )
    return list(rows.annotate(staff=Count("appointments__person", filter=valid, distinct=True)).order_by("id")[:bound])


def tree(rows: Sequence[Unit]) -> list[dict[str, Any]]:
    """Nest units under their parents: [{"unit", "depth", "children"}], order kept."""
    nodes: dict[int, dict[str, Any]] = {
        unit.pk: {"unit": unit, "children": [], "depth": unit.path.count("/") - 2} for unit in rows
    }
    roots: list[dict[str, Any]] = []
    for unit in rows:
        parent = nodes.get(unit.parent_id) if unit.parent_id else None
        (parent["children"] if parent else roots).append(nodes[unit.pk])
    return roots


def appointments_in(unit: Unit, *, on: date, bound: int = 500) -> list[Appointment]:
    """Who holds which post in a unit, chiefs first. One query."""
    rows = Appointment.objects.on(on).filter(unit=unit).select_related("person", "post")
    return list(rows.order_by("post__rank", "person__name", "area")[:bound])


def appointments_of(person: Person, *, bound: int = 200) -> list[Appointment]:
    """All appointments somebody has or had, the newest first. One query."""
    rows = Appointment.objects.filter(person=person).select_related("unit", "post")
    return list(rows.order_by("-valid_from", "post__rank", "area")[:bound])


def people(
    *, on: date, search: str = "", unit_path: str = "", cursor: str | None = None, size: int = 50
) -> Page[Person]:
    """People on strength, by staff number; `search` matches name, pinyin, staff number or phone. One query."""
    rows: QuerySet[Person] = Person.objects.on(on)
    if search:
        rows = rows.filter(
            Q(name__icontains=search) | Q(name_en__icontains=search) | Q(number=search) | Q(phone=search)
        )
    if unit_path:
        held = Appointment.objects.on(on).filter(unit__path__startswith=unit_path).values("person_id")
        rows = rows.filter(id__in=held)
    return page(rows, ("number",), cursor, size)


def person_record(person: Person, *, bound: int = 20) -> tuple[list[tuple[str, int]], list[Entry]]:
    """一人一档: how often each act of this person stands in the trace, and the latest entries. Two queries."""
    # The second condition lets the partial index of migration 0002 serve both queries.
    entries = Entry.objects.filter(actor_ref=f"person:{person.pk}", actor_ref__startswith="person:")
    counts = entries.order_by().values_list("verb").annotate(times=Count("id")).order_by("-times", "verb")[:30]
    return list(counts), list(entries.order_by("-id")[:bound])


def unit_record(unit: Unit, *, bound: int = 20) -> list[Entry]:
    """The latest entries on a unit's own chain. One query."""
    return list(Entry.objects.filter(chain=f"unit:{unit.code}").order_by("-seq")[:bound])


# --- rotas -----------------------------------------------------------------------------------------------------


def shifts_between(
    since: datetime, until: datetime, *, unit: Unit | None = None, person: Person | None = None, bound: int = 2000
) -> list[Shift]:
    """Shifts touching a stretch of time, in order. One query."""
    rows = Shift.objects.filter(starts_at__lt=until, ends_at__gt=since).select_related("person", "unit")
    if unit is not None:
        rows = rows.filter(unit=unit)
    if person is not None:
        rows = rows.filter(person=person)
    return list(rows.order_by("starts_at", "role", "person_id")[:bound])


def rota_gaps(shifts: Iterable[Shift], *, since: datetime, until: datetime) -> dict[str, list[rules.Gap]]:
    """For each role that has any shift, the stretches nobody covers."""
    by_role: dict[str, list[rules.Span]] = {}
    for shift in shifts:
        by_role.setdefault(shift.role, []).append(rules.Span(shift.person_id, shift.starts_at, shift.ends_at))
    return {role: rules.gaps(spans, since=since, until=until) for role, spans in by_role.items()}


def units_with_rota(*, since: datetime, until: datetime, bound: int = 200) -> list[Unit]:
    """Units that have any shift in a stretch of time, by name."""
    ids = Shift.objects.filter(starts_at__lt=until, ends_at__gt=since).values("unit_id")
    return list(Unit.objects.filter(id__in=ids).order_by("level", "id")[:bound])


# --- lists -----------------------------------------------------------------------------------------------------


def responsibilities(
    *, on: date, item: str = "", area: str = "", unit_id: int | None = None, cursor: str | None = None, size: int = 50
) -> Page[Responsibility]:
    """Rows of the responsibility list by item and area; `area` finds rows for it, above it and inside it. Two queries."""
    rows: QuerySet[Responsibility] = Responsibility.objects.on(on)
    if item:
        rows = rows.filter(item_code__startswith=item)
    if area:
        rows = rows.filter(_touching(area))
    if unit_id is not None:
        assisted = Responsibility.assist_units.through.objects.filter(unit_id=unit_id).values("responsibility_id")
        rows = rows.filter(Q(lead_unit_id=unit_id) | Q(id__in=assisted))
    rows = rows.select_related("lead_unit", "first_asked_unit").prefetch_related("assist_units")
    return page(rows, ("item_code", "area", "id"), cursor, size)


def admissions(
    *, on: date, area: str = "", item: str = "", cursor: str | None = None, size: int = 100
) -> Page[Admission]:
    """Rows of the admission list by item; `area` finds rows for it, above it and inside it. One query."""
    rows: QuerySet[Admission] = Admission.objects.on(on)
    if area:
        rows = rows.filter(_touching(area))
    if item:
        rows = rows.filter(item_code__startswith=item)
    return page(rows, ("item_code", "area", "id"), cursor, size)


def _touching(area: str) -> Q:
    return Q(area__in=rules.prefixes(area)) | Q(area__startswith=area)


def api_keys(*, bound: int = 500) -> list[ApiKey]:
    """All keys, the living first."""
    return list(ApiKey.objects.select_related("unit").order_by("-revoked_at", "-issued_at")[:bound])


# --- staffing of grids -----------------------------------------------------------------------------------------


def staffing(grids: Sequence[str], *, on: date, norm: rules.StaffingNorm | None = None) -> list[rules.Staffing]:
    """Check grids (15-digit codes) against 1+1+N. Two queries however many grids there are."""
    rows = (
        Appointment.objects.on(on)
        .filter(role__in=("grid_worker", "grid_lead", "assistant"))
        .values_list("person_id", "role", "area", "person__employment")
        .order_by("id")
    )
    holders = [
        rules.Holder(person_id, role, area, employment in {"civil", "contract"})
        for person_id, role, area, employment in rows
    ]
    teams = Unit.objects.on(on).filter(kind="team").values_list("id", "area")
    return rules.staffing(grids, holders, list(teams), norm)
