"""The week's rota of one unit: who stands when, and where nobody does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import actions, queries, rules
from huying.ground.organisation.models import Person, Shift, Unit
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid

from .frame import entered, midnight, moment_of, number_in, page, respond, today


@page()
def rota_week(request: HttpRequest) -> HttpResponse:
    """Seven days from Monday; the unit comes from the address, else the actor's own, else the first with a rota."""
    monday = _monday(request.GET.get("week", ""))
    since, until = midnight(monday), midnight(monday + timedelta(days=7))
    units = queries.units_with_rota(since=since, until=until)
    unit = _chosen(request, units)

    def book(actor: Any, now: Any) -> None:
        person = Person.objects.filter(number=entered(request, "number")).first()
        if person is None or unit is None:
            raise Invalid(_("没有这个工号"), field="number")
        starts, ends = moment_of(entered(request, "starts"), "starts"), moment_of(entered(request, "ends"), "ends")
        actions.set_shift(
            actor=actor,
            now=now,
            unit=unit,
            person=person,
            role=entered(request, "role"),
            starts_at=starts,
            ends_at=ends,
        )

    def drop(actor: Any, now: Any) -> None:
        actions.drop_shift(actor=actor, now=now, shift=_shift(entered(request, "shift"), unit))

    def swap(actor: Any, now: Any) -> None:
        one, other = _shift(entered(request, "shift"), unit), _shift(entered(request, "other"), unit)
        actions.swap_shift(actor=actor, now=now, shift=one, other=other)

    deeds = {"book": book, "drop": drop, "swap": swap}
    return respond(
        request,
        "organisation/rota.html",
        lambda: _words(request, unit, units, monday),
        deeds,
        said={"swap": _("已换班")},
    )


def _monday(text: str) -> date:
    try:
        day = parse_date(text) or today()
    except ValueError:
        day = today()
    return day - timedelta(days=day.weekday())


def _chosen(request: HttpRequest, units: list[Unit]) -> Unit | None:
    if code := request.GET.get("unit", ""):
        return Unit.objects.filter(code=code).first()
    own = request.actor.unit_id  # type: ignore[attr-defined]
    return next((unit for unit in units if unit.pk == own), units[0] if units else None)


def _shift(text: str, unit: Unit | None) -> Shift:
    found = Shift.objects.select_related("unit").filter(pk=number_in(text), unit=unit).first()
    if found is None:
        raise Invalid(_("没有这个班次"), field="shift")
    return found


def _words(request: HttpRequest, unit: Unit | None, units: list[Unit], monday: date) -> dict[str, Any]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    days = [monday + timedelta(days=number) for number in range(7)]
    since, until = midnight(monday), midnight(monday + timedelta(days=7))
    shifts = queries.shifts_between(since, until, unit=unit) if unit else []
    gaps = queries.rota_gaps(shifts, since=since, until=until)
    roles = sorted({shift.role for shift in shifts}, key=rules.ROLES.index)
    may_edit = unit is not None and rules.may(actor, "rota.edit", area=unit.area, unit_path=unit.path)
    return {
        "unit": unit,
        "units": [(each.code, each.label) for each in units],
        "days": days,
        "grid": [(rules.ROLE_LABELS[role], [_on(shifts, role, day) for day in days], gaps[role]) for role in roles],
        "previous": monday - timedelta(days=7),
        "following": monday + timedelta(days=7),
        "week": monday,
        "may_edit": may_edit,
        "roles": rules.ROLE_CHOICES,
        "pairs": [(shift.pk, _label(shift)) for shift in shifts] if may_edit else [],
        "people": _people(unit) if may_edit and unit else [],
    }


def _on(shifts: list[Shift], role: str, day: date) -> list[Shift]:
    return [shift for shift in shifts if shift.role == role and timezone.localtime(shift.starts_at).date() == day]


def _label(shift: Shift) -> str:
    return f"{timezone.localtime(shift.starts_at):%m-%d %H:%M} {shift.person.label}"


def _people(unit: Unit) -> list[tuple[str, str]]:
    seen = {row.person.number: row.person.label for row in queries.appointments_in(unit, on=today())}
    return [(number, f"{name} · {number}") for number, name in seen.items()]
