"""按期率和三率: how many were done on time, answered in time, solved, found satisfying — and every number's own list.

Formulas (domain sheet §4.1): on time = closed on time ÷ (closed + open and overdue). What is suspended 挂账, transferred,
merged or declined is in neither part; suspended cases are counted beside. Responded = signed by the respond limit ÷ those
whose respond limit has come. Solved and satisfied (score ≥4) are shares of the reporters who were asked and answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Assignment, Case
from huying.casework.cases.rules import State
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.paging import Page, page

WINDOWS = {7: timedelta(days=7), 30: timedelta(days=30), 90: timedelta(days=90)}
BEHIND = ("on_time", "late", "overdue", "suspended", "solved", "unsolved", "satisfied", "unsatisfied")
_SATISFIED = 4


@dataclass(frozen=True, slots=True)
class Rates:
    """Numbers of one unit (or of all, ``unit_id`` ``None``); shares are percent, ``None`` where nothing was counted."""

    unit_id: int | None
    name: str
    on_time: int
    late: int
    overdue: int
    suspended: int
    solved: int
    unsolved: int
    satisfied: int
    unsatisfied: int
    responded: int = 0
    to_respond: int = 0

    @property
    def on_time_share(self) -> int | None:
        return share(self.on_time, self.on_time + self.late + self.overdue)

    @property
    def responded_share(self) -> int | None:
        return share(self.responded, self.to_respond)

    @property
    def solved_share(self) -> int | None:
        return share(self.solved, self.solved + self.unsolved)

    @property
    def satisfied_share(self) -> int | None:
        return share(self.satisfied, self.satisfied + self.unsatisfied)


def share(part: int, whole: int) -> int | None:
    """Percent, rounded down so that 100 % means all of them; ``None`` of nothing."""
    return None if whole == 0 else part * 100 // whole


def behind(what: str, *, since: datetime, now: datetime) -> Q:
    """The condition a number stands for."""
    closed = Q(state__in=[State.CLOSED, State.ARCHIVED], closed_at__gte=since, closed_at__lte=now)
    led = closed & Q(lead_unit__isnull=False)
    conditions = {
        "on_time": led & Q(closed_late=False),
        "late": led & Q(closed_late=True),
        "overdue": Q(open=True, due_at__lt=now, lead_unit__isnull=False) & ~Q(state=State.SUSPENDED),
        "suspended": Q(state=State.SUSPENDED),
        "solved": closed & Q(solved=True),
        "unsolved": closed & Q(solved=False),
        "satisfied": closed & Q(rating__gte=_SATISFIED),
        "unsatisfied": closed & Q(rating__lt=_SATISFIED),
    }
    if what not in conditions:
        raise Invalid(field="what")
    return conditions[what]


def by_unit(actor: Actor, *, days: int, now: datetime) -> list[Rates]:
    """The rates of every unit with something to count, all together first. Two queries."""
    since = _since(days, now)
    asked = {f"n_{what}": Count("id", filter=behind(what, since=since, now=now)) for what in BEHIND}
    relevant = Q(closed_at__gte=since) | Q(open=True)
    rows = (
        case_access.visible(actor)
        .filter(relevant, lead_unit__isnull=False)
        .values("lead_unit", name=F("lead_unit__name"))
        .annotate(**asked)
        .order_by()
    )
    answers = _answers(actor, since, now)
    made = [_rates(row["lead_unit"], row["name"], row, answers.get(row["lead_unit"], (0, 0))) for row in rows]
    made = [one for one in made if one.on_time + one.late + one.overdue + one.suspended + one.to_respond]
    made.sort(key=lambda one: (one.on_time_share if one.on_time_share is not None else 101, -one.overdue))
    return [_together(made), *made]


def _rates(unit_id: int | None, name: str, row: dict[str, int], answer: tuple[int, int]) -> Rates:
    numbers = {what: row[f"n_{what}"] for what in BEHIND}
    return Rates(unit_id, name, **numbers, responded=answer[0], to_respond=answer[1])


def _together(rows: list[Rates]) -> Rates:
    def total(name: str) -> int:
        return sum(getattr(row, name) for row in rows)

    numbers = {what: total(what) for what in BEHIND}
    return Rates(None, "", **numbers, responded=total("responded"), to_respond=total("to_respond"))


def _answers(actor: Actor, since: datetime, now: datetime) -> dict[int, tuple[int, int]]:
    """Unit → (signed in time, should have been signed by now)."""
    seen = case_access.visible(actor).filter(pk=OuterRef("case_id"))
    rows = Assignment.objects.filter(Exists(seen), role="lead", respond_due__gte=since, respond_due__lte=now)
    rows = rows.exclude(state__in=(Assignment.State.RECALLED, Assignment.State.DROPPED))
    counted = rows.values("unit").annotate(due=Count("id"), good=Count("id", filter=Q(signed_at__lte=F("respond_due"))))
    return {row["unit"]: (row["good"], row["due"]) for row in counted.order_by()}


def cases_behind(
    actor: Actor, what: str, *, days: int, now: datetime, unit: int | None = None, cursor: str | None = None
) -> Page[Case]:
    """The cases a number is made of, newest first."""
    rows: QuerySet[Case] = case_access.visible(actor).filter(behind(what, since=_since(days, now), now=now))
    if unit is not None:
        rows = rows.filter(lead_unit=unit)
    return page(rows.select_related("item", "lead_unit", "lead_person").defer("terms"), ("-id",), cursor, 50)


def _since(days: int, now: datetime) -> datetime:
    if days not in WINDOWS:
        raise Invalid(field="days")
    return now - WINDOWS[days]
