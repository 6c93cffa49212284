"""The responsibility list, the admission list, and the staffing of grids."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import actions, naming, queries, rules
from huying.ground.organisation.directory import UnitView
from huying.ground.organisation.models import Admission, Responsibility
from huying.ground.territory import queries as territory
from huying.kernel.errors import Invalid

from .frame import area_labels, day_of, entered, page, respond, today, unit_named

MISSING = {"lead": _("网格长"), "worker": _("专职网格员"), "team": _("专业队伍"), "assistant": _("协管员")}


@page()
def responsibility_list(request: HttpRequest) -> HttpResponse:
    """Who leads, who assists and is asked first, by which law; search by item and area."""

    def put(actor: Any, now: Any) -> None:
        first = entered(request, "first_asked")
        actions.set_responsibility(
            actor=actor,
            now=now,
            item_code=entered(request, "item_code"),
            area=entered(request, "area"),
            lead_unit=unit_named(entered(request, "lead"), "lead"),
            assist_units=[unit_named(code, "assist") for code in entered(request, "assist").split()],
            first_asked_unit=unit_named(first, "first_asked") if first else None,
            legal_basis=entered(request, "legal_basis"),
            source=entered(request, "source"),
        )

    def end(actor: Any, now: Any) -> None:
        row = Responsibility.objects.filter(pk=entered(request, "row")).first()
        if row is None:
            raise Invalid(_("没有这一条"))
        actions.end_responsibility(actor=actor, now=now, responsibility=row, on=day_of(entered(request, "on"), "on"))

    return respond(
        request, "organisation/responsibilities.html", lambda: _responsibility_words(request), {"put": put, "end": end}
    )


def _responsibility_words(request: HttpRequest) -> dict[str, Any]:
    actor, day = request.actor, today()  # type: ignore[attr-defined]
    item, area, code = (request.GET.get(name, "").strip() for name in ("item", "area", "unit"))
    unit = unit_named(code) if code else None
    found = queries.responsibilities(
        on=day, item=item, area=area, unit_id=unit.pk if unit else None, cursor=request.GET.get("cursor")
    )
    names = naming.names("item", (row.item_code for row in found.rows))
    labels = area_labels(row.area for row in found.rows)
    return {
        "page": found,
        "rows": [
            (row, names[row.item_code], labels[row.area], rules.may(actor, "responsibility.edit", area=row.area))
            for row in found.rows
        ],
        "item": item,
        "area": area,
        "unit": unit,
        "may_edit": rules.may_somewhere(actor, "responsibility.edit"),
        "today": day,
    }


def _label(unit: UnitView) -> str:
    return unit.name_en if unit.name_en and (get_language() or "").startswith("en") else unit.name


@page()
def admission_list(request: HttpRequest) -> HttpResponse:
    """What communities of an area may be asked to do. Anything not listed cannot be dispatched to them."""

    def admit(actor: Any, now: Any) -> None:
        actions.admit_item(
            actor=actor,
            now=now,
            item_code=entered(request, "item_code"),
            area=entered(request, "area"),
            basis=entered(request, "basis"),
        )

    def withdraw(actor: Any, now: Any) -> None:
        row = Admission.objects.filter(pk=entered(request, "row")).first()
        if row is None:
            raise Invalid(_("没有这一条"))
        reason = entered(request, "reason")
        actions.withdraw_item(actor=actor, now=now, admission=row, on=today(), reason=reason)

    def words() -> dict[str, Any]:
        actor = request.actor  # type: ignore[attr-defined]
        area, item = request.GET.get("area", "").strip(), request.GET.get("item", "").strip()
        found = queries.admissions(on=today(), area=area, item=item, cursor=request.GET.get("cursor"))
        names = naming.names("item", (row.item_code for row in found.rows))
        labels = area_labels({area, *(row.area for row in found.rows)})
        communities = [unit for unit in queries.directory(on=today()).units.values() if unit.kind == "community"]
        return {
            "page": found,
            "rows": [
                (row, names[row.item_code], labels[row.area], rules.may(actor, "admission.edit", area=row.area))
                for row in found.rows
            ],
            "area": area,
            "item": item,
            "area_label": labels[area],
            "communities": [(unit.area, _label(unit)) for unit in communities],
            "may_edit": rules.may_somewhere(actor, "admission.edit"),
        }

    return respond(request, "organisation/admissions.html", words, {"admit": admit, "withdraw": withdraw})


@page()
def staffing_report(request: HttpRequest) -> HttpResponse:
    """1+1+N: which grids have a lead, a full-time worker, a professional team and assistants, and which do not."""
    area, day = request.GET.get("area", "").strip(), today()
    grids = [each.code for each in territory.areas_below("grid", area, on=day)] if rules.is_area(area) else []
    report = queries.staffing(grids, on=day)
    short = [row for row in report if not row.complete]
    missing: Counter[str] = Counter(word for row in short for word in row.missing)
    communities: Counter[str] = Counter(row.grid[:12] for row in short)
    labels = area_labels({row.grid for row in short[:200]} | set(communities) | {area})
    words = {
        "area": area,
        "area_label": labels[area],
        "total": len(report),
        "complete": len(report) - len(short),
        "missing": [(MISSING[word], missing.get(word, 0), word) for word in MISSING],
        "communities": [(code, labels[code], count) for code, count in communities.most_common(60)],
        "short": [(row.grid, labels[row.grid], [MISSING[word] for word in row.missing]) for row in short[:200]],
        "more": max(0, len(short) - 200),
    }
    return render(request, "organisation/staffing.html", words)
