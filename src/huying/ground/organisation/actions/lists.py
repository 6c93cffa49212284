"""Writes to the responsibility list and the admission list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules
from huying.ground.organisation.access import require
from huying.ground.organisation.facts import AdmissionChanged, ResponsibilityChanged
from huying.ground.organisation.models import Admission, Responsibility, Unit
from huying.kernel import facts
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused

from .saying import check_area, note, said


def _check(item_code: str, area: str) -> None:
    if not item_code.strip():
        raise Invalid(_("请填写事项代码"), field="item_code")
    check_area(area)


def set_responsibility(
    *, actor: Actor, now: datetime, item_code: str, area: str, lead_unit: Unit, legal_basis: str,
    assist_units: Sequence[Unit] = (), first_asked_unit: Unit | None = None, source: str = "",
    valid_from: date | None = None,
) -> Responsibility:  # fmt: skip
    """State who leads an item in an area from a day on; a row valid before that day ends on it.

    Invalid without a legal basis: nobody is made responsible without one.
    """
    require(actor, "responsibility.edit", area=area)
    _check(item_code, area)
    if not legal_basis.strip():
        raise Invalid(_("请写明法律或文件依据"), field="legal_basis")
    if lead_unit.pk in {unit.pk for unit in assist_units}:
        raise Invalid(_("牵头单位不能同时是配合单位"), field="assist_units")
    start = valid_from or local_day(now)
    with said():
        old = Responsibility.objects.select_for_update().filter(item_code=item_code, area=area).on(start)
        old.filter(valid_from__gte=start).delete()
        old.filter(valid_from__lt=start).update(valid_to=start)
        row = Responsibility.objects.create(
            item_code=item_code,
            area=area,
            lead_unit=lead_unit,
            first_asked_unit=first_asked_unit,
            legal_basis=legal_basis,
            source=source,
            valid_from=start,
        )
        row.assist_units.set(assist_units)
        body = {
            "item": item_code,
            "area": area,
            "assist": [unit.code for unit in assist_units],
            "first_asked": first_asked_unit.code if first_asked_unit else "",
            "legal_basis": legal_basis,
            "from": start.isoformat(),
        }
        note(chain=f"unit:{lead_unit.code}", verb="responsibility_set", actor=actor, now=now, body=body)
        facts.publish(ResponsibilityChanged(item_code=item_code, area=area, lead_unit_id=lead_unit.pk, at=now))
    return row


def end_responsibility(*, actor: Actor, now: datetime, responsibility: Responsibility, on: date) -> Responsibility:
    """End a row of the list on a day."""
    require(actor, "responsibility.edit", area=responsibility.area)
    with said():
        row: Responsibility = (
            Responsibility.objects.select_for_update().select_related("lead_unit").get(pk=responsibility.pk)
        )
        if row.valid_to is not None or on <= row.valid_from:
            raise Refused(_("这条责任清单已经结束，或当天才生效"), code="responsibility_ended")
        row.valid_to = on
        row.save(update_fields=["valid_to"])
        body = {"item": row.item_code, "area": row.area, "on": on.isoformat()}
        note(chain=f"unit:{row.lead_unit.code}", verb="responsibility_ended", actor=actor, now=now, body=body)
        facts.publish(ResponsibilityChanged(item_code=row.item_code, area=row.area, lead_unit_id=None, at=now))
    return row


def admit_item(
    *, actor: Actor, now: datetime, item_code: str, area: str, basis: str, valid_from: date | None = None
) -> Admission:
    """Allow communities in an area to be asked to do an item. Conflict when it is allowed there already.

    Invalid for a single grid: the list is a community's, and a grid in it would allow nothing.
    """
    require(actor, "admission.edit", area=area)
    _check(item_code, area)
    if len(area) > rules.COMMUNITY_LENGTH:
        raise Invalid(
            _("准入清单按社区或更大的范围填写，不能只填一个网格"),
            field="area",
            hint=_("请填社区的 12 位代码：%(code)s") % {"code": area[: rules.COMMUNITY_LENGTH]},
        )
    if not basis.strip():
        raise Invalid(_("请写明准入依据"), field="basis")
    with said():
        start = valid_from or local_day(now)
        row = Admission.objects.create(item_code=item_code, area=area, basis=basis, valid_from=start)
        body = {"item": item_code, "area": area, "basis": basis, "from": start.isoformat()}
        note(chain=f"area:{area or 'everywhere'}", verb="item_admitted", actor=actor, now=now, body=body)
        facts.publish(AdmissionChanged(item_code=item_code, area=area, admitted=True, at=now))
    return row


def withdraw_item(*, actor: Actor, now: datetime, admission: Admission, on: date, reason: str) -> Admission:
    """Take an item off the admission list from a day on."""
    require(actor, "admission.edit", area=admission.area)
    if not reason.strip():
        raise Invalid(_("请写明退出准入的原因"), field="reason")
    with said():
        row: Admission = Admission.objects.select_for_update().get(pk=admission.pk)
        if row.valid_to is not None and row.valid_to <= on:
            raise Refused(_("这个事项已经退出准入"), code="admission_ended")
        if on <= row.valid_from:
            row.delete()
        else:
            row.valid_to = on
            row.save(update_fields=["valid_to"])
        body = {"item": row.item_code, "area": row.area, "on": on.isoformat(), "reason": reason}
        note(chain=f"area:{row.area or 'everywhere'}", verb="item_withdrawn", actor=actor, now=now, body=body)
        facts.publish(AdmissionChanged(item_code=row.item_code, area=row.area, admitted=False, at=now))
    return row
