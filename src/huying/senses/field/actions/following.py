"""What follows from a filled form: its task is done, what failed becomes a case, what was learnt goes to the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import transaction

from huying.ground.registry.actions import change
from huying.ground.registry.models import MODELS
from huying.ground.territory import queries as territory
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError, NotFound
from huying.senses.forms.facts import SubmissionFact, SubmissionReceived

from .. import subjects
from ..models import Finding, Task
from ..rules import Subject, TaskKind
from .doing import complete_task
from .finding import Failed, Inspected, close_reinspections, take_findings, waiting_for

# Where somebody or something new that was met in a place belongs.
_BELONGS: Final = {"person": "home", "household": "premises", "organisation": "premises", "facility": "premises"}


def follow_submission(
    fact: SubmissionReceived, *, actor: Actor, now: datetime, at: datetime, asked: bool = True
) -> None:
    """All that one submission means here, finished ``at`` a moment; run twice it changes nothing more.

    ``asked=False``: the caller knows that no task asks for it.
    """
    failed = [failed_of(one) for one in fact.findings]
    with transaction.atomic(savepoint=False):
        task = _complete(fact, actor, now, at) if asked else None
        again = _looked_again(task, fact.form, failed, actor, now)
        if failed:
            take_findings(inspected(fact, failed, task, again, at), actor=actor, now=now)
        _learn(fact, actor, now)


def _complete(fact: SubmissionReceived, actor: Actor, now: datetime, at: datetime) -> Task | None:
    """Work counts also when it names a task of somebody else, or one that is gone: then for whichever asked for it."""
    done: dict[str, Any] = {"actor": actor, "now": now, "at": at, "submission": fact.op}
    if fact.task_uid is not None:
        try:
            return complete_task(task_uid=fact.task_uid, **done)
        except NotFound:
            pass
    return complete_task(form=fact.form, subject_uid=fact.subject_uid, **done)


def _looked_again(
    task: Task | None, form: str, failed: list[Failed], actor: Actor, now: datetime
) -> dict[str, Finding]:
    """Path → the finding that was found failing again."""
    if task is None or task.kind != TaskKind.REINSPECT:
        return {}
    waiting = waiting_for(task)
    still, again = still_failing(waiting, form, failed)
    close_reinspections(waiting, still, actor=actor, now=now)
    return again


def still_failing(
    waiting: Sequence[Finding], form: str, failed: Sequence[Failed]
) -> tuple[set[str], dict[str, Finding]]:
    """Which of the findings looked at again still fail, and for each path that fails now the one it was before."""
    unsolved = [one.path for one in failed if not one.solved]
    # A form of its own for looking again knows nothing of the first one's items: its failure means all of them.
    still = {one.path for one in waiting if (one.path in unsolved if one.form == form else unsolved)}
    again = {one.path: one for one in waiting if one.path in still and one.form == form}
    others = [one for one in waiting if one.path in still and one.form != form]
    return still, again | dict(zip(unsolved, others, strict=False))


def failed_of(one: Mapping[str, Any]) -> Failed:
    label = one.get("label") or {}
    said = label if isinstance(label, str) else label.get("zh") or next(iter(label.values()), "")
    return Failed(
        path=str(one.get("path", "")),
        label=str(said),
        item=str(one.get("item") or ""),
        severity=str(one.get("severity") or "minor"),
        days=one.get("days"),
        photos=list(one.get("photos") or ()),
        after_photos=list(one.get("after_photos") or ()),
        solved=bool(one.get("solved")),
        reinspect=bool(one.get("reinspect")),
    )


def inspected(
    fact: SubmissionFact, failed: list[Failed], task: Task | None, again: Mapping[str, Finding], at: datetime
) -> Inspected:
    there = _subject(fact)
    lon, lat = _point(fact, there)
    return Inspected(
        op=fact.op,
        form=fact.form,
        at=at,
        area=there.area if there is not None else fact.area,
        failed=failed,
        title=there.title if there is not None else "",
        address=there.address if there is not None else task.address if task is not None else "",
        lon=lon,
        lat=lat,
        registered=there is not None,
        subject_kind=fact.subject_kind,
        subject_uid=fact.subject_uid,
        premises=there.premises if there is not None else task.premises_uid if task is not None else None,
        again_of=again,
    )


def _point(fact: SubmissionFact, there: Subject | None) -> tuple[float | None, float | None]:
    """Where the form was filled, unless that lies outside the grid of what it is about: then where that stands, if known."""
    if there is None:
        return fact.lon, fact.lat
    if fact.lon is None or fact.lat is None:
        return there.lon, there.lat
    (here,) = territory.locate_points([(fact.lon, fact.lat)], on=local_day(fact.at))
    inside = here is not None and here.grid.startswith(there.area[:15])
    return (fact.lon, fact.lat) if inside else (there.lon, there.lat)


def _subject(fact: SubmissionFact) -> Subject | None:
    if fact.subject_uid is None or fact.subject_kind not in subjects.KINDS:
        return None
    return next(iter(subjects.some(fact.subject_kind, [fact.subject_uid])), None)


def _learn(fact: SubmissionReceived, actor: Actor, now: datetime) -> None:
    """Values of the form become values of the record it is about, or a new record of that place.

    What the registry refuses stays in the submission, where it can be read; the form itself is not lost for it.
    """
    for kind, changes in by_kind(fact.registry).items():
        uid, base = record_of(kind, fact)
        if base == 0:
            changes |= belongs(kind, fact, changes)
        try:
            with transaction.atomic():
                change(
                    actor=actor, now=now, kind=kind, uid=uid, base=base, changes=changes, source="form",
                    op=uuid5(fact.op, f"registry/{kind}"),
                )  # fmt: skip
        except HuyingError:
            continue


def by_kind(registry: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Kind → field → value of what a form tells the registry."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in registry.items():
        kind, _dot, field = name.partition(".")
        if kind in MODELS and field and not isinstance(value, list | dict):
            found.setdefault(kind, {})[field] = value
    return found


def belongs(kind: str, fact: SubmissionFact, changes: Mapping[str, Any]) -> dict[str, str]:
    """Where a new record of a kind lies, when the form does not say so itself."""
    if fact.subject_kind == "premises" and kind in _BELONGS and _BELONGS[kind] not in changes:
        return {_BELONGS[kind]: str(fact.subject_uid)}
    return {}


def record_of(kind: str, fact: SubmissionFact) -> tuple[UUID, int]:
    """Which record, and the version its values are said of: the one that stands now, for it was just looked at."""
    if kind == fact.subject_kind and fact.subject_uid is not None:
        version = MODELS[kind]._default_manager.filter(uid=fact.subject_uid).values_list("version", flat=True).first()
        return fact.subject_uid, version or 0
    return uuid5(fact.op, f"new/{kind}"), 0
