"""REST: alarms by key, one alarm, taking it in hand, closing it, tests, rules and which of them apply to a device.

Reading needs the scope ``devices:read``, saving rules ``devices:write``. What a private field said is not told here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from huying.ground.organisation.auth import SignedIn
from huying.ground.organisation.rules import is_area
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.senses.devices import access as devices

from . import access, actions, queries, rules, words
from .actions.handling import standing
from .api_ladders import router as ladders_router
from .models import Alarm, AlarmRule, Drill, Step
from .rulebook import Applied

READ, WRITE = SignedIn("devices:read"), SignedIn("devices:write")
router = Router(auth=READ)
router.add_router("", ladders_router)


class AlarmOut(Schema):
    """``severity`` now and ``peak`` at the worst: 1 notice, 2 warning, 3 alarm, 4 emergency. ``value`` is null where it is private."""

    uid: UUID
    device: str
    device_kind: str
    area: str
    address: str
    kind: str
    rule: str
    title: str
    said: str
    state: str
    severity: int
    peak: int
    urgent: bool
    test: bool
    covered: bool
    count: int
    field: str
    value: float | bool | str | None
    opened_at: datetime
    last_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    cleared_at: datetime | None
    closed_at: datetime | None
    cause: str
    case: str


class AlarmPage(Schema):
    items: list[AlarmOut]
    next: str | None


class StepOut(Schema):
    number: int
    who: str
    name: str
    channel: str
    due_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    result: str


class AlarmWhole(AlarmOut):
    steps: list[StepOut]


class CountsOut(Schema):
    """Open alarms. ``ringing``: urgent ones nobody has taken in hand."""

    active: int
    acknowledged: int
    cleared: int
    ringing: int
    by_severity: dict[int, int]


class Closing(Schema):
    cause: str
    words: Annotated[str, Field(max_length=300)] = ""


class Called(Schema):
    line: str
    words: Annotated[str, Field(max_length=200)] = ""


class RateOut(Schema):
    key: str
    label: str
    judged: int
    false: int
    share: int | None


class RateList(Schema):
    items: list[RateOut]


class RuleOut(Schema):
    """``level`` says where it comes from: kind, area or device."""

    code: str
    alarm: str
    name: dict[str, str]
    level: str
    area: str
    version: int
    urgent: bool
    active: bool
    item: str
    source: dict[str, str]


class RuleList(Schema):
    items: list[RuleOut]


class OwnRule(Schema):
    """A rule in the grammar of docs/reference/alarm-rules.md, for an area or for one device. ``seen``: the version it changes."""

    body: dict[str, Any]
    area: str = ""
    device: str = ""
    reason: Annotated[str, Field(max_length=200)]
    seen: int | None = None


class OwnRuleOut(Schema):
    id: int
    code: str
    device_kind: str
    area: str
    device: str
    version: int
    off: bool
    body: dict[str, Any]
    reason: str
    valid_from: datetime


class OwnRulePage(Schema):
    items: list[OwnRuleOut]
    next: str | None


class Dropping(Schema):
    device_kind: str
    code: str
    area: str = ""
    device: str = ""
    reason: Annotated[str, Field(max_length=200)]


class DrillOut(Schema):
    device: str
    asked_at: datetime
    until: datetime
    answered_at: datetime | None


class UntestedOut(Schema):
    device: str
    name: str
    area: str
    last_drill: datetime | None


class UntestedPage(Schema):
    items: list[UntestedOut]
    next: str | None


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    access.must_view(actor)
    return actor


def _out(alarm: Alarm) -> dict[str, Any]:
    shows = access.shows_value(alarm)
    same = (
        *("uid", "area", "kind", "rule", "severity", "peak", "urgent", "test", "count", "field"),
        *("opened_at", "last_at", "acknowledged_at", "cleared_at", "closed_at", "cause"),
    )
    return {name: getattr(alarm, name) for name in same} | {
        "device": alarm.device.code,
        "device_kind": alarm.device.kind,
        "address": alarm.device.address,
        "title": words.title_of(alarm),
        "said": words.said_by(alarm) if shows else "",
        "value": alarm.value if shows else None,
        "state": str(rules.state_of(standing(alarm))),
        "covered": alarm.covered_by_id is not None,
        "acknowledged_by": alarm.acknowledged_name,
        "case": alarm.case.number if alarm.case else "",
    }


def _whole(actor: Actor, uid: UUID) -> AlarmWhole:
    alarm = access.get(actor, uid)
    return AlarmWhole(**_out(alarm), steps=[_step(one) for one in queries.steps_of(alarm)])


def _step(row: Step) -> StepOut:
    return StepOut(**{name: getattr(row, name) for name in StepOut.model_fields})


@router.get("/alarms", response=AlarmPage, summary="Alarms, open ones gravest first")
def alarms(
    request: HttpRequest,
    state: str = "open",
    kind: str = "",
    device_kind: str = "",
    area: str = "",
    least: Annotated[int, Query(ge=1, le=4)] = 1,
    tests: bool = False,
    covered: bool = False,
    cursor: str | None = None,
    size: int = 50,
) -> AlarmPage:
    """``state``: open (not closed), active, acknowledged, cleared, closed or all. ``least``: the severity from which on."""
    actor = _actor(request)
    if not is_area(area):
        raise Invalid(field="area")
    wanted = queries.Narrowing(
        state=state, kind=kind, device_kind=device_kind, area=area, least=least, tests=tests, covered=covered
    )
    page = queries.board(actor, wanted, cursor=cursor, size=size)
    return AlarmPage(items=[AlarmOut(**_out(one)) for one in page.rows], next=page.next)


@router.get("/alarms/counts", response=CountsOut, summary="How many alarms are open")
def counts(request: HttpRequest, area: str = "") -> CountsOut:
    """By state and by severity; tests and silences a dead gateway explains are left out."""
    actor = _actor(request)
    if not is_area(area):
        raise Invalid(field="area")
    found = queries.counts(actor, area=area)
    return CountsOut(**{name: getattr(found, name) for name in CountsOut.model_fields})


@router.get("/alarms/false", response=RateList, summary="How many alarms were false")
def false(
    request: HttpRequest,
    by: Literal["kind", "device_kind", "device"] = "kind",
    days: Annotated[int, Query(ge=1, le=400)] = 30,
    area: str = "",
) -> RateList:
    """Of the alarms closed with a cause in the last days; ``share`` is percent."""
    actor, now = _actor(request), clock.now()
    if not is_area(area):
        raise Invalid(field="area")
    found = queries.false_rates(actor, since=now - timedelta(days=days), until=now, by=by, area=area)
    return RateList(items=[RateOut(**{name: getattr(one, name) for name in RateOut.model_fields}) for one in found])


@router.get("/alarms/rules", response=RuleList, summary="Rules that apply to a device")
def rules_of(request: HttpRequest, device: str) -> RuleList:
    """The defaults of its kind, what its areas say otherwise, what is said for it alone: the nearest counts."""
    found = queries.rules_of(devices.get(_actor(request), device))
    return RuleList(items=[_rule(one) for one in found])


@router.get("/alarms/rules/own", response=OwnRulePage, summary="What places say otherwise")
def own_rules(request: HttpRequest, device_kind: str = "", cursor: str | None = None, size: int = 50) -> OwnRulePage:
    """Saved rules in force in the caller's areas, wider ones included, by key."""
    found = queries.own_rules(_actor(request), device_kind=device_kind, cursor=cursor, size=size)
    return OwnRulePage(items=[_own(one) for one in found.rows], next=found.next)


