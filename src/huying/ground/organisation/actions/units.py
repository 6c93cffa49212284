"""Founding, changing, moving and closing units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules
from huying.ground.organisation.access import require
from huying.ground.organisation.facts import UnitChanged
from huying.ground.organisation.models import Appointment, Unit
from huying.kernel import facts
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused

from .saying import check_area, check_validity, locked, note, said

EDITABLE = ("name", "name_en", "kind", "level", "area", "trades", "phone")


def create_unit(
    *,
    actor: Actor,
    now: datetime,
    code: str,
    name: str,
    kind: str,
    level: str,
    parent: Unit | None = None,
    name_en: str = "",
    area: str = "",
    trades: Sequence[str] = (),
    phone: str = "",
    valid_from: date | None = None,
) -> Unit:
    """Found a unit under a parent. Raises Invalid for a bad field, Conflict when the code is taken."""
    require(actor, "unit.edit", area=area, unit_path=parent.path if parent else "")
    check_area(area)
    if kind not in rules.UNIT_KINDS or level not in rules.LEVELS:
        raise Invalid(_("单位类别或层级不对"), field="kind" if kind not in rules.UNIT_KINDS else "level")
    if not code.strip() or not name.strip():
        raise Invalid(_("代码和名称都要填写"), field="name" if code.strip() else "code")
    with said():
        above = locked(parent.pk) if parent else None
        unit = Unit.objects.create(
            code=code.strip(),
            name=name.strip(),
            name_en=name_en,
            kind=kind,
            level=level,
            parent=above,
            area=area,
            trades=list(trades),
            phone=phone,
            valid_from=valid_from or local_day(now),
        )
        unit.path = rules.child_path(above.path if above else "", unit.pk)
        unit.save(update_fields=["path"])
        body = {"name": name, "kind": kind, "level": level, "area": area, "parent": above.code if above else ""}
        note(chain=f"unit:{unit.code}", verb="unit_created", actor=actor, now=now, body=body, new=True)
        facts.publish(UnitChanged(unit_id=unit.pk, code=unit.code, what="created", at=now))
    return unit


def change_unit(*, actor: Actor, now: datetime, unit: Unit, **changes: Any) -> Unit:
    """Change plain fields of a unit (see EDITABLE). Nothing is written when nothing differs."""
    require(actor, "unit.edit", area=unit.area, unit_path=unit.path)
    if unknown := set(changes) - set(EDITABLE):
        raise Invalid(_("这些字段不能修改"), field=sorted(unknown)[0])
    if "area" in changes:
        check_area(changes["area"])
        require(actor, "unit.edit", area=changes["area"], unit_path=unit.path)
    with said():
        row = locked(unit.pk)
        before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
        if not before:
            return row
        for name in before:
            setattr(row, name, changes[name])
        row.save(update_fields=list(before))
        body = {name: {"from": old, "to": changes[name]} for name, old in before.items()}
        note(chain=f"unit:{row.code}", verb="unit_changed", actor=actor, now=now, body=body)
        facts.publish(UnitChanged(unit_id=row.pk, code=row.code, what="changed", at=now))
    return row


def move_unit(*, actor: Actor, now: datetime, unit: Unit, parent: Unit | None) -> Unit:
    """Hang a unit with its whole branch under another parent. Refused into its own branch."""
    require(actor, "unit.edit", area=unit.area, unit_path=unit.path)
    with said():
        # Moves are rare; one lock on the tree keeps two crossing moves from making a ring.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('organisation_unit_tree'))")
        row = locked(unit.pk)
        above = locked(parent.pk) if parent else None
        require(actor, "unit.edit", area=above.area if above else "", unit_path=above.path if above else "")
        if above and rules.makes_cycle(row.path, above.path):
            raise Refused(_("不能把单位移到自己或自己的下级之下"), code="unit_cycle", hint=_("请另选上级单位"))
        old_parent = row.parent.code if row.parent else ""
        old_path, new_path = row.path, rules.child_path(above.path if above else "", row.pk)
        Unit.objects.filter(pk=row.pk).update(parent=above)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE organisation_unit SET path = %s || substr(path, %s) WHERE path LIKE %s",
                [new_path, len(old_path) + 1, old_path + "%"],
            )
        body = {"from": old_parent, "to": above.code if above else ""}
        note(chain=f"unit:{row.code}", verb="unit_moved", actor=actor, now=now, body=body)
        facts.publish(UnitChanged(unit_id=row.pk, code=row.code, what="moved", at=now))
        row.refresh_from_db()
    return row


def close_unit(*, actor: Actor, now: datetime, unit: Unit, on: date, reason: str) -> Unit:
    """End a unit on a day; its open appointments end with it. Refused while units below it are open."""
    require(actor, "unit.edit", area=unit.area, unit_path=unit.path)
    if not reason.strip():
        raise Invalid(_("请写明撤销原因"), field="reason")
    with said():
        row = locked(unit.pk)
        check_validity(row.valid_from, on)
        if Unit.objects.on(on).filter(parent=row).exists():
            raise Refused(_("还有下级单位没有撤销或移走"), code="unit_has_children", hint=_("请先处理下级单位"))
        row.valid_to = on
        row.save(update_fields=["valid_to"])
        open_rows = Appointment.objects.on(on).filter(unit=row)
        open_rows.filter(valid_from__gte=on).delete()
        ended = open_rows.filter(valid_from__lt=on).update(valid_to=on)
        body = {"on": on.isoformat(), "reason": reason, "appointments_ended": ended}
        note(chain=f"unit:{row.code}", verb="unit_closed", actor=actor, now=now, body=body)
        facts.publish(UnitChanged(unit_id=row.pk, code=row.code, what="closed", at=now))
    return row
