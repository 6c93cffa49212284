"""Rounds: the list, the checkpoints on the map, and the sheet of QR signs to print."""

from __future__ import annotations

import io
from typing import Any, Final
from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.clocks.desk import actor_of, staff
from huying.kernel import clock
from huying.kernel.errors import Forbidden, Invalid
from huying.kernel.numbers import whole_number

from .. import access, actions, queries
from ..actions.patrolling import Spot
from ..models import Checkpoint, Round
from .frame import area_choices, area_words

_DRAWN: Final = "mx-auto block w-full max-w-64"


@staff
@require_GET
def rounds(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.must_oversee(actor)
    page = queries.round_page(actor, cursor=request.GET.get("cursor"))
    areas = area_words(row.area for row in page.rows)
    shown = {
        "page": page,
        "rows": [(row, sum(one.active for one in row.checkpoints.all()), areas[row.area]) for row in page.rows],
        "may_plan": bool(access.areas_of(actor, *access.PLANNERS)),
        "crumbs": [(reverse("field-board"), _("网格工作")), ("", _("巡查路线"))],
    }
    return render(request, "field/rounds.html", shown)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def one_round(request: HttpRequest, code: str = "") -> HttpResponse:
    """A round and its points; each point is one line: name, longitude, latitude, radius."""
    actor, now = actor_of(request), clock.now()
    if code:
        held: Round | None = access.get_round(actor, code)
    else:
        access.must_plan(actor)
        held = None
    if request.method != "POST":
        return _show(request, held, _typed_of(held))
    access.must_plan(actor)
    typed = {name: request.POST.get(name, "").strip() for name in ("code", "name", "area", "every_days", "lines")}
    typed["active"] = "1" if request.POST.get("active") else ""
    try:
        saved = actions.save_round(
            code or typed["code"][:32],
            name=typed["name"],
            area=typed["area"],
            spots=_spots(typed["lines"], held),
            every_days=whole_number(typed["every_days"], 4) or 0,
            active=bool(typed["active"]),
            actor=actor,
            now=now,
        )
    except (Invalid, Forbidden) as error:
        return _show(request, held, typed, error=error, status=error.status)
    messages.success(request, _("已保存"))
    return redirect("field-round", saved.code)


def _typed_of(held: Round | None) -> dict[str, str]:
    if held is None:
        return {"code": "", "name": "", "area": "", "every_days": "1", "lines": "", "active": "1"}
    points = sorted((one for one in held.checkpoints.all() if one.active), key=lambda one: one.number)
    lines = "\n".join(f"{one.name}, {one.lon:.6f}, {one.lat:.6f}, {one.radius}" for one in points)
    typed = {"code": held.code, "name": held.name, "area": held.area, "every_days": str(held.every_days)}
    return typed | {"lines": lines, "active": "1" if held.active else ""}


def _spots(lines: str, held: Round | None) -> list[Spot]:
    """Lines as points; a point of the same name stays the same point, with its printed sign."""
    known: dict[str, UUID] = {one.name: one.uid for one in held.checkpoints.all()} if held is not None else {}
    spots = []
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.replace("，", ",").split(",")]
        try:
            name, lon, lat = parts[0], float(parts[1]), float(parts[2])
            radius = int(parts[3]) if len(parts) > 3 and parts[3] else 50
        except (IndexError, ValueError):
            said = _("第 %(n)s 行写成：名称, 经度, 纬度, 半径（米）") % {"n": number}
            raise Invalid(said, field="lines") from None
        spots.append(Spot(name=name, lon=lon, lat=lat, radius=radius, uid=known.pop(name, None)))
    return spots


def _show(
    request: HttpRequest, held: Round | None, typed: dict[str, str], *, error: Any = None, status: int = 200
) -> HttpResponse:
    first = next((one for one in held.checkpoints.all() if one.active), None) if held is not None else None
    actor = actor_of(request)
    shown = {
        "held": held,
        "typed": typed,
        "error": error,
        "first": first,
        "areas": area_choices(actor, typed["area"], clock.local_day(clock.now())),
        "may_plan": bool(access.areas_of(actor, *access.PLANNERS)),
        "crumbs": [
            (reverse("field-board"), _("网格工作")),
            (reverse("field-rounds"), _("巡查路线")),
            ("", held.name if held else _("新路线")),
        ],
    }
    return render(request, "field/round.html", shown, status=status)


@staff
@require_GET
def points(request: HttpRequest, code: str) -> JsonResponse:
    """The points of a round, for the map."""
    held = access.get_round(actor_of(request), code)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {"name": f"{one.number}. {one.name}"},
        }
        for one in held.checkpoints.all()
        if one.active
    ]
    return JsonResponse({"type": "FeatureCollection", "features": features})


@staff
@require_GET
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The signs of a round, to print and put up."""
    held = access.get_round(actor_of(request), code)
    signs = [
        (one, _sign(request, one))
        for one in sorted(held.checkpoints.all(), key=lambda point: point.number)
        if one.active
    ]
    return render(request, "field/sheet.html", {"round": held, "signs": signs})


def _sign(request: HttpRequest, one: Checkpoint) -> str:
    """A QR code as drawing: it says the point's public address, so any telephone may read it."""
    drawn = io.BytesIO()
    address = request.build_absolute_uri(reverse("field-place", args=[one.code]))
    segno.make(address, error="q", micro=False).save(
        drawn, kind="svg", scale=6, border=3, xmldecl=False, omitsize=True, svgclass=_DRAWN
    )
    return mark_safe(drawn.getvalue().decode())
