"""Staff pages of what keeps coming back: the list, and a word on a case's own page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.desk.shown import area_names, area_words, item_name, state_kind
from huying.casework.cases.models import Case
from huying.casework.cases.rules import State
from huying.casework.cases.words import STATES

from . import access
from .models import Recurrence
from .queries_recurring import recurrences
from .repeats.likeness import ChronicRule


@staff
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Places and kinds that keep coming back, the latest case first."""
    actor = actor_of(request)
    access.must_see_recurring(actor)
    all_of_them = request.GET.get("state") == "all"
    found = recurrences(actor, open_only=not all_of_them, cursor=request.GET.get("cursor"))
    given = {
        "page": found,
        "rows": _rows(found.rows),
        "tabs": [("", _("正在办"), not all_of_them), ("all", _("全部"), all_of_them)],
        "rule": ChronicRule(),
    }
    return render(request, "understanding/recurring.html", given)


def on_case(request: HttpRequest, case: Case) -> str:
    """Above an open case: closing it once more will not do."""
    if not (case.open and case.recurs):
        return ""
    return render_to_string("understanding/recurs.html", {"case": case, "days": ChronicRule().days}, request=request)


def _rows(found: list[Recurrence]) -> list[dict[str, Any]]:
    names = area_names({code for one in found for code in (one.case.grid, one.case.community, one.case.town) if code})
    return [
        {
            "case": one.case,
            "item": item_name(one.case),
            "area": area_words(one.case, names),
            "times": len(one.closings),
            "last": one.closings[-1],
            "raised_at": one.raised_at,
            "state": STATES[State(one.case.state)],
            "state_kind": state_kind(one.case),
        }
        for one in found
    ]
