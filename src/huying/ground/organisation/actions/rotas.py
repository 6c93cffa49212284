"""Duty rotas: set, drop and swap shifts."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules
from huying.ground.organisation.access import require
from huying.ground.organisation.facts import RotaChanged
from huying.ground.organisation.models import Appointment, Person, Shift, Unit
from huying.kernel import facts
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, NotFound, Refused

from .saying import note, said


def _require_rota(actor: Actor, unit: Unit) -> None:
    require(actor, "rota.edit", area=unit.area, unit_path=unit.path)


def _hold(*people: int) -> None:
    """Two desks that book one person wait for each other; whoever only points to the person does not wait."""
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk").values_list("pk"))


def set_shift(
    *, actor: Actor, now: datetime, unit: Unit, person: Person, role: str, starts_at: datetime, ends_at: datetime
) -> Shift:
    """Put somebody on the rota. Conflict when they already stand somewhere then; Refused when not appointed there."""
    _require_rota(actor, unit)
    if role not in rules.ROLES:
        raise Invalid(_("没有这种职责"), field="role")
    if ends_at <= starts_at:
        raise Invalid(_("结束时间应晚于开始时间"), field="ends_at")
    if (ends_at - starts_at).days >= 3:
        raise Invalid(_("一个班次不能超过三天"), field="ends_at")
    with said():
        _hold(person.pk)
        day = local_day(starts_at)
        if not Appointment.objects.on(day).filter(unit=unit, person=person).exists():
            raise Refused(_("此人当天不在这个单位任职"), code="not_appointed", hint=_("请先任职，再排班"))
        shift = Shift.objects.create(unit=unit, person=person, role=role, starts_at=starts_at, ends_at=ends_at)
        body = {
            "shift": shift.pk, "person": person.pk, "role": role,
            "from": starts_at.isoformat(), "to": ends_at.isoformat(),
        }  # fmt: skip
        note(chain=f"unit:{unit.code}", verb="shift_set", actor=actor, now=now, body=body)
        facts.publish(RotaChanged(unit_id=unit.pk, role=role, at=now))
    return shift


def drop_shift(*, actor: Actor, now: datetime, shift: Shift) -> None:
    """Take a shift off the rota. Refused once it has begun: what was served stays on record."""
    _require_rota(actor, shift.unit)
    with said():
        row = Shift.objects.select_for_update().filter(pk=shift.pk).first()
        if row is None:
            raise NotFound(_("没有这个班次"))
        if row.starts_at <= now:
            raise Refused(_("班次已经开始，不能删除"), code="shift_begun", hint=_("可以换班"))
        body = {"shift": row.pk, "person": row.person_id, "from": row.starts_at.isoformat()}
        row.delete()
        note(chain=f"unit:{shift.unit.code}", verb="shift_dropped", actor=actor, now=now, body=body)
        facts.publish(RotaChanged(unit_id=shift.unit_id, role=shift.role, at=now))


def swap_shift(*, actor: Actor, now: datetime, shift: Shift, other: Shift) -> tuple[Shift, Shift]:
    """Two people of one unit exchange shifts. Conflict when either already stands elsewhere then."""
    _require_rota(actor, shift.unit)
    if shift.unit_id != other.unit_id or shift.person_id == other.person_id:
        raise Invalid(_("只能在同一单位的两个人之间换班"), field="other")
    with said():
        _hold(shift.person_id, other.person_id)
        rows = {
            row.pk: row for row in Shift.objects.select_for_update().filter(pk__in=[shift.pk, other.pk]).order_by("id")
        }
        if len(rows) != 2:
            raise NotFound(_("没有这个班次"))
        first, second = rows[shift.pk], rows[other.pk]
        if first.ends_at <= now or second.ends_at <= now:
            raise Refused(_("班次已经结束，不能换班"), code="shift_over")
        first.person_id, second.person_id = second.person_id, first.person_id
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS shift_no_double_booking DEFERRED")
            first.save(update_fields=["person"])
            second.save(update_fields=["person"])
            cursor.execute("SET CONSTRAINTS shift_no_double_booking IMMEDIATE")
        body = {"shifts": [first.pk, second.pk], "people": [first.person_id, second.person_id]}
        note(chain=f"unit:{shift.unit.code}", verb="shifts_swapped", actor=actor, now=now, body=body)
        facts.publish(RotaChanged(unit_id=shift.unit_id, role=shift.role, at=now))
    return first, second
