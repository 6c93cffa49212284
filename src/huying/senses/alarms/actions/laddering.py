"""Whom alarms call in a place, one version after the other, none ever changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.rules import is_area
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Invalid
from huying.kernel.locks import lock_name
from huying.senses.devices import access as devices

from .. import access, ladder
from ..engine import every_default
from ..models import AlarmRule, LadderPolicy

LONGEST_SOURCE: Final = 200
AHEAD: Final = timedelta(days=366)
_WRONG: Final = {
    "count": _("要有一到八步"),
    "order": _("每一步要比前一步晚"),
    "seconds": _("时间要在一天以内"),
    "unknown": _("请选择"),
}


def save_ladder(
    rungs: Any, *, area: str = "", kind: str = "", severity: int, source: str, source_en: str = "",
    valid_from: datetime | None = None, actor: Actor, now: datetime, seen: int | None = None,
) -> LadderPolicy:  # fmt: skip
    """Whom alarms of a kind ("" any) and from a severity on call in an area, from ``valid_from`` (now) on.

    Alarms that are being called for go on by it. ``seen`` is the id of the newest version somebody has changed (0: none yet);
    Conflict when another was saved meanwhile. Raises Forbidden where the actor keeps no devices, Invalid with the place.
    """
    devices.require_over(actor, access.EDIT, area)
    begins = valid_from or now
    _check(area, kind, severity, source, source_en, begins, now)
    try:
        parsed = ladder.parse_rungs(rungs)
    except ladder.LadderWrong as wrong:
        said = _WRONG.get(wrong.why, _("这一步写得不对"))
        raise Invalid(said, code=f"ladder_{wrong.why}", field=wrong.path) from wrong
    same = {"area": area, "kind": kind, "severity": severity}
    try:
        with transaction.atomic():
            lock_name(f"ladder:{area}:{kind}:{severity}")
            last = LadderPolicy.objects.filter(**same).order_by("-id").values_list("pk", flat=True).first()
            if seen is not None and seen != (last or 0):
                raise Conflict(_("别人刚刚存了新的一版，请看过再存"))
            row = LadderPolicy.objects.create(
                **same, rungs=[one.as_json() for one in parsed], source=source.strip(), source_en=source_en.strip(),
                valid_from=begins, saved_at=now, by=actor.ref, by_name=actor.name[:80],
            )  # fmt: skip
            body = {**same, "rungs": row.rungs, "source": row.source, "valid_from": begins}
            chain = f"alarm-ladder:{area or 'all'}"
            trace.record([trace.Draft(chain=chain, verb="ladder", actor=actor, at=now, body=body)])
    except IntegrityError as error:
        raise Conflict() from error
    return row


def _check(area: str, kind: str, severity: int, source: str, source_en: str, begins: datetime, now: datetime) -> None:
    if not is_area(area):
        raise Invalid(_("没有这个区域"), code="area_unknown", field="area")
    if severity not in (1, 2, 3, 4):
        raise Invalid(_("请选择级别"), code="severity_unknown", field="severity")
    if kind and kind not in known_kinds():
        raise Invalid(_("没有这种报警"), code="kind_unknown", field="kind")
    for field, text in (("source", source), ("source_en", source_en)):
        if "\x00" in text:
            raise Invalid(_("有不能保存的字符"), code="character", field=field)
    if not source.strip() or len(source) > LONGEST_SOURCE:
        raise Invalid(_("请写明依据"), code="required", field="source")
    if len(source_en) > LONGEST_SOURCE:
        raise Invalid(code="too_long", field="source_en")
    if begins.utcoffset() is None:
        raise Invalid(_("时间要写明时区"), code="no_zone", field="valid_from")
    if begins < now:
        raise Invalid(_("生效时间不能早于现在"), code="past", field="valid_from")
    if begins > now + AHEAD:
        raise Invalid(_("最多提前一年登记"), code="far", field="valid_from")


def known_kinds() -> frozenset[str]:
    """Every kind of alarm some rule raises, those of places included."""
    ours = {rule.alarm for rules in every_default().values() for rule in rules}
    theirs = AlarmRule.objects.filter(current=True, off=False).values_list("body__alarm", flat=True).distinct()
    return frozenset(ours) | {str(one) for one in theirs if one}
