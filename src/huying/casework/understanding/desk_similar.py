"""What may be the same matter, beside a case: to be judged, to be merged, and on its map."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from huying.casework.cases import access as case_access
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.map import points_of
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Action
from huying.kernel import clock

from .queries_similar import Similar, matter_of, similar_open


def beside(request: HttpRequest, case: Case) -> str:
    """The panel of an open case's page; nothing where there is nothing alike."""
    found = _similar(request, case)
    if not found:
        return ""
    told = case_access.standing(actor_of(request), case)
    given = {"case": case, "similar": found, "may_merge": told is not None and Action.MERGE in told.allowed}
    return render_to_string("understanding/similar.html", given, request=request)


def on_map(request: HttpRequest, case: Case) -> str:
    """The layer of the alike on an open case's map."""
    return render_to_string("understanding/similar_points.html", {"case": case}) if case.open else ""


@staff
@require_GET
def points(request: HttpRequest, case_id: int) -> HttpResponse:
    """What is alike to a case, as points."""
    case = case_access.get_case(actor_of(request), case_id)
    return points_of(one.case for one in _similar(request, case))


def _similar(request: HttpRequest, case: Case) -> list[Similar]:
    if not case.open:
        return []
    asked = matter_of(case)
    return similar_open(
        asked, case.item, now=clock.now(), community=case.community, exclude=case.pk, actor=actor_of(request)
    )
