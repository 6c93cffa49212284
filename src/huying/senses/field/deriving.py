"""Which tasks must exist, worked out of plans, what they are about, and what was done. Pure; asked twice, it answers the same.

A plan asks for each of its subjects again so many days after it was last looked at, by risk. A task is named after its plan,
its subject and the task before it, not after its due day: when the risk rises, the same task falls due earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

TASKS: Final = UUID("5d1f0c5e-6a53-4c8e-9f0b-2f6a7f0b4a10")
"""The name space of task ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRule:
    """What a plan asks for. ``every``: risk → days, "" for any other; ``wanted``: attribute → the values that are meant.

    A task opens ``window_days`` before it is due. ``area`` is a prefix; ``until`` is the first day no longer asked for.
    """

    code: str
    subject_kind: str
    every: Mapping[str, int]
    since: date
    until: date | None = None
    window_days: int = 7
    priority: int = 2
    area: str = ""
    wanted: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    active: bool = True

    def days(self, risk: str) -> int | None:
        """Days between two visits; None when this risk is not asked about."""
        return self.every.get(risk) or self.every.get("") or None

    def means(self, subject: Subject) -> bool:
        """Whether the plan is about this subject."""
        return (
            self.active
            and subject.kind == self.subject_kind
            and subject.area.startswith(self.area)
            and self.days(subject.risk) is not None
            and all(subject.attributes.get(name) in values for name, values in self.wanted.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something looked at again and again: premises, a facility, an entry of a care list.

    ``since``: known from this day; ``every`` is its own interval in days and stands above the plan's.
    """

    kind: str
    uid: UUID
    area: str
    since: date
    risk: str = ""
    every: int | None = None
    title: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    premises: UUID | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closed:
    """The last task of a plan about a subject that was done or skipped: which, on which day, and how soon again."""

    uid: UUID
    on: date
    again_days: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task that must exist, open, with these dates (the due day itself still counts)."""

    uid: UUID
    plan: str
    subject: Subject
    opens_on: date
    due_on: date
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Something wanted once: a case to check, a warning, a re-inspection. ``source`` and ``key`` name it for ever."""

    source: str
    key: str
    kind: str
    title: str
    area: str
    opens_on: date
    due_on: date
    priority: int = 2
    form: str = ""
    subject_kind: str = ""
    subject_uid: UUID | None = None
    premises: UUID | None = None
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    roles: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A task as it stands, as far as deriving has to know: whether open, and everything it would write into it."""

    uid: UUID
    open: bool
    written: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """What makes the tasks that are into the tasks that must be."""

    births: tuple[UUID, ...]
    changes: tuple[UUID, ...]
    ends: tuple[UUID, ...]


def planned_uid(plan: str, subject: UUID, after: UUID | None) -> UUID:
    """The id of a plan's next task about a subject, after the one closed last."""
    return uuid5(TASKS, f"plan/{plan}/{subject}/{after or 'first'}")


def asked_task(source: str, key: str) -> UUID:
    """The id of a task wanted once."""
    return uuid5(TASKS, f"ask/{source}/{key}")


def due_on(plan: PlanRule, subject: Subject, last: Closed | None) -> date:
    """By which day the subject has to be looked at (that day included).

    After a visit: so many days later. Before the first: spread over the interval by the subject's own id, so that a new
    plan does not ask for everything on one day.
    """
    every = subject.every or plan.days(subject.risk) or 1
    if last is not None:
        return last.on + timedelta(days=last.again_days if last.again_days is not None else every)
    return max(plan.since, subject.since) + timedelta(days=subject.uid.int % every)


def derive(
    plans: Iterable[PlanRule],
    subjects: Sequence[Subject],
    done: Mapping[tuple[str, UUID], Closed],
    *,
    today: date,
    horizon_days: int = 31,
) -> list[Wanted]:
    """The tasks that must be open: those whose window opens within the horizon. At most one a plan and subject.

    ``done``: (plan, subject) → what was closed last. What is late stays wanted until it is closed or the plan ends.
    """
    edge = today + timedelta(days=horizon_days)
    return [
        wanted
        for plan in plans
        if plan.until is None or today < plan.until
        for subject in subjects
        if plan.means(subject) and (wanted := _wanted(plan, subject, done.get((plan.code, subject.uid)), edge))
    ]


def _wanted(plan: PlanRule, subject: Subject, last: Closed | None, edge: date) -> Wanted | None:
    due = due_on(plan, subject, last)
    earliest = max(plan.since, subject.since) if last is None else last.on + timedelta(days=1)
    opens = max(earliest, due - timedelta(days=plan.window_days))
    due = max(due, opens)
    if opens > edge or (plan.until is not None and opens >= plan.until):
        return None
    uid = planned_uid(plan.code, subject.uid, last.uid if last is not None else None)
    return Wanted(uid, plan.code, subject, opens, due, plan.priority)


def reconcile(wanted: Mapping[UUID, tuple[object, ...]], kept: Iterable[Kept]) -> Moves:
    """What to write: new tasks, tasks to change or open again, open tasks nobody asks for any more. Closed ones stay.

    ``wanted``: id → everything a task would hold; ``kept``: the open tasks of the same plans and subjects, and any other
    task with a wanted id. Tasks done or skipped are never handed in: they are never touched.
    """
    known: dict[UUID, Kept] = {one.uid: one for one in kept}
    births = [uid for uid in wanted if uid not in known]
    changes = [uid for uid, values in wanted.items() if uid in known and not _same(known[uid], values)]
    ends = [uid for uid, one in known.items() if one.open and uid not in wanted]
    return Moves(tuple(births), tuple(changes), tuple(ends))


def _same(kept: Kept, values: tuple[object, ...]) -> bool:
    return kept.open and kept.written == values


def count_visits(
    plan: PlanRule, subjects: Iterable[Subject], done: Mapping[UUID, Closed], *, today: date, days: int
) -> dict[str, int]:
    """How many visits a plan would ask for within so many days if everything is done on its due day, by risk."""
    counted: dict[str, int] = {}
    for subject in subjects:
        if plan.means(subject):
            visits = sum(1 for _day in _visits(plan, subject, done.get(subject.uid), today, days))
            counted[subject.risk] = counted.get(subject.risk, 0) + visits
    return counted


def _visits(plan: PlanRule, subject: Subject, last: Closed | None, today: date, days: int) -> Iterator[date]:
    """The due days in the stretch that begins today; what is late already falls due today."""
    every = subject.every or plan.days(subject.risk) or 1
    day, end = max(today, due_on(plan, subject, last)), today + timedelta(days=days)
    while day < end and (plan.until is None or day < plan.until):
        yield day
        day += timedelta(days=every)
