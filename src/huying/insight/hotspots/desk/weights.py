"""How heat is weighed: what each part counts now, what was set before, and a form for those who may set it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huying.casework.cases.desk.guard import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid

from .. import access, queries, words
from ..heat import USUAL
from ..models import HeatWeights
from ..weighing import NAMES, set_weights


@staff
@require_http_methods(["GET", "POST"])
def weights(request: HttpRequest) -> HttpResponse:
    """The weights and, for whoever may set them, the form."""
    actor = actor_of(request)
    access.must_read(actor)
    if request.method != "POST":
        return render(request, "hotspots/weights.html", _page(actor))
    try:
        values = {name: _number(request, name) for name in NAMES}
        set_weights(values, source=request.POST.get("source", ""), actor=actor, now=clock.now())
    except HuyingError as error:
        found = _page(actor, request.POST, error)
        return render(request, "hotspots/weights.html", found, status=error.status)
    messages.success(request, _("已保存热度权重，榜单按新的权重排"))
    return redirect("hotspots-weights")


def _page(actor: Actor, typed: Any = None, error: HuyingError | None = None) -> dict[str, Any]:
    now, usual = asdict(queries.weights()), asdict(USUAL)
    wrong = getattr(error, "fields", {}) if error else {}
    fields = [
        {
            "name": name,
            "label": label,
            "how": how,
            "formula": words.FORMULAS.get(name, ""),
            "now": now[name],
            "usual": usual[name],
            "value": typed.get(name, "") if typed else f"{now[name]:g}",
            "error": wrong.get(name, ""),
            "days": name.endswith("_days"),
        }
        for name, (label, how) in (words.PARTS | words.DAYS).items()
    ]
    return {
        "fields": fields,
        "rows": [{"row": row, "values": _values(row)} for row in queries.weights_set()],
        "typed": typed or {},
        "error": error,
        "may_edit": access.may_weigh(actor),
        "crumbs": [(reverse("hotspots"), _("热点")), ("", _("热度权重"))],
    }


def _values(row: HeatWeights) -> list[tuple[Any, float]]:
    """Each weight that was set, with its short name."""
    return [(name, getattr(row, key)) for key, name in (words.SHORT | words.SHORT_DAYS).items()]


def _number(request: HttpRequest, name: str) -> float:
    try:
        return float(request.POST.get(name, ""))
    except ValueError as error:
        raise Invalid(_("填写一个数"), fields={name: _("填写一个数")}) from error
