"""Corrections made away from the network: what nobody disagrees with is done, the rest lies with a person, both values kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Forbidden, Invalid
from huying.kernel.files import attach
from huying.kernel.locks import lock_rows
from huying.kernel.models import StoredFile
from huying.kernel.trace.record import Draft, record
from huying.senses.forms.actions import check_amender, hold_submission
from huying.senses.forms.actions.amending import LONGEST_REASON
from huying.senses.forms.differing import MOST_CHANGES, with_changes
from huying.senses.forms.merging import differing, disputed, unseen
from huying.senses.forms.models import Submission
from huying.senses.forms.private import apart
from huying.senses.forms.queries import states_of, whole_answers

from .. import access, queries, queries_disputes
from ..models import Dispute
from .correcting import correct_answers
from .forgetting import drop_pictures


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a correction. ``done``: something was corrected; ``dispute``: what a person has to decide."""

    submission: Submission
    done: bool
    dispute: Dispute | None


@transaction.atomic
def merge_correction(
    uid: UUID,
    *,
    changes: Mapping[str, Any],
    seen: Mapping[str, Any],
    reason: str,
    op: UUID,
    actor: Actor,
    now: datetime,
    files: Mapping[UUID, StoredFile] | None = None,
) -> Merged:
    """Correct single answers as their author saw them (``seen``, by path); once an operation.

    An answer that somebody else corrected meanwhile to another value stays as it is, and both lie with a person; where the
    others make no sense without it, all of them do. Refusals are those of :func:`correct_answers`; saying what is said
    already is none.
    """
    row = hold_submission(uid, actor=actor)
    known = Dispute.objects.filter(op=op, submission=uid).first()
    if known is not None or row.revisions.filter(op=op).exists():
        return Merged(row, row.revisions.filter(op=op).exists(), known)
    window = timedelta(hours=queries.policy_on(local_day(now)).amend_hours)
    check_amender(row, reason=reason, author_window=window, actor=actor, now=now)
    states = states_of(row)
    _check(changes, states[-1])
    alone = _("这几行里有不在手机上的个人信息，行数请到电脑上增减")
    _check_sealed(row, changes, seen, states[-1], alone)
    paths = disputed(changes, seen, states)
    rest = differing({path: value for path, value in changes.items() if path not in paths}, states[-1])
    given: dict[str, Any] = {"reason": reason, "files": files, "op": op, "actor": actor, "now": now}
    if not paths:
        if not rest and len(states) == 1:
            raise Invalid(_("没有改动"), code="nothing_changed", field="changes")
        return Merged(correct_answers(uid, changes=rest, **given) if rest else row, bool(rest), None)
    if rest:
        try:
            with transaction.atomic():
                row = correct_answers(uid, changes=rest, **given)
        except Invalid:
            paths, rest = set(differing(changes, states[-1])), {}
    return Merged(row, bool(rest), _lay_before(row, changes, seen, paths, reason, op, files or {}, actor, now))


