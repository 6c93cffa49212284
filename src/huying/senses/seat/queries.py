"""Reads of the seat: who is calling, and what is understood of the call so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from huying.casework.cases import access as cases
from huying.casework.dispatch.desk_queries import Choice
from huying.casework.dispatch.dry_run import DryRun, dry_run
from huying.casework.dispatch.queries import Matter
from huying.casework.understanding.queries_similar import Similar
from huying.kernel.actor import Actor
from huying.kernel.privacy import mask_text
from huying.senses.reports import queries as reports
from huying.senses.reports.models import Report

SHORTEST_PHONE = 7
MOST_PAST = 8


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier matter of the caller, masked. ``seen`` tells whether the operator may open its case."""

    report: Report
    text: str
    seen: bool


def past_of(phone: str, actor: Actor) -> list[Past]:
    """What this number has called about before, newest first; nothing for a number not yet dialled to the end."""
    if sum(sign.isdigit() for sign in phone) < SHORTEST_PHONE:
        return []
    rows = reports.of_phone(phone, MOST_PAST)
    seen = _seen(actor, [row.case_id for row in rows])
    return [Past(row, mask_text(row.title or row.text), row.case_id in seen) for row in rows]


@dataclass(frozen=True, slots=True)
class Understood:
    """What a call would become if it were saved now."""

    run: DryRun
    similar: tuple[Similar, ...]


def understand(matter: Matter, *, actor: Actor, now: datetime) -> Understood:
    """Kind, place, unit, due times and similar open cases the operator may see. Writes nothing."""
    run = dry_run(matter, now=now)
    seen = _seen(actor, [one.case.pk for one in run.similar])
    return Understood(run, tuple(one for one in run.similar if one.case.pk in seen))


def kinds_of(matter: Matter, *, now: datetime) -> tuple[Choice, ...]:
    """What the words alone would be taken for, so that another kind can still be picked."""
    return dry_run(matter, now=now).choices


def _seen(actor: Actor, case_ids: Sequence[int]) -> set[int]:
    return set(cases.visible(actor).filter(pk__in=case_ids).values_list("pk", flat=True)) if case_ids else set()
