"""REST: corrections that two people gave other values. Read with ``field:read``; only people who oversee the area decide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.privacy import mask_text

from . import access, actions, queries_disputes
from .models import Dispute

router = Router(auth=SignedIn("field:read"))


class DisputeOut(Schema):
    """``paths``: the answers in dispute, by instance path. Private numbers in what people wrote are masked."""

    id: int
    submission: UUID
    area: str
    state: str
    paths: list[str]
    by: str
    reason: str
    at: datetime
    decided_by: str
    decided_at: datetime | None
    words: str


class DisputePage(Schema):
    items: list[DisputeOut]
    next: str | None
    prev: str | None


class TwoValuesOut(Schema):
    """``before`` stands now, ``after`` is what the phone gave; "" for none. ``hidden``: personal, neither is told."""

    path: str
    label: str
    before: str
    after: str
    hidden: bool


class DisputeWhole(DisputeOut):
    """``values`` are those in which the two still differ; none once it is decided."""

    values: list[TwoValuesOut]


class DecideIn(Schema):
    """``take``: the values of the phone become the answers, else those there are stay. ``words`` are for its author."""

    take: bool
    words: str = ""


def _overseer(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_oversee(actor)
    return actor


def _told(row: Dispute) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in ("id", "submission", "area", "state", "paths", "at", "decided_at")}
    return own | {
        "by": row.by_name,
        "reason": mask_text(row.reason),
        "decided_by": row.decided_by_name,
        "words": mask_text(row.words),
    }


def _whole(row: Dispute) -> dict[str, Any]:
    waits = row.state == Dispute.State.OPEN
    values = queries_disputes.both_values(row, queries_disputes.submission_of(row)) if waits else []
    return _told(row) | {"values": values}


@router.get("/field/disputes", response=DisputePage, summary="Corrections that wait for a decision")
def disputes(
    request: HttpRequest,
    state: Literal["open", "taken", "left", "withdrawn"] = "open",
    cursor: str | None = None,
    size: Annotated[int, Query(ge=1, le=100)] = 50,
) -> dict[str, Any]:
    """In the caller's area, the earliest first; ``state`` for those that were decided."""
    found = queries_disputes.dispute_page(_overseer(request), state=state, cursor=cursor, size=size)
    return {"items": [_told(row) for row in found.rows], "next": found.next, "prev": found.prev}


@router.get("/field/disputes/{pk}", response=DisputeWhole, summary="One of them with both values")
def dispute(request: HttpRequest, pk: int) -> dict[str, Any]:
    """404 outside the caller's area."""
    return _whole(access.get_dispute(_overseer(request), pk))


@router.post("/field/disputes/{pk}/decide", response=DisputeWhole, auth=SignedIn("field:read"), summary="Decide")
def decide(request: HttpRequest, pk: int, given: DecideIn) -> dict[str, Any]:
    """People only, and never one's own. Leaving the phone's values aside needs ``words``; what was decided answers 409."""
    actor = _overseer(request)
    row = actions.decide_dispute(pk, take=given.take, words=given.words, actor=actor, now=clock.now())
    return _whole(row)
