"""Staff page of the audit of answers: how those given lately read, the weakest first. Advice, never a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.shown import item_name
from huying.ground.organisation.queries import directory
from huying.kernel import clock

from . import access
from .queries_answers import SAMPLE, Audited, audited
from .replies.judging import ASPECTS, LOW


@staff
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The latest answers of closed cases, of all units or of one."""
    actor = actor_of(request)
    access.must_audit(actor)
    asked = request.GET.get("unit", "")
    known = directory(on=clock.local_day(clock.now()))
    unit = known.units.get(int(asked)) if asked.isdigit() and len(asked) < 19 else None
    found = audited(actor, unit_id=unit.id if unit else None)
    shown = {
        "rows": [_row(one) for one in found],
        "aspects": [
            (name, round(fmean(one.advice.aspects[key].score for one in found) * 100)) for key, name in ASPECTS.items()
        ]
        if found
        else [],
        "units": _units(found) if unit is None else [],
        "unit": unit,
        "sample": SAMPLE,
    }
    return render(request, "understanding/answers.html", shown)


def _row(one: Audited) -> dict[str, Any]:
    return {
        "case": one.case,
        "item": item_name(one.case),
        "answer": one.answer,
        "given_at": one.given_at,
        "percent": round(one.advice.overall * 100),
        "low": [ASPECTS[key] for key, aspect in one.advice.aspects.items() if aspect.score < LOW],
    }


def _units(found: Sequence[Audited]) -> list[dict[str, Any]]:
    """Each unit with how many of the answers are its own and how they read on average, the weakest first."""
    by_unit: dict[int, list[Audited]] = {}
    for one in found:
        if one.case.lead_unit_id is not None:
            by_unit.setdefault(one.case.lead_unit_id, []).append(one)
    rows = [
        {
            "unit": answers[0].case.lead_unit,
            "count": len(answers),
            "percent": round(fmean(one.advice.overall for one in answers) * 100),
        }
        for answers in by_unit.values()
    ]
    return sorted(rows, key=lambda row: (row["percent"], -row["count"]))
