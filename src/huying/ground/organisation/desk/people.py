"""People on strength, and the page of one person: duties, rota, record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import access, actions, naming, queries, rules
from huying.ground.organisation.models import Appointment, Person
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid

from .frame import Deed, area_labels, day_of, entered, midnight, page, respond, today, unit_named

PERSON = "organisation/person.html"


@page()
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody on strength, found by name, pinyin, number or phone."""
    search = request.GET.get("q", "").strip()
    found = queries.people(on=today(), search=search, cursor=request.GET.get("cursor"))
    return render(request, "organisation/people.html", {"page": found, "search": search})


@page()
def person_page(request: HttpRequest, person_id: int) -> HttpResponse:
    """What somebody holds, when they are on duty, and what the trace says they did (一人一档)."""
    person = access.person_for(request.actor, person_id)  # type: ignore[attr-defined]

    def end(actor: Actor, now: datetime) -> None:
        row = (
            Appointment.objects.select_related("unit").filter(pk=entered(request, "appointment"), person=person).first()
        )
        if row is None:
            raise Invalid(_("没有这项任职"))
        day = day_of(entered(request, "on"), "on")
        actions.end_appointment(actor=actor, now=now, appointment=row, on=day, reason=entered(request, "reason"))

    def hand_over(actor: Actor, now: datetime) -> None:
        taker = Person.objects.filter(number=entered(request, "taker")).first()
        if taker is None:
            raise Invalid(_("没有这个工号"), field="taker")
        unit = unit_named(entered(request, "unit"))
        day = day_of(entered(request, "on"), "on")
        actions.hand_over(actor=actor, now=now, unit=unit, giver=person, taker=taker, on=day)

    deeds = {"end": end, "hand_over": hand_over, **_doors(request, person)}
    said = {"forget": _("下次登录时重新绑定验证器"), "close": _("账号已停用"), "reopen": _("账号已启用")}
    return respond(request, PERSON, lambda: _person_words(request, person), deeds, said=said)


def _doors(request: HttpRequest, person: Person) -> dict[str, Deed]:
    """What an administrator does with the person's account; a password made is shown once."""

    def shown(password: str) -> HttpResponse:
        response = render(request, PERSON, _person_words(request, person) | {"password": password})
        response["Cache-Control"] = "no-store"
        return response

    def opened(actor: Actor, now: datetime) -> HttpResponse:
        user, password = actions.open_account(
            actor=actor, now=now, person=person, username=entered(request, "username")
        )
        person.user = user
        return shown(password)

    return {
        "open": opened,
        "renew": lambda actor, now: shown(actions.renew_password(actor=actor, now=now, person=person)),
        "forget": lambda actor, now: actions.forget_authenticator(actor=actor, now=now, person=person),
        "close": lambda actor, now: actions.close_account(
            actor=actor, now=now, person=person, reason=entered(request, "reason")
        ),
        "reopen": lambda actor, now: actions.reopen_account(actor=actor, now=now, person=person),
    }


def _person_words(request: HttpRequest, person: Person) -> dict[str, Any]:
    actor, day = request.actor, today()  # type: ignore[attr-defined]
    rows = queries.appointments_of(person)
    labels = area_labels(row.area for row in rows)
    current = [row for row in rows if row.valid_from <= day and (row.valid_to is None or row.valid_to > day)]
    own = actor.person_id == person.pk
    counts, latest = queries.person_record(person) if own or rules.may_somewhere(actor, "trace.view") else ([], [])
    acts = naming.names("verb", {*(verb for verb, _times in counts), *(entry.verb for entry in latest)})
    chains = naming.names("chain", {entry.chain for entry in latest})
    editable = {row.pk for row in current if rules.may(actor, "person.edit", area=row.area, unit_path=row.unit.path)}
    return {
        "person": person,
        "current": [(row, labels[row.area], row.pk in editable) for row in current],
        "past": [(row, labels[row.area]) for row in rows if row not in current],
        "shifts": queries.shifts_between(midnight(day), midnight(day + timedelta(days=14)), person=person),
        "counts": [(acts[verb], times) for verb, times in counts],
        "latest": [(entry, acts[entry.verb], chains[entry.chain]) for entry in latest],
        "may_see_record": own or rules.may_somewhere(actor, "trace.view"),
        "may_edit": bool(editable),
        "units": sorted({(row.unit.code, row.unit.label) for row in current if row.pk in editable}),
        "today": day,
        "may_open_doors": rules.may_somewhere(actor, "account.edit"),
    }
