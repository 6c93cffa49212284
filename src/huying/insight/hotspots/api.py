"""REST: what residents speak of together, how hot it is, and opening a joint case of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor

from . import access, actions, queries
from .models import HotIssue

router = Router()
READ, OPEN = SignedIn("reports:read"), SignedIn()
_LONGEST = 90


class IssueOut(Schema):
    """One issue; ``parts`` are the points whose sum is ``heat``, ``joint_case_id`` its joint case, if any."""

    id: int
    name: str
    place: str
    heat: float
    parts: dict[str, float]
    messages: int
    people: int
    first_at: datetime
    last_at: datetime
    joint_case_id: int | None


class DayOut(Schema):
    day: date
    count: int


class IssueWholeOut(IssueOut):
    """An issue with its messages by day (90 days) and the cases of them the caller may see."""

    daily: list[DayOut]
    case_ids: list[int]


class IssuePage(Schema):
    items: list[IssueOut]
    next: str | None
    prev: str | None


@router.get("/hotspots", response=IssuePage, auth=READ, summary="Hot issues, hottest first")
def list_issues(
    request: HttpRequest,
    days: Annotated[int, Field(ge=1, le=_LONGEST)] = 30,
    place: Annotated[str, Field(max_length=80)] = "",
    cursor: str | None = None,
    size: int = queries.PAGE_SIZE,
) -> dict[str, Any]:
    """What somebody spoke of in the last ``days``; ``place`` is a part of a name or place."""
    now = clock.now()
    since = now - timedelta(days=days)
    page = queries.board(_actor(request), since=since, until=now, place=place, cursor=cursor, size=size)
    return {"items": [_out(one) for one in page.rows], "next": page.next, "prev": page.prev}


@router.get("/hotspots/{issue_id}", response=IssueWholeOut, auth=READ, summary="One hot issue, day by day")
def get_issue(request: HttpRequest, issue_id: int) -> dict[str, Any]:
    return _whole(access.get_issue(_actor(request), issue_id), _actor(request))


@router.post("/hotspots/{issue_id}/joint-case", response={201: IssueOut}, auth=OPEN, summary="Open its joint case")
def open_joint_case(request: HttpRequest, issue_id: int) -> tuple[int, dict[str, Any]]:
    """每月一题: one case, held for a dispatcher; 409 when there is one."""
    return 201, _out(actions.open_joint_case(issue_id, actor=_actor(request), now=clock.now()))


def _out(issue: HotIssue) -> dict[str, Any]:
    plain = {name: getattr(issue, name) for name in IssueOut.model_fields if name != "joint_case_id"}
    return {**plain, "joint_case_id": issue.case_id}


def _whole(issue: HotIssue, actor: Actor) -> dict[str, Any]:
    since = clock.now() - timedelta(days=_LONGEST)
    return {
        **_out(issue),
        "daily": [{"day": one.day, "count": one.count} for one in queries.daily(issue, since=since)],
        "case_ids": queries.case_ids(issue, actor),
    }


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]
