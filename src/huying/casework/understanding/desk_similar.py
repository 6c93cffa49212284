"""What may be the same matter, beside a case: to be judged, to be merged, and on its map. Compared once for one page."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from huying.casework.cases import access as case_access
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.map import points_of
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Action
from huying.kernel import clock
from huying.kernel.numbers import whole_number

from .queries_similar import MOST, Similar, matter_of, similar_open

_HELD: Final = "understanding_similar"  # where a request keeps what was found for its cases


def beside(request: HttpRequest, case: Case) -> str:
    """The panel of an open case's page; nothing where there is nothing alike."""
    found = _similar(request, case)
    if not found:
        return ""
    told = case_access.standing(actor_of(request), case)
    given = {"case": case, "similar": found, "may_merge": told is not None and Action.MERGE in told.allowed}
    return render_to_string("understanding/similar.html", given, request=request)


def on_map(request: HttpRequest, case: Case) -> str:
    """The layer of the alike on an open case's map, which asks for those already found."""
    found = ",".join(str(one.case.pk) for one in _similar(request, case) if one.case.lon is not None)
    return render_to_string("understanding/similar_points.html", {"case": case, "found": found}) if found else ""


@staff
@require_GET
def points(request: HttpRequest, case_id: int) -> HttpResponse:
    """What was found alike to a case, as points: the open ones named by ``cases`` that the actor may see."""
    actor = actor_of(request)
    case_access.get_case(actor, case_id)
    named = [whole_number(one) for one in request.GET.get("cases", "").split(",")[:MOST]]
    rows = case_access.visible(actor).filter(pk__in=[one for one in named if one is not None], open=True)
    return points_of(rows.select_related("item", "lead_unit").defer("terms", "proposals", "summary"))


def _similar(request: HttpRequest, case: Case) -> list[Similar]:
    """Found once in a request, however many panels of its page show it."""
    if not case.open:
        return []
    held: dict[int, list[Similar]] = request.__dict__.setdefault(_HELD, {})
    if case.pk not in held:
        held[case.pk] = similar_open(
            matter_of(case),
            case.item,
            now=clock.now(),
            community=case.community,
            exclude=case.pk,
            actor=actor_of(request),
        )
    return held[case.pk]