@router.post("/alarms/rules", response=OwnRuleOut, auth=WRITE, summary="Save a rule of a place")
def save_rule(request: HttpRequest, given: OwnRule) -> OwnRuleOut:
    """In force from now on; the version before stays readable. 409 when another was saved since ``seen``."""
    row = actions.save_rule(
        given.body,
        area=given.area,
        device=given.device,
        reason=given.reason,
        seen=given.seen,
        actor=_actor(request),
        now=clock.now(),
    )
    return _own(row)


@router.post("/alarms/rules/drop", response=OwnRuleOut, auth=WRITE, summary="Take a rule away in a place")
def drop_rule(request: HttpRequest, given: Dropping) -> OwnRuleOut:
    """Also one that holds everywhere else."""
    row = actions.drop_rule(
        given.device_kind,
        given.code,
        area=given.area,
        device=given.device,
        reason=given.reason,
        actor=_actor(request),
        now=clock.now(),
    )
    return _own(row)


@router.get("/alarms/untested", response=UntestedPage, summary="Devices whose monthly test is overdue")
def untested(request: HttpRequest, area: str = "", cursor: str | None = None, size: int = 50) -> UntestedPage:
    """Devices that call for help and were not tested for a month; ``last_drill`` is null where they never were."""
    actor = _actor(request)
    if not is_area(area):
        raise Invalid(field="area")
    page = queries.drills_overdue(actor, now=clock.now(), area=area, cursor=cursor, size=size)
    items = [
        UntestedOut(device=one.code, name=one.name, area=one.area, last_drill=one.last_drill)  # type: ignore[attr-defined]
        for one in page.rows
    ]
    return UntestedPage(items=items, next=page.next)


