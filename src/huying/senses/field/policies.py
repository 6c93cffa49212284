"""Writes of the local limits: new ones from a day on, with their source; what was in force stays readable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid
from huying.kernel.locks import lock_name

from . import access
from .models import FieldPolicy
from .rules import RANGES, read_policy, told_policy

CHAIN = "field:policies"


@transaction.atomic
def add_policy(values: Mapping[str, Any], *, valid_from: date, source: str, actor: Actor, now: datetime) -> FieldPolicy:
    """Set the limits of field work from a day on; what ``values`` leaves out is ours. Never for a day that has passed.

    Raises Invalid naming each wrong value, Conflict for a day that has its own already, Forbidden for who only reads.
    """
    access.must_set_policy(actor)
    wrong = wrong_values(values)
    if valid_from < local_day(now):
        wrong["valid_from"] = _("不能早于今天")
    if not 2 <= len(source.strip()) <= 200:
        wrong["source"] = _("请写明依据")
    if wrong:
        raise Invalid(fields=wrong, code="policy_wrong")
    lock_name(CHAIN)
    if FieldPolicy.objects.filter(valid_from=valid_from).exists():
        raise Conflict(_("这一天起的参数已经有了"), hint=_("请选择另一个生效日期。"), code="policy_exists")
    told = told_policy(read_policy(values))
    made = FieldPolicy.objects.create(valid_from=valid_from, source=source.strip(), values=told)
    body = {"from": valid_from.isoformat(), "source": made.source, "values": told}
    trace.record([trace.Draft(chain=CHAIN, verb="add_policy", actor=actor, at=now, body=body)])
    return made


def wrong_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Name → what is wrong with it, for every value that makes no sense by itself."""
    wrong: dict[str, Any] = {}
    for name, value in values.items():
        try:
            read_policy({name: value})
        except ValueError:
            wrong[name] = (
                _("填写 %(least)d 到 %(most)d 之间的整数") % {"least": RANGES[name][0], "most": RANGES[name][1]}
                if name in RANGES
                else _("填写 0 到 365 之间的整数")
                if name == "reinspect_days"
                else _("每行写“代码 | 中文 | 英文 | 几天后再问”，代码用小写字母，要有 other")
                if name == "skips"
                else _("这里填得不对")
            )
    return wrong
