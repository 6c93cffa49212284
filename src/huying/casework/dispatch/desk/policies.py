"""The dispatch policy: from which confidence matters go out by themselves, by area and day, each with its source."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.desk.pickers import area_from
from huying.casework.understanding import queries as understanding
from huying.casework.understanding.rules import needed_confidence
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid

from .. import access, desk_queries
from ..policies import add_policy
from ..rules import Policy
from .queue import english
from .reading import desk_page

_OFFERED = (0.9, 0.95, 0.98, 0.99)
_SHARES = ("min_confidence", "min_margin", "min_place")


@desk_page(access.must_read_policies)
@require_http_methods(["GET", "POST"])
def policies(request: HttpRequest) -> HttpResponse:
    """Every policy ever set, what holds today, and a form for those who may set one."""
    actor = actor_of(request)
    if request.method != "POST":
        return render(request, "dispatch/policies.html", _page(actor))
    try:
        _add(request, actor)
    except HuyingError as error:
        found = _page(actor) | {"error": error, "typed": request.POST}
        return render(request, "dispatch/policies.html", found, status=error.status)
    messages.success(request, _("已保存分拨规则"))
    return redirect("dispatch-policies")


def _page(actor: Actor) -> dict[str, Any]:
    today = clock.local_day(clock.now())
    rows = desk_queries.policies()
    labels = territory.labels([row.area for row in rows if row.area], "en" if english() else "zh")
    return {
        "rows": [
            {
                "row": row,
                "area": labels.get(row.area, "") if row.area else _("全部"),
                "precision": round(row.precision * 100) if row.precision is not None else None,
                "shares": [round(getattr(row, name) * 100) for name in _SHARES],
                "holds": row.valid_from <= today and (row.valid_to is None or row.valid_to > today),
                "ahead": row.valid_from > today,
            }
            for row in rows
        ],
        "may_edit": bool(actor.duties_of(*access.POLICY_EDITORS)),
        "reached": _reached(),
        "default": [round(getattr(Policy(), name) * 100) for name in _SHARES],
        "today": today.isoformat(),
    }


def _reached() -> list[dict[str, Any]]:
    """What share of matters would go by themselves at each precision, by the report card of the model that speaks."""
    card = understanding.card_speaking()
    found = {precision: needed_confidence(card, precision) for precision in _OFFERED} if card.get("curve") else {}
    return [
        {
            "precision": round(precision * 100),
            "confidence": round(one[0] * 100) if one else None,
            "share": round(one[1] * 100) if one else 0,
        }
        for precision, one in found.items()
    ]


def _add(request: HttpRequest, actor: Actor) -> None:
    area = area_from(request.POST.get("area", ""))
    shares = {name: _share(request, name) for name in _SHARES}
    add_policy(
        Policy(**shares, precision=_share(request, "precision") if request.POST.get("precision") else None),
        area=area.code if area else min((duty.area for duty in actor.duties_of(*access.POLICY_EDITORS)), default=""),
        valid_from=_day(request),
        source=request.POST.get("source", ""),
        actor=actor,
        now=clock.now(),
    )


def _share(request: HttpRequest, name: str) -> float:
    """A percentage as a share of one."""
    try:
        return float(request.POST.get(name, "")) / 100
    except ValueError as error:
        raise Invalid(_("填写 0 到 100 之间的数"), field=name) from error


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("valid_from", ""))
    except ValueError as error:
        raise Invalid(_("请填写生效日期"), field="valid_from") from error