@router.post("/alarms/drills/{code}", response=DrillOut, summary="Begin the test of a device")
def start_drill(request: HttpRequest, code: str) -> DrillOut:
    """For ten minutes its next call for help answers the test: nobody is called, no case is opened."""
    return _drill(actions.start_drill(code, actor=_actor(request), now=clock.now()), code)


@router.get("/alarms/{uuid:uid}", response=AlarmWhole, summary="One alarm with its ladder")
def alarm(request: HttpRequest, uid: UUID) -> AlarmWhole:
    """With whom it told, by which way and with which result."""
    return _whole(_actor(request), uid)


@router.post("/alarms/{uuid:uid}/acknowledge", response=AlarmWhole, summary="Take an alarm in hand")
def acknowledge(request: HttpRequest, uid: UUID) -> AlarmWhole:
    """Nobody more is called. 409 when somebody else has it in hand already."""
    actor = _actor(request)
    actions.acknowledge_alarm(uid, actor=actor, now=clock.now())
    return _whole(actor, uid)


@router.post("/alarms/{uuid:uid}/close", response=AlarmWhole, summary="Close an alarm with its cause")
def close(request: HttpRequest, uid: UUID, given: Closing) -> AlarmWhole:
    """409 while a case about it is open: then the case's end closes it."""
    actor = _actor(request)
    actions.close_alarm(uid, cause=given.cause, words=given.words, actor=actor, now=clock.now())
    return _whole(actor, uid)


@router.post("/alarms/{uuid:uid}/call", response=AlarmWhole, summary="Note a call to an emergency line")
def call(request: HttpRequest, uid: UUID, given: Called) -> AlarmWhole:
    """110, 119, 120… are called by people; this writes down that it was done."""
    actor = _actor(request)
    actions.note_call(uid, line=given.line, words=given.words, actor=actor, now=clock.now())
    return _whole(actor, uid)


@router.post("/alarms/{uuid:uid}/real", response=AlarmWhole, summary="Say that a test is none")
def take_seriously(request: HttpRequest, uid: UUID) -> AlarmWhole:
    """People are called and a case is opened, from now on."""
    actor = _actor(request)
    actions.take_seriously(uid, actor=actor, now=clock.now())
    return _whole(actor, uid)


def _rule(one: Applied) -> RuleOut:
    rule = one.rule
    return RuleOut(
        code=rule.code,
        alarm=rule.alarm,
        name={"zh": rule.name.zh, "en": rule.name.en},
        level=one.level,
        area=one.area,
        version=one.version,
        urgent=rule.urgent,
        active=rule.active,
        item=rule.item,
        source={"zh": rule.source.zh, "en": rule.source.en, "law": rule.source.law},
    )


def _own(row: AlarmRule) -> OwnRuleOut:
    same = ("id", "code", "device_kind", "area", "version", "off", "body", "reason", "valid_from")
    return OwnRuleOut(device=row.device.code if row.device else "", **{name: getattr(row, name) for name in same})


def _drill(row: Drill, code: str) -> DrillOut:
    return DrillOut(device=code, asked_at=row.asked_at, until=row.until, answered_at=row.answered_at)
