"""Writes of the dispatch policy: a new rule from a day on, with its source; what was in force stays readable."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.ground.territory import queries as territory
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid
from huying.kernel.locks import lock_name

from . import access
from .models import DispatchPolicy
from .rules import Policy

CHAIN = "dispatch:policies"


@transaction.atomic
def add_policy(
    policy: Policy, *, area: str, valid_from: date, source: str, actor: Actor, now: datetime
) -> DispatchPolicy:
    """Set how sure is sure enough for an area prefix from a day on. Never for a day that has passed."""
    access.must_edit_policy(actor, area)
    _check(policy, area, valid_from, source, now)
    lock_name(CHAIN)
    rows = DispatchPolicy.objects.filter(area=area)
    if rows.filter(valid_from=valid_from).exists():
        raise Conflict(_("这一天起的规则已经有了"), hint=_("请选择另一个生效日期。"), code="policy_exists")
    following = rows.filter(valid_from__gt=valid_from).order_by("valid_from").first()
    running = Q(valid_to__isnull=True) | Q(valid_to__gt=valid_from)
    rows.filter(running, valid_from__lt=valid_from).update(valid_to=valid_from)
    made = DispatchPolicy.objects.create(
        area=area,
        min_confidence=policy.min_confidence,
        min_margin=policy.min_margin,
        min_place=policy.min_place,
        precision=policy.precision,
        source=source.strip(),
        valid_from=valid_from,
        valid_to=following.valid_from if following else None,
    )
    body = {
        "area": area,
        "from": valid_from.isoformat(),
        "confidence": policy.min_confidence,
        "margin": policy.min_margin,
        "place": policy.min_place,
        "precision": policy.precision,
        "source": made.source,
    }
    trace.record([trace.Draft(chain=CHAIN, verb="add_policy", actor=actor, at=now, body=body)])
    return made


def _check(policy: Policy, area: str, valid_from: date, source: str, now: datetime) -> None:
    wrong = {
        name: _("填写 0 到 100 之间的数")
        for name in ("min_confidence", "min_margin", "min_place")
        if not 0 <= getattr(policy, name) <= 1
    }
    if policy.precision is not None and not 0.5 <= policy.precision <= 1:
        wrong["precision"] = _("填写 50 到 100 之间的数")
    if valid_from < local_day(now):
        wrong["valid_from"] = _("不能早于今天")
    if len(source.strip()) < 2:
        wrong["source"] = _("请写明依据")
    if area and territory.find_area(area) is None:
        wrong["area"] = _("没有这个区域")
    if wrong:
        raise Invalid(fields=wrong, code="policy_wrong")
