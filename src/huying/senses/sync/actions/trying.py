"""Trying operations: its applier's writes and its outcome are committed together. Alike ones that build on nothing go
together as long as all of them can simply be done; every other one has a transaction of its own, its applier a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, HuyingError
from huying.kernel.gathering import ask_together, often
from huying.kernel.locks import lock_rows

from .. import doors, rules
from ..doors import Incoming, Wait
from ..models import Operation, Upload
from ..rules import Cause, Ground, Received, State
from .authors import Authors, works
from .settling import become, plain, refused, settle, unreadable, write_settled

log = logging.getLogger("huying.sync")
MOST_WOKEN: Final = 500
MOST_TOGETHER: Final = 25
_CONTENTION: Final = 4
_TURNS: Final = 3
_PASSING: Final = frozenset({"40001", "40P01", "55P03"})
_WAITED_FOR: Final = often(
    "files_waited_for",
    f"SELECT EXISTS (SELECT FROM {Operation._meta.db_table}"
    " WHERE state = 'waiting' AND cause = 'upload' AND files && $1::uuid[])",
)
_EXISTS: Final = f"EXISTS (SELECT FROM {Operation._meta.db_table} WHERE state = 'waiting' AND cause "
_FOLLOWED: Final = often(  # each part has an index of its own
    "operations_followed",
    f"SELECT {_EXISTS} = 'after' AND after && $1::uuid[])"
    f" OR {_EXISTS} IN ('branch', 'base') AND branch = ANY($2::uuid[]))"
    f" OR {_EXISTS} = 'base' AND subject = ANY($3::uuid[]))",
)
Files = Mapping[tuple[int, UUID], Upload]


def try_operations(rows: Sequence[Operation], *, actors: Mapping[int, Actor], now: datetime) -> dict[UUID, Operation]:
    """Try waiting operations in their order, then whatever waited for those that passed; all that were looked at.

    ``actors`` says who acts for a person; for others whoever they were when they sent it.
    """
    known = Authors(actors)
    seen: dict[UUID, Operation] = {}
    wave = list(rows)
    while wave:
        done = _try_in_order(wave, known, now)
        seen |= {one.pk: one for one in done}
        passed = [one for one in done if State(one.state) in rules.PASSED]
        wave = [one for one in _waiting_for(passed) if one.pk not in seen] if len(seen) < MOST_WOKEN else []
    return seen


def retry_waiting(*, now: datetime, most: int = 500) -> int:
    """Try what is due, oldest first; how many passed or were refused. For the minute's job."""
    due = Operation.objects.defer("body", "sealed").filter(state=State.WAITING, try_at__lte=now)
    done = try_operations(list(due.order_by("try_at")[:most]), actors={}, now=now)
    return sum(1 for one in done.values() if one.state != State.WAITING)


def wake_for_uploads(upload_ids: Sequence[UUID], *, actors: Mapping[int, Actor], now: datetime) -> None:
    """Try what waited for these files; one query when nothing did."""
    (((found,),),) = ask_together((_WAITED_FOR, [list(upload_ids)]))
    if not found:
        return
    waiting = Operation.objects.defer("body", "sealed").filter(
        state=State.WAITING, cause=Cause.UPLOAD, files__overlap=list(upload_ids)
    )
    try_operations(list(waiting[:MOST_WOKEN]), actors=actors, now=now)


def wake_for(passed: Iterable[Operation], *, actor: Actor, now: datetime) -> None:
    """Try what waited for these, which no longer stand in its way."""
    waiting = _waiting_for(passed)
    try_operations(waiting, actors={actor.person_id: actor} if actor.person_id else {}, now=now)


