"""Field work for the demonstration: plans over the fictional registry, a month walked, some of it late, some with findings.

``make_field_work`` wants the premises known for some weeks and the shipped forms published; where a form is missing, its
plan is left out. Run twice it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import uuid5

from django.db import transaction

from huying.ground.organisation.models import Appointment
from huying.ground.territory import queries as territory
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.kernel.models import StoredFile
from huying.senses.sync.actions import count_pull, enrol_device, take_operations
from huying.senses.sync.reading import read_operation

from . import access, actions, queries
from .actions.patrolling import Spot
from .actions.planning import PlanDraft
from .actions.writing import day_begins
from .demo_walks import Crew, crew_of, walk
from .models import Checkpoint, DutySpell, Plan, Task
from .rules import TASKS

FIELD: Final = system("field")
WEEKS: Final = 4
MOST_PHONES: Final = 40
_PHONES: Final = ("荣耀 Play 8T", "Redmi 13C", "华为畅享 70", "vivo Y36")
# code, title, kind, form, subject, conditions, days by risk
_PLANS: Final = (
    ("small-fire", "三小场所消防检查", "inspect", "small_premises_fire", "premises",
     {"small_kind": ["shop", "workshop", "leisure"]}, {"red": 7, "yellow": 30, "green": 90}),
    ("rental", "出租屋人口核对", "collect", "inspect_population", "premises",
     {"use": ["rental", "group_rental"]}, {"red": 15, "": 60}),
    ("elders", "关爱老人走访", "visit", "visit_elder", "care",
     {"list": ["elder_alone", "elder_aged", "elder_disabled"]}, {"": 30}),
    ("fire-gear", "消防设施检查", "inspect", "inspect_fire", "facility",
     {"kind": ["hydrant", "extinguishers", "fire_station", "charging"]}, {"": 90}),
)  # fmt: skip
# What a supervisor wrote beside a verdict that is not "as said".
_SAID: Final = {
    "not_done": "电话里对方说这周没人来过",
    "unreachable": "打了三次都没人接",
    "wrong": "定位在点位四百米以外，本人说是在家补打的",
}


@transaction.atomic
def make_field_work(*, now: datetime, seed: int = 7, picture: StoredFile | None = None) -> int:
    """Plans, a round a community, and four weeks of tasks; how many tasks there are.

    ``now``: the end of the history; ``picture``: what the photos of forms show, without it no form is filled in.
    """
    if Plan.objects.exists():
        return 0
    chance = Random(seed)
    began = now - timedelta(weeks=WEEKS)
    _make_plans(began)
    rounds, crew = _make_rounds(began), crew_of(now)
    for week in range(WEEKS):
        moment = began + timedelta(weeks=week)
        actions.derive_tasks(actor=FIELD, now=moment)
        walk(moment, crew, chance, picture=picture, last=week == WEEKS - 1)
    for days in range(7, 0, -1):
        day = now - timedelta(days=days)
        actions.ask_rounds(actor=FIELD, now=day)
        _patrol(rounds, day, crew, chance)
        actions.draw_sample(local_day(day), actor=FIELD, now=day + timedelta(days=1))
    _verify(now, chance)
    actions.derive_tasks(actor=FIELD, now=now)
    actions.ask_rounds(actor=FIELD, now=now)
    _make_phones(now, chance)
    return Task.objects.count()


def _make_plans(began: datetime) -> None:
    known = queries.form_titles()
    for code, title, kind, form, subject, wanted, every in _PLANS:
        if form in known:
            draft = PlanDraft(
                code=code, title=title, kind=kind, form=form, subject_kind=subject, wanted=wanted, every=every,
                valid_from=local_day(began),
            )  # fmt: skip
            actions.save_plan(draft, actor=FIELD, now=began)


def _make_rounds(began: datetime, most: int = 6) -> list[str]:
    """A night round in some grids: four points around the middle."""
    codes = []
    for area in territory.areas_below("grid", "", on=local_day(began))[:most]:
        shape = territory.shape_of(area.code)
        if shape is None:
            continue
        middle = shape.representative_point()
        corners = ((0.0, 0.0), (0.0008, 0.0), (0.0008, 0.0006), (0.0, 0.0006))
        spots = [
            Spot(name=f"{area.name}{number}号点", lon=middle.x + lon, lat=middle.y + lat)
            for number, (lon, lat) in enumerate(corners, 1)
        ]
        actions.save_round(
            f"night-{area.code}", name=f"{area.name}夜巡", area=area.code, spots=spots, actor=FIELD, now=began
        )
        codes.append(f"night-{area.code}")
    return codes


def _make_phones(now: datetime, chance: Random) -> None:
    """Every worker's phone; on the first something was refused, and what came after it waits."""
    today = local_day(now)
    people = (
        Appointment.objects.on(today).filter(role="grid_worker").order_by("person").values_list("person", flat=True)
    )
    for turn, person in enumerate(people.distinct()[:MOST_PHONES]):
        who = access.worker(f"person:{person}", today)
        device, _token = enrol_device(actor=who, now=now - timedelta(weeks=WEEKS), name=_PHONES[turn % len(_PHONES)])
        count_pull(device, now=now - timedelta(minutes=chance.uniform(2, 1500)))
        if turn == 0:
            first, second = (str(uuid5(TASKS, f"demo/operation/{number}")) for number in (1, 2))
            at = (now - timedelta(hours=3)).isoformat()
            old = {"form": "inspect_fire_2024", "version": "1", "answers": {}}
            sent = [
                {"id": first, "seq": 1, "kind": "submission", "at": at, "body": old},
                {"id": second, "seq": 2, "kind": "skip", "at": at, "body": {"why": "closed"}, "after": [first]},
            ]
            take_operations(actor=who, device=device, now=now, operations=[read_operation(one) for one in sent])


