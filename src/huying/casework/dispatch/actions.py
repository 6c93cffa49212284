"""Writes of the dispatch room: take matters in and send them on, by rule when sure, by a person when not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from huying.casework.cases import actions as cases
from huying.casework.cases.access import area_of
from huying.casework.cases.actions import Opening, Sending
from huying.casework.cases.models import Case
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.models import Item
from huying.casework.clocks.actions import Note, send_notices
from huying.casework.clocks.recipients import People
from huying.ground.organisation.queries import directory
from huying.ground.territory.queries import Place
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import NotFound, Refused
from huying.kernel.gathering import Rows

from . import deadlines, queries, words
from .queries import Decision, Matter
from .rules import worker_of


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was opened for a matter, and where it went."""

    case_id: int
    decision: Decision


def open_matters(
    matters: Sequence[Matter], *, actor: Actor, now: datetime, ids_asked: Sequence[Rows] = ()
) -> list[Opened]:
    """Understand, locate, route, set the clock and open one case for each matter, in a constant number of queries.

    ``ids_asked``: see ``open_cases``.
    """
    if not matters:
        return []
    decisions = queries.decide(matters, now=now)
    openings = [_opening(matter, decision) for matter, decision in zip(matters, decisions, strict=True)]
    with transaction.atomic(savepoint=False):
        case_ids = cases.open_cases(openings, actor=actor, now=now, ids_asked=ids_asked)
        opened = [Opened(case_id, decision) for case_id, decision in zip(case_ids, decisions, strict=True)]
        _call_somebody([one for one in opened if one.decision.danger], now)
    return opened


def _call_somebody(emergencies: Sequence[Opened], now: datetime) -> None:
    """A person is put on it at once: the dispatchers of the place and whoever leads the centre."""
    if not emergencies:
        return
    people = People(directory(on=local_day(now)))
    notes = []
    for one in emergencies:
        decision = one.decision
        area = area_of(decision.place) if decision.place else ""
        body = {"title": decision.title, "text": f"（{decision.danger}）"}
        told = [people.in_area(role, area) if area else people.anywhere(role) for role in ("dispatcher", "centre_lead")]
        for person_id in sorted({one for ids in told for one in ids}):
            notes.append(
                Note(
                    person_id=person_id, kind="emergency", case_id=one.case_id, due_at=decision.dispatch_due, body=body
                )
            )
    send_notices(notes, now=now)


def _opening(matter: Matter, decision: Decision) -> Opening:
    item = decision.item
    return Opening(
        item_id=item.id,
        item_code=item.code,
        class_code=item.class_code,
        title=decision.title,
        summary=decision.summary,
        words=matter.text,
        voice=matter.voice,
        channel=matter.channel,
        at=matter.at,
        place=decision.place,
        place_text=matter.place_text,
        lon=decision.lon,
        lat=decision.lat,
        urgent=decision.urgent,
        accepted=decision.sending is None and decision.waits_for == "no_unit",
        sending=decision.sending,
        due_at=decision.dispatch_due,
        confidence=decision.certainty.item if matter.item_code is None else None,
        proposals=[proposal.as_json() for proposal in decision.proposals],
        subjects=matter.subjects,
    )


def dispatch_case(
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
    person_id: int | None = None,
    expected: int | None = None,
) -> None:
    """Send a waiting case to a unit; without one, to the unit the rules name. The limit is the item's."""
    with transaction.atomic():
        case = _held(case_id)
        sending = _sending(case, now, unit_id, person_id)
        cases.dispatch_case(case_id, sending, actor=actor, now=now, expected=expected)


def correct_and_dispatch(
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    item_code: str | None = None,
    place: Place | None = None,
    unit_id: int | None = None,
    person_id: int | None = None,
    expected: int | None = None,
) -> None:
    """What a dispatcher does in one step: set right the kind or the place, then send; two entries in the trace."""
    with transaction.atomic():
        case = _held(case_id)
        wrong_item = item_code is not None and item_code != case.item_code
        if wrong_item or place is not None:
            correct_matter(case_id, actor=actor, now=now, item_code=item_code, place=place, expected=expected)
            expected = None
        dispatch_case(case_id, actor=actor, now=now, unit_id=unit_id, person_id=person_id, expected=expected)