def _try_in_order(rows: Sequence[Operation], authors: Authors, now: datetime) -> list[Operation]:
    """Runs of what nothing holds back, one after the other; all that something holds back noted in a few statements."""
    by_id = {row.pk: row for row in rows}
    ground = _ground(rows)
    files = _files_of(rows)
    done, held = [], []
    for run in _runs([by_id[step.id] for step in rules.in_order(row.step for row in rows)], authors):
        causes = {row.pk: _held_by(row, ground, files, now) for row in run}
        free = [row for row in run if causes[row.pk] is Cause.NONE]
        tried = {one.pk: one for one in _try_together(free, ground=ground, files=files, authors=authors, now=now)}
        held += [(row, causes[row.pk]) for row in run if row.pk not in tried]
        for row in run:
            row = tried.get(row.pk, row)
            ground.settle(row.step, State(row.state))
            done.append(row)
    _hold(held, now=now)
    return done


def _runs(rows: Sequence[Operation], authors: Authors) -> Iterator[list[Operation]]:
    """Rows in their order; neighbours of one phone that build on nothing and are of a kind done together are one run.

    What somebody without a duty in the field has sent is never simply done, and therefore goes alone at once.
    """
    run: list[Operation] = []
    for row in rows:
        if run and (
            len(run) == MOST_TOGETHER or not (_is_free(row) and _is_free(run[0]) and _alike(row, run[0], authors))
        ):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _is_free(row: Operation) -> bool:
    applier = doors.applier_of(row.kind)
    return applier is not None and applier.together and row.branch is None and not row.after


def _alike(row: Operation, other: Operation, authors: Authors) -> bool:
    if (row.kind, row.device_id, row.person_id) != (other.kind, other.device_id, other.person_id):
        return False
    actor = authors.of(row)
    return works(actor) and actor == authors.of(other)


def _held_by(row: Operation, ground: Ground, files: Files, now: datetime) -> Cause:
    """What holds an operation back, as far as is known before it is locked."""
    uploads = {one: files.get((row.person_id, one)) for one in row.files}
    ground.uploads = {one: Received(found.state) if found else Received.PARTLY for one, found in uploads.items()}
    return rules.holding_back(row.step, ground, released=rules.is_released(row.received_at, now))


def _hold(held: Iterable[tuple[Operation, Cause]], *, now: datetime) -> None:
    """Note what they wait for, and when they are looked at again; nothing where that is noted already."""
    alike: dict[tuple[Cause, int, datetime], list[Operation]] = {}
    for row, cause in held:
        if row.cause != cause or row.try_at is None or row.try_at <= now:
            alike.setdefault((cause, min(row.tries + 1, 30_000), row.received_at), []).append(row)
    for (cause, tries, received_at), rows in alike.items():
        try_at = rules.next_try(cause, tries, received_at=received_at, now=now)
        waiting = Operation.objects.filter(pk__in=[row.pk for row in rows], state=State.WAITING)
        waiting.update(cause=cause, tries=tries, try_at=try_at)
        for row in rows:
            row.cause, row.tries, row.try_at = cause, tries, try_at


def _ground(rows: Sequence[Operation]) -> Ground:
    """What stands around these operations; at most two queries, none when nothing is named."""
    after = {one for row in rows for one in row.after}
    states = {}
    if after:
        named = Operation.objects.filter(pk__in=after, person_id__in={row.person_id for row in rows})
        states = {pk: State(state) for pk, state in named.values_list("pk", "state")}
    branches: dict[tuple[int, UUID], set[int]] = {}
    if named_branches := {row.branch for row in rows if row.branch}:
        standing = Operation.objects.filter(branch__in=named_branches, state__in=[State.WAITING, State.REFUSED])
        for device_id, branch, seq in standing.values_list("device_id", "branch", "seq"):
            if branch is not None:
                branches.setdefault((device_id, branch), set()).add(seq)
    return Ground(states, branches, {})


def _files_of(rows: Sequence[Operation]) -> dict[tuple[int, UUID], Upload]:
    """Uploads by (person, id): whoever names somebody else's upload names one that never comes."""
    named = {one for row in rows for one in row.files}
    if not named:
        return {}
    found = Upload.objects.select_related("file").filter(pk__in=named)
    return {(one.person_id, one.pk): one for one in found}


