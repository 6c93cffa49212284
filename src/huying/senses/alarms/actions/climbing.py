"""The ladder is walked: each rung whose moment has come tells its people, until somebody takes the alarm in hand.

Who has to be told is written down first and told afterwards, each at least once: killed in between, it is told by a later
run. The moment of the next rung stands with the alarm, so no job that got lost loses a rung.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import F, Max, Q

from huying.casework.clocks.actions import Note, send_notices
from huying.ground.accounts.senders import Sender, SendFailed
from huying.ground.organisation.queries import directory
from huying.kernel import live
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden
from huying.kernel.privacy import Unsealable
from huying.senses.devices.models import Contact

from .. import ladder
from ..calling import Caller
from ..ladder import MOST_TRIES, Rung
from ..ladders import in_force, ladder_of
from ..models import Alarm, Step
from ..people import Called, Rota, rota_for
from ..rulebook import rulebook
from ..words import message_of, title_of
from . import jobs
from .handling import message

log = logging.getLogger("huying.alarms")
MOST: Final = 200
STALE: Final = timedelta(hours=1)  # what could not be sent for so long is old news
CLAIM: Final = timedelta(minutes=1)  # so long a step belongs to whoever began to send it, dead or alive
AT_ONCE: Final = 8  # claimed together: each may take the gateways' five seconds
_HOLD: Final = "SELECT id FROM cases_case WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"


@dataclass(frozen=True, slots=True)
class Climbed:
    """What a run did."""

    alarms: int = 0
    steps: int = 0


@transaction.atomic
def climb_ladders(*, actor: Actor, now: datetime, most: int = MOST) -> Climbed:
    """Write down whom to tell of every alarm whose next rung is due, tell those in the app, and say when the next is due.

    Several runs at once share the work. The number of queries does not depend on the number of alarms.
    """
    if not actor.is_system:
        raise Forbidden()
    alarms = _due(now, most)
    if not alarms:
        return Climbed()
    policies, book = in_force(now, (one.area for one in alarms)), rulebook()
    rota = rota_for(alarms, directory(on=local_day(now)), now)
    numbers = _numbers(alarms)
    steps: list[Step] = []
    for alarm in alarms:
        policy = ladder_of(alarm, policies, book)
        if policy is None or alarm.rung >= len(policy.rungs) or _is_over(alarm):
            alarm.climbs_at = None
            continue
        steps.extend(_steps(alarm, policy.rungs[alarm.rung], rota, numbers.get(alarm.pk, 0), now))
        alarm.rung += 1
        alarm.climbs_at = policy.due_after(alarm.rung, now)
    Step.objects.bulk_create(steps)
    Alarm.objects.bulk_update(alarms, ["rung", "climbs_at"])
    _notify(alarms, steps, now)
    if following := [one.climbs_at for one in alarms if one.climbs_at is not None]:
        jobs.follow_at(min(following))
    return Climbed(len(alarms), len(steps))


def _due(now: datetime, most: int) -> list[Alarm]:
    """Whose next rung is due, urgent ones first, locked. Their cases are held before: notices point to them."""
    due = Alarm.objects.filter(climbs_at__lte=now).order_by("-urgent", "climbs_at", "id")
    case_of: dict[int, int | None] = dict(due.values_list("pk", "case_id")[:most])
    cases = sorted({pk for pk in case_of.values() if pk is not None})
    if cases:
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [cases])
    rows = due.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=list(case_of))
    return [one for one in rows.select_related("device") if one.case_id == case_of[one.pk]]


def _is_over(alarm: Alarm) -> bool:
    return ladder.stops(
        acknowledged=alarm.acknowledged_at is not None,
        closed=alarm.closed_at is not None,
        cleared=alarm.cleared_at is not None,
        urgent=alarm.urgent,
        test=alarm.test,
        covered=alarm.covered_by_id is not None,
    )


def _numbers(alarms: Sequence[Alarm]) -> dict[int, int]:
    rows = Step.objects.filter(alarm__in=[one.pk for one in alarms]).order_by().values_list("alarm")
    return dict(rows.annotate(last=Max("number")))


def _steps(alarm: Alarm, rung: Rung, rota: Rota, number: int, now: datetime) -> list[Step]:
    """What one rung comes to: each person by each way, once; who is missing is written down too."""
    found: list[Step] = []

    def add(called: Called, channel: str, result: str) -> None:
        found.append(
            Step(
                alarm=alarm,
                number=number + len(found) + 1,
                rung=alarm.rung + 1,
                who=called.who,
                person_id=called.person_id,
                contact_rank=called.contact_rank,
                name=called.name[:80],
                channel=channel,
                due_at=now,
                sent_at=now if result == "sent" else None,
                result=result,
            )
        )

    told: set[tuple[int | None, int | None]] = set()
    for who in rung.who:
        people = rota.of(alarm, who)
        if not people:
            add(Called(who), rung.by[0], "nobody")
        for called in people:
            if (called.person_id, called.contact_rank) in told:
                continue
            told.add((called.person_id, called.contact_rank))
            if not called.consented:
                add(called, rung.by[0], "no_consent")
                continue
            for channel in _ways(called, rung):
                add(called, channel, "sent" if channel == "app" else "waiting")
    if rung.call:
        add(Called(rung.call), "voice", "to_make")
    return found


def _ways(called: Called, rung: Rung) -> list[str]:
    """Staff have the app, and a phone if one is known; other contacts have a phone only."""
    if called.person_id is None:
        return [one for one in rung.by if one != "app"] or ["sms"]
    return [one for one in rung.by if one == "app" or called.phone] or ["app"]


def _notify(alarms: Sequence[Alarm], steps: Iterable[Step], now: datetime) -> None:
    titles = {one.pk: title_of(one) for one in alarms}
    cases = {one.pk: one.case_id for one in alarms}
    uids = {one.pk: str(one.uid) for one in alarms}
    notes = [
        Note(
            person_id=step.person_id,
            kind="alarm",
            case_id=cases[step.alarm_id],
            body={"title": titles[step.alarm_id], "alarm": uids[step.alarm_id]},
        )
        for step in steps
        if step.channel == "app" and step.person_id is not None
    ]
    if notes:
        send_notices(notes, now=now)
    live.announce_all(message(one) for one in alarms)


# --- out to phones ----------------------------------------------------------------------------------------------------


def send_steps(*, sender: Sender, caller: Caller, actor: Actor, now: datetime, most: int = AT_ONCE) -> int:
    """Send what waits, of urgent alarms first, each tried three times at most; how many were tried.

    A step is claimed (its tries counted, committed) before it is sent and marked when it was. Nobody else touches what is
    claimed; whoever dies over it holds it for ``CLAIM``, then it is taken again: at least once, and not twice otherwise.
    """
    if not actor.is_system:
        raise Forbidden()
    _drop_stale(now)
    claimed = _claim(now, most)
    phones = _phones(claimed, now)
    for step in claimed:
        why = _send(step, phones.get(step.pk, ""), sender, caller)
        last = step.tries + 1 >= MOST_TRIES or why == "no_phone"
        result = "sent" if not why else "failed" if last else "waiting"
        values = {"result": result, "words": why[:200], "sent_at": now if not why else None}
        if not why or last:
            Step.objects.filter(pk=step.pk, result="waiting").update(**values)
    return len(claimed)


def _drop_stale(now: datetime) -> None:
    """Old news, and what its last claimer died over."""
    waiting = Step.objects.filter(result="waiting")
    waiting.filter(due_at__lt=now - STALE).update(result="failed", words="stale")
    waiting.filter(tries__gte=MOST_TRIES, claimed_at__lte=now - CLAIM).update(result="failed", words="no_answer")


@transaction.atomic
def _claim(now: datetime, most: int) -> list[Step]:
    free = Q(claimed_at__isnull=True) | Q(claimed_at__lte=now - CLAIM)
    rows = Step.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        free, result="waiting", tries__lt=MOST_TRIES
    )
    claimed = list(rows.select_related("alarm__device").order_by("-alarm__urgent", "id")[:most])
    if claimed:
        Step.objects.filter(pk__in=[one.pk for one in claimed]).update(tries=F("tries") + 1, claimed_at=now)
    return claimed


def _phones(steps: Sequence[Step], now: datetime) -> dict[int, str]:
    """The numbers to be dialled; those of contacts are opened only here."""
    people = directory(on=local_day(now)).people
    devices = {one.alarm.device_id for one in steps if one.contact_rank is not None}
    contacts = {(one.device_id, one.rank): one for one in Contact.objects.filter(device__in=devices)} if devices else {}
    found: dict[int, str] = {}
    for step in steps:
        if step.person_id is not None:
            view = people.get(step.person_id)
            found[step.pk] = view.phone if view else ""
        elif step.contact_rank is not None:
            contact = contacts.get((step.alarm.device_id, step.contact_rank))
            found[step.pk] = (contact.phone or "") if contact else ""
    return found


def _send(step: Step, phone: str, sender: Sender, caller: Caller) -> str:
    """Why it did not go out; "" when it did."""
    if not phone:
        return "no_phone"
    text = message_of(step.alarm)
    try:
        if step.channel == "voice":
            caller.call(phone, text)
        else:
            sender.send(phone, step.alarm.device.code, text)
    except (SendFailed, Unsealable) as error:
        log.warning("step %s of alarm %s not sent: %s", step.number, step.alarm_id, error)
        return str(error) or "failed"
    return ""
