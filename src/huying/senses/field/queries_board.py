"""What supervisors see: how much of what was due was done, by grid and by worker, and what a person has to look at.

Done share = done ÷ (done + overdue); in time share = in time ÷ (done + overdue). What was passed over with a reason, what
is not due yet and what ended counts on neither side. There is no ranking: a grid of many old shops has more to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.db.models.functions import Left

from huying.ground.organisation.models import Person
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor

from . import access
from .queries import behind
from .rules import Coverage, TaskState, total

MOST_ROWS = 500
_PARTS = ("in_time", "late", "skipped", "overdue", "waiting")


@dataclass(frozen=True, slots=True)
class GridRow:
    """One grid (15 digits; shorter where nothing more exact is known): its figures and its findings."""

    area: str
    name: str
    coverage: Coverage
    findings: int


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """What one worker closed in the period. Not a ranking: who walks where decides how much there is to do."""

    person_id: int
    name: str
    number: str
    done: int
    late: int
    skipped: int
    findings: int


@dataclass(frozen=True, slots=True)
class Board:
    whole: Coverage
    grids: list[GridRow]
    workers: list[WorkerRow]
    doubts: int
    spot_checks: int
    findings: int


def board(actor: Actor, *, since: datetime, until: datetime, now: datetime, area: str = "") -> Board:
    """The supervisor's view of a period (half-open, by due time). Seven queries however much there is."""
    grids = by_grid(actor, since=since, until=until, now=now, area=area)
    inside = Q(area__startswith=area) if area else Q()
    doubted = access.overseen_check_ins(actor).filter(inside, verdict="").exclude(doubts=[])
    return Board(
        whole=total(row.coverage for row in grids),
        grids=grids,
        workers=_workers(actor, since, until, inside),
        doubts=doubted.count(),
        spot_checks=access.overseen_spot_checks(actor).filter(inside, result="").count(),
        findings=sum(row.findings for row in grids),
    )


def by_grid(actor: Actor, *, since: datetime, until: datetime, now: datetime, area: str = "") -> list[GridRow]:
    """Figures by grid, in the order of their codes. Two queries."""
    inside = Q(area__startswith=area) if area else Q()
    due = access.overseen_tasks(actor).filter(inside, due_at__gt=since, due_at__lte=until)
    parts = {f"n_{one}": Count("id", filter=behind(one, now=now)) for one in _PARTS}
    rows = due.annotate(grid=Left("area", 15)).values("grid").annotate(**parts).order_by("grid")
    found = access.overseen_findings(actor).filter(inside, found_at__gte=since, found_at__lt=until)
    counted = found.annotate(grid=Left("area", 15)).values_list("grid").annotate(n=Count("id")).order_by("grid")
    findings = dict(counted)
    coverage = {row["grid"]: Coverage(*(row[f"n_{one}"] for one in _PARTS)) for row in rows}
    codes = sorted({*coverage, *findings})[:MOST_ROWS]
    names = territory.names_here(codes)
    return [
        GridRow(code, names.get(code, code), coverage.get(code, Coverage()), findings.get(code, 0)) for code in codes
    ]


def _workers(actor: Actor, since: datetime, until: datetime, inside: Q) -> list[WorkerRow]:
    """By staff number. Three queries."""
    closed = access.overseen_tasks(actor).filter(inside, done_by__isnull=False, due_at__gt=since, due_at__lte=until)
    rows = {
        row["done_by"]: row
        for row in closed.values("done_by")
        .annotate(
            done=Count("id", filter=Q(state=TaskState.DONE)),
            late=Count("id", filter=Q(state=TaskState.DONE, done_late=True)),
            skipped=Count("id", filter=Q(state=TaskState.SKIPPED)),
        )
        .order_by("done_by")
    }
    found = access.overseen_findings(actor).filter(inside, found_at__gte=since, found_at__lt=until)
    findings = dict(found.filter(found_by__isnull=False).values_list("found_by").annotate(n=Count("id")).order_by())
    people = Person.objects.in_bulk([*rows, *findings])
    made = [
        WorkerRow(
            person.pk,
            person.label,
            person.number,
            *(rows.get(person.pk, {}).get(name, 0) for name in ("done", "late", "skipped")),
            findings.get(person.pk, 0),
        )
        for person in people.values()
    ]
    return sorted(made, key=lambda row: row.number)[:MOST_ROWS]


def coverage_geojson(rows: Iterable[GridRow]) -> dict[str, object]:
    """The grids' outlines with their done share, for the map."""
    features = []
    for row in rows:
        outline = territory.shape_of(row.area)
        if outline is None:
            continue
        share = row.coverage.done_share
        features.append(
            {
                "type": "Feature",
                "geometry": territory.geometry_json(outline),
                "properties": {
                    "name": f"{row.name} {'—' if share is None else f'{share}%'}",
                    "count": row.coverage.overdue,
                    "code": row.area,
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}