def _try_together(
    rows: Sequence[Operation], *, ground: Ground, files: Files, authors: Authors, now: datetime
) -> list[Operation]:
    """Try a run: all in one transaction; where one of them is not simply done, its halves, and in the end each alone."""
    if len(rows) < 2:
        return [_try(row, ground=ground, files=files, authors=authors, now=now) for row in rows]
    middle = len(rows) // 2
    parts = [rows[:middle], rows[middle:]]
    try:
        return _try_all(rows, files=files, authors=authors, now=now)
    except InterfaceError:
        raise
    except _Apart as error:
        parts = [[row for row in rows if row.pk not in error.alone], *([row] for row in rows if row.pk in error.alone)]
    except Exception as error:
        if connection.connection is None or connection.connection.closed:
            raise
        if not isinstance(error, HuyingError | Wait | _NotTogether):
            log.info("%d operations of kind %s are tried in parts", len(rows), rows[0].kind, exc_info=True)
    return [one for part in parts for one in _try_together(part, ground=ground, files=files, authors=authors, now=now)]


class _Apart(Exception):
    """These of a run are done alone by what they say."""

    def __init__(self, alone: set[UUID]) -> None:
        super().__init__()
        self.alone = alone


class _NotTogether(Exception):
    """One of a run is not simply to be done: somebody else has done it, or its file or body is gone."""


@transaction.atomic
def _try_all(rows: Sequence[Operation], *, files: Files, authors: Authors, now: datetime) -> list[Operation]:
    locked = {row.pk: row for row in lock_rows(Operation, [row.pk for row in rows])}
    mine = [locked[row.pk] for row in rows if row.pk in locked]
    bodies = [row.content for row in mine]
    applier = doors.applier_of(rows[0].kind)
    named = [{one: files.get((row.person_id, one)) for one in row.files} for row in mine]
    whole = all(found is not None and found.file is not None for one in named for found in one.values())
    if applier is None or len(mine) < len(rows) or not whole or any(row.state != State.WAITING for row in mine):
        raise _NotTogether
    if alone := {row.pk for row, body in zip(mine, bodies, strict=True) if body is not None and applier.alone(body)}:
        raise _Apart(alone)
    incoming = []
    for row, body, uploads in zip(mine, bodies, named, strict=True):
        if body is None:
            raise _NotTogether
        incoming.append(_incoming(row, body, {one: found.file for one, found in uploads.items() if found}))
    outcomes = applier.apply_many(incoming, actor=authors.of(mine[0]), now=now)
    for row, outcome in zip(mine, outcomes, strict=True):
        become(row, plain(outcome), now=now)
    write_settled(mine)
    return mine


def _incoming(row: Operation, body: dict[str, Any], files: Mapping[UUID, Any]) -> Incoming:
    return Incoming(
        row.pk, row.device_id, row.seq, row.kind, row.subject, row.base, row.branch, row.at_true, body, files
    )


def _try(row: Operation, *, ground: Ground, files: Files, authors: Authors, now: datetime) -> Operation:
    """Alone; at once again where another transaction stood in the way, since that says nothing about the operation."""
    for _turn in range(_TURNS):
        try:
            return _try_once(row, ground=ground, files=files, authors=authors, now=now)
        except OperationalError as error:
            if not _stood_in_the_way(error):
                raise
            log.info("operation %s met another transaction: %s", row.pk, _sqlstate(error))
    return _leave(row, now=now)


def _leave(row: Operation, *, now: datetime) -> Operation:
    """For the next minute's job, with no fault counted. Not locked here: what somebody else has settled stays as it is."""
    try_at = rules.next_try(Cause.FAULT, 0, received_at=row.received_at, now=now)
    waiting = Operation.objects.filter(pk=row.pk, state=State.WAITING)
    waiting.update(cause=Cause.QUEUED, try_at=try_at)
    return Operation.objects.get(pk=row.pk)