def _patrol(rounds: Sequence[str], day: datetime, crew: Crew, chance: Random) -> None:
    """Most rounds are walked; one check-in in twenty looks odd."""
    for turn, code in enumerate(rounds):
        points = list(Checkpoint.objects.filter(round__code=code, active=True).order_by("number"))
        who = crew.of(points[0].area) if points else ()
        if not who or chance.random() < 0.15:
            continue
        began = day - timedelta(hours=1)
        DutySpell.objects.get_or_create(
            uid=uuid5(TASKS, f"demo/{who[0].ref}/{day:%Y%m%d}"),
            defaults={"person_id": who[0].person_id, "began_at": began, "ended_at": day + timedelta(hours=6)},
        )
        for step, point in enumerate(points):
            at = day + timedelta(minutes=50 * turn + 8 * step)
            away = 0.004 if chance.random() < 0.05 else 0.0
            actions.check_in(
                point.uid, op=uuid5(point.uid, f"{day:%Y%m%d}"), how="qr", code=point.code,
                point=(point.lon + away, point.lat), accuracy=chance.uniform(4, 20), actor=who[0], now=at, at=at,
            )  # fmt: skip


def _verify(now: datetime, chance: Random) -> None:
    """Supervisors looked at the samples and at odd check-ins of some days ago: nearly all is as said, a little is not."""
    today = local_day(now)
    held = Appointment.objects.on(today).filter(role="supervisor").order_by("id")
    who = next((access.worker(f"person:{one}", today) for one in held.values_list("person", flat=True)), None)
    if who is None:
        return
    old = access.overseen_spot_checks(who).filter(drawn_on__lt=today - timedelta(days=2), result="").order_by("id")
    for turn, row in enumerate(old):
        result = "not_done" if turn % 23 == 11 else "unreachable" if turn % 17 == 5 else "confirmed"
        words = _SAID.get(result, "")
        at = day_begins(row.drawn_on) + timedelta(days=1, hours=chance.uniform(9, 17))
        actions.record_spot_check(row.pk, how="phone", result=result, words=words, actor=who, now=min(at, now))
    odd = access.overseen_check_ins(who).filter(verdict="", at__lt=now - timedelta(days=2)).exclude(doubts=[])
    for turn, passed in enumerate(odd.order_by("id")):
        verdict, words = ("wrong", _SAID["wrong"]) if turn % 3 == 1 else ("fine", "")
        actions.judge_check_in(passed.pk, verdict=verdict, words=words, actor=who, now=now - timedelta(days=1))
