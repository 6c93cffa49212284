"""Writes of the heat's weights: from now on heat is weighed so; what held before stays readable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, Refused
from huying.kernel.locks import lock_name

from . import access, queries
from .heat import USUAL, Weights, wrong_in
from .models import HeatWeights

CHAIN: Final = "hotspots:weights"
NAMES: Final = tuple(field.name for field in fields(Weights))
_LONGEST_SOURCE = 200


@transaction.atomic
def set_weights(values: Mapping[str, float], *, source: str, actor: Actor, now: datetime) -> HeatWeights:
    """Weigh heat so from now on; boards rank by it at once. ``source``: why, such as a decision or minutes of a meeting."""
    access.must_weigh(actor)
    given = asdict(USUAL) | {name: float(value) for name, value in values.items() if name in NAMES}
    reason = source.strip()
    _check(given, reason)
    lock_name(CHAIN)
    if Weights(**given) == queries.weights():
        raise Refused(_("和现在的权重一样"), hint=_("改动任何一项后再保存。"), code="weights_unchanged")
    made = HeatWeights.objects.create(**given, source=reason, by=actor.name[:80], at=now)
    trace.record([trace.Draft(chain=CHAIN, verb="set_weights", actor=actor, at=now, body={**given, "source": reason})])
    return made


def _check(given: Mapping[str, float], reason: str) -> None:
    wrong = {
        name: _("填写 1 到 3650 之间的天数") if name.endswith("_days") else _("填写 0 到 100 之间的数，至少一项大于 0")
        for name in wrong_in(given)
    }
    if not 2 <= len(reason) <= _LONGEST_SOURCE:
        wrong["source"] = _("请写明依据，至多 200 字")
    if wrong:
        raise Invalid(fields=wrong, code="weights_wrong")
