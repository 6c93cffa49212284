"""A matter becomes a case: opened in bulk, accepted, corrected, or declined with the right channel named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from huying.casework.catalogue.models import Item
from huying.ground.territory.queries import Place
from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor, system
from huying.kernel.bulk import allocate_each, insert_rows, new_ids
from huying.kernel.clock import local_day
from huying.kernel.gathering import Question, Rows
from huying.kernel.terms import terms

from ..access import area_of
from ..facts import AssignmentMade, CaseAccepted, CaseCorrected, CaseDeclined, CaseOpened, CaseUnassigned
from ..models import Assignment, Case
from ..rules import Action, State
from ..turns import chain, filled, turning
from ..voices import words_label
from .assigning import Sending

_CASE_COLUMNS = (
    *("id", "number", "item_id", "item_code", "class_code", "title", "summary", "place_text", "lon", "lat"),
    *("grid", "community", "town", "county", "channel", "state", "urgent", "opened_at", "lead_unit_id"),
    *("lead_person_id", "first_asked_unit_id", "escalated_level", "returns", "locked", "redos", "extensions"),
    *("reports", "due_at", "light", "version", "confidence", "proposals", "terms", "subjects"),
)
_ASSIGNMENT_COLUMNS = (
    *("id", "case_id", "unit_id", "person_id", "role", "state", "limits", "respond_due", "due_at", "why"),
    *("sent_at", "result"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Everything known when a case is opened.

    ``words`` is what the resident said: it enters the trace as a commitment that can be erased by ``voice``, the mark
    of the report it came with. ``subjects`` are the marks of what it is about (``subjects.mark``). ``sending`` is the
    decided first dispatch; without it the case waits in the dispatcher's queue until ``due_at``.
    """

    item_id: int
    item_code: str
    class_code: str
    title: str
    summary: str
    words: str
    channel: str
    at: datetime
    voice: str = ""
    place: Place | None = None
    place_text: str = ""
    lon: float | None = None
    lat: float | None = None
    urgent: bool = False
    accepted: bool = False
    sending: Sending | None = None
    due_at: datetime | None = None
    confidence: float | None = None
    proposals: Sequence[dict[str, Any]] = field(default_factory=tuple)
    subjects: Sequence[str] = ()

    @property
    def grid(self) -> str:
        return self.place.grid if self.place else ""

    @property
    def community(self) -> str:
        return self.place.community if self.place else ""

    @property
    def town(self) -> str:
        return self.place.town if self.place else ""

    @property
    def area(self) -> str:
        return area_of(self.place) if self.place else ""

    @property
    def state(self) -> State:
        if self.sending is not None:
            return State.DISPATCHED
        return State.ACCEPTED if self.accepted else State.PENDING


def number_of(case_id: int, at: datetime) -> str:
    """一案一码: the local day it was opened and its running number."""
    return f"{local_day(at):%Y%m%d}-{case_id:07d}"


def ids_to_open(most: int) -> tuple[Question, Question]:
    """What opening up to ``most`` cases asks first, to be asked together with others; ids left over are lost."""
    return new_ids(Case, most), new_ids(Assignment, most)


def open_cases(
    openings: Sequence[Opening], *, actor: Actor, now: datetime, ids_asked: Sequence[Rows] = ()
) -> list[int]:
    """Open cases, one for each opening, in a constant number of queries; returns their ids in order.

    ``now`` is when it is written; each opening's ``at`` is when the matter was taken in, which its clock counts from.
    ``ids_asked`` are the answers to ``ids_to_open``, where they were asked before.
    """
    if not openings:
        return []
    with transaction.atomic(
        savepoint=False
    ):  # all or nothing; whoever catches a failure has a transaction of their own
        ids, assignment_ids = _ids(openings, ids_asked)
        sent = [(case_id, one, one.sending) for case_id, one in zip(ids, openings, strict=True) if one.sending]
        insert_rows(Case, _CASE_COLUMNS, [_case_row(i, one) for i, one in zip(ids, openings, strict=True)])
        if sent:
            rows = [
                _assignment_row(a, case_id, sending, one.at)
                for a, (case_id, one, sending) in zip(assignment_ids, sent, strict=True)
            ]
            insert_rows(Assignment, _ASSIGNMENT_COLUMNS, rows)
        drafts: list[trace.Draft] = []
        for case_id, one in zip(ids, openings, strict=True):
            drafts.extend(_drafts(case_id, one, actor))
        trace.append(drafts)
        facts.publish(*(_opened(i, one, actor) for i, one in zip(ids, openings, strict=True)))
        facts.publish(
            *(
                _made(a, case_id, one, sending, actor)
                for a, (case_id, one, sending) in zip(assignment_ids, sent, strict=True)
            )
        )
        live.announce("cases", {"opened": len(ids), "case": ids[0]})
    return ids


def _ids(openings: Sequence[Opening], asked: Sequence[Rows]) -> tuple[list[int], list[int]]:
    """One id for each case, one for each that is sent on."""
    sure = sum(one.sending is not None for one in openings)
    if asked:
        cases, assignments = ([value for (value,) in rows] for rows in asked)
        return cases[: len(openings)], assignments[:sure]
    cases, assignments = allocate_each((Case, len(openings)), (Assignment, sure))
    return cases, assignments


