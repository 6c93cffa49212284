"""Gives the demo place its people, its field work and its devices: forms, a registry, plans and readings of weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from django.db import transaction

from huying.ground.registry import fictional as registry
from huying.ground.registry.knowing.actions import count_knowledge
from huying.ground.territory import fictional as ground
from huying.kernel.progress import Progress
from huying.kernel.trace import Draft, Entry, record
from huying.senses.field.demo import make_field_work
from huying.senses.forms.actions import load_shipped
from huying.senses.readings import demo as devices

from .album import Album
from .founding import FOUNDER

if TYPE_CHECKING:
    from huying.ground.territory.fictional import Scale

    from .loading import Plan

CHAIN: Final = "demo"
DONE: Final = "demo_peopled"


def is_peopled() -> bool:
    return Entry.objects.filter(chain=CHAIN, verb=DONE).exists()


def equip_place(plan: Plan, watch: Progress) -> None:
    """Devices with weeks of readings behind them; done once. A place of an earlier version gets its devices too."""
    if not devices.is_equipped():
        devices.make_devices(
            actor=FOUNDER,
            scale=plan.scale,
            seed=plan.seed,
            now=plan.end,
            progress=watch,
            days=min(plan.days, devices.DAYS),
        )


def people_place(plan: Plan, watch: Progress, *, people: int | None = None) -> None:
    """Each part is done once; what was cut off is done again. A place of an earlier version gets its people too."""
    load_shipped(actor=FOUNDER, now=plan.began)
    place = ground.make(cast("Scale", plan.scale), plan.seed)
    registry.load(plan.scale, plan.seed, place.place_names, now=plan.end, progress=watch, people=people)
    watch.start("网格工作 field work", 1)
    picture = Album(plan.began).sheet()
    tasks = make_field_work(now=plan.end, picture=picture)
    watch.advance(1)
    watch.finish()
    count_knowledge(actor=FOUNDER, now=plan.end, progress=watch)
    with transaction.atomic():
        record([Draft(chain=CHAIN, verb=DONE, actor=FOUNDER, at=plan.end, body={"tasks": tasks})])
