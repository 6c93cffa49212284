"""REST: tasks, plans and coverage for systems (scope ``field:read``) and for those who oversee an area.

What phones use under ``/field`` (devices, session, operations, uploads, changes) is the sync's; only a worker's own time
on duty is told here.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.ground.organisation.rules import is_area
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid
from huying.senses.forms import access as forms_access
from huying.senses.forms.api import SubmissionWhole, told_whole
from huying.senses.sync.calling import PHONE

from . import access, actions, api_disputes, queries, queries_board, queries_checks, queries_own, queries_positions
from .actions.writing import day_begins
from .models import Task

router = Router(auth=SignedIn("field:read"))
router.add_router("", api_disputes.router)
LONGEST = timedelta(days=400)


class TaskOut(Schema):
    uid: UUID
    kind: str
    title: str
    plan: str
    form: str
    subject_kind: str
    subject_uid: UUID | None
    area: str
    address: str
    lon: float | None
    lat: float | None
    opens_at: datetime
    due_at: datetime
    priority: int
    state: str
    done_at: datetime | None
    done_late: bool | None
    skip: str


class TaskPage(Schema):
    items: list[TaskOut]
    next: str | None


class PlanOut(Schema):
    code: str
    title: str
    kind: str
    form: str
    subject_kind: str
    wanted: dict[str, list[str | bool]]
    every: dict[str, int]
    window_days: int
    priority: int
    roles: list[str]
    posts: list[str]
    area: str
    valid_from: date
    valid_to: date | None
    active: bool


class PlanPage(Schema):
    items: list[PlanOut]
    next: str | None


class GridOut(Schema):
    """Counts of tasks that fell due in the period; shares are percent, null where nothing had to be done."""

    area: str
    name: str
    due: int
    in_time: int
    late: int
    overdue: int
    skipped: int
    waiting: int
    done_share: int | None
    in_time_share: int | None
    findings: int


class SpellOut(Schema):
    """``points``: [moment, longitude, latitude] in order; none is kept off duty, nor longer than the policy allows."""

    began_at: datetime
    ended_at: datetime | None
    points: list[tuple[datetime, float, float]]


class LookOut(Schema):
    """Somebody looked where I was. ``what``: "now" or the day they looked at."""

    at: datetime
    by: str
    why: str
    what: str


class DutyOut(Schema):
    spells: list[SpellOut]
    looks: list[LookOut]


class CoverageOut(Schema):
    since: date
    until: date
    items: list[GridOut]


def _reader(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_oversee(actor)
    return actor


def _period(since: date | None, until: date | None, now: datetime) -> tuple[date, date]:
    """Whole days, both included; by default the last seven."""
    last = until or local_day(now)
    first = since or last - timedelta(days=6)
    if not first <= last <= first + LONGEST:
        raise Invalid(field="until")
    return first, last


def _task(row: Task) -> TaskOut:
    named = {name: getattr(row, name) for name in TaskOut.model_fields if name != "plan"}
    return TaskOut(plan=row.plan.code if row.plan is not None else "", **named)


@router.get("/field/tasks", response=TaskPage, summary="Tasks by due time")
def tasks(
    request: HttpRequest,
    since: date | None = None,
    until: date | None = None,
    what: str = "due",
    area: str = "",
    kind: str = "",
    plan: str = "",
    cursor: str | None = None,
    size: int = 100,
) -> TaskPage:
    """Tasks due between two days (both included). ``what``: due, done, in_time, late, overdue, skipped, waiting."""
    actor, now = _reader(request), clock.now()
    if what not in queries.WHATS:
        raise Invalid(field="what")
    if not is_area(area):
        raise Invalid(field="area")
    first, last = _period(since, until, now)
    narrowing = queries.Narrowing(
        what=what,
        since=day_begins(first),
        until=day_begins(last + timedelta(days=1)),
        area=area,
        kind=kind,
        plan=plan,
    )
    page = queries.task_page(actor, narrowing, now=now, cursor=cursor, size=size)
    return TaskPage(items=[_task(row) for row in page.rows], next=page.next)


@router.get("/field/plans", response=PlanPage, summary="Plans")
def plans(request: HttpRequest, cursor: str | None = None) -> PlanPage:
    """Plans that ask for something in the caller's area."""
    page = queries.plan_page(_reader(request), cursor=cursor)
    return PlanPage(items=[PlanOut.from_orm(row) for row in page.rows], next=page.next)


@router.get("/field/coverage", response=CoverageOut, summary="How much of what was due was done, by grid")
def coverage(request: HttpRequest, since: date | None = None, until: date | None = None, area: str = "") -> CoverageOut:
    """Done share = done ÷ (done + overdue); in time share = in time ÷ (done + overdue); by the day tasks were due."""
    actor, now = _reader(request), clock.now()
    if not is_area(area):
        raise Invalid(field="area")
    first, last = _period(since, until, now)
    rows = queries_board.by_grid(
        actor, since=day_begins(first), until=day_begins(last + timedelta(days=1)), now=now, area=area
    )
    counts = ("due", "in_time", "late", "overdue", "skipped", "waiting", "done_share", "in_time_share")
    items = [
        GridOut(
            area=row.area,
            name=row.name,
            findings=row.findings,
            **{name: getattr(row.coverage, name) for name in counts},
        )
        for row in rows
    ]
    return CoverageOut(since=first, until=last, items=items)


