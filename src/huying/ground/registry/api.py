"""REST: find, get (masked), change with the version seen, decide proposals, confirm freshness.

Scopes for keys: ``registry:read``, ``registry:write``. Nothing here is ever unmasked: the door opens to people on the desk only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field as Described
from ninja import Query, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound

from . import access, actions, api_knowing, queries
from . import queries_desk as reads
from .fields import FIELDS, KINDS
from .masking import label, mask
from .models import Record

router = Router()
router.add_router("", api_knowing.router)
MOST = 100


class FoundOut(Schema):
    """One hit: `title` and `line` are masked."""

    kind: str
    uid: UUID
    title: str
    line: str
    area: str
    state: str
    checked_at: datetime


class FoundPage(Schema):
    items: list[FoundOut]
    next: str | None
    prev: str | None


class RecordOut(Schema):
    """One record. `values` holds every field that is not empty; sealed ones are masked and named in `masked`."""

    kind: str
    uid: UUID
    version: int
    area: str
    state: str
    title: str
    checked_at: datetime
    values: dict[str, Any]
    masked: list[str]


class ChangeIn(Schema):
    """New values by field name. `base` is the version that was seen, 0 for a new record; `op` makes a retry change nothing."""

    base: Annotated[int, Described(ge=0)] = 0
    changes: dict[str, Any]
    op: UUID | None = None


class ChangedOut(Schema):
    """`state`: applied, waiting (for a person) or conflict; `conflicts` names the disputed fields."""

    state: str
    uid: UUID
    version: int
    conflicts: list[str]
    proposal: int | None


class ProposalOut(Schema):
    id: int
    kind: str
    uid: UUID
    state: str
    fields: list[str]
    why: str
    by: str
    at: datetime


class ProposalPage(Schema):
    items: list[ProposalOut]
    next: str | None
    prev: str | None


class DecideIn(Schema):
    """`accept` names the fields that are taken; all others are declined."""

    accept: list[str]
    reason: str = ""


class CheckedOut(Schema):
    uid: UUID
    version: int
    checked_at: datetime


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not access.areas(actor):
        raise NotFound()
    return actor


def _out(record: Record) -> dict[str, Any]:
    known = FIELDS[record.KIND]
    values = {name: value for name, value in record.values().items() if value not in ("", None)}
    sealed = sorted(name for name in values if known[name].private)
    return {
        "kind": record.KIND,
        "uid": record.uid,
        "version": record.version,
        "area": record.area,
        "state": str(record.state),
        "title": label(record),
        "checked_at": record.checked_at,
        "values": {name: mask(known[name], value) if name in sealed else value for name, value in values.items()},
        "masked": sealed,
    }


@router.get("/registry/find", response=FoundPage, auth=SignedIn("registry:read"), summary="查找基础信息 Find records")
def find(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=80)],
    kind: str = "",
    cursor: str = "",
    size: Annotated[int, Query(ge=1, le=MOST)] = 20,
) -> dict[str, Any]:
    """Records that hold every word of `q`: parts of names, pinyin, phones, addresses, rooms; `kind` narrows."""
    found = queries.find(_actor(request), q, kinds=[kind] if kind else None, cursor=cursor or None, size=size)
    return {"items": found.rows, "next": found.next, "prev": found.prev}


@router.get(
    "/registry/proposals", response=ProposalPage, auth=SignedIn("registry:read"), summary="待审核的修改 Proposals"
)
def list_proposals(request: HttpRequest, state: str = "", cursor: str = "") -> dict[str, Any]:
    """What waits for a decision of whoever asks, oldest first; for keys and workers what they proposed themselves."""
    actor = _actor(request)
    mine = not access.areas(actor, access.DECIDE)
    found = reads.proposals(actor, state=state, mine=mine, cursor=cursor or None)
    items = [
        {"id": one.pk, "kind": one.kind, "uid": one.subject, "state": str(one.state), "fields": one.fields,
         "why": one.why, "by": one.author_name, "at": one.at}
        for one in found.rows
    ]  # fmt: skip
    return {"items": items, "next": found.next, "prev": found.prev}


@router.post(
    "/registry/proposals/{proposal_id}/decide", response=ProposalOut, auth=SignedIn(), summary="审核 Decide a proposal"
)
def decide(request: HttpRequest, proposal_id: int, body: DecideIn) -> dict[str, Any]:
    """Take or decline fields of a proposal; people only, and never one's own."""
    done = actions.decide_proposal(
        actor=_actor(request), now=clock.now(), proposal_id=proposal_id, accept=body.accept, reason=body.reason
    )
    return {
        "id": done.pk, "kind": done.kind, "uid": done.subject, "state": str(done.state), "fields": done.fields,
        "why": done.why, "by": done.author_name, "at": done.at,
    }  # fmt: skip


@router.get(
    "/registry/{kind}/{uid}", response=RecordOut, auth=SignedIn("registry:read"), summary="一条基础信息 One record"
)
def get_record(request: HttpRequest, kind: str, uid: UUID) -> dict[str, Any]:
    """One record, masked; 404 outside the areas of who asks."""
    return _out(access.get(_actor(request), kind, uid))


@router.put(
    "/registry/{kind}/{uid}", response=ChangedOut, auth=SignedIn("registry:write"), summary="登记或修改 Say new values"
)
def put_record(request: HttpRequest, kind: str, uid: UUID, body: ChangeIn) -> dict[str, Any]:
    """Say new values of a record; an unknown `uid` with base 0 is a new one. What others changed meanwhile is merged."""
    actor = _actor(request)
    if kind not in KINDS:
        raise NotFound()
    if not body.changes:
        raise Invalid(field="changes")
    done = actions.change(
        actor=actor, now=clock.now(), kind=kind, uid=uid, base=body.base, changes=body.changes, source="api", op=body.op
    )
    return {
        "state": done.state, "uid": done.uid, "version": done.version, "conflicts": sorted(done.conflicts),
        "proposal": done.proposal_id,
    }  # fmt: skip


@router.post(
    "/registry/{kind}/{uid}/confirm", response=CheckedOut, auth=SignedIn("registry:write"), summary="核过没变 Confirm"
)
def confirm(request: HttpRequest, kind: str, uid: UUID) -> dict[str, Any]:
    """Somebody looked today and it is all still so."""
    row = actions.confirm(actor=_actor(request), now=clock.now(), kind=kind, uid=uid)
    return {"uid": row.uid, "version": row.version, "checked_at": row.checked_at}
