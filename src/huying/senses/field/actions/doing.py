"""Tasks done, late or in time, and tasks passed over with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.errors import Invalid, Refused
from huying.kernel.facts import publish
from huying.kernel.files import StoredFile, attach
from huying.kernel.locks import lock_rows
from huying.kernel.trace.record import Draft, record

from .. import access, queries
from ..facts import TaskClosed, WarningSeen
from ..models import Sighting, SpotCheck, Task
from ..routes import finite, on_earth
from ..rules import TaskKind, TaskState, lateness

FIELD = system("field")


def complete_task(
    *,
    actor: Actor,
    now: datetime,
    at: datetime,
    task_uid: UUID | None = None,
    form: str = "",
    subject_uid: UUID | None = None,
    submission: UUID | None = None,
) -> Task | None:
    """Close a task as done ``at`` a moment: the one named, else the one that asks for this form about this subject.

    Late work is taken and marked. A task skipped or ended meanwhile becomes done, for the work was done; one done
    before stays as it was. None when no task asked for it.
    """
    with transaction.atomic():
        task = _named(actor, task_uid) if task_uid is not None else _meant(actor, form, subject_uid, at)
        if task is None or task.state == TaskState.DONE:
            return task
        how = lateness(opens_at=task.opens_at, due_at=task.due_at, done_at=at, now=now)
        task.state, task.closed_at, task.done_at = TaskState.DONE, now, at
        task.done_late, task.done_by_id, task.submission = how.word == "done_late", actor.person_id, submission
        task.skip, task.skip_words, task.again_days = "", "", None
        task.save()
        _tell(task, at)
    return task


def skip_task(uid: UUID, *, why: str, words: str = "", actor: Actor, now: datetime, at: datetime) -> Task:
    """Close a task that cannot be done, with a reason of the list; it is asked again as soon as the reason says.

    The list is the one in force on the day it was passed over, or today's: a phone may have been away in between.
    Refused for a task that is closed already, Invalid for an unknown reason or "other" without words.
    """
    reason = queries.policy_on(local_day(at)).skips.get(why) or queries.policy_on(local_day(now)).skips.get(why)
    if reason is None:
        raise Invalid(_("请选择做不了的原因"), field="why")
    if why == "other" and len(words.strip()) < 2:
        raise Invalid(_("请写明原因"), field="words")
    with transaction.atomic():
        task = access.task_to_do(actor, uid)
        if task.state == TaskState.SKIPPED and task.skip == why:
            return task
        if task.state != TaskState.OPEN:
            raise Refused(_("这项任务已经结束"), code="task_closed")
        task.state, task.closed_at, task.done_by_id = TaskState.SKIPPED, now, actor.person_id
        task.skip, task.skip_words, task.again_days = why, words.strip()[:300], reason.again_days
        task.save()
        _tell(task, at)
    return task


def report_on_task(
    uid: UUID,
    *,
    text: str,
    files: Sequence[StoredFile],
    actor: Actor,
    now: datetime,
    at: datetime,
    op: UUID,
    point: tuple[float, float] | None = None,
    accuracy: float = 0.0,
) -> Task:
    """What somebody saw on a check or after a warning: the task is done. A check's case hears of it, pictures and all; what
    was seen after a warning stays with the task, where a supervisor says whether it is so."""
    if len(text.strip()) < 2:
        raise Invalid(_("请写明看到的情况"), field="text")
    with transaction.atomic():
        _case_first(uid)
        task = access.task_to_do(actor, uid)
        if task.kind not in (TaskKind.CHECK, TaskKind.WARNING):
            raise Refused(_("这项任务要填表单完成"), code="task_needs_form")
        if task.submission == op:
            return task
        done = complete_task(task_uid=uid, actor=actor, now=now, at=at, submission=op)
        if task.kind == TaskKind.CHECK:
            case_id = int(task.source_key.partition("/")[0])
            words = gettext("%(name)s现场核查：%(text)s") % {"name": actor.name, "text": text.strip()}
            cases.note_case(case_id, text=words, actor=FIELD, now=now)
            keep_with_case(case_id, files, actor=actor, now=now)
        else:
            seen = Sighting(
                uid=op, task=task, person_id=actor.person_id, by_name=actor.name[:80], text=text.strip(), at=at,
                received_at=now, accuracy=max(finite(accuracy) or 0.0, 0.0),
            )  # fmt: skip
            seen.lon, seen.lat = (on_earth(point) if point else None) or (None, None)
            _keep_with_task(seen, files, actor, now)
    return done or task


def _case_first(uid: UUID) -> None:
    """Whoever closes the case holds it and then its tasks; a check takes them in the same order."""
    keys = Task.objects.filter(uid=uid, kind=TaskKind.CHECK).values_list("source_key", flat=True)
    lock_rows(Case, [int(key.partition("/")[0]) for key in keys])


def _keep_with_task(seen: Sighting, files: Sequence[StoredFile], actor: Actor, now: datetime) -> None:
    task, chain = seen.task, f"task:{seen.task_id}"
    seen.save()
    attach([one.pk for one in files], chain, actor=actor)
    day = local_day(now)
    drawn = {"person_id": actor.person_id, "area": task.area, "why": "warning", "drawn_on": day}
    SpotCheck.objects.get_or_create(task=task, defaults=drawn)
    body = {"kind": task.kind, "files": [one.sha256 for one in files]}
    private = {"text": str(seen.text)}
    record([Draft(chain=chain, verb="report_on_task", actor=actor, at=now, body=body, private=private)])
    publish(WarningSeen(task_uid=task.uid, source=task.source, source_key=task.source_key, area=task.area, at=seen.at))


def keep_with_case(case_id: int, files: Iterable[StoredFile], *, actor: Actor, now: datetime) -> None:
    """Pictures and sounds somebody in the field brought stay with the case, under their name."""
    keep_with_cases([(case_id, file) for file in files], actor=actor, now=now)


def keep_with_cases(brought: Sequence[tuple[int, StoredFile]], *, actor: Actor, now: datetime) -> None:
    """The same for several cases (case → file), in a constant number of queries."""
    bringer = Actor("reporter", actor.ref, actor.name, actor.unit_id, actor.person_id)
    cases.attach_files(brought, stage="report", actor=bringer, now=now)


def _named(actor: Actor, uid: UUID) -> Task:
    return access.task_to_do(actor, uid)


def _meant(actor: Actor, form: str, subject: UUID | None, at: datetime) -> Task | None:
    """An open task whose window had begun: whoever looks in anyway has done it."""
    if subject is None or not form:
        return None
    rows = Task.objects.select_for_update(of=("self",)).filter(
        subject_uid=subject, form=form, state=TaskState.OPEN, opens_at__lte=at
    )
    rows = rows if actor.is_system else rows.filter(access.workable_tasks(actor))
    return rows.order_by("due_at", "id").first()


def _tell(task: Task, at: datetime) -> None:
    publish(
        TaskClosed(
            task_uid=task.uid,
            kind=task.kind,
            area=task.area,
            state=task.state,
            late=bool(task.done_late),
            person_id=task.done_by_id,
            at=at,
        )
    )
