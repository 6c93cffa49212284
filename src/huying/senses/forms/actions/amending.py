"""Correcting what was filled in: the old state is kept, with who changed it, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel import facts, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Invalid, Refused
from huying.kernel.files import attach
from huying.kernel.models import StoredFile

from .. import access
from ..facts import SubmissionAmended
from ..models import Submission, SubmissionRevision
from ..queries import whole_answers
from .receiving import check_answers, draft_of, keep_files, look_over, told_of, write_answers

LONGEST_REASON: Final = 500


def hold_submission(uid: UUID, *, actor: Actor) -> Submission:
    """A submission the actor may see, locked: what it says stays so until the transaction ends. NotFound for strangers."""
    seen = access.get_submission(actor, uid)
    rows = Submission.objects.select_for_update(of=("self",)).select_related("version", "form")
    return rows.get(pk=seen.pk)


def check_amender(
    submission: Submission, *, reason: str, author_window: timedelta, actor: Actor, now: datetime
) -> None:
    """Whether the actor may correct it now, and says why. Forbidden, Refused or Invalid where not."""
    access.must_amend(actor, submission, author_window=author_window, now=now)
    if submission.state == Submission.State.ERASED:
        raise Refused(_("这份填报的内容已按规定删除"), code="erased")
    if not 2 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid(_("请写明更正的理由"), field="reason")


@transaction.atomic
def amend_submission(
    uid: UUID,
    *,
    answers: Any,
    reason: str,
    author_window: timedelta,
    actor: Actor,
    now: datetime,
    files: Mapping[UUID, StoredFile] | None = None,
    seen: int | None = None,
    op: UUID | None = None,
) -> Submission:
    """Correct what a submission says. What it said before is kept with who changed it and why.

    ``answers`` are whole, personal ones among them. Its author may for ``author_window`` after it came, who leads the area
    at any time. ``seen``: how many corrections the actor knew of; ``op`` names this one, so that it is made once. NotFound
    for strangers, Forbidden for who may only read, Refused for an author who is late, Conflict when somebody corrected it
    meanwhile, Invalid naming wrong answers, or when nothing is different.
    """
    submission = hold_submission(uid, actor=actor)
    known = list(submission.revisions.order_by("id").values_list("op", flat=True))
    if op is not None and op in known:
        return submission
    check_amender(submission, reason=reason, author_window=author_window, actor=actor, now=now)
    if op is not None and SubmissionRevision.objects.filter(op=op).exists():
        raise Refused(_("这个编号已经用在另一份填报上"), code="id_reused")
    if seen is not None and seen != len(known):
        raise Conflict(_("别人刚刚更正过这份填报"), code="amended_meanwhile", hint=_("请看过新的内容再更正。"))
    _amend(submission, answers, reason.strip(), files or {}, op, len(known) + 1, actor, now)
    return submission


def _amend(
    row: Submission, answers: Any, reason: str, files: Mapping[UUID, StoredFile], op: UUID | None, number: int,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    held = {one.upload: one.file for one in row.files.select_related("file")}
    given = {**files, **held}
    was, ended_at = whole_answers(row), min(row.ended_at, row.received_at)
    # What was taken once may be wrong by today's rules; that is no reason to leave it so.
    old = look_over(row.version, was, ended_at, held)
    done = check_answers(row.version, answers, ended_at, given)
    if done.answers == was:
        raise Invalid(_("没有改动"), code="nothing_changed", field="answers")
    before = row.findings
    SubmissionRevision.objects.create(
        submission=row, answers=row.answers, private=row.private, findings=before, amended_at=now, op=op,
        amended_by=actor.ref, amended_by_name=actor.name[:80], reason=reason,
    )  # fmt: skip
    write_answers(row, done, given)
    row.state = Submission.State.AMENDED
    row.save(update_fields=["answers", "private", "findings", "state"])
    keep_files(row, done, given, held)
    body = {"number": number, "findings": len(done.findings)}
    trace.record([draft_of(row, "amend_submission", actor, now, body, reason=reason)])
    fact = told_of(row, done, actor, now)
    facts.publish(
        SubmissionAmended(
            **fact,
            number=number,
            reason=reason,
            author=row.by,
            by_name=actor.name,
            ended_at=ended_at,
            registry_before=old.registry,
            findings_before=before,
        )
    )
    attach([given[UUID(one)].pk for one in done.files if UUID(one) not in held], f"submission:{row.pk}", actor=actor)
