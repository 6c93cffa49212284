"""Correcting a filled form, and what follows: what no longer stands is withdrawn, what now stands becomes a case.

Nothing is deleted: a finding keeps its row, its case a note and its own lifecycle. What followed is kept as a
:class:`~huying.senses.field.models.Consequence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from huying.senses.forms.vocabulary import SEVERITIES
from huying.senses.reports.rules import MOST_PHOTOS

from .. import access, queries
from ..facts import FindingWithdrawn
from ..models import Consequence, Finding, FindingPhoto, Task
from ..rules import FindingState, Severity, TaskKind
from .asking import withdraw
from .doing import keep_with_case
from .finding import Failed, Inspected, for_case, keep_photos, open_cases, renew_reinspections, take_findings
from .following import by_kind, failed_of, inspected, record_of, still_failing
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
        hold(_about(fact), submissions=[fact.op])
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


def _about(fact: SubmissionAmended) -> list[tuple[str, UUID]]:
    """All the correction may touch in the registry: the subject, else the place of the task, and the form's own records."""
    kinds = by_kind(fact.registry_before).keys() | by_kind(fact.registry).keys()
    about = [(kind, record_of(kind, fact)[0]) for kind in sorted(kinds)]
    if fact.subject_uid is not None:
        return [*about, (fact.subject_kind, fact.subject_uid)]
    places = Task.objects.filter(submission=fact.op, premises_uid__isnull=False).values_list("premises_uid", flat=True)
    return [*about, *(("premises", uid) for uid in places if uid is not None)]


