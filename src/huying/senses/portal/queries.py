"""What the portal's pages show: how we understood a matter, what is done in the open, whom to call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from huying.casework.cases import access as case_access
from huying.casework.cases import queries as cases
from huying.casework.cases.models import Case
from huying.casework.cases.queries import Similar
from huying.casework.cases.rules import State
from huying.casework.catalogue.queries import ItemView
from huying.casework.dispatch import queries as dispatch
from huying.casework.dispatch.queries import Decision, Matter
from huying.ground.accounts.models import User
from huying.ground.organisation.directory import UnitView
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.ground.territory.queries import Place
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound
from huying.kernel.paging import Page, page
from huying.kernel.privacy import blind_candidates
from huying.senses.reports.models import Report

from . import rules, words

PAGE_SIZE = 20
MOST_POINTS = 1_000
MOST_SIMILAR = 3
WEEK = timedelta(days=7)
_FIGURES_FOR = 300  # seconds
_LONGEST_CASE = timedelta(days=90)
_EMERGENCY_FROM = 0.25
_DONE = (State.CLOSED, State.ARCHIVED)


def language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


# --- how we understood it -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind it may be, who would get it, and by when it would be done."""

    code: str
    label: str
    unit: str
    respond_due: datetime | None
    due: datetime | None
    seen_by: datetime | None  # when nobody is sure: by when somebody on duty has looked at it


@dataclass(frozen=True, slots=True)
class Near:
    """An open matter that may be the same one; without anybody's words."""

    case_id: int
    label: str
    place: str
    metres: int | None
    state: str
    unit: str
    opened_at: datetime
    due: datetime | None
    reports: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """What we made of a matter before it is sent. ``sure`` is false when a resident should choose."""

    choices: tuple[Choice, ...]
    sure: bool
    place: str
    seen_by: datetime | None
    emergency: tuple[str, ...]
    near: tuple[Near, ...]

    @property
    def codes(self) -> list[str]:
        return [choice.code for choice in self.choices]


def understand(matter: Matter, *, now: datetime, with_similar: bool = True) -> Understanding:
    """Dry run of a matter and of each kind it may be. Writes nothing; the number of queries is bounded."""
    first = dispatch.explain(matter, now=now)
    proposals = first.proposals[:3]
    each = dispatch.decide([replace(matter, item_code=one.item_code) for one in proposals], now=now)
    sure = bool(proposals) and first.waits_for not in ("unsure_item", "close_call", "held")
    likely = [one.item for one, guess in zip(each, proposals, strict=True) if guess.confidence >= _EMERGENCY_FROM]
    lines = {item.emergency_line for item in (likely[:1] if sure else likely)} - {""}
    units = directory(on=local_day(now)).units
    return Understanding(
        choices=tuple(_choice(one, units) for one in each),
        sure=sure,
        place=place_words([_code_of(first.place)]).get(_code_of(first.place), "") if first.place else "",
        seen_by=first.dispatch_due or next((one.dispatch_due for one in each if one.dispatch_due), None),
        emergency=tuple(sorted(lines)),
        near=_near([one.item for one in each], first, now) if with_similar else (),
    )


def _code_of(place: Place | None) -> str:
    return (place.grid or place.community or place.town) if place else ""


def _choice(decision: Decision, units: object) -> Choice:
    sending = decision.sending
    unit = units.get(sending.unit_id) if sending and isinstance(units, dict) else None
    if sending is not None and unit is None:
        unit = directory(on=local_day(sending.due_at or sending.respond_due)).units.get(sending.unit_id) if sending.due_at else None  # type: ignore[arg-type]
    return Choice(
        decision.item.code,
        decision.item.label,
        words.own_name(unit) if unit else "",
        sending.respond_due if sending else None,
        sending.due_at if sending else None,
        decision.dispatch_due,
    )
