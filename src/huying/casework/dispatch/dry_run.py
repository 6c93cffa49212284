"""A dry run told step by step: what was understood, where it is, whose duty it is, who is there, by when, what is like it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.casework.cases.access import area_of
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.limits import Stage
from huying.casework.catalogue.queries import ItemView
from huying.casework.clocks import queries as clocks
from huying.casework.clocks.rules import due
from huying.casework.understanding.queries_similar import Similar, similar_open
from huying.casework.understanding.repeats import likeness as like
from huying.ground.organisation.directory import ResponsibilityView, UnitView
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.queries import Place
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.remembering import remembering

from . import queries
from .desk_queries import Choice, choice_of, policy_at
from .models import DispatchPolicy
from .queries import Decision, Matter
from .rules import Policy


@dataclass(frozen=True, slots=True)
class Limited:
    """One stage of an item's limit with the moment it would end; ``None`` where that cannot be known in advance."""

    stage: Stage
    due: datetime | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """The whole way of a matter, without a step taken. ``found_by``: point, place (given) or words (of the text)."""

    decision: Decision
    policy: Policy
    policy_row: DispatchPolicy | None
    found_by: str
    places: tuple[Place, ...]
    choices: tuple[Choice, ...]
    duty: ResponsibilityView | None
    trade_unit: UnitView | None
    admitted: bool | None
    respond: tuple[Limited, ...]
    close: tuple[Limited, ...]
    similar: tuple[Similar, ...]

    @property
    def item(self) -> ItemView:
        return self.decision.item


def dry_run(matter: Matter, *, now: datetime, actor: Actor | None = None) -> DryRun:
    """Work out a matter as intake would, and keep what each step found. A constant number of queries; writes nothing.

    With ``actor`` only such similar cases as they may see are named; without, whoever asks must leave out the others.
    """
    with remembering():
        return _run(matter, now, actor)


def _run(matter: Matter, now: datetime, actor: Actor | None) -> DryRun:
    decision = queries.explain(matter, now=now)
    known, book, current = directory(on=local_day(now)), clocks.almanac(), catalogue.current(local_day(now))
    place = decision.place
    area = area_of(place) if place else ""
    item = decision.item
    calendar = book.calendar(area)
    found_by, places = _place(matter, decision, now)
    policy, row = policy_at(area, now)
    sure = {one.item_code: (one.confidence, one.words) for one in decision.proposals}
    from_text = matter.item_code is None
    views = [item, *(view for one in decision.proposals[1:] if (view := current.get(one.item_code)) is not None)]
    trade_unit = known.unit_for_trade(item.lead_trade, area) if area else None
    return DryRun(
        decision=decision,
        policy=policy,
        policy_row=row,
        found_by=found_by,
        places=places,
        choices=tuple(
            choice_of(one, sure[one.code][0] if from_text else None, sure[one.code][1], area, known, book, now)
            for one in views
            if one.code in sure
        ),
        duty=known.responsibility(item.code, area) if area else None,
        trade_unit=trade_unit,
        admitted=known.admitted(item.code, area) if area else None,
        respond=tuple(Limited(stage, due(now, stage.limit, calendar)) for stage in item.respond),
        close=tuple(Limited(stage, due(now, stage.limit, calendar)) for stage in item.close),
        similar=like_decided(matter, decision, now=now, actor=actor),
    )


def like_decided(
    matter: Matter, decision: Decision, *, now: datetime, actor: Actor | None = None, public: bool = False
) -> tuple[Similar, ...]:
    """Open cases that may be the matter just worked out; with ``actor`` those they may see, ``public`` only what all may see."""
    place = decision.place
    asked = like.Matter(
        text=decision.summary,
        title=decision.title,
        place=matter.place_text,
        grid=place.grid if place else "",
        lon=decision.lon,
        lat=decision.lat,
        item=decision.item.code,
        group=decision.item.class_code,
        at=matter.at,
    )
    community = place.community if place else ""
    return tuple(similar_open(asked, decision.item, now=now, community=community, actor=actor, public=public))


def _place(matter: Matter, decision: Decision, now: datetime) -> tuple[str, tuple[Place, ...]]:
    """How the place was found, and what else the words might have meant."""
    if decision.place is None:
        return "", ()
    if matter.lon is not None and decision.place.lon == matter.lon:
        return "point", ()
    given, own = matter.place_text.strip(), f"{matter.title} {matter.text[:200]}"
    asked = [("place", given), ("words", own)] if given else [("words", own)]
    answers = territory.locate_texts([text for _, text in asked], on=local_day(now), k=3)
    return next(((name, tuple(found)) for (name, _), found in zip(asked, answers, strict=True) if found), ("", ()))
