"""On duty and off it, and positions: kept only from on to off, only so long, and shown to few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused
from huying.kernel.locks import lock_name
from huying.kernel.privacy import reveal

from .. import access, queries
from ..models import DutySpell, Position

MOST_POINTS: Final = 2000
Point = tuple[datetime, float, float, float]


def set_duty(*, on: bool, op: UUID, actor: Actor, now: datetime, at: datetime) -> DutySpell | None:
    """Go on duty or off it at a moment. Twice the same changes nothing; off without on is nothing.

    Refused when the moment lies before a spell that is over, or off before on. Overseers go on duty at their desk.
    """
    person_id = access.must_serve(actor)
    with transaction.atomic():
        lock_name(f"field.duty.{person_id}")
        spells = DutySpell.objects.filter(person=person_id)
        last = spells.order_by("-began_at").first()
        if on:
            return last if last is not None and _covers(last, at) else _begin(person_id, last, op, at)
        if last is None or last.ended_at is not None:
            return last
        if at < last.began_at:
            raise Refused(_("离岗时间早于到岗时间"), code="duty_order")
        last.ended_at, last.ended_by = at, op
        last.save(update_fields=["ended_at", "ended_by"])
        return last


def _covers(spell: DutySpell, at: datetime) -> bool:
    return spell.began_at <= at and (spell.ended_at is None or at < spell.ended_at)


def _begin(person_id: int, last: DutySpell | None, op: UUID, at: datetime) -> DutySpell:
    if last is not None and (last.ended_at is None or at < last.ended_at):
        raise Refused(_("这段时间已经登记过在岗"), code="duty_order")
    return DutySpell.objects.create(uid=op, person_id=person_id, began_at=at)


def take_positions(points: Sequence[Point], *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Keep one walk of points; (kept, dropped). See :func:`take_walks`."""
    (counted,) = take_walks([points], actor=actor, now=now)
    return counted


def take_walks(walks: Sequence[Sequence[Point]], *, actor: Actor, now: datetime) -> list[tuple[int, int]]:
    """Keep the points (moment, longitude, latitude, accuracy) that lie inside a spell on duty; (kept, dropped) of each walk.

    What was measured off duty is dropped and never written, nor is anything older than positions may be kept. The number
    of queries does not depend on how many walks there are.
    """
    person_id = access.must_work(actor)
    if any(len(points) > MOST_POINTS for points in walks):
        raise Invalid(_("一次最多 %(most)d 个位置") % {"most": MOST_POINTS}, field="points")
    policy = queries.policy_on(local_day(now))
    oldest = now - timedelta(days=policy.position_days)
    spells = list(DutySpell.objects.filter(person=person_id, began_at__gte=oldest - timedelta(days=1)))
    longest = timedelta(hours=policy.longest_duty_hours)

    def kept(point: Point) -> Position | None:
        at, lon, lat, accuracy = point
        if not (-180 <= lon <= 180 and -90 <= lat <= 90) or not oldest <= at <= now + timedelta(minutes=10):
            return None
        spell = next((one for one in spells if _covers(one, at) and at - one.began_at <= longest), None)
        return Position(spell=spell, at=at, lon=lon, lat=lat, accuracy=max(accuracy, 0.0)) if spell else None

    rows = [[row for point in points if (row := kept(point)) is not None] for points in walks]
    Position.objects.bulk_create([row for one in rows for row in one], ignore_conflicts=True)
    return [(len(one), len(points) - len(one)) for one, points in zip(rows, walks, strict=True)]


def look_at_positions(people: Sequence[Person], *, what: str, why: str, actor: Actor, now: datetime) -> None:
    """Write down that the actor looks where these people are or were, and why; they see it on their phones.

    ``what``: "now" or a day (ISO). Raises Invalid without a purpose, NotFound where one of them is not the actor's to oversee
    or the actor is off duty; then nothing is written.
    """
    day = local_day(now) if what == "now" else date.fromisoformat(what)
    with transaction.atomic():
        for person in people:
            if access.must_see_positions(actor, person, day):
                reveal(actor=actor, now=now, subject=access.positions_of(person.pk), why=why, fields=[what])


def close_forgotten_duty(*, actor: Actor, now: datetime) -> int:
    """Nobody is on duty for ever: a spell longer than a long day ends by itself; how many did."""
    access.must_derive(actor)
    longest = timedelta(hours=queries.policy_on(local_day(now)).longest_duty_hours)
    over = DutySpell.objects.filter(ended_at__isnull=True, began_at__lt=now - longest)
    return over.update(ended_at=F("began_at") + longest)


def forget_positions(*, actor: Actor, now: datetime) -> int:
    """Delete positions older than the policy allows; how many went."""
    access.must_derive(actor)
    edge = now - timedelta(days=queries.policy_on(local_day(now)).position_days)
    return Position.objects.filter(at__lt=edge).delete()[0]
