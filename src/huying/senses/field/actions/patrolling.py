"""Rounds of checkpoints, their turns, and passing a checkpoint."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.rules import is_area
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused
from huying.kernel.files import attach
from huying.kernel.models import StoredFile
from huying.kernel.trace.record import Draft, record

from .. import access, queries
from ..models import CheckIn, Checkpoint, DutySpell, Round, Task
from ..rules import TASKS, Ask, CheckPlace, Passing, TaskKind, TaskState, doubts
from .asking import ask_tasks
from .doing import complete_task

_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_EPOCH: Final = date(2020, 1, 6)
MOST_POINTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A checkpoint as somebody drew it; ``uid`` empty for a new one."""

    name: str
    lon: float
    lat: float
    radius: int = 50
    uid: UUID | None = None


def save_round(
    code: str,
    *,
    name: str,
    area: str,
    spots: Sequence[Spot],
    actor: Actor,
    now: datetime,
    every_days: int = 1,
    active: bool = True,
) -> Round:
    """Write a round and its checkpoints in walking order; those left out are retired, their check-ins stay."""
    access.must_plan_in(actor, area)
    if not code.strip() or not name.strip() or not area or not is_area(area):
        raise Invalid(_("请写明路线的代码、名称和区域"), field="name")
    if not 1 <= len(spots) <= MOST_POINTS or not 1 <= every_days <= 366:
        raise Invalid(_("请放 1 到 %(most)d 个巡查点，1 到 366 天巡一次") % {"most": MOST_POINTS}, field="spots")
    if any(
        not (-180 <= s.lon <= 180 and -90 <= s.lat <= 90 and 5 <= s.radius <= 1000 and s.name.strip()) for s in spots
    ):
        raise Invalid(_("巡查点要有名称，位置要在地图上，半径 5 到 1000 米"), field="spots")
    with transaction.atomic():
        row = Round.objects.select_for_update().filter(code=code).first() or Round(code=code)
        if row.pk is not None:
            access.must_plan_in(actor, row.area)
        row.name, row.area, row.every_days, row.active = name.strip()[:80], area, every_days, active
        row.changed_at, row.changed_by = now, actor.ref
        row.save()
        _write_spots(row, spots, now)
        body = {"name": row.name, "area": area, "every_days": every_days, "checkpoints": len(spots), "active": active}
        record([Draft(chain=f"round:{code}", verb="save_round", actor=actor, at=now, body=body)])
    return row


def _write_spots(row: Round, spots: Sequence[Spot], now: datetime) -> None:
    known = {one.uid: one for one in row.checkpoints.select_for_update()}
    last = max((one.number for one in known.values()), default=0)
    # Numbers are unique a round at every moment: everything moves behind the last one before it takes its place.
    for shift, one in enumerate(known.values(), last + len(spots) + 1):
        Checkpoint.objects.filter(pk=one.pk).update(number=shift, active=False)
    places = territory.locate_points([(spot.lon, spot.lat) for spot in spots], on=local_day(now))
    for number, (spot, place) in enumerate(zip(spots, places, strict=True), 1):
        held = known.get(spot.uid) if spot.uid is not None else None
        one = held if held is not None else Checkpoint(uid=uuid4(), round=row, code=_new_code())
        one.number, one.active, one.name, one.radius = number, row.active, spot.name.strip()[:80], spot.radius
        one.lon, one.lat = spot.lon, spot.lat
        one.area = place.grid if place is not None and place.grid.startswith(row.area) else row.area
        one.save()


def _new_code() -> str:
    """What a sign says: nobody can guess it."""
    return "".join(secrets.choice(_ALPHABET) for _n in range(10))


def ask_rounds(*, actor: Actor, now: datetime) -> int:
    """The present turn of every active round becomes a task; turns that went by unwalked are closed as missed."""
    access.must_derive(actor)
    today = local_day(now)
    missed = Task.objects.filter(source="round", state=TaskState.OPEN, due_at__lt=now)
    missed.update(state=TaskState.SKIPPED, skip="missed", closed_at=now)
    asks = [_turn(one, today) for one in Round.objects.filter(active=True).prefetch_related("checkpoints")]
    return len(ask_tasks(asks, actor=actor, now=now))


