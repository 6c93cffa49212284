"""What the supervision board shows: how much is overdue, bounced, badly answered — and who sits on it. Every number has
the list behind it, narrowed by the same :class:`Narrowing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.expressions import Case as OneOf
from django.db.models.expressions import When
from django.utils.translation import get_language

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Case
from huying.casework.clocks.models import Clock
from huying.casework.clocks.recipients import POSTS
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page

from . import access
from .models import SupervisionOrder
from .rules import State

WHATS = ("overdue", "black", "bounced", "bad")
PAGE_SIZE = 50
BAD_SINCE = timedelta(days=90)
MOST_UNITS = 100
MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """``unit`` 0 means nobody is asked yet: the matter lies at the centre."""

    what: str = "overdue"
    unit: int | None = None
    person: int | None = None
    post: str = ""

    def __post_init__(self) -> None:
        if self.what not in WHATS:
            raise Invalid(field="what")


@dataclass(frozen=True, slots=True)
class Counts:
    """``overdue`` and ``black`` are limits, as their lists are; ``overdue_cases`` and ``black_cases`` the cases they are of."""

    overdue: int
    black: int
    bounced: int
    bad: int
    orders_open: int
    orders_answered: int
    orders_late: int
    overdue_cases: int = 0
    black_cases: int = 0


def overdue_clocks(actor: Actor, narrowing: Narrowing | None = None) -> QuerySet[Clock]:
    """Running clocks past their due time, in cases the actor may see."""
    rows = Clock.objects.filter(stopped_at__isnull=True, light__in=("red", "black"))
    if not actor.is_system:
        rows = rows.filter(Exists(case_access.visible(actor).filter(pk=OuterRef("case_id"))))
    if narrowing is None:
        return rows
    if narrowing.what == "black":
        rows = rows.filter(light="black")
    if narrowing.unit is not None:
        rows = rows.filter(assignment__unit=narrowing.unit) if narrowing.unit else rows.filter(assignment__isnull=True)
    if narrowing.person is not None:
        rows = rows.filter(assignment__person=narrowing.person)
    if narrowing.post:
        rows = rows.filter(_of_post(narrowing.post))
    return rows


def _of_post(post: str) -> Q:
    """Clocks that run against a post, families of kinds (``follow_up:<id>``) with them."""
    found = Q(pk__in=[])
    for kind in (kind for kind, whose in POSTS.items() if whose == post):
        found |= Q(kind=kind) | Q(kind__startswith=f"{kind}:")
    return found


def troubled_cases(actor: Actor, narrowing: Narrowing, *, now: datetime) -> QuerySet[Case]:
    """Cases returned at least once and still open, or badly answered within the last ninety days."""
    cases = case_access.visible(actor)
    if narrowing.what == "bounced":
        cases = cases.filter(open=True, returns__gt=0)
    else:
        cases = cases.filter(Q(redos__gt=0) | Q(rating__lte=2), opened_at__gte=now - BAD_SINCE)
    if narrowing.unit is not None:
        cases = cases.filter(lead_unit=narrowing.unit) if narrowing.unit else cases.filter(lead_unit__isnull=True)
    if narrowing.person is not None:
        cases = cases.filter(lead_person=narrowing.person)
    return cases


def counts(actor: Actor, *, now: datetime) -> Counts:
    """The head of the board; four queries."""
    black = Q(light="black")
    lights = overdue_clocks(actor).aggregate(
        all=Count("id"),
        black=Count("id", filter=black),
        cases=Count("case_id", distinct=True),
        black_cases=Count("case_id", filter=black, distinct=True),
    )
    live = access.visible(actor).exclude(state=State.CLOSED)
    orders = live.aggregate(
        open=Count("id", filter=Q(state=State.OPEN)),
        answered=Count("id", filter=Q(state=State.ANSWERED)),
        late=Count("id", filter=Q(state=State.OPEN, due_at__lt=now)),
    )
    return Counts(
        lights["all"],
        lights["black"],
        troubled_cases(actor, Narrowing(what="bounced"), now=now).count(),
        troubled_cases(actor, Narrowing(what="bad"), now=now).count(),
        orders["open"],
        orders["answered"],
        orders["late"],
        lights["cases"],
        lights["black_cases"],
    )


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit (or the centre itself, ``unit_id`` 0) and what lies with it."""

    unit_id: int
    name: str
    name_en: str
    overdue: int
    black: int
    oldest: datetime | None
    bounced: int
    bad: int

    @property
    def weight(self) -> tuple[int, int, int]:
        return self.black, self.overdue, self.bounced + self.bad