@dataclass(slots=True)
class _Turn:
    """One correction under way: the findings of its form, locked, and what became of each."""

    fact: SubmissionAmended
    actor: Actor
    now: datetime
    effects: list[dict[str, Any]] = field(default_factory=list)
    noted: dict[int, list[str]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)  # cases of which something no longer stands
    graver: set[int] = field(default_factory=set)  # cases of something that has to be handled at once now
    looks: set[int] = field(default_factory=set)  # re-inspections that wait for other findings than before

    def follow(self) -> None:
        failed = {one.path: one for one in map(failed_of, self.fact.findings)}
        rows = {row.path: row for row in Finding.objects.filter(submission=self.fact.op).order_by("id")}
        task = Task.objects.filter(submission=self.fact.op).order_by("id").first()
        again = self.look_again(task, list(failed.values()))
        for path, row in rows.items():
            if path not in failed and row.state != FindingState.WITHDRAWN:
                self.take_back(row)
        standing = [row for path, row in rows.items() if path in failed]
        opens = [row for row in standing if not failed[row.path].solved and self.fails_anew(row)]
        fresh = [one for path, one in failed.items() if path not in rows]
        self.open(opens, fresh, failed, self.about(fresh, task, again))
        self.stand([row for row in standing if row not in opens], failed)
        renew_reinspections(self.looks)
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
            self.end_in_case(row.case_id, _("“%(label)s”不再算不合格。") % {"label": row.label})
        fact = FindingWithdrawn(finding_id=row.pk, item=row.item, area=row.area, case_id=row.case_id, at=self.now)
        publish(fact)

    def end_reinspection(self, row: Finding) -> None:
        """Nobody has to look again at this one; the task goes when it waits for no other."""
        if row.state != FindingState.REINSPECT or row.task is None:
            return
        others = Finding.objects.filter(task=row.task, state=FindingState.REINSPECT).exclude(pk=row.pk)
        self.looks.add(row.task.pk)
        if not others.exists() and withdraw(row.task.source, [row.task.source_key], actor=FIELD, now=self.now):
            self.say("reinspection_ended", row)

    # --- what stands ----------------------------------------------------------------------------------------------

    def open(
        self, opens: Sequence[Finding], fresh: Sequence[Failed], failed: Mapping[str, Failed], about: Inspected
    ) -> None:
        """What fails once more and what fails for the first time, in one: those of a kind are one voice, one case."""
        before = set(Finding.objects.filter(submission=self.fact.op).values_list("case", flat=True))
        wanted = [failed[row.path] for row in opens] + [one for one in fresh if not one.solved]
        taken = open_cases(about, wanted, self.actor, self.now)
        for row in opens:
            one = failed[row.path]
            row.state, row.solved_at, row.case_id = FindingState.OPEN_CASE, None, taken[row.path]
            self.renew_photos(row, one)
            self.write(row, one)
            self.say("joined" if row.case_id in before else "new_case", row)
        for row in take_findings(about, actor=self.actor, now=self.now, opened=taken):
            joined = row.case_id is not None and row.case_id in before
            self.say("joined" if joined else "new_case" if row.case_id else "on_spot", row)

    def stand(self, rows: Sequence[Finding], failed: Mapping[str, Failed]) -> None:
        """Findings that failed before and still do: what is said of them now, and their pictures."""
        for row in rows:
            one = failed[row.path]
            if one.solved and row.state not in _SETTLED:
                self.solved_there(row)
            pictures = self.renew_photos(row, one)
            changed = (row.severity, row.days) != (one.severity, one.days)
            at_once = row.severity != Severity.AT_ONCE and one.severity == Severity.AT_ONCE
            self.write(row, one)
            if pictures is None and not changed:
                continue
            self.say("changed", row)
            if row.state == FindingState.REINSPECT and row.task is not None:
                self.looks.add(row.task.pk)
            if row.state == FindingState.OPEN_CASE and row.case_id is not None:
                self.tell_case(row, row.case_id, changed, pictures or [])
                if at_once:
                    self.graver.add(row.case_id)

    def write(self, row: Finding, one: Failed) -> None:
        row.severity, row.days, row.reinspects = one.severity, one.days, one.reinspect
        row.save(update_fields=["state", "solved_at", "case", "task", "severity", "days", "reinspects"])

    def tell_case(self, row: Finding, case_id: int, changed: bool, pictures: Sequence[int]) -> None:
        """Who handles the running case hears how bad it is, by when it has to be right, and gets the new pictures."""
        said = self.noted.setdefault(case_id, [])
        if changed:
            told = {"label": row.label, "severity": SEVERITIES[row.severity], "days": row.days}
            words = (
                _("“%(label)s”改为：%(severity)s。")
                if row.days is None
                else _("“%(label)s”改为：%(severity)s，%(days)d 天内改好。")
            )
            said.append(words % told)
        kept = _kept_with_case(case_id, pictures, self.actor, self.now) if pictures else 0
        if kept:
            said.append(_("“%(label)s”补了照片 %(n)d 张。") % {"label": row.label, "n": kept})
        if not said:
            del self.noted[case_id]

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
            self.end_in_case(row.case_id, _("“%(label)s”当场已整改。") % {"label": row.label})

    def renew_photos(self, row: Finding, one: Failed) -> list[int] | None:
        """The pictures are those named now. The new ones of what was found, None where all are as they were."""
        named = {("before", pk) for pk in one.photos} | {("after", pk) for pk in one.after_photos}
        held = {(photo.stage, photo.file_id) for photo in row.photos.all()}
        if named == held:
            return None
        for stage, pk in held - named:
            FindingPhoto.objects.filter(finding=row, stage=stage, file=pk).delete()
        new = _only(one, named - held)
        keep_photos([row], [new])
        return list(dict.fromkeys(new.photos))

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

    def end_in_case(self, case_id: int, said: str) -> None:
        self.noted.setdefault(case_id, []).append(said)
        self.ended.add(case_id)

    def note_cases(self) -> None:
        """A note on each case the correction means something to; who handles it decides what to do."""
        standing = set(
            Finding.objects.filter(case__in=self.noted)
            .exclude(state__in=(FindingState.WITHDRAWN, FindingState.SOLVED))
            .values_list("case", flat=True)
        )
        numbers = dict(Case.objects.filter(pk__in=self.noted).values_list("pk", "number"))
        for case_id in sorted(self.noted):
            rest = ""
            if case_id not in standing:
                rest = _("本事件已没有成立的不合格项，请核实后按程序不予受理、撤回或办结。")
            elif case_id in self.ended:
                rest = _("本事件的其他不合格项仍然成立。")
            text = _("%(name)s更正了检查结果（理由：%(reason)s）：%(said)s%(rest)s") % {
                "name": self.fact.by_name, "reason": self.fact.reason, "said": "".join(self.noted[case_id]), "rest": rest,
            }  # fmt: skip
            told = [("case_noted" if _did(cases.note_case, case_id, self.now, text=text) else "case_shut")]
            if case_id in self.graver and _did(cases.make_urgent, case_id, self.now, reason=text):
                told.append("case_urgent")
            self.effects += [{"what": what, "label": numbers.get(case_id, ""), "case": case_id} for what in told]


def _did(step: Callable[..., None], case_id: int, now: datetime, **given: str) -> bool:
    """False where the lifecycle takes this step no more: an archived case stays as it is, an urgent one is that already."""
    try:
        with transaction.atomic():
            step(case_id, actor=FIELD, now=now, **given)
    except HuyingError:
        return False
    return True


def _kept_with_case(case_id: int, pictures: Sequence[int], actor: Actor, now: datetime) -> int:
    """Copies of these pictures stay with the case; how many, none where it takes no more."""
    files = list(StoredFile.objects.filter(pk__in=pictures).order_by("pk")[:MOST_PHOTOS])
    try:
        with transaction.atomic():
            keep_with_case(case_id, [for_case(one) for one in files], actor=actor, now=now)
    except HuyingError:
        return 0
    return len(files)


def _only(one: Failed, wanted: Iterable[tuple[str, int]]) -> Failed:
    chosen = set(wanted)
    return replace(
        one,
        photos=[pk for pk in one.photos if ("before", pk) in chosen],
        after_photos=[pk for pk in one.after_photos if ("after", pk) in chosen],
    )