def correct_matter(
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    item_code: str | None = None,
    place: Place | None = None,
    expected: int | None = None,
) -> None:
    """Correct kind or place of a case that waits; the item is taken from the catalogue version it was opened under."""
    item = None
    if item_code is not None:
        version_id = Case.objects.values_list("item__version_id", flat=True).get(pk=case_id)
        item = Item.objects.filter(version_id=version_id, code=item_code).first()
        if item is None:
            raise NotFound(code="item_not_found")
    cases.correct_case(case_id, actor=actor, now=now, item=item, place=place, expected=expected)


def designate_case(
    case_id: int, *, unit_id: int, reason: str, actor: Actor, now: datetime, expected: int | None = None
) -> None:
    """指定办理 after two returns."""
    with transaction.atomic():
        sending = _sending(_held(case_id), now, unit_id, None)
        cases.designate_case(case_id, sending, reason=reason, actor=actor, now=now, expected=expected)


def escalate_case(
    case_id: int,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
    expected: int | None = None,
) -> None:
    """上报升级 to a higher unit; without one, to the nearest unit above that may take it."""
    with transaction.atomic():
        case = _held(case_id)
        target = unit_id or queries.unit_above(case, now=now)
        if target is None:
            message, hint = words.NOTHING_ABOVE
            raise Refused(message, code="nothing_above", hint=hint)
        sending = _sending(case, now, target, None)
        cases.escalate_case(case_id, sending, reason=reason, actor=actor, now=now, expected=expected)


@dataclass(frozen=True, slots=True)
class Call:
    """One unit called by a whistle; ``limit`` in the catalogue's notation ("4wh"), empty: the case's own due time."""

    unit_id: int
    limit: str = ""
    task: str = ""


def whistle(
    case_id: int,
    calls: Sequence[Call],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """吹哨报到: call other units, each with its own limit; arrival is due within the policy's arrival limit."""
    with transaction.atomic():
        case = _held(case_id)
        sendings = [_call_sending(case, call, now) for call in calls]
        cases.whistle(case_id, sendings, reason=reason, actor=actor, now=now, expected=expected)


def _held(case_id: int) -> Case:
    case = Case.objects.select_for_update(of=("self",)).select_related("item").filter(pk=case_id).first()
    if case is None:
        raise NotFound(code="case_not_found")
    return case


def _sending(case: Case, now: datetime, unit_id: int | None, person_id: int | None) -> Sending:
    """The dispatch of a case to a unit, with its due times counted from now."""
    item = catalogue.view_of(case.item)
    area = area_of(case)
    found = queries.route_to(item, area, now, unit_id)
    if found is None:
        message, hint = words.NO_UNIT
        raise Refused(message, code="no_unit", hint=hint)
    if person_id is not None:
        cases.must_work_in(found.unit_id, person_id, now)
    times = deadlines.again(deadlines.of_item(item, area, now), case.pk, found.unit_id, now)
    return Sending(
        unit_id=found.unit_id,
        person_id=person_id or found.person_id,
        first_asked_id=found.first_asked_id,
        respond_due=times.respond,
        due_at=times.close,
        limits=times.limits,
        why=found.why,
    )


def _call_sending(case: Case, call: Call, now: datetime) -> Sending:
    area = area_of(case)
    known = directory(on=local_day(now))
    person = worker_of(call.unit_id, known, now) if call.unit_id in known.units else None
    times = deadlines.of_call(call.limit, area, now, case.due_at)
    why: list[dict[str, Any]] = [{"why": "whistle", "task": call.task}]
    return Sending(
        unit_id=call.unit_id,
        person_id=person,
        respond_due=times.respond,
        due_at=times.close,
        limits=times.limits,
        why=why,
    )
