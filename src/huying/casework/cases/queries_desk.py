"""Reads for the staff screens: work queues, the counts above a list, and everything a case's page shows beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from huying.ground.organisation.directory import Directory
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.gathering import Question, ask_together
from huying.kernel.paging import Page, page
from huying.kernel.privacy import unseal

from . import access, queries
from .models import (
    Assignment,
    Attachment,
    Case,
    Check,
    Extension,
    Feedback,
    Meeting,
    Milestone,
    Objection,
    PartnerRating,
    ReturnCall,
    Suspension,
    Transfer,
)
from .rules import State
from .turns import chain

MOST_MAP_POINTS = 4_000
MOST_WAITING = 1_000
MOST_COUNTED = 10_000
SHOWN_FILES, PRINTED_FILES = 9, 60  # of each stage and kind
FILES_A_PAGE = 60
_UNIT_ROLES = ("handler", "unit_lead")
_OWED = (State.DISPATCHED, State.HANDLING, State.SUSPENDED)


class Queue(StrEnum):
    """What a list answers "what next?" with."""

    MINE = "mine"
    ASSIST = "assist"
    FIRST = "first"
    DECIDE = "decide"
    CHECK = "check"
    CALL = "call"
    ALL = "all"


_ROLES: dict[Queue, tuple[str, ...]] = {
    Queue.MINE: (*_UNIT_ROLES, "grid_worker"),
    Queue.ASSIST: _UNIT_ROLES,
    Queue.FIRST: _UNIT_ROLES,
    Queue.DECIDE: ("dispatcher", "centre_lead"),
    Queue.CHECK: ("checker",),
    Queue.CALL: ("seat", "checker"),
    Queue.ALL: (),
}
_ORDERS: dict[Queue, tuple[str, ...]] = {
    Queue.ASSIST: ("part_due", "id"),
    Queue.CALL: ("closed_at", "id"),
    Queue.ALL: queries.NEWEST,
}


def queues_of(actor: Actor) -> list[Queue]:
    """The queues an actor's duties open, the most pressing first; everybody of the staff has ALL."""
    return [queue for queue, roles in _ROLES.items() if not roles or any(actor.has(role) for role in roles)]


def order_of(queue: Queue) -> tuple[str, ...]:
    """How a queue is ordered: most urgent first, except where nothing runs any more."""
    return _ORDERS.get(queue, queries.BY_DUE)


def own_units(actor: Actor, known: Directory) -> list[int]:
    """Ids of the units an actor handles for, those below them included."""
    paths = tuple({duty.unit_path for duty in actor.duties_of(*_UNIT_ROLES) if duty.unit_path})
    return [unit.id for unit in known.units.values() if paths and unit.path.startswith(paths)]


def in_queue(actor: Actor, queue: Queue, known: Directory) -> QuerySet[Case]:
    """The cases of a queue; all of them are among those the actor may see."""
    if queue is Queue.ALL:
        return access.visible(actor)
    if queue in (Queue.DECIDE, Queue.CHECK, Queue.CALL):
        return _by_area(actor, queue)
    units = own_units(actor, known)
    if queue is Queue.ASSIST:
        return _assisted(units)
    if queue is Queue.FIRST:
        return Case.objects.filter(open=True, first_asked_unit__in=units).exclude(lead_unit__in=units)
    mine = Q(lead_unit__in=units)
    if actor.person_id is not None:
        mine |= Q(lead_person=actor.person_id)
    return Case.objects.filter(mine, open=True, state__in=_OWED)


def _by_area(actor: Actor, queue: Queue) -> QuerySet[Case]:
    covered = Q(pk__in=[])
    for duty in actor.duties_of(*_ROLES[queue]):
        covered |= access.area_filter(duty.area) if duty.area else Q(pk__gt=0)
    cases = Case.objects.filter(covered)
    if queue is Queue.CHECK:
        return cases.filter(open=True, state=State.CHECKING).exclude(own_work(actor))
    if queue is Queue.CALL:
        return cases.filter(state=State.CLOSED)
    asked = {"case": OuterRef("pk"), "state": "asked"}
    waits = Q(state=State.OBJECTED) | Q(
        Q(Exists(Extension.objects.filter(**asked))) | Q(Exists(Suspension.objects.filter(**asked))),
        state=State.HANDLING,
    )
    return cases.filter(waits, open=True)


def own_work(actor: Actor) -> Exists:
    """The condition that the actor or their unit signed for a case: nobody checks that.

    Nor is a reporter called by them; the list of calls also leaves out what they answered without signing for it.
    """
    worked = Assignment.objects.filter(case=OuterRef("pk"), signed_at__isnull=False)
    own = Q(pk__in=[])
    if actor.person_id is not None:
        own |= Q(person=actor.person_id)
    if actor.unit_id is not None:
        own |= Q(unit=actor.unit_id)
    return Exists(worked.filter(own))


