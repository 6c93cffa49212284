"""The one order in which work that came in takes its locks, so that two phones with the same places never deadlock.

1. the registry's names of what the work is about, and of the premises these lie in;
2. the running cases found there; 3. the tasks about them or named; 4. their findings. Each kind by ascending id.
What follows afterwards only takes again what is held already, or makes new rows. See ``kernel.locks``.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from huying.casework.cases.models import Case
from huying.ground.registry.models import MODELS
from huying.kernel.locks import lock_names, lock_rows

from ..models import Finding, Task
from ..rules import FindingState, TaskState

_RUNNING = (FindingState.OPEN_CASE, FindingState.REINSPECT)
_LIES_IN = {"person": "home", "household": "premises", "organisation": "premises", "facility": "premises"}


def hold(about: Iterable[tuple[str, UUID]], *, tasks: Iterable[UUID] = (), submissions: Iterable[UUID] = ()) -> None:
    """Lock everything that work about these subjects, for these tasks, may touch. Needs a transaction.

    A constant number of queries, none for work about nothing.
    """
    by_kind: dict[str, set[UUID]] = {}
    for kind, uid in about:
        by_kind.setdefault(kind, set()).add(uid)
    uids = {uid for found in by_kind.values() for uid in found}
    named, handed_in = set(tasks), set(submissions)
    if not (uids or named or handed_in):
        return
    places = by_kind.get("premises", set()) | _places_of(by_kind)
    lock_names(f"registry {uid}" for uid in uids | places)
    meant = Q(uid__in=named) | Q(submission__in=handed_in) | Q(subject_uid__in=uids, state=TaskState.OPEN)
    task_ids = set(Task.objects.filter(meant).values_list("pk", flat=True))
    there = Q(submission__in=handed_in) | Q(premises_uid__in=places, state__in=_RUNNING) | Q(task__in=task_ids)
    found: list[tuple[int, int | None, int | None]] = list(
        Finding.objects.filter(there).values_list("pk", "case", "task")
    )
    lock_rows(Case, {case for _pk, case, _task in found} - {None})
    task_ids |= {task for _pk, _case, task in found if task}
    list(Task.objects.filter(pk__in=task_ids).select_for_update(of=("self",)).order_by("uid").values_list("pk"))
    lock_rows(Finding, [pk for pk, _case, _task in found])


def _places_of(by_kind: dict[str, set[UUID]]) -> set[UUID]:
    found: set[UUID] = set()
    for kind, column in _LIES_IN.items():
        if kind in by_kind:
            rows = MODELS[kind]._default_manager.filter(uid__in=by_kind[kind], **{f"{column}__isnull": False})
            found |= set(rows.values_list(f"{column}__uid", flat=True))
    return found
