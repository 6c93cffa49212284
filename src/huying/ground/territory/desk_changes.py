"""Staff pages of territory for changing it: import, rename, draw, merge, retire. Each makes one call."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huying.ground.territory import access, actions, queries
from huying.ground.territory.desk import actor_of, crumbs_to, map_label, spoken
from huying.ground.territory.forms import DrawForm, ImportForm, MergeForm, ReasonForm, RenameForm
from huying.ground.territory.models import Area
from huying.ground.territory.topology import area_m2
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day, now
from huying.kernel.errors import Forbidden, HuyingError, NotFound

MOST_ROWS = 300


def editor_of(request: HttpRequest, code: str) -> tuple[Actor, Area]:
    """Who changes which area; refused to those who may not, and for areas that have ended."""
    area = access.editable_area_for(actor_of(request), code)
    if area.valid_to is not None:
        raise NotFound(_("这个区域已经停用"))
    return access.require_desk(actor_of(request)), area


def _said(form: forms.Form, error: HuyingError) -> None:
    """Put a refusal beside the field it concerns, or at the head of the form."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, f"{error.message} {error.hint}".strip())


def change_page(
    request: HttpRequest, template: str, form: forms.Form, area: Area, title: str, **more: Any
) -> HttpResponse:
    """One page of a change: 422 when the form says what is wrong."""
    context = {
        "crumbs": crumbs_to(area.code, last=title),
        "title": title,
        "form": form,
        "area": area,
        "label": queries.label(area.code, get_language() or "zh"),
        "map_label": map_label(),
        **more,
    }
    return render(request, f"territory/{template}.html", context, status=422 if form.errors else 200)


def tried(form: forms.Form, call: Callable[[], Any]) -> Any:
    """What the call gives; None when it was refused, and the form says why."""
    try:
        return call()
    except HuyingError as error:
        if isinstance(error, Forbidden | NotFound):
            raise
        _said(form, error)
        return None


def import_file(request: HttpRequest) -> HttpResponse:
    """Import a file: first a dry run that names each bad row, then the same file again for good."""
    actor = access.require_desk(actor_of(request))
    if not access.may_edit_something(actor):
        raise Forbidden(_("您不能修改这个区域"), hint=_("请联系负责该区域的网格管理员"))
    form = ImportForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        report = tried(form, lambda: _import(form, actor, dry_run="store" not in request.POST))
        if report is not None and report.done:
            words = _("新增 %(added)s，更新 %(changed)s，未变 %(unchanged)s")
            counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
            messages.success(request, words % counts)
            return redirect("territory")
    context = {
        "crumbs": [(reverse("territory"), _("区域网格")), ("", _("导入"))],
        "form": form,
        "report": report,
        "problems": report.problems[:MOST_ROWS] if report else [],
        "more": max(0, len(report.problems) - MOST_ROWS) if report else 0,
    }
    return render(request, "territory/import.html", context, status=422 if form.errors else 200)


def _import(form: ImportForm, actor: Actor, *, dry_run: bool) -> actions.ImportReport:
    chosen = form.cleaned_data
    content = chosen["file"].read()
    if chosen["what"] == "names":
        return actions.import_place_names(actor=actor, now=now(), content=content, crs=chosen["crs"], dry_run=dry_run)
    return actions.import_areas(
        actor=actor, now=now(), content=content, crs=chosen["crs"], dry_run=dry_run, allow_gaps=chosen["allow_gaps"]
    )


def rename(request: HttpRequest, code: str) -> HttpResponse:
    """Another name for an area."""
    actor, area = editor_of(request, code)
    form = RenameForm(request.POST or None, initial={"name": area.name, "name_en": area.name_en})
    if request.method == "POST" and form.is_valid():
        changed = tried(form, lambda: actions.rename_area(actor=actor, now=now(), code=code, **form.cleaned_data))
        if changed is not None:
            messages.success(request, _("已更名为%(name)s") % {"name": changed.name})
            return redirect("territory-area", code)
    return change_page(request, "rename", form, area, _("更名"))


def draw(request: HttpRequest, code: str) -> HttpResponse:
    """A new grid in a community, drawn on the map or typed as points."""
    actor, area = editor_of(request, code)
    if area.level != "community":
        raise NotFound()
    form = DrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = {key: value for key, value in form.cleaned_data.items() if key != "crs"}
        drawn = tried(form, lambda: actions.draw_area(actor=actor, now=now(), parent=code, **chosen))
        if drawn is not None:
            messages.success(request, _("已新设%(name)s，编码 %(code)s") % {"name": drawn.name, "code": drawn.code})
            return redirect("territory-area", drawn.code)
    return change_page(request, "draw", form, area, _("新设网格"))


def merge(request: HttpRequest, code: str) -> HttpResponse:
    """Join a grid with adjacent ones of its community: choose, see the sum, confirm."""
    actor, area = editor_of(request, code)
    if area.level != "grid":
        raise NotFound()
    beside = [
        other
        for other in queries.neighbours(code, on=local_day(now()))
        if other.code[:12] == code[:12] and other.kind == area.kind and other.valid_to is None
    ]
    choices = [(other.code, f"{spoken(other)} · {other.code}") for other in beside]
    form = MergeForm(request.POST or None, choices=choices, initial={"name": area.name})
    planned: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        chosen = {**form.cleaned_data, "codes": [code, *form.cleaned_data["codes"]]}
        if "confirm" in request.POST:
            fresh = tried(form, lambda: actions.merge_grids(actor=actor, now=now(), **chosen))
            if fresh is not None:
                messages.success(request, _("已合并为 %(code)s") % {"code": fresh.code})
                return redirect("territory-area", fresh.code)
        else:
            shapes = [shape for one in chosen["codes"] if (shape := queries.shape_of(one))]
            planned = {"count": len(shapes), "area_m2": sum(area_m2(shape) for shape in shapes)}
    return change_page(request, "merge", form, area, _("合并网格"), planned=planned, beside=beside)


def retire(request: HttpRequest, code: str) -> HttpResponse:
    """End a temporary grid, a micro-grid, or an area with nothing below it."""
    actor, area = editor_of(request, code)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ended = tried(form, lambda: actions.retire_area(actor=actor, now=now(), code=code, **form.cleaned_data))
        if ended is not None:
            messages.success(request, _("已撤销%(name)s") % {"name": ended.name})
            return redirect("territory-area", code)
    return change_page(request, "retire", form, area, _("撤销区域"))
