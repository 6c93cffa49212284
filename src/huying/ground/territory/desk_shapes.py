"""Staff pages of territory for changing shapes on the map: split a grid, move its boundary.

Both show what they would make while one draws (the `…_plan` parts, asked by htmx), and again without script.
"""

from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from huying.ground.territory import actions, plans, queries
from huying.ground.territory.desk import spoken
from huying.ground.territory.desk_changes import change_page, editor_of, tried
from huying.ground.territory.forms import ReshapeForm, SplitForm
from huying.ground.territory.layers import geometry_json
from huying.ground.territory.models import Area
from huying.ground.territory.topology import ShapeRefused
from huying.ground.territory.wording import Refusal, describe, problem_kinds, refusal
from huying.kernel.actor import Actor
from huying.kernel.clock import now
from huying.kernel.errors import NotFound


def _grid(request: HttpRequest, code: str) -> tuple[Actor, Area]:
    actor, area = editor_of(request, code)
    if area.level != "grid":
        raise NotFound()
    return actor, area


def split(request: HttpRequest, code: str) -> HttpResponse:
    """Divide a grid along a drawn or typed line: the parts are shown, `confirm` divides."""
    actor, area = _grid(request, code)
    form = SplitForm(request.POST or None)
    plan = _planned_split(form, code)
    if request.method == "POST" and form.is_valid() and "confirm" in request.POST:
        chosen = {key: value for key, value in form.cleaned_data.items() if key != "crs"}
        fresh = tried(form, lambda: actions.split_grid(actor=actor, now=now(), code=code, **chosen))
        if fresh is not None:
            messages.success(request, _("已拆分为 %(codes)s") % {"codes": _("、").join(one.code for one in fresh)})
            return redirect("territory-area", area.parent_id)
    if plan.get("refusal") and not form.errors:
        form.add_error("line", str(plan["refusal"].title))
    return change_page(request, "split", form, area, _("拆分网格"), **plan)


def split_plan(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the splitting page that shows what the line would make."""
    _actor, area = _grid(request, code)
    form = SplitForm(request.POST)
    return render(request, "territory/_split_plan.html", {"area": area, "fresh": True, **_planned_split(form, code)})


def _planned_split(form: SplitForm, code: str) -> dict[str, Any]:
    parts: list[plans.Part] = []
    refused = _misread(form, "line")
    line = _cleaned(form).get("line")
    if line is not None:
        try:
            parts = plans.plan_split(code, line, form.cleaned_data.get("names") or ())
        except ShapeRefused as error:
            refused = refusal(error.reason)
    return {
        "parts": parts,
        "shapes": plans.drawn_parts(parts) if parts else "",
        "refusal": refused,
        "ready": bool(parts),
        "send": _("确认拆分"),
    }


def _cleaned(form: SplitForm | ReshapeForm) -> dict[str, Any]:
    """What could be read of the form, whatever else is wrong with it."""
    if not form.is_bound:
        return {}
    form.full_clean()
    return form.cleaned_data


def _misread(form: SplitForm | ReshapeForm, field: str) -> Refusal | None:
    """What is wrong with a shape as it was written; nothing yet while there is none."""
    wrong = form.errors.get(field) if form.is_bound and form.data.get(field) else None
    return Refusal(wrong[0]) if wrong else None


def reshape(request: HttpRequest, code: str) -> HttpResponse:
    """Move the boundary of a grid: what follows, overlaps or stays free is shown, `confirm` stores."""
    actor, area = _grid(request, code)
    form = ReshapeForm(request.POST or None, original=_outline(area))
    plan = _planned_reshape(form, code)
    if request.method == "POST" and form.is_valid() and "confirm" in request.POST:
        chosen = {key: value for key, value in form.cleaned_data.items() if key != "crs"}
        moved = tried(form, lambda: actions.reshape_area(actor=actor, now=now(), code=code, **chosen))
        if moved is not None:
            fresh = [one.code for one in moved if one.code not in {row.area.code for row, _name in plan["moved"]}]
            words = _("边界已调整，启用新编码 %(codes)s") if fresh else _("边界已调整，编码不变")
            messages.success(request, words % {"codes": _("、").join(fresh)})
            return redirect("territory-area", code if code in {one.code for one in moved} else area.parent_id)
    if plan.get("refusal") and not form.errors:
        form.add_error("shape", str(plan["refusal"].title))
    return change_page(request, "reshape", form, area, _("调整网格边界"), **plan)


def reshape_plan(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the reshaping page that shows what the new outline would change."""
    _actor, area = _grid(request, code)
    form = ReshapeForm(request.POST, original=_outline(area))
    return render(
        request, "territory/_reshape_plan.html", {"area": area, "fresh": True, **_planned_reshape(form, code)}
    )


def _outline(area: Area) -> str:
    shape = area.geometry
    return orjson.dumps(geometry_json(shape, digits=9)).decode() if shape is not None else ""


def _planned_reshape(form: ReshapeForm, code: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {"refusal": _misread(form, "shape"), "ready": False}
    shape = _cleaned(form).get("shape")
    if shape is None:
        return nothing
    try:
        plan = plans.plan_reshape(code, shape, carry=bool(form.cleaned_data.get("carry")))
    except ShapeRefused as error:
        return {**nothing, "refusal": refusal(error.reason)}
    return {
        "moved": [(one, spoken(one.area)) for one in plan.moved],
        "problems": [describe(problem, lambda other: spoken(queries.get_area(other))) for problem in plan.problems],
        "shapes": plans.drawn_reshaping(plan, problem_kinds()),
        "ready": bool(plan.moved) and not plan.problems,
        "send": _("保存边界"),
    }
