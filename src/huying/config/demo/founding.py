"""Founds the demo place in an empty instance: ground, catalogue, organisation, dispatch policy. All of it or nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from huying.casework.catalogue.actions import import_seed
from huying.casework.dispatch.models import DispatchPolicy
from huying.ground.organisation import fictional as people
from huying.ground.territory import fictional as ground
from huying.ground.territory.loading import load_place
from huying.kernel.actor import system
from huying.kernel.clock import local_day

if TYPE_CHECKING:
    from huying.ground.territory.fictional import FictionalPlace, Scale

FOUNDER: Final = system("demo")
CATALOGUE_FROM: Final = date(2024, 1, 1)


def found(scale: Scale, seed: int, *, began: datetime, now: datetime) -> FictionalPlace:
    """Write the place as it was when the history ``began``; rotas are drawn around ``now``. In the caller's transaction."""
    place = ground.make(scale, seed)
    load_place(actor=FOUNDER, now=began, place=place)
    import_seed(actor=FOUNDER, now=began, valid_from=CATALOGUE_FROM)
    people.load(people.plan(cast("Any", place.areas), today=local_day(now), seed=seed), actor=FOUNDER, now=now)
    DispatchPolicy.objects.get_or_create(
        area="",
        valid_from=CATALOGUE_FROM,
        defaults={"min_confidence": 0.6, "min_margin": 0.15, "min_place": 0.6, "source": "演示区分拨规则（2025年版）"},
    )
    return place
