"""The tree of units and the page of one unit."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import access, actions, naming, queries, rules
from huying.ground.organisation.models import Person, Post, Unit
from huying.kernel import clock
from huying.kernel.errors import Invalid
from huying.kernel.trace import Entry

from .frame import area_labels, day_of, entered, page, respond, today, unit_named


@page()
def organisation_tree(request: HttpRequest) -> HttpResponse:
    """All units under their parents, with how many people each has; a search gives a flat list."""
    search, kind = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    rows = queries.unit_rows(on=today(), search=search, kind=kind)
    words = {
        "search": search,
        "kind": kind,
        "kinds": Unit.Kind.choices,
        "rows": rows if search or kind else [],
        "tree": [] if search or kind else queries.tree(rows),
        "filtered": bool(search or kind),
        "count": len(rows),
    }
    return render(request, "organisation/tree.html", words)


@page()
def unit_page(request: HttpRequest, code: str) -> HttpResponse:
    """One unit: what it is, who works there, who is on duty now, what it leads, and its record."""
    actor = request.actor  # type: ignore[attr-defined]
    unit = access.unit_for(actor, code)

    def change(actor: Any, now: Any) -> None:
        actions.change_unit(
            actor=actor,
            now=now,
            unit=unit,
            name=entered(request, "name"),
            name_en=entered(request, "name_en"),
            phone=entered(request, "phone"),
            area=entered(request, "area"),
            trades=entered(request, "trades").split(),
        )

    def move(actor: Any, now: Any) -> None:
        parent = entered(request, "parent")
        actions.move_unit(actor=actor, now=now, unit=unit, parent=unit_named(parent, "parent") if parent else None)

    def close(actor: Any, now: Any) -> None:
        day = day_of(entered(request, "on"), "on")
        actions.close_unit(actor=actor, now=now, unit=unit, on=day, reason=entered(request, "reason"))

    def create(actor: Any, now: Any) -> HttpResponse:
        made = actions.create_unit(
            actor=actor,
            now=now,
            parent=unit,
            code=entered(request, "code"),
            name=entered(request, "name"),
            kind=entered(request, "kind"),
            level=entered(request, "level"),
            area=entered(request, "area") or unit.area,
        )
        return redirect("organisation-unit", made.code)

    def appoint(actor: Any, now: Any) -> None:
        person = Person.objects.filter(number=entered(request, "number")).first()
        post = Post.objects.filter(code=entered(request, "post")).first()
        if person is None or post is None:
            raise Invalid(_("没有这个工号或岗位"), field="post" if person else "number")
        area = entered(request, "area")
        actions.appoint_person(actor=actor, now=now, person=person, unit=unit, post=post, area=area or unit.area)

    def hire(actor: Any, now: Any) -> None:
        actions.add_person(
            actor=actor,
            now=now,
            unit=unit,
            number=entered(request, "number"),
            name=entered(request, "name"),
            phone=entered(request, "phone"),
        )

    deeds = {"change": change, "move": move, "close": close, "create": create, "appoint": appoint, "hire": hire}
    return respond(request, "organisation/unit.html", lambda: _unit_words(request, unit), deeds)


def _unit_words(request: HttpRequest, unit: Unit) -> dict[str, Any]:
    actor, now, day = request.actor, clock.now(), today()  # type: ignore[attr-defined]
    directory = queries.directory(on=day)
    held = queries.appointments_in(unit, on=day)
    labels = area_labels({unit.area, *(row.area for row in held)})
    trades = naming.names("trade", unit.trades)
    on_duty = [
        (rules.ROLE_LABELS[role], directory.people[person])
        for role in sorted({row.role for row in held})
        for person in directory.on_shift(unit.pk, role, now)
        if person in directory.people
    ]
    may_edit = rules.may(actor, "unit.edit", area=unit.area, unit_path=unit.path)
    open_unit = unit.pk in directory.units
    return {
        "unit": unit,
        "ancestors": directory.ancestors(unit.pk)[:-1] if open_unit else (),
        "children": queries.unit_rows(on=day, within=unit.path, bound=300)[1:],
        "held": [(row, labels[row.area]) for row in held],
        "area_label": labels[unit.area],
        "trades": [trades[code] for code in unit.trades],
        "on_duty": on_duty,
        "leads": len(queries.responsibilities(on=day, unit_id=unit.pk, size=100).rows),
        "record": _record(unit) if rules.may_somewhere(actor, "trace.view") else None,
        "may_edit": may_edit and open_unit,
        "posts": [(post.code, post.label) for post in Post.objects.all()] if may_edit else [],
        "kinds": Unit.Kind.choices,
        "levels": Unit.Level.choices,
        "today": day,
    }


def _record(unit: Unit) -> list[tuple[Entry, str]]:
    entries = queries.unit_record(unit)
    acts = naming.names("verb", (entry.verb for entry in entries))
    return [(entry, acts[entry.verb]) for entry in entries]
