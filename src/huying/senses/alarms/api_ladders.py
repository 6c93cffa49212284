"""REST: ladders, whom alarms call in a place, their versions, a new one, and who would be called now for a device."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.ground.organisation.rules import is_area
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.senses.devices import access as devices

from . import actions, ladder, ladders
from .ladder import Policy
from .ladders import Held
from .models import LadderPolicy
from .rulebook import rulebook

READ, WRITE = SignedIn("devices:read"), SignedIn("devices:write")
router = Router(auth=READ)


class RungOut(Schema):
    """``after``: seconds without anybody; ``call``: an emergency line people are asked to call, never dialled."""

    after: int
    who: list[str]
    by: list[str]
    call: str


class LadderOut(Schema):
    """``kind`` empty: any; ``severity``: from which on; ``id`` null: it comes with the program."""

    id: int | None
    area: str
    kind: str
    severity: int
    rungs: list[RungOut]
    source: dict[str, str]
    valid_from: datetime | None
    by: str


class HeldOut(LadderOut):
    """``coming``: the next version, in force later; ``in_force`` false: none holds yet, it is the one coming."""

    coming: LadderOut | None
    in_force: bool


class LadderPage(Schema):
    items: list[HeldOut]
    next: str | None


class VersionList(Schema):
    items: list[LadderOut]


class LadderIn(Schema):
    """``seen``: the id of the newest version it changes (0: none yet); ``valid_from``: now unless said otherwise."""

    area: str = ""
    kind: str = ""
    severity: Annotated[int, Field(ge=1, le=4)]
    rungs: Annotated[list[dict[str, Any]], Field(max_length=8)]
    source: Annotated[str, Field(max_length=200)]
    source_en: Annotated[str, Field(max_length=200)] = ""
    valid_from: datetime | None = None
    seen: int | None = None


class CalledOut(Schema):
    """``name`` is told of staff alone; ``told`` is false where the elder has not agreed."""

    who: str
    name: str
    told: bool


class CallingOut(Schema):
    after: int
    by: list[str]
    call: str
    people: list[CalledOut]
    nobody: list[str]


class PreviewOut(Schema):
    device: str
    ladder: LadderOut | None
    rungs: list[CallingOut]


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    devices.must_view(actor)
    return actor


@router.get("/alarms/ladders", response=LadderPage, summary="Ladders: whom alarms call")
def list_ladders(
    request: HttpRequest, kind: str | None = None, area: str = "", cursor: str | None = None, size: int = 50
) -> LadderPage:
    """In force in the caller's areas, by key. The first page begins with those that hold everywhere, among them those that come
    with the program, and holds up to ``size`` of places besides. ``kind`` empty: for any; ``area``: what concerns an area."""
    actor, now = _actor(request), clock.now()
    if not is_area(area):
        raise Invalid(field="area")
    found = ladders.of_places(actor, now=now, kind=kind, area=area, cursor=cursor, size=size)
    first = ladders.everywhere(actor, now=now, kind=kind) if found.prev is None else []
    return LadderPage(items=[_held(one) for one in (*first, *found.rows)], next=found.next)


def _held(one: Held) -> HeldOut:
    coming = LadderOut(**_out(None, one.coming)) if one.coming else None
    shown = _out(one.policy, one.coming if one.begins else one.row)
    return HeldOut(**shown, in_force=not one.begins, coming=coming)


@router.get("/alarms/ladders/versions", response=VersionList, summary="Versions of one ladder")
def list_versions(
    request: HttpRequest, severity: Annotated[int, Query(ge=1, le=4)], area: str = "", kind: str = ""
) -> VersionList:
    """Of a place, the newest first."""
    rows = ladders.versions(_actor(request), (area, kind, severity))
    return VersionList(items=[LadderOut(**_out(None, row)) for row in rows])


@router.get("/alarms/ladders/preview", response=PreviewOut, summary="Who would be called now for a device")
def preview(
    request: HttpRequest, device: str, kind: str, severity: Annotated[int, Query(ge=1, le=4)] = 4
) -> PreviewOut:
    """By the ladder in force for an alarm of this kind and severity. Nobody is told."""
    actor, now = _actor(request), clock.now()
    found = devices.get(actor, device)
    rule = next((one.rule for one in rulebook().of(found).by_code.values() if one.rule.alarm == kind), None)
    if rule is None:
        raise NotFound(code="kind_unknown")
    wanted = max(severity, ladders.SUGGESTED.get(rule.ladder, 1))
    policy = ladder.pick(ladders.in_force(now, [found.area]), area=found.area, kind=kind, severity=wanted)
    calling = ladders.would_call(found, policy, now=now) if policy else []
    rungs = [
        CallingOut(
            after=one.rung.after, by=list(one.rung.by), call=one.rung.call, nobody=list(one.nobody),
            people=[CalledOut(who=each.who, name=each.name, told=each.consented) for each in one.called],
        )
        for one in calling
    ]  # fmt: skip
    return PreviewOut(device=found.code, ladder=LadderOut(**_out(policy, None)) if policy else None, rungs=rungs)


@router.post("/alarms/ladders", response=LadderOut, auth=WRITE, summary="Save a ladder of a place")
def save_ladder(request: HttpRequest, given: LadderIn) -> LadderOut:
    """The version before stays readable. 409 when another was saved since ``seen``."""
    row = actions.save_ladder(
        given.rungs, area=given.area, kind=given.kind, severity=given.severity, source=given.source,
        source_en=given.source_en, valid_from=given.valid_from, seen=given.seen, actor=_actor(request), now=clock.now(),
    )  # fmt: skip
    return LadderOut(**_out(None, row))


def _out(policy: Policy | None, row: LadderPolicy | None) -> dict[str, Any]:
    said = ladders.policy_of(row) if row is not None else policy
    assert said is not None
    return {
        "id": row.pk if row else None,
        "area": said.area,
        "kind": said.kind,
        "severity": said.severity,
        "rungs": [{"after": one.after, "who": one.who, "by": one.by, "call": one.call} for one in said.rungs],
        "source": {"zh": said.source, "en": said.source_en},
        "valid_from": row.valid_from if row else None,
        "by": row.by_name if row else "",
    }
