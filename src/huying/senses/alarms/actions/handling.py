"""What people do with an alarm: take it in hand, say why it came, note a call, and say that a test is none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from huying.kernel import facts, live, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid

from .. import access, rules
from ..facts import AlarmAcknowledged, AlarmClosed, AlarmRaised
from ..ladder import LINES
from ..models import Alarm, Step
from ..rules import Cause
from ..words import refused
from . import jobs

_LONGEST_WORDS: Final = 300


def acknowledge_alarm(uid: UUID | str, *, actor: Actor, now: datetime) -> Alarm:
    """Take an alarm in hand: the ladder stops. Twice by the same person changes nothing.

    Raises NotFound for strangers, Refused where somebody else has it or it is closed.
    """
    with transaction.atomic():
        alarm = access.lock(actor, uid)
        if alarm.acknowledged_by == actor.ref and alarm.closed_at is None:
            return alarm
        if (no := rules.refuse_acknowledging(standing(alarm))) is not None:
            raise refused(no, alarm)
        alarm.acknowledged_at, alarm.acknowledged_by, alarm.acknowledged_name = now, actor.ref, actor.name[:80]
        alarm.climbs_at = None
        alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_name", "climbs_at"])
        _stop_steps(alarm, actor, now)
        write([alarm], "acknowledge", actor, now)
        _publish(AlarmAcknowledged(**_about(alarm, now), by=actor.ref), alarm)
    return alarm


def close_alarm(uid: UUID | str, *, cause: str, words: str = "", actor: Actor, now: datetime) -> Alarm:
    """Say why it came; people are through with it, whether or not the device is normal yet.

    ``cause`` is a code of ``rules.Cause``; *other* needs ``words``. Raises NotFound for strangers, Invalid for a wrong cause,
    Refused while a case about it is open: then the case's end closes it.
    """
    if len(words) > _LONGEST_WORDS:
        raise Invalid(code="too_long", field="words")
    with transaction.atomic():
        alarm = access.lock(actor, uid)
        if (no := rules.refuse_closing(standing(alarm), cause, words)) is not None:
            raise refused(no, alarm)
        end(alarm, Cause(cause), words, by=actor.ref, name=actor.name, now=now)
        write([alarm], "close", actor, now, cause=cause)
        _publish(AlarmClosed(**_about(alarm, now), by=actor.ref, cause=cause), alarm)
    return alarm


def take_seriously(uid: UUID | str, *, actor: Actor, now: datetime) -> Alarm:
    """It was held for a test and is none: people are called and a case is opened, from now on."""
    with transaction.atomic():
        alarm = access.lock(actor, uid)
        if (no := rules.refuse_taking_seriously(standing(alarm))) is not None:
            raise refused(no, alarm)
        alarm.test = False
        begin_ringing(alarm, now)
        write([alarm], "no_test", actor, now)
        _publish(raised(alarm, now), alarm)
        jobs.follow_soon(urgent=True)
    return alarm


def note_call(uid: UUID | str, *, line: str, words: str = "", actor: Actor, now: datetime) -> Step:
    """Write down that a person called 110, 119, 120 or another emergency line about it. The program calls none of them."""
    if line not in LINES:
        raise Invalid(code="line_unknown", field="line")
    if len(words) > 200:
        raise Invalid(code="too_long", field="words")
    with transaction.atomic():
        alarm = access.lock(actor, uid)
        step: Step | None = alarm.steps.filter(who=line, result="to_make").order_by("number").first()
        if step is None:
            last = alarm.steps.aggregate(last=Max("number"))["last"] or 0
            step = Step(alarm=alarm, number=last + 1, rung=alarm.rung, who=line, channel="voice", due_at=now)
        step.sent_at, step.answered_at, step.result = now, now, "made"
        step.name, step.words = actor.name[:80], words.strip()
        step.save()
        write([alarm], "call", actor, now, line=line)
        live.announce(*message(alarm))
    return step


def begin_ringing(alarm: Alarm, now: datetime) -> None:
    """A locked alarm that was held for a test rings from now on, and asks for its case."""
    alarm.wants_case = bool(alarm.item)
    alarm.rung, alarm.climbs_at = 0, now if alarm.acknowledged_at is None else None
    alarm.save(update_fields=["test", "wants_case", "climbs_at", "rung"])


def raised(alarm: Alarm, now: datetime) -> AlarmRaised:
    """The fact of an alarm that rings only now: it had been held for a test, or was explained by a dead gateway."""
    return AlarmRaised(**_about(alarm, now), urgent=alarm.urgent, count=alarm.count)


def standing(alarm: Alarm) -> rules.Standing:
    """What its lifecycle depends on."""
    return rules.Standing(
        acknowledged=alarm.acknowledged_at is not None,
        cleared=alarm.cleared_at is not None,
        closed=alarm.closed_at is not None,
        case_open=alarm.case_id is not None and alarm.case is not None and bool(alarm.case.open),
        test=alarm.test,
    )


def end(alarm: Alarm, cause: Cause, words: str, *, by: str, name: str, now: datetime) -> None:
    """Close a locked alarm: nobody more is called, no case is opened any more."""
    alarm.closed_at, alarm.closed_by, alarm.closed_name = now, by, name[:80]
    alarm.cause, alarm.cause_words = str(cause), words.strip()[:_LONGEST_WORDS]
    alarm.climbs_at, alarm.wants_case, alarm.wants_telling = None, False, False
    alarm.save(
        update_fields=[
            *("closed_at", "closed_by", "closed_name", "cause", "cause_words"),
            *("climbs_at", "wants_case", "wants_telling"),
        ]
    )
    alarm.steps.filter(result="waiting").update(result="stopped")


def message(alarm: Alarm) -> tuple[str, dict[str, object]]:
    """What the screens of the alarm's community are told."""
    where = rules.Standing(
        acknowledged=alarm.acknowledged_at is not None,
        cleared=alarm.cleared_at is not None,
        closed=alarm.closed_at is not None,
    )
    return f"alarms:{alarm.area[:12]}", {"uid": str(alarm.uid), "state": str(rules.state_of(where))}


def _stop_steps(alarm: Alarm, actor: Actor, now: datetime) -> None:
    """What waits is not sent; whoever was told and took it in hand has answered."""
    alarm.steps.filter(result="waiting").update(result="stopped")
    if actor.person_id is not None:
        alarm.steps.filter(result="sent", person=actor.person_id).update(result="answered", answered_at=now)


def _about(alarm: Alarm, now: datetime) -> dict[str, Any]:
    return {
        "uid": alarm.uid,
        "device_id": alarm.device_id,
        "kind": alarm.kind,
        "area": alarm.area,
        "severity": alarm.severity,
        "at": now,
    }


def write(alarms: Iterable[Alarm], verb: str, actor: Actor, now: datetime, **body: str) -> None:
    """One entry in the history of each alarm, which is locked."""
    trace.append([trace.Draft(chain=f"alarm:{one.uid}", verb=verb, actor=actor, at=now, body=body) for one in alarms])


def _publish(fact: facts.Fact, alarm: Alarm) -> None:
    if not alarm.test:
        facts.publish(fact)
    live.announce(*message(alarm))
