"""Staff pages of the rates: the table by unit and the cases behind each number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from huying.casework.clocks.desk import actor_of, case_link, staff
from huying.ground.organisation.models import Unit
from huying.kernel import clock
from huying.kernel.errors import Invalid
from huying.kernel.numbers import whole_number

from . import access, rates

BEHIND = {
    "on_time": gettext_lazy("按期办结"),
    "late": gettext_lazy("逾期办结"),
    "overdue": gettext_lazy("逾期未结"),
    "suspended": gettext_lazy("挂账"),
    "solved": gettext_lazy("已解决"),
    "unsolved": gettext_lazy("未解决"),
    "satisfied": gettext_lazy("满意（4分及以上）"),
    "unsatisfied": gettext_lazy("不满意（3分及以下）"),
}


def _days(request: HttpRequest) -> int:
    days = whole_number(request.GET.get("days", "30"))
    if days is None or days not in rates.WINDOWS:
        raise Invalid(field="days")
    return days


@staff
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """On time, responded, solved, satisfied, by unit; the formula stands beside the number."""
    actor, now = actor_of(request), clock.now()
    access.must_watch(actor)
    days = _days(request)
    whole, *rows = rates.by_unit(actor, days=days, now=now)
    found = {
        "days": days,
        "tabs": [(n, _("近 %(n)s 天") % {"n": n}, n == days) for n in rates.WINDOWS],
        "whole": whole,
        "rows": rows,
        "crumbs": [(reverse("supervision-board"), _("督办")), ("", _("按期率和三率"))],
    }
    return render(request, "supervision/rates.html", found)


@staff
@require_GET
def behind(request: HttpRequest, what: str) -> HttpResponse:
    """The cases a number is made of."""
    actor, now = actor_of(request), clock.now()
    access.must_watch(actor)
    days, unit_id = _days(request), whole_number(request.GET.get("unit", ""))
    page = rates.cases_behind(actor, what, days=days, now=now, unit=unit_id, cursor=request.GET.get("cursor"))
    named = Unit.objects.filter(pk=unit_id).first() if unit_id else None
    found = {
        "page": page,
        "cases": [(case, case_link(case.pk)) for case in page.rows],
        "title": BEHIND[what],
        "whom": named.label if named else _("全部单位"),
        "days": days,
        "crumbs": [
            (reverse("supervision-board"), _("督办")),
            (f"{reverse('supervision-rates')}?days={days}", _("按期率和三率")),
            ("", BEHIND[what]),
        ],
    }
    return render(request, "supervision/rate_cases.html", found)