class AmendIn(Schema):
    """``changes``: new answers by instance path (``rooms/0/area``), null takes one away; all others stay, personal ones too.

    ``_findings/<path>`` says what was decided on a failing answer. ``op``: a UUID of the caller's, so that sending it again
    changes nothing. ``seen``: how many corrections the caller knew of.
    """

    changes: dict[str, Any]
    reason: str
    op: UUID | None = None
    seen: int | None = None


class EffectOut(Schema):
    """``what`` is one of the effects in the reference; ``fields`` of the registry's ``kind``, never their values."""

    what: str
    label: str = ""
    case: int | None = None
    kind: str = ""
    fields: tuple[str, ...] = ()


class ConsequenceOut(Schema):
    number: int
    at: datetime
    by: str
    effects: list[EffectOut]


@router.post("/submissions/{uid}/amendments", response=SubmissionWhole, auth=SignedIn("field:read"))
def amend_submission(request: HttpRequest, uid: UUID, given: AmendIn) -> SubmissionWhole:
    """Correct single answers of a filled form; what it said before is kept, and what followed follows the correction."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    forms_access.must_read_forms(actor)
    row = actions.correct_answers(
        uid, changes=given.changes, reason=given.reason, seen=given.seen, op=given.op, actor=actor, now=clock.now()
    )
    return told_whole(row)


@router.get("/submissions/{uid}/consequences", response=list[ConsequenceOut], auth=SignedIn("field:read"))
def consequences(request: HttpRequest, uid: UUID) -> list[ConsequenceOut]:
    """What followed from each correction, the latest first."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    forms_access.must_read_forms(actor)
    row = forms_access.get_submission(actor, uid)
    return [
        ConsequenceOut(number=one.number, at=one.at, by=one.by, effects=[EffectOut(**each) for each in one.effects])
        for one in queries.consequences_of(row.uid)
    ]


class JudgedOut(Schema):
    """A verdict about my own work. ``verdict`` of a check-in: fine, wrong, unsure; of a spot: confirmed, doubtful, …"""

    about: str
    id: int
    title: str
    at: datetime
    verdict: str
    words: str
    by: str
    judged_at: datetime
    answer: str
    may_answer: bool


class AnswerIn(Schema):
    text: str


@router.get("/field/verdicts", response=list[JudgedOut], auth=PHONE, summary="What my own work was judged")
def verdicts(request: HttpRequest) -> list[queries_checks.Judged]:
    """The caller's own alone, the latest first."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_work(actor)
    return queries_checks.own_judged(actor)


@router.post("/field/verdicts/{about}/{pk}/answer", response=list[JudgedOut], auth=PHONE, summary="Say something to it")
def answer_verdict(request: HttpRequest, about: str, pk: int, given: AnswerIn) -> list[queries_checks.Judged]:
    """Once a verdict; the same again changes nothing. Who judged may then look once more."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_work(actor)
    actions.answer_verdict(about, pk, text=given.text, actor=actor, now=clock.now())
    return queries_checks.own_judged(actor)


class AnsweredOut(Schema):
    """What my own filled form says now. ``hidden``: paths of personal answers, which stay sealed; ``pictures`` by upload id."""

    corrections: int
    answers: dict[str, Any]
    hidden: list[str]
    pictures: dict[str, str]
    definition: dict[str, Any]
    ended_at: datetime


@router.get("/field/filled/{uid}", response=AnsweredOut, auth=PHONE, summary="A form I filled in, to correct it")
def filled(request: HttpRequest, uid: UUID) -> queries_own.Answered:
    """The caller's own alone; corrections are sent as operations."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_work(actor)
    return queries_own.own_answers(actor, uid)


@router.get("/field/duty", response=DutyOut, auth=PHONE, summary="My times on duty, where I was, who looked")
def duty(request: HttpRequest, days: Annotated[int, Query(ge=1, le=queries.LONGEST_LOOK_BACK)] = 7) -> DutyOut:
    """The caller's own alone, today and the days before."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    since = day_begins(local_day(clock.now()) - timedelta(days=days - 1))
    rows = queries.own_spells(actor, since=since)
    return DutyOut(
        spells=[
            SpellOut(
                began_at=row.began_at,
                ended_at=row.ended_at,
                points=[(one.at, one.lon, one.lat) for one in row.positions.all()],
            )
            for row in rows
        ],
        looks=[
            LookOut(at=one.at, by=one.actor_name, why=one.why, what=", ".join(one.what))
            for one in queries_positions.looks_at(actor.person_id or 0, since=since)
        ],
    )