def _case_row(case_id: int, one: Opening) -> tuple[Any, ...]:
    unit = one.sending.unit_id if one.sending else None
    first_asked = (one.sending.first_asked_id or unit) if one.sending else None
    return (
        *(case_id, number_of(case_id, one.at), one.item_id, one.item_code, one.class_code, one.title[:80]),
        *(one.summary, one.place_text[:200], one.lon, one.lat, one.grid, one.community, one.town, one.town[:6]),
        *(one.channel, str(one.state), one.urgent, one.at, unit),
        *(one.sending.person_id if one.sending else None, first_asked, 0, 0, False, 0, 0, 1),
        *(one.sending.due_at if one.sending else one.due_at, "", 1, one.confidence, list(one.proposals)),
        terms(one.title, one.place_text, one.summary),
        list(dict.fromkeys(one.subjects)) or None,
    )


def _assignment_row(assignment_id: int, case_id: int, sending: Sending, at: datetime) -> tuple[Any, ...]:
    return (
        *(assignment_id, case_id, sending.unit_id, sending.person_id, "lead", "sent", sending.limits),
        *(sending.respond_due, sending.due_at, list(sending.why), at, ""),
    )


def _drafts(case_id: int, one: Opening, actor: Actor) -> list[trace.Draft]:
    name = chain(case_id)
    body: dict[str, Any] = {
        "to": str(State.DISPATCHED if one.sending else one.state),
        "item": one.item_code,
        "item_id": one.item_id,
        "area": one.area,
        "channel": one.channel,
        "confidence": None if one.confidence is None else round(one.confidence, 4),
    }
    if one.subjects:
        body["about"] = list(dict.fromkeys(one.subjects))
    opened = trace.Draft(
        chain=name,
        verb="open",
        actor=actor,
        at=one.at,
        body=body,
        private={words_label(one.voice): one.words},
        new=True,
    )
    if one.sending is None:
        return [opened]
    by = system("dispatch") if one.confidence is not None else actor
    sent = trace.Draft(chain=name, verb="dispatch", actor=by, at=one.at, body=one.sending.as_body(), new=True)
    return [opened, sent]


def _opened(case_id: int, one: Opening, actor: Actor) -> CaseOpened:
    return CaseOpened(
        case_id=case_id,
        at=one.at,
        by=actor.ref,
        number=number_of(case_id, one.at),
        item_code=one.item_code,
        area=one.area,
        assigned=one.sending is not None,
        due_at=one.due_at,
    )


def _made(assignment_id: int, case_id: int, one: Opening, sending: Sending, actor: Actor) -> AssignmentMade:
    return sending.as_fact(assignment_id, case_id, area=one.area, at=one.at, by=actor.ref, opening=True)


def accept_case(case_id: int, *, actor: Actor, now: datetime, expected: int | None = None) -> None:
    """受理: it is a matter for this place; it now waits for dispatch."""
    with turning(case_id, Action.ACCEPT, actor=actor, now=now, expected=expected) as turn:
        turn.tell(CaseAccepted(case_id=case_id, at=now, by=actor.ref))


def decline_case(
    case_id: int, *, channel: str, reason: str, actor: Actor, now: datetime, expected: int | None = None
) -> None:
    """不予受理: not for this place; ``channel`` names where the resident should go instead."""
    given = filled(channel=channel, reason=reason)
    with turning(case_id, Action.DECLINE, actor=actor, now=now, given=given, expected=expected) as turn:
        turn.change(closed_at=now, due_at=None, light="")
        turn.write({"channel": channel}, reason=reason)
        turn.tell(CaseDeclined(case_id=case_id, at=now, by=actor.ref, channel=channel, reason=reason))


def reconsider_case(case_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """A declined matter is taken up after all."""
    with turning(case_id, Action.RECONSIDER, actor=actor, now=now, given=filled(reason=reason)) as turn:
        turn.change(closed_at=None)
        turn.write(reason=reason)
        turn.tell(CaseUnassigned(case_id=case_id, at=now, by=actor.ref, area=area_of(turn.case)))


def correct_case(
    case_id: int,
    *,
    actor: Actor,
    now: datetime,
    item: Item | None = None,
    place: Place | None = None,
    expected: int | None = None,
) -> None:
    """Correct the kind or the place before dispatch; what it was stays in the trace."""
    with turning(case_id, Action.CORRECT, actor=actor, now=now, expected=expected) as turn:
        case = turn.case
        was = {"item": case.item_code, "area": area_of(case)}
        if item is not None:
            turn.change(item=item, item_code=item.code, class_code=item.class_code)
        if place is not None:
            turn.change(grid=place.grid, community=place.community, town=place.town, county=place.town[:6])
            if place.lon is not None and place.lat is not None:
                turn.change(lon=place.lon, lat=place.lat)
        turn.write({"was": was, "item": case.item_code, "area": area_of(case)})
        turn.tell(
            CaseCorrected(
                case_id=case_id,
                at=now,
                by=actor.ref,
                item_code=case.item_code,
                area=area_of(case),
                was_item=was["item"],
                was_area=was["area"],
            )
        )