def _check(changes: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    if not changes or len(changes) > MOST_CHANGES:
        raise Invalid(_("请写要更正的答案"), field="changes")
    try:
        with_changes(answers, changes)
    except ValueError as error:
        raise Invalid(_("没有这一题：%s") % str(error)[:60], field="changes") from error


def _check_sealed(
    row: Submission, changes: Mapping[str, Any], seen: Mapping[str, Any], answers: Mapping[str, Any], words: str
) -> None:
    """A list whose personal answers a phone was not shown keeps its rows: put in whole, it would take those answers away.

    ``words``: what to do instead, for whoever wants to put it in.
    """
    if lost := unseen(changes, seen, apart(row.version.definition, answers)[1]):
        raise Invalid(words, code="sealed_unseen", field=min(lost))


def _lay_before(
    row: Submission, changes: Mapping[str, Any], seen: Mapping[str, Any], paths: set[str], reason: str, op: UUID,
    files: Mapping[UUID, StoredFile], actor: Actor, now: datetime,
) -> Dispute:  # fmt: skip
    dispute = Dispute.objects.create(
        op=op, submission=row.uid, area=row.area, by=actor.ref, by_name=actor.name[:80], reason=reason.strip(), at=now,
        change=orjson.dumps({"changes": dict(changes), "seen": dict(seen)}).decode(), paths=sorted(paths),
        files={str(upload): file.pk for upload, file in files.items()},
    )  # fmt: skip
    attach([file.pk for file in files.values()], f"submission:{row.pk}", actor=actor)
    _trace(dispute, "dispute_amendment", actor, now, {"reason": dispute.reason})
    return dispute


def decide_dispute(pk: int, *, take: bool, words: str, actor: Actor, now: datetime) -> Dispute:
    """Let the corrected values of the phone stand, or those there are. Leaving them aside needs words for their author.

    NotFound outside the areas the actor leads, Forbidden for one's own and for systems, Conflict when it was decided. What
    is wrong with the values today is said as :func:`correct_answers` says it, and nothing is decided; nor does a list take the
    place of personal answers its author was not shown, or that were filled in since.
    """
    if not take and len(words.strip()) < 2:
        raise Invalid(_("请写明为什么不采用"), field="words")
    with transaction.atomic():
        found = access.get_dispute(actor, pk)
        if actor.kind == "key":
            raise Forbidden(_("这要由人来定，系统不能代定"), code="people_only")
        row = hold_submission(found.submission, actor=actor)
        dispute = _held(pk)
        if dispute.by == actor.ref:
            raise Forbidden(_("不能由提出更正的人自己来定"), code="own_work")
        _must_be_open(dispute)
        if take:
            _take(dispute, row, words, actor, now)
        state = Dispute.State.TAKEN if take else Dispute.State.LEFT
        return _close(dispute, state, words, actor, now)


def _take(dispute: Dispute, row: Submission, words: str, actor: Actor, now: datetime) -> None:
    now_says = whole_answers(row)
    wanted = differing(queries_disputes.in_dispute(dispute), now_says)
    if not wanted:
        return
    kept = _("这几行里有提更正的人没看到的个人信息，整行采用会丢掉；请选不采用，再在这份填报上逐题更正")
    _check_sealed(row, wanted, queries_disputes.seen_by_author(dispute), now_says, kept)
    files = {UUID(upload): pk for upload, pk in dispute.files.items()}
    held = StoredFile.objects.in_bulk(files.values())
    told = {"name": dispute.by_name, "reason": dispute.reason, "words": words.strip()}
    reason = (_("采用%(name)s的更正：%(reason)s %(words)s") % told).strip()[:LONGEST_REASON]
    given = {upload: held[pk] for upload, pk in files.items() if pk in held}
    correct_answers(row.uid, changes=wanted, reason=reason, files=given, actor=actor, now=now)


def withdraw_dispute(pk: int, *, actor: Actor, now: datetime) -> Dispute:
    """Its author lets the other values stand. Again, or once it was decided, nothing changes: no value of theirs waits any more.

    NotFound for anybody else.
    """
    with transaction.atomic():
        dispute = _held(access.own_dispute(actor, pk).pk)
        if dispute.state != Dispute.State.OPEN:
            return dispute
        return _close(dispute, Dispute.State.WITHDRAWN, "", actor, now)


def _held(pk: int) -> Dispute:
    """Its form first, as whoever erases that does."""
    form = Submission.objects.filter(uid__in=Dispute.objects.filter(pk=pk).values("submission"))
    lock_rows(Submission, form.values_list("pk", flat=True))
    return Dispute.objects.select_for_update().get(pk=pk)


def _must_be_open(dispute: Dispute) -> None:
    if dispute.state != Dispute.State.OPEN:
        raise Conflict(_("这一处已经有人定了"), code="already_decided")


def _close(dispute: Dispute, state: Dispute.State, words: str, actor: Actor, now: datetime) -> Dispute:
    _must_be_open(dispute)
    dispute.state, dispute.words, dispute.decided_at = state, words.strip()[:300], now
    dispute.decided_by, dispute.decided_by_name = actor.ref, actor.name[:80]
    drop_pictures(dispute)
    dispute.save()
    _trace(dispute, "decide_dispute", actor, now, {"words": dispute.words} if dispute.words else {})
    return dispute


def _trace(dispute: Dispute, verb: str, actor: Actor, now: datetime, private: dict[str, Any]) -> None:
    body = {"op": str(dispute.op), "paths": dispute.paths, "state": str(dispute.state)}
    record(
        [Draft(chain=f"submission:{dispute.submission}", verb=verb, actor=actor, at=now, body=body, private=private)]
    )