def _stood_in_the_way(error: BaseException) -> bool:
    """A deadlock, a serialization failure, a lock not got: the connection lives, and the same may pass a moment later."""
    alive = connection.connection is not None and not connection.connection.closed
    return alive and isinstance(error, OperationalError) and _sqlstate(error) in _PASSING


def _sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "sqlstate", None) or "")


def _try_once(row: Operation, *, ground: Ground, files: Files, authors: Authors, now: datetime) -> Operation:
    with transaction.atomic():
        locked = Operation.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if locked.state != State.WAITING:
            return locked
        uploads = {one: files.get((locked.person_id, one)) for one in locked.files}
        ground.uploads = {one: Received(found.state) if found else Received.PARTLY for one, found in uploads.items()}
        released = rules.is_released(locked.received_at, now)
        cause = rules.holding_back(locked.step, ground, released=released)
        if cause is not Cause.NONE:
            return _wait(locked, cause, now=now)
        if bad := next((one for one in uploads.values() if one and one.file is None), None):
            return settle(locked, unreadable(bad), now=now)
        given = {one: found.file for one, found in uploads.items() if found and found.file}
        outcome = _apply(locked, given, actor=authors.of(locked), now=now)
        if isinstance(outcome, Cause):
            return _wait(locked, outcome, now=now)
        return settle(locked, outcome, now=now)


def _apply(row: Operation, files: Mapping[UUID, Any], *, actor: Actor, now: datetime) -> dict[str, Any] | Cause:
    """Let the kind's applier do it in a savepoint. Why it must wait, or what came of it."""
    applier, body = doors.applier_of(row.kind), row.content
    if applier is None or body is None:
        words = _("这一类操作这里还不会处理，请更新手机应用或联系管理员") if body is not None else _("内容已清除")
        return {"state": State.REFUSED, "message": words, "code": "unknown_kind" if body is not None else "cleared"}
    try:
        with transaction.atomic():
            (outcome,) = applier.apply_many([_incoming(row, body, files)], actor=actor, now=now)
            return plain(outcome)
    except Wait:
        return Cause.BASE
    except Conflict as error:
        return Cause.FAULT if row.tries < _CONTENTION else refused(error)
    except HuyingError as error:
        return refused(error)
    except InterfaceError:
        raise
    except Exception as error:
        if connection.connection is None or connection.connection.closed or _stood_in_the_way(error):
            raise
        log.exception("operation %s of kind %s failed", row.pk, row.kind)
        if row.tries < rules.MOST_FAULTS:
            return Cause.FAULT
        words = _("处理这一条时几次都没有成功，请联系管理员")
        return {"state": State.REFUSED, "message": words, "code": "fault"}


def _wait(row: Operation, cause: Cause, *, now: datetime) -> Operation:
    row.cause, row.tries = cause, min(row.tries + 1, 30_000)
    row.try_at = rules.next_try(cause, row.tries, received_at=row.received_at, now=now)
    row.save(update_fields=["cause", "tries", "try_at"])
    return row


def _waiting_for(passed: Iterable[Operation]) -> list[Operation]:
    """What may go on now that these have passed; one query when nothing waits, none when nothing passed."""
    ids: list[UUID] = []
    branches: set[UUID] = set()
    subjects: set[UUID] = set()
    for one in passed:
        ids.append(one.pk)
        branches |= {one.branch} if one.branch else set()
        subjects |= {one.subject} if one.subject else set()
    if not ids:
        return []
    (((found,),),) = ask_together((_FOLLOWED, [ids, list(branches), list(subjects)]))
    if not found:
        return []
    held = Q(cause=Cause.AFTER, after__overlap=ids)
    held |= Q(cause__in=[Cause.BRANCH, Cause.BASE], branch__in=branches)
    held |= Q(cause=Cause.BASE, subject__in=subjects)
    waiting = Operation.objects.defer("body", "sealed").filter(held, state=State.WAITING)
    return list(waiting.order_by("device_id", "seq")[:MOST_WOKEN])