def _turn(one: Round, today: date) -> Ask:
    begins = today - timedelta(days=(today - _EPOCH).days % one.every_days)
    first = next(iter(sorted(one.checkpoints.all(), key=lambda point: (not point.active, point.number))), None)
    return Ask(
        source="round",
        key=f"{one.code}/{begins.isoformat()}",
        kind=TaskKind.PATROL,
        title=one.name,
        area=one.area,
        opens_on=begins,
        due_on=begins + timedelta(days=one.every_days - 1),
        form=one.form,
        subject_kind="round",
        subject_uid=round_uid(one.code),
        lon=first.lon if first is not None else None,
        lat=first.lat if first is not None else None,
        roles=("grid_worker", "grid_lead", "assistant"),
    )


def round_uid(code: str) -> UUID:
    """What a patrol task is about."""
    return uuid5(TASKS, f"round/{code}")


def check_in(
    checkpoint: UUID,
    *,
    op: UUID,
    how: str,
    actor: Actor,
    now: datetime,
    at: datetime,
    code: str = "",
    point: tuple[float, float] | None = None,
    accuracy: float = 0.0,
    photos: Iterable[StoredFile] = (),
) -> CheckIn:
    """Somebody passed a checkpoint. It is taken whatever looks odd about it; the signs stand beside it for a person.

    Its pictures stay with it as evidence. The round's task is done once every checkpoint was passed in its window.
    """
    person_id = access.must_work(actor)
    if how not in ("qr", "position"):
        raise Invalid(_("请扫码或定位打卡"), field="how")
    if point is not None and not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
        raise Invalid(_("坐标不在地图范围内"), field="lon")
    if at > now + timedelta(days=1):
        raise Refused(_("手机时间不对，请校准后再打卡"), code="clock_wrong")
    with transaction.atomic():
        known = CheckIn.objects.filter(uid=op).first()
        if known is not None:
            return known
        place = access.checkpoint_to_pass(actor, checkpoint)
        brought = list(photos)
        digests = frozenset(one.sha256 for one in brought)
        here = Passing(
            at=at,
            point=point,
            accuracy=accuracy,
            how=how,
            code=code,
            received_at=now,
            photos=digests,
            on_duty=_on_duty(person_id, at),
        )
        row = CheckIn.objects.create(
            uid=op,
            checkpoint=place,
            person_id=person_id,
            area=place.area,
            at=at,
            received_at=now,
            how=how,
            lon=point[0] if point else None,
            lat=point[1] if point else None,
            accuracy=max(accuracy, 0.0),
            photos=sorted(digests),
            doubts=[str(one) for one in _signs(here, place, person_id)],
        )
        attach([one.pk for one in brought], f"checkin:{row.pk}", actor=actor)
        _finish_round(place.round, actor=actor, now=now, at=at)
    return row


def _signs(here: Passing, place: Checkpoint, person_id: int) -> tuple[str, ...]:
    before = CheckIn.objects.filter(person=person_id, at__lte=here.at).order_by("-at", "-id").first()
    seen = CheckIn.objects.filter(photos__overlap=sorted(here.photos)).values_list("photos", flat=True)
    known = frozenset(one for several in seen for one in several) if here.photos else frozenset()
    previous = None
    if before is not None and before.lon is not None and before.lat is not None:
        previous = Passing(at=before.at, point=(before.lon, before.lat), accuracy=before.accuracy)
    where = CheckPlace((place.lon, place.lat), place.radius, place.code)
    limits = queries.policy_on(local_day(here.at)).limits
    return doubts(here, where, previous, known_photos=known, limits=limits)


def _on_duty(person_id: int, at: datetime) -> bool:
    spell = DutySpell.objects.filter(person=person_id, began_at__lte=at).order_by("-began_at").first()
    return spell is not None and (spell.ended_at is None or at < spell.ended_at)


def _finish_round(one: Round, *, actor: Actor, now: datetime, at: datetime) -> None:
    task = (
        Task.objects.filter(subject_uid=round_uid(one.code), opens_at__lte=at, due_at__gt=at)
        .exclude(state__in=(TaskState.DONE, TaskState.ENDED))
        .first()
    )
    if task is None:
        return
    passed = CheckIn.objects.filter(checkpoint__round=one, at__gte=task.opens_at, at__lt=task.due_at)
    left = one.checkpoints.filter(active=True).exclude(pk__in=passed.values("checkpoint"))
    if not left.exists():
        complete_task(task_uid=task.uid, actor=actor, now=now, at=at)
