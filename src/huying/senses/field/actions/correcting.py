"""Correcting a filled form, and what follows: what no longer stands is withdrawn, what now stands becomes a case.

Nothing is deleted: a finding keeps its row, its case a note and its own lifecycle. What followed is kept as a
:class:`~huying.senses.field.models.Consequence`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Case
from huying.kernel.actor import Actor, system
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.facts import publish
from huying.kernel.models import StoredFile
from huying.senses.forms.actions import amend_submission, hold_submission
from huying.senses.forms.differing import MOST_CHANGES, with_changes
from huying.senses.forms.facts import SubmissionAmended
from huying.senses.forms.models import Submission
from huying.senses.forms.queries import whole_answers

from .. import access, queries
from ..facts import FindingWithdrawn
from ..models import Consequence, Finding, FindingPhoto, Task
from ..rules import FindingState, TaskKind
from .asking import withdraw
from .finding import Failed, Inspected, keep_photos, open_cases, take_findings
from .following import failed_of, inspected, still_failing
from .ordering import hold
from .planning import derive_some
from .relearning import relearn

FIELD = system("field")
_SETTLED = (FindingState.SOLVED, FindingState.AGAIN)


def correct_submission(
    uid: UUID,
    *,
    answers: Any,
    reason: str,
    actor: Actor,
    now: datetime,
    files: Mapping[UUID, StoredFile] | None = None,
    seen: int | None = None,
    op: UUID | None = None,
) -> Submission:
    """Correct a filled form; its author within the hours of the policy, who leads the area at any time.

    What follows from it is done with it (:func:`follow_amendment`). Refusals are those of ``forms.amend_submission``.
    """
    window = timedelta(hours=queries.policy_on(local_day(now)).amend_hours)
    given: dict[str, Any] = {"files": files, "seen": seen, "op": op}
    return amend_submission(uid, answers=answers, reason=reason, author_window=window, actor=actor, now=now, **given)


def correct_answers(
    uid: UUID,
    *,
    changes: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
    files: Mapping[UUID, StoredFile] | None = None,
    seen: int | None = None,
    op: UUID | None = None,
) -> Submission:
    """The same for single answers by their instance paths; all others stay as they are, personal ones unseen.

    The others are read under the lock, so that two corrections at the same moment both hold.
    """
    with transaction.atomic():
        row = hold_submission(uid, actor=actor)
        if op is not None and row.revisions.filter(op=op).exists():
            return row
        if not changes or len(changes) > MOST_CHANGES:
            raise Invalid(_("请写要更正的答案"), field="changes")
        try:
            answers = with_changes(whole_answers(row), changes)
        except ValueError as error:
            raise Invalid(_("没有这一题：%s") % str(error)[:60], field="changes") from error
        given: dict[str, Any] = {"files": files, "seen": seen, "op": op}
        return correct_submission(uid, answers=answers, reason=reason, actor=actor, now=now, **given)


def follow_amendment(fact: SubmissionAmended, *, actor: Actor, now: datetime) -> Consequence | None:
    """All that one correction means here; run twice it changes nothing more."""
    with transaction.atomic(savepoint=False):
        subject = [(fact.subject_kind, fact.subject_uid)] if fact.subject_uid is not None else []
        hold(subject, submissions=[fact.op])
        if Consequence.objects.filter(submission=fact.op, number=fact.number).exists():
            return None
        turn = _Turn(fact, actor, now)
        turn.follow()
        turn.effects += relearn(fact, actor=actor, now=now)
        if fact.subject_uid is not None:
            derive_some(fact.subject_kind, [fact.subject_uid], actor=FIELD, now=now)
        return Consequence.objects.create(
            submission=fact.op, number=fact.number, at=now, by=fact.by, effects=turn.effects
        )


@dataclass(slots=True)
class _Turn:
    """One correction under way: the findings of its form, locked, and what became of each."""

    fact: SubmissionAmended
    actor: Actor
    now: datetime
    effects: list[dict[str, Any]] = field(default_factory=list)
    noted: dict[int, list[str]] = field(default_factory=dict)

    def follow(self) -> None:
        failed = {one.path: one for one in map(failed_of, self.fact.findings)}
        rows = {row.path: row for row in Finding.objects.filter(submission=self.fact.op).order_by("id")}
        task = Task.objects.filter(submission=self.fact.op).order_by("id").first()
        again = self.look_again(task, list(failed.values()))
        for path, row in rows.items():
            if path not in failed and row.state != FindingState.WITHDRAWN:
                self.take_back(row)
        about = self.about(list(failed.values()), task, again)
        self.stand([row for path, row in rows.items() if path in failed], failed, about)
        fresh = [one for path, one in failed.items() if path not in rows]
        if fresh:
            for row in take_findings(replace(about, failed=fresh), actor=self.actor, now=self.now):
                self.say("new_case" if row.case_id else "on_spot", row)
        self.note_cases()

    def about(self, failed: list[Failed], task: Task | None, again: Mapping[str, Finding]) -> Inspected:
        author = access.worker(self.fact.author, local_day(self.fact.ended_at))
        made = inspected(self.fact, failed, task, again, self.fact.ended_at)
        return replace(made, correction=self.fact.number, found_by=author.person_id)

    def say(self, what: str, row: Finding) -> None:
        self.effects.append({"what": what, "label": row.label, "case": row.case_id})

    # --- what no longer stands ------------------------------------------------------------------------------------

    def take_back(self, row: Finding) -> None:
        self.end_reinspection(row)
        row.state, row.solved_at, row.task = FindingState.WITHDRAWN, None, None
        row.save(update_fields=["state", "solved_at", "task"])
        self.say("withdrawn", row)
        if row.case_id is not None:
            said = _("“%(label)s”不再算不合格。") % {"label": row.label}
            self.noted.setdefault(row.case_id, []).append(said)
        fact = FindingWithdrawn(finding_id=row.pk, item=row.item, area=row.area, case_id=row.case_id, at=self.now)
        publish(fact)

    def end_reinspection(self, row: Finding) -> None:
        """Nobody has to look again at this one; the task goes when it waits for no other."""
        if row.state != FindingState.REINSPECT or row.task is None:
            return
        others = Finding.objects.filter(task=row.task, state=FindingState.REINSPECT).exclude(pk=row.pk)
        if not others.exists() and withdraw(row.task.source, [row.task.source_key], actor=FIELD, now=self.now):
            self.say("reinspection_ended", row)

    # --- what stands ----------------------------------------------------------------------------------------------

    def stand(self, rows: Sequence[Finding], failed: Mapping[str, Failed], about: Inspected) -> None:
        """Findings that were there before and still fail, or fail once more."""
        opens = [row for row in rows if not failed[row.path].solved and self.fails_anew(row)]
        taken = open_cases(about, [failed[row.path] for row in opens], self.actor, self.now)
        before = set(Finding.objects.filter(submission=self.fact.op).values_list("case", flat=True))
        for row in opens:
            row.state, row.solved_at, row.case_id = FindingState.OPEN_CASE, None, taken[row.path]
            self.say("joined" if row.case_id in before else "new_case", row)
        for row in rows:
            one = failed[row.path]
            if one.solved and row.state not in _SETTLED:
                self.solved_there(row)
            renewed = self.renew_photos(row, one)
            if row not in opens and (renewed or (row.severity, row.days) != (one.severity, one.days)):
                self.say("changed", row)
            row.severity, row.days, row.reinspects = one.severity, one.days, one.reinspect
            row.save(update_fields=["state", "solved_at", "case", "task", "severity", "days", "reinspects"])

    def fails_anew(self, row: Finding) -> bool:
        """Whether it did not stand until now: withdrawn, or said to be solved. One that a closed case solved stays solved."""
        if row.state == FindingState.SOLVED:
            return row.path not in {one.path for one in map(failed_of, self.fact.findings_before) if not one.solved}
        return row.state == FindingState.WITHDRAWN

    def solved_there(self, row: Finding) -> None:
        """Said to have been put right on the spot: nobody has to handle it, nor to look again."""
        self.end_reinspection(row)
        row.state, row.solved_at, row.task = FindingState.SOLVED, self.now, None
        self.say("on_spot", row)
        if row.case_id is not None:
            said = _("“%(label)s”当场已整改。") % {"label": row.label}
            self.noted.setdefault(row.case_id, []).append(said)

    def renew_photos(self, row: Finding, one: Failed) -> bool:
        """The pictures are those named now; new ones go to the running case as well. Whether any changed."""
        named = {("before", pk) for pk in one.photos} | {("after", pk) for pk in one.after_photos}
        held = {(photo.stage, photo.file_id) for photo in row.photos.all()}
        if named == held:
            return False
        for stage, pk in held - named:
            FindingPhoto.objects.filter(finding=row, stage=stage, file=pk).delete()
        keep_photos([row], [_only(one, named - held)])
        return True

    def look_again(self, task: Task | None, failed: list[Failed]) -> dict[str, Finding]:
        """What the form says of an earlier finding, where it was filled in to look again; path → the earlier one."""
        if task is None or task.kind != TaskKind.REINSPECT:
            return {}
        earlier = list(Finding.objects.filter(task=task, state__in=_SETTLED).order_by("id"))
        still, again = still_failing(earlier, self.fact.form, failed)
        for row in earlier:
            if (row.state == FindingState.AGAIN) == (row.path in still):
                continue
            fails = row.path in still
            row.state = FindingState.AGAIN if fails else FindingState.SOLVED
            row.solved_at = None if fails else self.now
            row.save(update_fields=["state", "solved_at"])
            self.say("earlier_again" if fails else "earlier_solved", row)
        return again

    # --- cases ----------------------------------------------------------------------------------------------------

    def note_cases(self) -> None:
        """A note on each case that was opened for what no longer stands; who handles it decides what to do."""
        standing = set(
            Finding.objects.filter(case__in=self.noted)
            .exclude(state__in=(FindingState.WITHDRAWN, FindingState.SOLVED))
            .values_list("case", flat=True)
        )
        numbers = dict(Case.objects.filter(pk__in=self.noted).values_list("pk", "number"))
        for case_id in sorted(self.noted):
            rest = (
                _("本事件的其他不合格项仍然成立。")
                if case_id in standing
                else _("本事件已没有成立的不合格项，请核实后按程序不予受理、撤回或办结。")
            )
            text = _("%(name)s更正了检查结果（理由：%(reason)s）：%(said)s%(rest)s") % {
                "name": self.fact.by_name, "reason": self.fact.reason, "said": "".join(self.noted[case_id]), "rest": rest,
            }  # fmt: skip
            what = "case_noted" if _noted(case_id, text, self.now) else "case_shut"
            self.effects.append({"what": what, "label": numbers.get(case_id, ""), "case": case_id})


def _noted(case_id: int, text: str, now: datetime) -> bool:
    """False where the lifecycle takes no note any more: an archived case stays as it is."""
    try:
        with transaction.atomic():
            cases.note_case(case_id, text=text, actor=FIELD, now=now)
    except HuyingError:
        return False
    return True


def _only(one: Failed, wanted: Iterable[tuple[str, int]]) -> Failed:
    chosen = set(wanted)
    return replace(
        one,
        photos=[pk for pk in one.photos if ("before", pk) in chosen],
        after_photos=[pk for pk in one.after_photos if ("after", pk) in chosen],
    )