def by_unit(actor: Actor, *, now: datetime, most: int = MOST_UNITS) -> list[UnitRow]:
    """Who sits on it, the heaviest first; three queries."""
    found: dict[int, dict[str, object]] = {}
    overdue = (
        overdue_clocks(actor)
        .values(unit=F("assignment__unit"), name=F("assignment__unit__name"), name_en=F("assignment__unit__name_en"))
        .annotate(overdue=Count("id"), black=Count("id", filter=Q(light="black")), oldest=Min("due_at"))
        .order_by()
    )
    for row in overdue:
        found[row["unit"] or 0] = dict(row)
    for what in ("bounced", "bad"):
        troubled = (
            troubled_cases(actor, Narrowing(what=what), now=now)
            .values(unit=F("lead_unit"), name=F("lead_unit__name"), name_en=F("lead_unit__name_en"))
            .annotate(count=Count("id"))
            .order_by()
        )
        for each in troubled:
            held = found.setdefault(each["unit"] or 0, {"name": each["name"], "name_en": each["name_en"]})
            held[what] = each["count"]
    made = [_unit_row(unit_id, held) for unit_id, held in found.items()]
    return sorted(made, key=lambda row: (row.weight, -row.unit_id), reverse=True)[:most]


def _unit_row(unit_id: int, held: dict[str, object]) -> UnitRow:
    def number(name: str) -> int:
        value = held.get(name)
        return value if isinstance(value, int) else 0

    oldest = held.get("oldest")
    return UnitRow(
        unit_id,
        str(held.get("name") or ""),
        str(held.get("name_en") or ""),
        number("overdue"),
        number("black"),
        oldest if isinstance(oldest, datetime) else None,
        number("bounced"),
        number("bad"),
    )


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody with overdue matters in hand, and their unit, by their names in the reader's language."""

    person_id: int
    name: str
    unit_id: int
    unit: str
    overdue: int
    black: int
    oldest: datetime


def _own_name(of: str) -> OneOf | F:
    """The name of a person or unit in the reader's language."""
    if not (get_language() or "").startswith("en"):
        return F(f"{of}__name")
    return OneOf(When(**{f"{of}__name_en": ""}, then=F(f"{of}__name")), default=F(f"{of}__name_en"))


def by_person(actor: Actor, *, unit: int | None = None, most: int = MOST_PEOPLE) -> list[PersonRow]:
    """People with overdue matters in hand; one query. A list of matters to move, not a ranking of people."""
    rows = overdue_clocks(actor, Narrowing(unit=unit)).filter(assignment__person__isnull=False)
    grouped = (
        rows.values(
            person=F("assignment__person"),
            name=_own_name("assignment__person"),
            unit=F("assignment__unit"),
            unit_name=_own_name("assignment__unit"),
        )
        .annotate(overdue=Count("id"), black=Count("id", filter=Q(light="black")), oldest=Min("due_at"))
        .order_by("-black", "-overdue", "oldest")[:most]
    )
    return [
        PersonRow(
            row["person"],
            row["name"],
            row["unit"],
            row["unit_name"],
            row["overdue"],
            row["black"],
            row["oldest"],
        )
        for row in grouped
    ]


def cases_behind(actor: Actor, narrowing: Narrowing) -> int:
    """How many cases the limits of a list are of; one query."""
    return overdue_clocks(actor, narrowing).aggregate(cases=Count("case_id", distinct=True))["cases"] or 0


def overdue_page(
    actor: Actor, narrowing: Narrowing, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Clock]:
    """The clocks behind a number, the longest overdue first; one query."""
    rows = overdue_clocks(actor, narrowing).select_related(
        "case__item", "case__lead_unit", "assignment__unit", "assignment__person"
    )
    return page(rows.defer("case__terms", "case__proposals", "case__summary"), ("due_at", "id"), cursor, size)


def troubled_page(
    actor: Actor, narrowing: Narrowing, *, now: datetime, cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[Case]:
    """The cases behind a number, newest first; one query."""
    rows = troubled_cases(actor, narrowing, now=now).select_related("item", "lead_unit", "lead_person")
    return page(rows.defer("terms", "proposals", "summary"), ("-id",), cursor, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilters:
    state: str = ""
    cause: str = ""
    grade: str = ""
    unit: int | None = None
    case: int | None = None
    late: bool = False


def order_page(
    actor: Actor,
    filters: OrderFilters,
    *,
    now: datetime,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[SupervisionOrder]:
    """Orders the actor may see: live ones by due time, all others newest first; one query."""
    rows = access.visible(actor).select_related("case", "unit", "person")
    wanted = {"state": filters.state, "cause": filters.cause, "grade": filters.grade}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if filters.unit is not None:
        rows = rows.filter(unit=filters.unit)
    if filters.case is not None:
        rows = rows.filter(case=filters.case)
    if filters.late:
        rows = rows.filter(state=State.OPEN, due_at__lt=now)
    order: Sequence[str] = ("due_at", "id") if filters.state == State.OPEN or filters.late else ("-id",)
    return page(rows.defer("case__terms", "case__proposals", "case__summary"), order, cursor, size)


def orders_of(case_id: int, actor: Actor) -> list[SupervisionOrder]:
    """The orders of a case the actor may see, oldest first; one query."""
    return list(access.visible(actor).filter(case=case_id).select_related("unit").order_by("id"))


def count_to_answer(actor: Actor) -> int:
    """Orders that wait for the actor: for a unit to answer, for a supervisor to judge."""
    watches = bool(actor.duties_of(*access.READERS))
    return access.visible(actor).filter(state=State.ANSWERED if watches else State.OPEN).count()
