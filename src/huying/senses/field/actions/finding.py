"""A failed item becomes a case, or was solved on the spot; closing the case brings somebody back to look again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from huying.casework.cases import access as case_access
from huying.casework.cases.models import Case
from huying.casework.cases.subjects import marks_of
from huying.casework.catalogue.models import Item
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.facts import publish
from huying.kernel.models import StoredFile
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.rules import MOST_PHOTOS, Channel

from .. import queries
from ..facts import FindingMade, FindingSolved
from ..models import Finding, FindingPhoto, Task
from ..rules import TASKS, Ask, FindingState, Policy, Severity, TaskKind, TaskState
from .asking import ask_tasks, withdraw
from .writing import day_ends

SOURCE = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One failed item of a submission. Photos are ids of stored files; ``solved``: put right while standing there."""

    path: str
    label: str
    item: str = ""
    severity: str = "minor"
    days: int | None = None
    photos: Sequence[int] = ()
    after_photos: Sequence[int] = ()
    solved: bool = False
    reinspect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A submission that may hold failed items, and where it was made."""

    op: UUID
    form: str
    at: datetime
    area: str
    failed: Sequence[Failed]
    title: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    registered: bool = False  # ``area`` is where the registry has the subject, and so certain
    subject_kind: str = ""
    subject_uid: UUID | None = None
    premises: UUID | None = None
    again_of: Mapping[str, Finding] = field(default_factory=dict)
    correction: int = 0  # of the form; 0 as it came
    found_by: int | None = None  # the person who was there, when somebody else writes it down

    @property
    def turn(self) -> str:
        """What makes the voices of a correction others than those of the form as it came."""
        return f"{self.op}#{self.correction}" if self.correction else str(self.op)


def take_findings(
    one: Inspected, *, actor: Actor, now: datetime, opened: Mapping[str, int] | None = None
) -> list[Finding]:
    """Write the findings of a submission and open their cases, one a kind of matter. Repeated it changes nothing.

    ``opened``: path → case, where the caller has opened them already.
    """
    known = set(Finding.objects.filter(submission=one.op).values_list("path", flat=True))
    fresh = [failed for failed in one.failed if failed.path not in known]
    if not fresh:
        return []
    with transaction.atomic():
        cases = opened
        if cases is None:
            cases = open_cases(one, [failed for failed in fresh if not failed.solved], actor, now)
        rows = [_finding(one, failed, cases.get(failed.path), actor, now) for failed in fresh]
        Finding.objects.bulk_create(rows)
        keep_photos(rows, fresh)
        publish(
            *(
                FindingMade(
                    finding_id=row.pk, item=row.item, severity=row.severity, area=row.area, case_id=row.case_id, at=now
                )
                for row in rows
            )
        )
    return rows


def _finding(one: Inspected, failed: Failed, case_id: int | None, actor: Actor, now: datetime) -> Finding:
    severity = failed.severity if failed.severity in set(Severity) else Severity.MINOR
    return Finding(
        uid=uuid5(TASKS, f"finding/{one.op}/{failed.path}"),
        submission=one.op,
        path=failed.path[:200],
        label=failed.label[:300],
        item=failed.item,
        severity=severity,
        state=FindingState.SOLVED if failed.solved else FindingState.OPEN_CASE,
        solved_at=now if failed.solved else None,
        form=one.form,
        subject_kind=one.subject_kind,
        subject_uid=one.subject_uid,
        premises_uid=one.premises,
        address=one.address[:300],
        area=one.area,
        days=failed.days,
        reinspects=failed.reinspect,
        case_id=case_id,
        again_of=one.again_of.get(failed.path),
        found_at=one.at,
        found_by_id=one.found_by or actor.person_id,
    )


def keep_photos(rows: Sequence[Finding], failed: Sequence[Failed]) -> None:
    stages = [
        (row, stage, file)
        for row, one in zip(rows, failed, strict=True)
        for stage, files in (("before", one.photos), ("after", one.after_photos))
        for file in dict.fromkeys(files)
    ]
    FindingPhoto.objects.bulk_create(
        [FindingPhoto(finding=row, file_id=file, stage=stage) for row, stage, file in stages]
    )


def open_cases(one: Inspected, failed: Sequence[Failed], actor: Actor, now: datetime) -> dict[str, int]:
    """Path → case. Failed items of one kind of matter are one case; a matter already open here is joined."""
    if not failed:
        return {}
    groups: dict[str, list[Failed]] = {}
    for each in failed:
        groups.setdefault(each.item or each.path, []).append(each)
    named = {each.item for each in failed if each.item}
    items = set(Item.objects.filter(code__in=named, version__state="published").values_list("code", flat=True))
    files = StoredFile.objects.in_bulk([pk for each in failed for pk in each.photos])
    running = _running(one, named, actor)
    voices = [_voice(one, key, group, items, files, running) for key, group in groups.items()]
    taken = take_in(voices, actor=actor, now=now)
    return {each.path: case.case_id for case, group in zip(taken, groups.values(), strict=True) for each in group}


def _running(one: Inspected, items: Iterable[str], actor: Actor) -> dict[str, int]:
    """Item → an open case of the same place, as far as whoever stands there may know of it."""
    here = Q(premises_uid=one.premises) if one.premises is not None else Q(pk__in=[])
    if one.correction:
        here |= Q(submission=one.op)
    elif one.premises is None:
        return {}
    rows = Finding.objects.filter(here, item__in=items, case__open=True, case__in=case_access.visible(actor))
    return dict(rows.order_by("id").values_list("item", "case_id"))


def _voice(
    one: Inspected,
    key: str,
    group: Sequence[Failed],
    items: set[str],
    files: Mapping[int, StoredFile],
    running: Mapping[str, int],
) -> Voice:
    item = group[0].item if group[0].item in items else None
    labels = "；".join(each.label for each in group)
    text = _("检查发现：%(labels)s。地点：%(place)s") % {
        "labels": labels,
        "place": one.address or one.title or _("见定位"),
    }
    photos = list(dict.fromkeys(pk for each in group for pk in each.photos if pk in files))[:MOST_PHOTOS]
    return Voice(
        source=SOURCE,
        source_id=f"{one.turn}:{key}"[:120],
        channel=Channel.GRID,
        text=text,
        said_at=one.at,
        place_text=one.address[:200],
        lon=one.lon,
        lat=one.lat,
        area=one.area if one.registered else "",
        item_code=item,
        case_id=running.get(group[0].item),
        urgent=any(each.severity == Severity.AT_ONCE for each in group),
        files=[for_case(files[pk]) for pk in photos],
        subjects=marks_of((one.subject_kind, one.subject_uid), ("premises", one.premises)),
    )


def for_case(file: StoredFile) -> StoredFile:
    """The same picture once more, for those who see the case: the first stays with the form it came with."""
    copied = StoredFile.objects.get(pk=file.pk)
    copied.pk, copied.subject = None, ""
    copied.save(force_insert=True)
    return copied


def follow_cases(closed: Mapping[int, datetime], *, actor: Actor, now: datetime) -> int:
    """Cases of findings were closed: each that has to be looked at again gets a task, the others are solved.

    Case → when it was closed; how many findings moved.
    """
    rows = list(
        Finding.objects.filter(case__in=closed, state=FindingState.OPEN_CASE)
        .select_for_update(of=("self",))
        .order_by("id")
    )
    if not rows:
        return 0
    again = [row for row in rows if row.reinspects]
    done = [row for row in rows if not row.reinspects]
    tasks = _ask_again(again, closed, actor, now)
    for row in again:
        row.state, row.task = FindingState.REINSPECT, tasks[_key(row, closed)]
    Finding.objects.bulk_update(again, ["state", "task"])
    _solve(done, now)
    return len(rows)


def _key(row: Finding, closed: Mapping[int, datetime]) -> str:
    return f"{row.case_id}/{row.form}/{row.subject_uid or ''}/{closed[row.case_id or 0]:%Y%m%d%H%M%S}"[:80]


def _ask_again(rows: Sequence[Finding], closed: Mapping[int, datetime], actor: Actor, now: datetime) -> dict[str, Task]:
    """One re-inspection for all findings of a case, due by the gravest of them."""
    policy, today = queries.policy_on(local_day(now)), local_day(now)
    known = Case.objects.filter(pk__in=[row.case_id for row in rows]).only("number", "lon", "lat")
    cases = {case.pk: case for case in known}
    asks: dict[str, Ask] = {}
    for row in rows:
        key = _key(row, closed)
        due = today + timedelta(days=_days(row, policy))
        if key in asks and asks[key].due_on <= due:
            continue
        case = cases[row.case_id or 0]
        asks[key] = Ask(
            source="finding",
            key=key,
            kind=TaskKind.REINSPECT,
            title=_look_title(row, case),
            area=row.area,
            opens_on=today,
            due_on=due,
            priority=_priority(row),
            form=row.form,
            subject_kind=row.subject_kind,
            subject_uid=row.subject_uid,
            premises=row.premises_uid,
            address=row.address,
            lon=case.lon,
            lat=case.lat,
        )
    uids = ask_tasks(list(asks.values()), actor=actor, now=now)
    found = {task.uid: task for task in Task.objects.filter(uid__in=uids)}
    return {key: found[uid] for key, uid in zip(asks, uids, strict=True)}


def _days(row: Finding, policy: Policy) -> int:
    return row.days if row.days is not None else policy.days_to_reinspect(row.severity)


def _priority(row: Finding) -> int:
    return 1 if row.severity != Severity.MINOR else 2


def _look_title(row: Finding, case: Case) -> str:
    return _("复查：%(label)s（%(number)s）") % {"label": row.label[:60], "number": case.number}


def renew_reinspections(task_ids: Iterable[int]) -> int:
    """Open re-inspections whose findings were corrected: named after the gravest that is left, due by it; how many.

    Written also where nothing of the task itself is different: phones read a task with its findings, anew once it is.
    """
    tasks = Task.objects.filter(pk__in=set(task_ids), state=TaskState.OPEN).order_by("uid")
    renewed = 0
    for task in tasks.select_for_update(of=("self",)):
        rows = list(Finding.objects.filter(task=task, state=FindingState.REINSPECT).order_by("id"))
        if not rows:
            continue
        began = local_day(task.opens_at)
        policy = queries.policy_on(began)
        first = min(rows, key=lambda row: _days(row, policy))
        task.title = _look_title(first, Case.objects.only("number").get(pk=first.case_id or 0))[:120]
        task.due_at, task.priority = day_ends(began + timedelta(days=_days(first, policy))), _priority(first)
        task.save(update_fields=["title", "due_at", "priority"])
        renewed += 1
    return renewed


def reopen_cases(case_ids: Iterable[int], *, actor: Actor, now: datetime) -> int:
    """Cases that go back to be done again: nobody has to look before they are closed once more."""
    rows = list(Finding.objects.filter(case__in=list(case_ids), state=FindingState.REINSPECT).select_related("task"))
    withdraw("finding", {row.task.source_key for row in rows if row.task is not None}, actor=actor, now=now)
    for row in rows:
        row.state, row.task = FindingState.OPEN_CASE, None
    return Finding.objects.bulk_update(rows, ["state", "task"])


def waiting_for(task: Task) -> list[Finding]:
    """The findings a re-inspection is about, locked."""
    rows = Finding.objects.filter(task=task, state=FindingState.REINSPECT)
    return list(rows.select_for_update(of=("self",)).order_by("id"))


def close_reinspections(findings: Sequence[Finding], failing: Iterable[str], *, actor: Actor, now: datetime) -> None:
    """Somebody has looked again: what does not fail any more is solved, what does gives way to the new finding."""
    still = set(failing)
    _solve([row for row in findings if row.path not in still], now)
    Finding.objects.filter(pk__in=[row.pk for row in findings if row.path in still]).update(state=FindingState.AGAIN)


def _solve(rows: Sequence[Finding], now: datetime) -> None:
    Finding.objects.filter(pk__in=[row.pk for row in rows]).update(state=FindingState.SOLVED, solved_at=now)
    if rows:
        publish(*(FindingSolved(finding_id=row.pk, area=row.area, at=now) for row in rows))
