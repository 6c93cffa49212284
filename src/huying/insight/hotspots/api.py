"""REST: what residents speak of together, how hot it is and why, its joint case, and how heat is weighed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import NotFound

from . import access, board_queries, joint, joint_queries, queries, weighing
from .asking import period_of
from .board_queries import Ranked
from .heat import USUAL
from .models import HotIssue
from .periods import LONGEST, Period

router = Router()
READ, OPEN = SignedIn("reports:read"), SignedIn()


class PeriodIn(Schema):
    """The last ``days`` (30 without anything), or from one day to another, today without ``to``."""

    days: Annotated[int | None, Field(ge=1, le=LONGEST)] = None
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None

    def period(self) -> Period:
        first, last = (day.isoformat() if day else "" for day in (self.from_, self.to))
        return period_of(str(self.days or ""), first, last)


class IssueOut(Schema):
    """One issue in a period; ``parts`` are the points whose sum is ``heat``, ``joint_case_id`` its joint case, if any.

    ``messages`` and ``people`` are what residents said; ``official`` is what patrols found and departments passed on.
    """

    id: int
    name: str
    place: str
    heat: float
    parts: dict[str, float]
    messages: int
    people: int
    official: int
    first_at: datetime
    last_at: datetime
    joint_case_id: int | None


class PartOut(Schema):
    """What residents said on a day, in a week or month, by its first day."""

    first: date
    count: int


class IssueWholeOut(IssueOut):
    """An issue over a period, with all its messages counted, and the cases of them the caller may see."""

    step: str
    line: list[PartOut]
    all_messages: int
    case_ids: list[int]


class IssuePage(Schema):
    items: list[IssueOut]
    next: str | None
    prev: str | None


class PointOut(Schema):
    """Where one message was."""

    issue_id: int
    name: str
    lon: float
    lat: float


class WeightsOut(Schema):
    """Points a part may bring, and the days of the half-life and of what counts as recent."""

    messages: float
    likes: float
    growth: float
    recency: float
    span: float
    official: float
    half_life_days: float
    recent_days: float


class WeightsIn(WeightsOut):
    """All of them, with the reason; ``official`` is the usual where it is left out."""

    official: float = USUAL.official
    source: str


class StepIn(Schema):
    what: str
    due: date


class PlanIn(Schema):
    """Who leads, what is to be reached, how, and the milestones."""

    goal: str
    plan: str
    lead_unit_id: int
    steps: list[StepIn]


class StepOut(StepIn):
    number: int
    done_at: datetime | None
    note: str
    late: bool


class JointOut(Schema):
    """A joint case: ``before`` and ``after`` are messages in as many ``days`` before it was opened and lately."""

    case_id: int
    case_number: str
    goal: str
    plan: str
    lead_unit_id: int
    steps: list[StepOut]
    effect: str
    days: int
    before: int
    after: int
    cases: int
    closed: int


class NoteIn(Schema):
    note: str = ""


class EffectIn(Schema):
    effect: str


@router.get("/hotspots", response=IssuePage, auth=READ, summary="Hot issues of a period, hottest first")
def list_issues(
    request: HttpRequest,
    when: Query[PeriodIn],
    place: Annotated[str, Field(max_length=80)] = "",
    cursor: str | None = None,
    size: int = board_queries.PAGE_SIZE,
) -> dict[str, Any]:
    """What at least two residents spoke of in a period, ranked by its heat; ``place`` is a part of a name or place."""
    page = board_queries.board(_actor(request), when.period(), place=place, cursor=cursor, size=size)
    return {"items": [_out(one) for one in page.rows], "next": page.next, "prev": page.prev}


@router.get("/hotspots/points", response=list[PointOut], auth=READ, summary="Where its messages were, at most 4,000")
def list_points(
    request: HttpRequest,
    when: Query[PeriodIn],
    issue_id: int | None = None,
    place: Annotated[str, Field(max_length=80)] = "",
) -> list[dict[str, Any]]:
    """What residents said of the hundred hottest issues of a period, or of one; only where the caller may see the case."""
    actor, period = _actor(request), when.period()
    access.must_read(actor)
    issue = access.get_issue(actor, issue_id) if issue_id is not None else None
    among = board_queries.ids(actor, period, place=place) if issue is None else None
    return [asdict(one) for one in queries.points(actor, period, issue=issue, among=among)]


@router.get("/hotspots/weights", response=WeightsOut, auth=READ, summary="How heat is weighed now")
def get_weights(request: HttpRequest) -> dict[str, float]:
    access.must_read(_actor(request))
    return asdict(queries.weights())


@router.put("/hotspots/weights", response=WeightsOut, auth=OPEN, summary="Weigh heat so from now on")
def put_weights(request: HttpRequest, body: WeightsIn) -> dict[str, float]:
    """By a centre lead or administrator of the whole place, with the reason; boards rank by it at once."""
    values = body.model_dump(exclude={"source"})
    weighing.set_weights(values, source=body.source, actor=_actor(request), now=clock.now())
    return asdict(queries.weights())


@router.get("/hotspots/{issue_id}", response=IssueWholeOut, auth=READ, summary="One hot issue over a period")
def get_issue(request: HttpRequest, issue_id: int, when: Query[PeriodIn]) -> dict[str, Any]:
    """Heat 0 and no messages where nobody spoke of it in the period."""
    actor, period = _actor(request), when.period()
    issue = access.get_issue(actor, issue_id)
    standing = board_queries.standing(issue, actor, period)
    line = [asdict(part) for part in queries.time_line(issue, actor, period)]
    more = {"all_messages": issue.messages, "case_ids": queries.case_ids(issue, actor)}
    return {**(_out(standing) if standing else _silent(issue)), "step": period.step, "line": line, **more}


@router.get(
    "/hotspots/{issue_id}/joint-case", response=JointOut, auth=READ, summary="Its joint case and what came of it"
)
def get_joint_case(request: HttpRequest, issue_id: int) -> dict[str, Any]:
    return _joint(access.get_issue(_actor(request), issue_id))


@router.post("/hotspots/{issue_id}/joint-case", response={201: JointOut}, auth=OPEN, summary="Open its joint case")
def open_joint_case(request: HttpRequest, issue_id: int, body: PlanIn) -> Status[dict[str, Any]]:
    """每月一题: one case with its plan; 409 when there is one."""
    steps = tuple(joint.Step(step.what, step.due) for step in body.steps)
    plan = joint.Plan(body.goal, body.plan, body.lead_unit_id, steps)
    return Status(201, _joint(joint.open_joint_case(issue_id, plan, actor=_actor(request), now=clock.now())))


@router.post(
    "/hotspots/{issue_id}/joint-case/steps/{number}", response=JointOut, auth=OPEN, summary="A milestone is reached"
)
def reach_step(request: HttpRequest, issue_id: int, number: int, body: NoteIn) -> dict[str, Any]:
    """Once; 409 when it was reached before."""
    joint.reach_step(issue_id, number, note=body.note, actor=_actor(request), now=clock.now())
    return _joint(access.get_issue(_actor(request), issue_id))


@router.put("/hotspots/{issue_id}/joint-case/effect", response=JointOut, auth=OPEN, summary="What came of it")
def put_effect(request: HttpRequest, issue_id: int, body: EffectIn) -> dict[str, Any]:
    """In words, beside the numbers; 409 while no milestone is reached."""
    joint.record_effect(issue_id, effect=body.effect, actor=_actor(request), now=clock.now())
    return _joint(access.get_issue(_actor(request), issue_id))


def _out(one: Ranked) -> dict[str, Any]:
    figures = {
        name: getattr(one, name) for name in ("heat", "parts", "messages", "people", "official", "first_at", "last_at")
    }
    issue = one.issue
    return {"id": issue.pk, "name": issue.name, "place": issue.place, "joint_case_id": issue.case_id, **figures}


def _silent(issue: HotIssue) -> dict[str, Any]:
    return _out(Ranked(issue, 0, 0, 0, issue.first_at, issue.last_at, 0.0, {}))


def _joint(issue: HotIssue) -> dict[str, Any]:
    found = joint_queries.joint_of(issue, now=clock.now())
    if found is None:
        raise NotFound(code="joint_plan_not_found")
    plan = found.plan
    steps = [
        {name: getattr(step, name) for name in ("number", "what", "due", "done_at", "note")}
        | {"late": step.number in found.late}
        for step in found.steps
    ]
    said = {name: getattr(plan, name) for name in ("case_id", "goal", "plan", "lead_unit_id", "effect")}
    return {**said, **asdict(found.effect), "case_number": plan.case.number, "steps": steps}


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]
