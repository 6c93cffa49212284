"""Who is to be asked about what is late: whoever walks the grid today, and how many open tasks that makes for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from huying.ground.organisation.models import Person
from huying.ground.organisation.queries import directory
from huying.kernel.clock import local_day

from ..models import Task
from ..queries_board import GridRow, WorkerRow


@dataclass(slots=True)
class Walker:
    """Somebody of the field: what is overdue in the grids they walk now, and what they closed in the period."""

    person_id: int
    name: str
    number: str
    phone: str
    overdue: int = 0
    grids: list[GridRow] = field(default_factory=list)
    done: int = 0
    late: int = 0
    skipped: int = 0
    findings: int = 0


def walkers_of(areas: Iterable[str], now: datetime) -> dict[str, int]:
    """Area → the person who walks it now; an area nobody walks is left out."""
    known = directory(on=local_day(now))
    found = {area: known.grid_worker(area, now) for area in set(areas)}
    return {area: person_id for area, person_id in found.items() if person_id is not None}


def asked_of(tasks: Sequence[Task], now: datetime) -> dict[int, Person]:
    """Task → whom to ask about it: the one named in it, else whoever walks its grid now. One query for the people."""
    walkers = walkers_of({task.area for task in tasks}, now)
    ids = {task.pk: task.assignee_id or walkers.get(task.area) for task in tasks}
    people = Person.objects.in_bulk({one for one in ids.values() if one})
    return {pk: people[one] for pk, one in ids.items() if one in people}


def by_walker(
    grids: Sequence[GridRow], workers: Sequence[WorkerRow], walkers: Mapping[str, int]
) -> tuple[list[Walker], dict[str, Person]]:
    """Everybody who walks one of these grids or closed something, by staff number; and area → person. One query."""
    people = Person.objects.in_bulk({*walkers.values(), *(one.person_id for one in workers)})
    found = {pk: Walker(pk, person.label, person.number, person.phone) for pk, person in people.items()}
    for worker in workers:
        one = found[worker.person_id]
        one.done, one.late, one.skipped, one.findings = worker.done, worker.late, worker.skipped, worker.findings
    for row in grids:
        if row.coverage.overdue and row.area in walkers:
            found[walkers[row.area]].overdue += row.coverage.overdue
            found[walkers[row.area]].grids.append(row)
    return sorted(found.values(), key=lambda one: one.number), {area: people[pk] for area, pk in walkers.items()}
