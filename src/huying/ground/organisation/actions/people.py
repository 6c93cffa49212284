"""People on strength, appointments and handing over."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules
from huying.ground.organisation.access import require
from huying.ground.organisation.facts import AppointmentEnded, DutiesHandedOver, PersonAppointed
from huying.ground.organisation.models import Appointment, Person, Post, Shift, Unit
from huying.kernel import facts
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused

from .saying import check_area, check_validity, locked, note, said


def add_person(
    *, actor: Actor, now: datetime, unit: Unit, number: str, name: str, phone: str = "", employment: str = "contract",
    name_en: str = "", user_id: int | None = None,
) -> Person:  # fmt: skip
    """Take somebody on strength. Conflict when the staff number is taken."""
    require(actor, "person.edit", area=unit.area, unit_path=unit.path)
    if not number.strip() or not name.strip():
        raise Invalid(_("工号和姓名都要填写"), field="name" if number.strip() else "number")
    with said():
        person = Person.objects.create(
            number=number.strip(),
            name=name.strip(),
            name_en=name_en,
            phone=phone,
            employment=employment,
            user_id=user_id,
            valid_from=local_day(now),
        )
        body = {"person": person.pk, "number": person.number, "employment": employment}
        note(chain=f"unit:{unit.code}", verb="person_added", actor=actor, now=now, body=body)
    return person


def appoint_person(
    *, actor: Actor, now: datetime, person: Person, unit: Unit, post: Post, role: str = "", area: str | None = None,
    valid_from: date | None = None, valid_to: date | None = None,
) -> Appointment:  # fmt: skip
    """Give a person a post in a unit; role and area default to the post's role and the unit's area."""
    role, area = role or post.role, unit.area if area is None else area
    require(actor, "person.edit", area=area, unit_path=unit.path)
    if role not in rules.ROLES:
        raise Invalid(_("没有这种职责"), field="role")
    if role == "admin":
        require(actor, "account.edit")
    check_area(area)
    start = valid_from or local_day(now)
    check_validity(start, valid_to)
    with said():
        row = locked(unit.pk)
        if row.valid_to is not None and row.valid_to <= start:
            raise Refused(_("单位已经撤销，不能再任职"), code="unit_closed", hint=_("请另选单位"))
        made = Appointment.objects.create(
            person=person, unit=row, post=post, role=role, area=area, valid_from=start, valid_to=valid_to
        )
        body = {
            "appointment": made.pk,
            "person": person.pk,
            "post": post.code,
            "role": role,
            "area": area,
            "from": start.isoformat(),
            "to": valid_to.isoformat() if valid_to else "",
        }
        note(chain=f"unit:{row.code}", verb="person_appointed", actor=actor, now=now, body=body)
        facts.publish(
            PersonAppointed(appointment_id=made.pk, person_id=person.pk, unit_id=row.pk, role=role, area=area, at=now)
        )
    return made


def end_appointment(
    *, actor: Actor, now: datetime, appointment: Appointment, on: date, reason: str = ""
) -> Appointment:
    """End an appointment on a day (the first day it no longer holds). Refused when it has ended already."""
    unit = appointment.unit
    require(actor, "person.edit", area=appointment.area, unit_path=unit.path)
    with said():
        row: Appointment = Appointment.objects.select_for_update().get(pk=appointment.pk)
        check_validity(row.valid_from, on)
        if row.valid_to is not None and row.valid_to <= on:
            raise Refused(_("这项任职已经结束"), code="appointment_ended")
        row.valid_to = on
        row.save(update_fields=["valid_to"])
        body = {"appointment": row.pk, "person": row.person_id, "on": on.isoformat(), "reason": reason}
        note(chain=f"unit:{unit.code}", verb="appointment_ended", actor=actor, now=now, body=body)
        facts.publish(
            AppointmentEnded(
                appointment_id=row.pk, person_id=row.person_id, unit_id=unit.pk, role=row.role, area=row.area, at=now
            )
        )
    return row


def hand_over(*, actor: Actor, now: datetime, unit: Unit, giver: Person, taker: Person, on: date) -> list[Appointment]:
    """Everything `giver` holds in a unit passes to `taker` on a day. Shifts from then on pass too."""
    require(actor, "person.edit", area=unit.area, unit_path=unit.path)
    if giver.pk == taker.pk:
        raise Invalid(_("不能移交给本人"), field="taker")
    with said():
        row = locked(unit.pk)
        held = list(Appointment.objects.select_for_update().on(on).filter(unit=row, person=giver).order_by("id"))
        if not held:
            raise Refused(_("此人在这个单位没有可移交的任职"), code="nothing_to_hand_over")
        Appointment.objects.filter(pk__in=[each.pk for each in held if each.valid_from < on]).update(valid_to=on)
        Appointment.objects.filter(pk__in=[each.pk for each in held if each.valid_from >= on]).delete()
        made = Appointment.objects.bulk_create(
            Appointment(
                person=taker,
                unit=row,
                post_id=each.post_id,
                role=each.role,
                area=each.area,
                valid_from=max(on, each.valid_from),
                valid_to=each.valid_to,
            )
            for each in held
        )
        shifts = Shift.objects.filter(unit=row, person=giver, starts_at__date__gte=on).update(person=taker)
        body = {"from": giver.pk, "to": taker.pk, "on": on.isoformat(), "appointments": len(made), "shifts": shifts}
        note(chain=f"unit:{row.code}", verb="duties_handed_over", actor=actor, now=now, body=body)
        facts.publish(DutiesHandedOver(unit_id=row.pk, from_person_id=giver.pk, to_person_id=taker.pk, at=now))
    return made
