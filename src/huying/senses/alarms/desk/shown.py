"""How an alarm is said on the pages: a row of the board, one line of a device's page, the head of its own page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from huying.casework.clocks.desk import case_link
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.senses.devices.desk.frame import place_words, unit_words, value_words
from huying.senses.devices.kinds import kinds

from .. import access, queries, words
from ..actions.handling import standing
from ..ladders import in_force, ladder_of
from ..models import Alarm
from ..rulebook import rulebook
from ..rules import State, refuse_acknowledging, state_of

LIGHTS: Final[Mapping[int, str]] = {1: "blue", 2: "yellow", 3: "red", 4: "black"}
STATE_KINDS: Final[Mapping[str, str]] = {
    State.ACTIVE: "error",
    State.ACKNOWLEDGED: "brand",
    State.CLEARED: "outline",
    State.CLOSED: "",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An alarm as it is said. ``rings``: nobody has it in hand and it still asks for somebody."""

    uid: UUID
    code: str
    device: str
    place: str
    what: str
    value: str
    severity: int
    light: str
    severity_words: str
    state: str
    state_kind: str
    since: datetime
    count: int
    test: bool
    rings: bool
    cleared: bool
    cleared_at: datetime | None
    acknowledged_by: str
    acknowledged_at: datetime | None
    closed_at: datetime | None
    closed_words: str
    cause: str
    case_url: str
    case_number: str
    may_acknowledge: bool
    lasted: timedelta | None
    age: timedelta
    next: str = ""


def rows_of(alarms: Iterable[Alarm], actor: Actor, *, nexts: Mapping[int, str] | None = None) -> list[Row]:
    """Alarms (with device and case) as rows; no query but the areas' names, which are held in memory."""
    found = list(alarms)
    places = place_words(one.area for one in found) if found else {}
    return [_row(one, actor, places[one.area], (nexts or {}).get(one.pk, "")) for one in found]


def _row(alarm: Alarm, actor: Actor, area: str, then: str) -> Row:
    now_standing = standing(alarm)
    state = state_of(now_standing)
    device = alarm.device
    rings = not alarm.test and alarm.acknowledged_at is None and alarm.closed_at is None
    rings = rings and (alarm.cleared_at is None or alarm.urgent)
    handles = access.may_handle_at(actor, alarm.area)
    return Row(
        uid=alarm.uid,
        code=device.code,
        device=device.name,
        place=" · ".join(filter(None, (area, device.address))),
        what=words.kind_words(alarm.kind, device.kind),
        value=measured(alarm),
        severity=alarm.severity,
        light=LIGHTS.get(alarm.severity, "none"),
        severity_words=words.severity_words(alarm.severity),
        state=str(words.STATES[state]),
        state_kind=STATE_KINDS[state],
        since=alarm.opened_at,
        count=alarm.count,
        test=alarm.test,
        rings=rings,
        cleared=alarm.cleared_at is not None,
        cleared_at=alarm.cleared_at,
        acknowledged_by=alarm.acknowledged_name if alarm.acknowledged_at else "",
        acknowledged_at=alarm.acknowledged_at,
        closed_at=alarm.closed_at,
        closed_words=alarm.cause_words,
        cause=str(words.CAUSES.get(alarm.cause, alarm.cause)) if alarm.cause else "",
        case_url=case_link(alarm.case_id) if alarm.case_id else "",
        case_number=alarm.case.number if alarm.case_id and alarm.case else "",
        may_acknowledge=handles and refuse_acknowledging(now_standing) is None,
        lasted=alarm.cleared_at - alarm.opened_at if alarm.cleared_at else None,
        age=clock.now() - alarm.opened_at,
        next=then,
    )


def measured(alarm: Alarm) -> str:
    """What the device measured, with its unit; nothing where the value is private or says no more than the alarm does."""
    kind = kinds().get(alarm.device.kind)
    field = kind.fields.get(alarm.field) if kind else None
    if field is None or alarm.value is None or isinstance(alarm.value, bool) or not access.shows_value(alarm):
        return ""
    unit = unit_words(field.unit)
    return f"{value_words(field, alarm.value)} {unit}".strip()


def nexts_of(alarms: Sequence[Alarm]) -> dict[int, str]:
    """Whom each alarm that is climbing its ladder calls next, and when. Two queries, none where nothing climbs."""
    climbing = [one for one in alarms if one.climbs_at is not None]
    if not climbing:
        return {}
    known, book = in_force(clock.now(), (one.area for one in climbing)), rulebook()
    found = {}
    for alarm in climbing:
        policy = ladder_of(alarm, known, book)
        if policy is None or alarm.rung >= len(policy.rungs) or alarm.climbs_at is None:
            continue
        who = _("、").join(str(words.WHO[one]) for one in policy.rungs[alarm.rung].who)
        at = f"{timezone.localtime(alarm.climbs_at):%H:%M}"
        found[alarm.pk] = _("%(at)s 通知%(who)s") % {"at": at, "who": who}
    return found


def severity_choices() -> list[tuple[str, str]]:
    least = _("%(severity)s及以上")
    return [
        (str(one), words.severity_words(one) if one == 4 else least % {"severity": words.severity_words(one)})
        for one in LIGHTS
    ]


def kind_choices() -> list[tuple[str, str]]:
    """Every kind of alarm the rules know, once."""
    found: dict[str, str] = {}
    for code in kinds():
        for rule in queries.defaults_of(code):
            found.setdefault(rule.alarm, words.kind_words(rule.alarm, code))
    return sorted(found.items(), key=lambda pair: pair[1])


def crumbs_of(*more: tuple[str, object]) -> list[tuple[str, object]]:
    return [(reverse("alarms-board"), _("设备报警")), *more]
