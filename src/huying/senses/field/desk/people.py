"""Where people on duty are, and one person's day: only for who oversees them, only while on duty oneself, each look with
a purpose that the person looked at can read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.clocks.desk import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError, Invalid, NotFound

from .. import access, actions, queries, queries_positions

NOW: Final = "now"
_SALT: Final = "field.positions"
_SECONDS: Final = 15 * 60


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def on_duty(request: HttpRequest) -> HttpResponse:
    """Who is on duty; with a purpose, where they were last seen."""
    actor, now = actor_of(request), clock.now()
    access.must_oversee(actor)
    if request.method != "POST":
        return _show_people(request, actor, now)
    if request.POST.get("do") in ("on", "off"):
        try:
            actions.set_duty(on=request.POST["do"] == "on", op=uuid4(), actor=actor, now=now, at=now)
        except HuyingError as error:
            return _show_people(request, actor, now, error=error)
        return redirect("field-people")
    rows = queries_positions.serving(actor, now=now)
    try:
        people = [row.person for row in rows]
        if not people:
            raise Invalid(_("现在没有人在岗"), code="nobody")
        actions.look_at_positions(people, what=NOW, why=request.POST.get("why", ""), actor=actor, now=now)
    except Invalid as error:
        return _show_people(request, actor, now, error=error)
    return _show_people(request, actor, now, looked=True)


def _show_people(
    request: HttpRequest, actor: Actor, now: datetime, *, error: HuyingError | None = None, looked: bool = False
) -> HttpResponse:
    serves = queries_positions.is_on_duty(actor)
    rows = queries_positions.serving(actor, now=now) if serves else []
    last = queries_positions.last_positions(row.spell_id for row in rows) if looked else {}
    shown = {
        "serves": serves,
        "rows": [(row, last.get(row.spell_id)) for row in rows],
        "looked": looked,
        "layer": _layer(actor, [row.person.pk for row in rows], NOW) if last else "",
        "why": request.POST.get("why", ""),
        "error": error,
        "crumbs": [(reverse("field-board"), _("网格工作")), ("", _("在岗的人"))],
    }
    return render(request, "field/people.html", shown, status=error.status if error is not None else 200)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def person_day(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person's day: times on duty, the way, what was done. First the purpose is asked."""
    actor, now = actor_of(request), clock.now()
    asked = request.POST if request.method == "POST" else request.GET
    error: HuyingError | None = None
    day, looked = local_day(now), False
    try:
        day = _day(asked.get("day", ""), now)
    except Invalid as refused:
        error = refused
    # The day decides: who oversees somebody now does not see where they worked for others before.
    held = queries_positions.worker_of(actor, person_id, day)
    if held is None:
        raise NotFound(code="positions_not_found")
    try:
        if error is None and request.method == "POST":
            why = request.POST.get("why", "")
            actions.look_at_positions([held.person], what=day.isoformat(), why=why, actor=actor, now=now)
            looked = True
    except Invalid as refused:
        error = refused
    spells = queries_positions.spells_of(person_id, day) if looked else []
    has_points = any(len(spell.positions.all()) for spell in spells)
    shown = {
        "person": held.person,
        "serves": queries_positions.is_on_duty(actor),
        "day": day,
        "earliest": local_day(now) - queries.positions_kept(local_day(now)),
        "today": local_day(now),
        "looked": looked,
        "spells": spells,
        "metres": queries_positions.walked(spells),
        "points": sum(len(spell.positions.all()) for spell in spells),
        "done": queries_positions.done_on(actor, person_id, day) if looked else [],
        "layer": _layer(actor, [person_id], day.isoformat()) if has_points else "",
        "why": request.POST.get("why", ""),
        "error": error,
        "crumbs": [
            (reverse("field-board"), _("网格工作")),
            (reverse("field-people"), _("在岗的人")),
            ("", held.person.label),
        ],
    }
    return render(request, "field/person_day.html", shown, status=error.status if error is not None else 200)


def _day(text: str, now: datetime) -> date:
    """The day asked for, today if none. Invalid for one of the future, or past the time positions are kept."""
    today = local_day(now)
    if not text:
        return today
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not today - queries.positions_kept(today) <= found <= today:
        raise Invalid(_("请选择还留有位置的一天"), field="day")
    return found


def _layer(actor: Actor, people: list[int], what: str) -> str:
    """The address of what was looked at, for the map: good for this actor and a quarter of an hour."""
    token = signing.dumps([actor.person_id, people, what], salt=_SALT, compress=True)
    return f"{reverse('field-people-places')}?look={token}"


@staff
@require_GET
def places(request: HttpRequest) -> JsonResponse:
    """The points, or with ``as=way`` the lines, of a look that was written down just before."""
    actor = actor_of(request)
    access.must_oversee(actor)
    try:
        by, people, what = signing.loads(request.GET.get("look", ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature as error:
        raise NotFound(code="positions_not_found") from error
    if by != actor.person_id or not queries_positions.is_on_duty(actor):
        raise NotFound(code="positions_not_found")
    answer = JsonResponse(_features(actor, people, what, as_way=request.GET.get("as") == "way"))
    answer["Cache-Control"] = "no-store"
    return answer


def _features(actor: Actor, people: list[int], what: str, *, as_way: bool) -> dict[str, Any]:
    if what == NOW:
        rows = {
            row.spell_id: row for row in queries_positions.serving(actor, now=clock.now()) if row.person.pk in people
        }
        last = queries_positions.last_positions(rows)
        named = [(f"{rows[spell].person.name} {_time(one.at)}", one.lon, one.lat) for spell, one in last.items()]
        return queries_positions.points_geojson(named)
    day = date.fromisoformat(what)
    if queries_positions.worker_of(actor, people[0], day) is None:
        raise NotFound(code="positions_not_found")
    spells = queries_positions.spells_of(people[0], day)
    if as_way:
        return queries_positions.way_geojson(spells)
    ends = []
    for spell in spells:
        points = list(spell.positions.all())
        ends += [(_time(one.at), one.lon, one.lat) for one in dict.fromkeys((points[0], points[-1]) if points else ())]
    return queries_positions.points_geojson(ends)


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"
