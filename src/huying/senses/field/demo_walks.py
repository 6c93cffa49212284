"""What the demonstration's grid workers did in a week: forms filled in, a little late or not at all, now and then something found.

The first tasks of a week are done by the forms themselves, so that their lists, pictures, findings and cases are there; in a
place with more tasks than that, the others are written down as done in bulk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from django.db.models import Q

from huying.ground.organisation import rules as organisation
from huying.ground.organisation.models import Appointment
from huying.ground.registry.models import CareEntry, Premises
from huying.kernel.actor import Actor, Duty
from huying.kernel.clock import local_day
from huying.kernel.models import StoredFile
from huying.senses.forms.actions import Filled, receive_many
from huying.senses.forms.making import make_answers
from huying.senses.forms.models import Form, FormVersion

from . import actions
from .actions.writing import day_begins
from .models import Task
from .rules import SKIPS, TaskKind, TaskState

MOST_FILLED: Final = 120  # forms a week that are filled in; what is more is done in bulk
WORKING: Final = (8.5, 17.5)  # hours of the day
_NEVER, _MISSED, _SKIPPED, _LATE, _EARLY, _FAILING = 0.015, 0.05, 0.08, 0.11, 0.4, 0.14  # shares of tasks
_AT: Final = timedelta(minutes=12)  # a visit
_GIVEN: Final[Mapping[str, Any]] = {"lodgers": 0, "how": "home", "fell": "no", "floor_area": 60, "height": 6}
_PATIENCE: Final = 2.0  # days after the end of a task


class Visit(NamedTuple):
    """Who looked after a task, and when."""

    task: Task
    who: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Crew:
    """The grid workers of a day, by the area they walk."""

    by_area: Mapping[str, Sequence[Actor]]

    def of(self, area: str) -> Sequence[Actor]:
        """Who walks an area: the workers of its grid, else of its community."""
        return self.by_area.get(area[:15]) or self.by_area.get(area[:12]) or ()


def crew_of(moment: datetime) -> Crew:
    """One query, whatever the size of the place."""
    held = Appointment.objects.on(local_day(moment)).select_related("unit", "person").order_by("id")
    duties: dict[int, list[Duty]] = defaultdict(list)
    walks: list[Appointment] = []
    for one in held.filter(person__in=held.filter(role="grid_worker").order_by().values("person")):
        scope = organisation.duty_scope(one.role, one.unit.path)
        duties[one.person_id].append(Duty(one.role, one.area, one.unit_id, scope))
        if one.role == "grid_worker":
            walks.append(one)
    found: dict[str, list[Actor]] = defaultdict(list)
    for one in walks:
        pk, mine = one.person_id, tuple(duties[one.person_id])
        found[one.area].append(Actor("staff", f"person:{pk}", one.person.name, one.unit_id, pk, mine))
    return Crew(found)


def walk(moment: datetime, crew: Crew, chance: Random, *, picture: StoredFile | None, last: bool) -> None:
    """A week's work. ``picture``: what stands for every photo and signature, without it no form is filled in; ``last``: findings
    of this week are still being put right, those of earlier ones were on the spot.
    """
    until = moment + timedelta(weeks=1)
    asked = Q(plan__isnull=False) | Q(kind=TaskKind.WARNING)
    waiting = Task.objects.filter(asked, state=TaskState.OPEN, opens_at__lt=until).order_by("due_at", "uid")
    done = [visit for task in waiting if (visit := _visit(task, crew, moment, until, chance)) is not None]
    done.sort(key=lambda visit: (visit.at, visit.task.uid))
    every = max(1, -(-len(done) // MOST_FILLED))
    forms = _Forms(picture, chance, on_spot=not last) if picture is not None else None
    filled = [visit for turn, visit in enumerate(done) if turn % every == 0 and forms and forms.knows(visit.task.form)]
    chosen = {visit.task.pk for visit in filled}
    if forms is not None:
        forms.fill(filled)
    _write_down([visit for visit in done if visit.task.pk not in chosen])


def _visit(task: Task, crew: Crew, moment: datetime, until: datetime, chance: Random) -> Visit | None:
    """What became of a task this week: nothing when nobody came, or it was passed over, or there is time left."""
    luck, when, hour = chance.random(), chance.random(), chance.uniform(*WORKING)
    workers = crew.of(task.area)
    if not workers or luck < _MISSED or (task.uid.int % 1000) / 1000 < _NEVER:
        return None
    first = max(task.opens_at, moment)
    late = task.due_at <= first or (luck > 1 - _LATE and task.due_at < until)
    if not late and task.due_at > until and when > _EARLY:
        return None
    if late:
        begins, ends = max(task.due_at, moment), max(task.due_at, moment) + timedelta(days=_PATIENCE)
    else:
        begins, ends = first, min(task.due_at, until)
    at = _by_day(begins, ends, begins + when * (ends - begins), hour)
    if at is None or at >= until - _AT:
        return None
    if not late and luck < _SKIPPED:
        why = chance.choice(sorted(set(SKIPS) - {"other"}))
        actions.skip_task(task.uid, why=why, actor=workers[0], now=at, at=at)
        return None
    return Visit(task, workers[0], at)


def _by_day(begins: datetime, ends: datetime, meant: datetime, hour: float) -> datetime | None:
    """That hour of the day meant, or of the nearest earlier or later one that lies within; nobody calls at night."""
    days = range(-(ends - begins).days - 1, (ends - begins).days + 2)
    for away in sorted(days, key=lambda away: (abs(away), away)):
        at = day_begins(local_day(meant) + timedelta(days=away)) + timedelta(hours=hour)
        if begins <= at < ends:
            return at
    return None


def _write_down(done: Sequence[Visit]) -> None:
    for task, who, at in done:
        task.state, task.closed_at, task.done_at, task.done_by_id = TaskState.DONE, at, at, who.person_id
        task.done_late = at >= task.due_at
    fields = ["state", "closed_at", "done_at", "done_by", "done_late"]
    Task.objects.bulk_update([visit.task for visit in done], fields, batch_size=1000)


class _Forms:
    """Fills in the forms that tasks ask for; the answers of a few visits stand for those of all."""

    def __init__(self, picture: StoredFile, chance: Random, *, on_spot: bool) -> None:
        self.picture, self.chance, self.on_spot = picture, chance, on_spot
        current = Form.objects.exclude(current=None).select_related("current")
        self.versions: dict[str, FormVersion] = {
            form.code: form.current for form in current if form.current is not None
        }

    def knows(self, form: str) -> bool:
        return form in self.versions

    def fill(self, visits: Sequence[Visit]) -> None:
        """Each worker's day in one go, received in the evening."""
        days: dict[tuple[Any, str], list[Visit]] = defaultdict(list)
        for visit in visits:
            days[local_day(visit.at), visit.who.ref].append(visit)
        residents = dict(
            CareEntry.objects.filter(uid__in=[visit.task.subject_uid for visit in visits]).values_list(
                "uid", "resident_id"
            )
        )
        places = Premises.objects.filter(uid__in=[visit.task.subject_uid for visit in visits])
        kept = {one.uid: one for one in places}
        for (_day, _ref), mine in sorted(days.items(), key=lambda one: (one[0][0], one[0][1])):
            files = self.prints(len(mine), mine[0].who, mine[-1].at)
            told = [
                self.filled(visit, file, residents, kept.get(visit.task.subject_uid or UUID(int=0)))
                for visit, file in zip(mine, files, strict=True)
            ]
            receive_many(told, actor=mine[0].who, now=mine[-1].at + _AT)

    def prints(self, count: int, who: Actor, at: datetime) -> list[StoredFile]:
        """Rows that share the bytes of the picture: each submission keeps its own."""
        names = ("sha256", "kind", "media_type", "name", "width", "height", "bytes")
        same = {name: getattr(self.picture, name) for name in names}
        return StoredFile.objects.bulk_create([StoredFile(**same, at=at, actor_ref=who.ref) for _turn in range(count)])

    def filled(self, visit: Visit, file: StoredFile, residents: Mapping[UUID, UUID], place: Premises | None) -> Filled:
        task, version = visit.task, self.versions[visit.task.form]
        upload = uuid5(task.uid, "demo picture")
        subject: tuple[str, UUID | None] = (task.subject_kind, task.subject_uid)
        if task.subject_kind == "care" and task.subject_uid is not None:
            subject = ("person", residents.get(task.subject_uid))
        fails = task.subject_kind == "premises" and self.chance.random() < _FAILING
        risk = place.risk if place is not None else ""
        answers = make_answers(
            version.definition, self.chance, now=visit.at.isoformat(), picture=str(upload), given=_GIVEN | _keeper(place),
            fails=1 if fails or risk in ("red", "yellow") else 0, on_spot=self.on_spot,
        )  # fmt: skip
        return Filled(
            op_id=uuid5(task.uid, "demo"), form=task.form, version=version.version, answers=answers,
            begun_at=visit.at - _AT, ended_at=visit.at, subject=subject, task_uid=task.uid, files={upload: file},
            position=(task.lon, task.lat, 8.0) if task.lon is not None and task.lat is not None else None,
        )  # fmt: skip


def _keeper(place: Premises | None) -> dict[str, Any]:
    """What the registry knows of a place, said once more."""
    if place is None:
        return {}
    secrets = place.secrets
    known = {name: secrets.get(name) for name in ("keeper_name", "keeper_phone")}
    known |= {"small_kind": place.small_kind, "floor_area": place.floor_area}
    return {"keeper_phone": "19900000000"} | {name: value for name, value in known.items() if value}
