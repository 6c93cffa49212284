"""The supervisors' board: by grid and by worker, every number with its list, and the map of coverage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.clocks.desk import actor_of, case_link, staff
from huying.ground.organisation import rules as organisation
from huying.ground.organisation.models import Person
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.clock import local_day

from .. import access, queries, queries_board, words
from ..models import Task
from ..rules import SkipReason, TaskKind, TaskState, lateness
from .frame import OFFERED, area_of, number_of, period_of
from .whom import asked_of, by_walker, walkers_of


@staff
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """How much of what was due was done, by grid and by worker."""
    actor, now = actor_of(request), clock.now()
    access.must_oversee(actor)
    period, area = period_of(request, now), area_of(request)
    found = queries_board.board(actor, since=period.since, until=period.until, now=now, area=area)
    walkers, people = by_walker(found.grids, found.workers, walkers_of((row.area for row in found.grids), now))
    shown = {
        "board": found,
        "grids": [(row, people.get(row.area)) for row in found.grids],
        "walkers": walkers,
        "period": period,
        "area": area,
        "area_name": territory.names_here([area]).get(area, area) if area else "",
        "tabs": [(n, _("近 %(n)s 天") % {"n": n}, n == period.days) for n in OFFERED],
        "may_plan": bool(access.areas_of(actor, *access.PLANNERS)),
    }
    return render(request, "field/board.html", shown)


@staff
@require_GET
def coverage(request: HttpRequest) -> JsonResponse:
    """The grids with their shares, for the map."""
    actor, now = actor_of(request), clock.now()
    access.must_oversee(actor)
    period = period_of(request, now)
    rows = queries_board.by_grid(actor, since=period.since, until=period.until, now=now, area=area_of(request))
    return JsonResponse(queries_board.coverage_geojson(rows))


@staff
@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """The tasks behind a number."""
    actor, now = actor_of(request), clock.now()
    access.must_oversee(actor)
    period, what = period_of(request, now), request.GET.get("what", "due")
    narrowing = queries.Narrowing(
        what=what if what in words.WHATS else "due",
        since=period.since,
        until=period.until,
        area=area_of(request),
        person=number_of(request, "person"),
        kind=request.GET.get("kind", "") if request.GET.get("kind") in set(TaskKind) else "",
        plan=request.GET.get("plan", "")[:32],
    )
    page = queries.task_page(actor, narrowing, now=now, cursor=request.GET.get("cursor"))
    reasons = queries.skip_reasons()
    asked = asked_of([row for row in page.rows if row.done_by_id is None], now)
    shown = {
        "page": page,
        "rows": [_task_row(row, now, reasons) | {"whom": row.done_by or asked.get(row.pk)} for row in page.rows],
        "narrowing": narrowing,
        "may_open": organisation.may_somewhere(actor, "registry.view"),
        "title": words.WHATS[narrowing.what],
        "period": period,
        "about": _about(narrowing),
        "whats": list(words.WHATS.items()),
        "kinds": list(words.TASK_KINDS.items()),
        "crumbs": [(f"{reverse('field-board')}?{period.query}", _("网格工作")), ("", words.WHATS[narrowing.what])],
    }
    return render(request, "field/tasks.html", shown)


def _task_row(row: Task, now: datetime, reasons: Mapping[str, SkipReason]) -> dict[str, Any]:
    how = lateness(opens_at=row.opens_at, due_at=row.due_at, done_at=row.done_at, now=now).word
    state = words.LATENESS[how] if row.state in ("open", "done") else words.STATES[row.state]
    last = local_day(row.due_at - timedelta(microseconds=1))
    return {
        "task": row,
        "kind": words.TASK_KINDS[row.kind],
        "state": state,
        "why": words.skip_label(row.skip, reasons) if row.skip else "",
        "late": how in ("late", "done_late") and row.state in ("open", "done"),
        "last": last,
        "days_over": (local_day(now) - last).days if row.state == TaskState.OPEN and row.due_at < now else 0,
    }


def _about(narrowing: queries.Narrowing) -> str:
    said = [territory.names_here([narrowing.area]).get(narrowing.area, narrowing.area)] if narrowing.area else []
    if narrowing.person is not None:
        person = Person.objects.filter(pk=narrowing.person).first()
        said.append(person.label if person is not None else "")
    return " · ".join(one for one in said if one)


@staff
@require_GET
def findings(request: HttpRequest) -> HttpResponse:
    """What failed in a period, and how far each is."""
    actor, now = actor_of(request), clock.now()
    access.must_oversee(actor)
    period, area = period_of(request, now), area_of(request)
    page = queries.finding_page(
        actor, since=period.since, until=period.until, area=area, cursor=request.GET.get("cursor")
    )
    rows = [
        {
            "finding": row,
            "severity": words.SEVERITIES[row.severity],
            "state": words.FINDINGS[row.state],
            "case_url": case_link(row.case_id) if row.case_id else "",
        }
        for row in page.rows
    ]
    crumbs = [(f"{reverse('field-board')}?{period.query}", _("网格工作")), ("", _("查出的问题"))]
    return render(request, "field/findings.html", {"page": page, "rows": rows, "period": period, "crumbs": crumbs})