def _assisted(units: Sequence[int]) -> QuerySet[Case]:
    """Cases other units lead and these assist, with the due time and state of the own part."""
    part = Assignment.objects.filter(
        case=OuterRef("pk"), unit__in=units, role=Assignment.Role.ASSIST, state__in=Assignment.LIVE
    ).order_by("id")
    return Case.objects.filter(Exists(part), open=True).annotate(
        part_due=Subquery(part.values("due_at")[:1]), part_state=Subquery(part.values("state")[:1])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A list as asked for: the queue, the filters of :mod:`queries`, and what only screens filter by."""

    queue: Queue
    filters: queries.Filters = field(default_factory=queries.Filters)
    units: tuple[int, ...] = ()
    late: bool = False


def wished(actor: Actor, wish: Wish, known: Directory, now: datetime) -> QuerySet[Case]:
    """The cases of a wish."""
    cases = queries.narrowed(in_queue(actor, wish.queue, known), wish.filters)
    if wish.units:
        cases = cases.filter(lead_unit__in=wish.units)
    if wish.late:
        cases = cases.filter(Q(open=True, due_at__lt=now) | Q(closed_late=True))
    return cases


def list_page(cases: QuerySet[Case], queue: Queue, *, cursor: str | None = None, size: int = 50) -> Page[Case]:
    """One page of a wish; one query (two where a page runs into cases without a due time)."""
    rows = cases.select_related("item", "lead_unit", "lead_person").defer("terms", "proposals", "summary")
    return page(rows, order_of(queue), cursor, size)


def counts(cases: QuerySet[Case]) -> dict[str, str]:
    """How many by state, by light, and in all (""), as shown; one query.

    At most ``MOST_COUNTED`` cases are looked at: where there are more, each number is the least it can be, "310+".
    """
    looked = _some(cases.values("state", "light"), MOST_COUNTED)
    if looked is None:
        return {"": "0"}
    sql, values = looked
    (rows,) = ask_together((f"SELECT state, light, count(*) FROM ({sql}) looked GROUP BY 1, 2", values))
    found: dict[str, int] = {"": 0}
    for state, light, number in rows:
        for key in {"", state, f"light:{light}"}:
            found[key] = found.get(key, 0) + number
    more = "+" if found[""] >= MOST_COUNTED else ""
    return {key: f"{number}{more}" for key, number in found.items()}


def queue_counts(actor: Actor, wanted: Iterable[Queue], known: Directory) -> dict[Queue, str]:
    """How many cases wait in each queue, as shown: "1000+" is where counting stops; one query for all of them."""
    parts = {queue: _some(in_queue(actor, queue, known).values("pk"), MOST_WAITING) for queue in wanted}
    asked = {queue: part for queue, part in parts.items() if part is not None and queue is not Queue.ALL}
    numbers = dict.fromkeys((queue for queue in parts if queue is not Queue.ALL), "0")
    if asked:
        sql = ", ".join(f"(SELECT count(*) FROM ({sql}) looked)" for sql, _values in asked.values())
        ((row,),) = ask_together((f"SELECT {sql}", [one for _sql, values in asked.values() for one in values]))
        for queue, number in zip(asked, row, strict=True):
            numbers[queue] = f"{number}+" if number >= MOST_WAITING else str(number)
    return numbers


def _some(cases: QuerySet[Case, Any], most: int) -> Question | None:
    """The question for the first rows in any order; ``None`` where there can be none."""
    try:
        sql, values = cases.order_by()[:most].query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, values


@dataclass(slots=True)
class Beside:
    """Everything that hangs on a case, for its page."""

    assignments: list[Assignment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    suspensions: list[Suspension] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    feedbacks: list[Feedback] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    calls: list[ReturnCall] = field(default_factory=list)
    ratings: list[PartnerRating] = field(default_factory=list)
    absorbed: list[Case] = field(default_factory=list)

    @property
    def lead(self) -> Assignment | None:
        """The present or last lead."""
        return next((one for one in reversed(self.assignments) if one.role == Assignment.Role.LEAD), None)

    @property
    def parts(self) -> list[Assignment]:
        return [one for one in self.assignments if one.role == Assignment.Role.ASSIST]

    @property
    def suspension(self) -> Suspension | None:
        """The one asked for or running."""
        return next((one for one in self.suspensions if one.state in ("asked", "running")), None)

    @property
    def extension(self) -> Extension | None:
        """The one that waits for a decision."""
        return next((one for one in self.extensions if one.state == "asked"), None)

    @property
    def objection(self) -> Objection | None:
        """The one that waits for a decision."""
        return next((one for one in self.objections if one.state == "asked"), None)

    @property
    def meeting(self) -> Meeting | None:
        """The one that was called and not yet recorded."""
        return next((one for one in self.meetings if one.held_at is None), None)

    @property
    def transfer(self) -> Transfer | None:
        """The one the whole case is out with."""
        whole = [one for one in self.transfers if one.whole and one.taken_back_at is None]
        return whole[-1] if whole else None

    @property
    def feedback(self) -> Feedback | None:
        return self.feedbacks[-1] if self.feedbacks else None


# Which trace verb says that there may be rows of a kind: what never happened is not asked for.
_AFTER: tuple[tuple[str, str], ...] = (
    ("objections", "object"),
    ("extensions", "ask_extension"),
    ("suspensions", "ask_suspension"),
    ("feedbacks", "give_feedback"),
    ("feedbacks", "answer"),
    ("meetings", "call_meeting"),
    ("calls", "return_call"),
    ("ratings", "rate_partner"),
    ("absorbed", "absorb"),
    ("transfers", "transfer_out"),
    ("transfers", "call_emergency"),
    ("attachments", "attach"),
)


def _latest_files(case: Case, most: int) -> QuerySet[Attachment]:
    """The latest of each stage and kind, each knowing as ``total`` how many of those there are."""
    alike = [F("stage"), F("file__kind")]
    return (
        case.attachments.select_related("file")
        .annotate(
            place=Window(RowNumber(), partition_by=alike, order_by=F("id").desc()),
            total=Window(Count("id"), partition_by=alike),
        )
        .filter(place__lte=most)
    )


def files_page(case: Case, *, cursor: str | None = None, size: int = FILES_A_PAGE) -> Page[Attachment]:
    """All files of a case in the order they came. One query."""
    return page(case.attachments.select_related("file"), ("id",), cursor, size)


def beside(case: Case, verbs: Iterable[str], *, files: int = SHOWN_FILES) -> Beside:
    """What hangs on a case. ``verbs`` are those of its history; at most one query for each kind that occurred.

    Of files at most ``files`` of each stage and kind.
    """
    happened = frozenset(verbs)
    rows: dict[str, QuerySet[Any]] = {
        "objections": case.objections.select_related("suggested_unit"),
        "extensions": case.extension_requests.all(),
        "suspensions": case.suspensions.prefetch_related(
            Prefetch("milestones", queryset=Milestone.objects.order_by("due_on", "id"))
        ),
        "feedbacks": case.feedbacks.select_related("person").prefetch_related(
            Prefetch("checks", queryset=Check.objects.select_related("person").order_by("id"))
        ),
        "meetings": case.meetings.all(),
        "calls": case.return_calls.all(),
        "ratings": case.partner_ratings.select_related("by_unit", "of_unit"),
        "absorbed": Case.objects.filter(merged_into=case).defer("terms", "proposals", "summary"),
        "transfers": case.transfers.all(),
        "attachments": _latest_files(case, files),
    }
    found = Beside(assignments=queries.assignments_of(case.pk))
    for name in dict.fromkeys(name for name, verb in _AFTER if verb in happened):
        setattr(found, name, list(rows[name].order_by("id")))
    return found


def find_by_number(actor: Actor, text: str) -> int | None:
    """The id of a case the actor may see, by its number."""
    return access.visible(actor).filter(number=text[:24]).values_list("pk", flat=True).first()


def area_counts(cases: QuerySet[Case], level: str) -> list[tuple[str, int, int]]:
    """Of a wish: open cases and open late ones for each town, community or grid; one query."""
    rows = cases.filter(open=True).exclude(**{level: ""}).order_by().values_list(level)
    late = Count("id", filter=Q(light__in=("red", "black")))
    return sorted(rows.annotate(n=Count("id"), late=late))


def map_points(cases: QuerySet[Case], limit: int = MOST_MAP_POINTS) -> list[tuple[int, float, float, str, str, str]]:
    """Of a wish: open cases with a point: id, lon, lat, light, number, title; one query."""
    rows = cases.filter(open=True, lon__isnull=False).order_by("-id")
    return [
        (pk, lon or 0.0, lat or 0.0, light, number, title)
        for pk, lon, lat, light, number, title in rows.values_list("id", "lon", "lat", "light", "number", "title")[
            :limit
        ]
    ]


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of a case's history. ``texts`` maps a label to what was said, or to ``None`` where it was erased."""

    seq: int
    at: datetime
    verb: str
    actor_ref: str
    actor_name: str
    unit_id: int | None
    body: dict[str, Any]
    texts: dict[str, str | None]


def history(case_id: int, *, limit: int = 400) -> list[Happened]:
    """The latest entries of a case's trace, oldest first; two queries."""
    name = chain(case_id)
    rows = list(trace.Entry.objects.filter(chain=name).order_by("-seq")[:limit])
    kept = trace.PrivateValue.objects.filter(chain=name, seq__gte=rows[-1].seq if rows else 0)
    opened = {(seq, label): unseal(sealed) for seq, label, sealed in kept.values_list("seq", "label", "sealed")}
    return [
        Happened(
            row.seq,
            row.at,
            row.verb,
            row.actor_ref,
            row.actor_name,
            row.actor_unit,
            row.content,
            {label: opened.get((row.seq, label)) for label in (json.loads(row.commitments) if row.commitments else ())},
        )
        for row in reversed(rows)
    ]
