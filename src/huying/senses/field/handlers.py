"""What the field does on facts of the registry, the cases and the forms. Every handler may run twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from huying.casework.cases.access import area_of
from huying.casework.cases.facts import CaseClosed, CaseFact, CaseMerged, CaseSentBack, FeedbackGiven
from huying.casework.cases.models import Case
from huying.ground.registry.facts import (
    CareBegan,
    CareEnded,
    ErasureBegun,
    PremisesRated,
    RegistryChanged,
    ResidentErased,
)
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.kernel.facts import subscribe
from huying.senses.forms.facts import SubmissionAmended, SubmissionReceived
from huying.senses.forms.models import Submission

from . import access, actions, queries
from .models import Finding
from .rules import Ask, TaskKind
from .subjects import KINDS

FIELD = system("field")
_CASE = "case"
_GRID_DIGITS = 15


@subscribe(RegistryChanged)
def derive_changed(facts: Sequence[RegistryChanged]) -> None:
    """Premises that appear, move, close or turn red are asked for differently from this moment on."""
    now = max(fact.at for fact in facts)
    for kind in KINDS:
        uids = [fact.uid for fact in facts if fact.kind == kind]
        if uids:
            actions.derive_some(kind, uids, actor=FIELD, now=now)


@subscribe(CareBegan)
def visit_from_now_on(facts: Sequence[CareBegan]) -> None:
    """Somebody on a care list is visited as the list's plan says."""
    actions.derive_some("care", [fact.uid for fact in facts], actor=FIELD, now=max(fact.at for fact in facts))


@subscribe(CareEnded)
def visit_no_longer(facts: Sequence[CareEnded]) -> None:
    """Nobody calls on somebody who is no longer on the list."""
    actions.derive_some("care", [fact.uid for fact in facts], actor=FIELD, now=max(fact.at for fact in facts))


@subscribe(ErasureBegun)
def hold_residents(facts: Sequence[ErasureBegun]) -> None:
    """Erasing takes its locks in the order of work that comes in."""
    actions.hold_subjects({uid for fact in facts for uid in fact.uids})


@subscribe(ResidentErased)
def forget_residents(facts: Sequence[ResidentErased]) -> None:
    """Nobody is visited who was erased, and nothing that was noted at a visit is left."""
    uids = {uid for fact in facts for uid in fact.uids}
    actions.forget_subjects(uids, actor=FIELD, now=max(fact.at for fact in facts), why="registry")


@subscribe(PremisesRated)
def warn_of_red(facts: Sequence[PremisesRated]) -> None:
    """A risk that became red is looked at within days, beside its plan's turn."""
    red = [(fact.uid, local_day(fact.at).isoformat()) for fact in facts if fact.risk == "red"]
    if red:
        actions.ask_warnings(red, actor=FIELD, now=max(fact.at for fact in facts))


@subscribe(SubmissionReceived)
def follow_submissions(facts: Sequence[SubmissionReceived]) -> None:
    """A filled form does its task, opens the cases of what failed, and tells the registry what was learnt."""
    actions.hold(
        [(fact.subject_kind, fact.subject_uid) for fact in facts if fact.subject_uid is not None],
        tasks=[fact.task_uid for fact in facts if fact.task_uid is not None],
    )
    ended = dict(Submission.objects.filter(pk__in=[fact.submission_id for fact in facts]).values_list("pk", "ended_at"))
    asked = queries.asks_about([fact.subject_uid for fact in facts if fact.subject_uid is not None])
    often = Counter(fact.subject_uid for fact in facts)
    workers = {key: access.worker(*key) for key in {(fact.by, local_day(fact.at)) for fact in facts}}
    for fact in facts:
        worker = workers[fact.by, local_day(fact.at)]
        done = min(ended.get(fact.submission_id, fact.at), fact.at)
        if not worker.duties:  # handed in after their last day
            worker = access.worker(fact.by, local_day(done))
        # One of several about the same thing may bring a task forth that the next one does.
        alone = fact.subject_uid is None or often[fact.subject_uid] == 1
        idle = fact.task_uid is None and alone and (fact.form, fact.subject_uid) not in asked
        actions.follow_submission(fact, actor=worker, now=fact.at, at=done, asked=not idle)


@subscribe(SubmissionAmended)
def follow_amendments(facts: Sequence[SubmissionAmended]) -> None:
    """What followed from wrong answers follows their correction."""
    for fact in facts:
        actions.follow_amendment(fact, actor=access.worker(fact.by, local_day(fact.at)), now=fact.at)


@subscribe(FeedbackGiven)
def check_on_the_spot(facts: Sequence[FeedbackGiven]) -> None:
    """A handled matter waits to be checked: whoever walks the grid looks whether it is so."""
    now = max(fact.at for fact in facts)
    today = local_day(now)
    due = today + timedelta(days=queries.policy_on(today).check_days)
    cases = Case.objects.defer("terms", "proposals", "summary").in_bulk([fact.case_id for fact in facts])
    asks = [
        Ask(
            source=_CASE,
            key=f"{fact.case_id}/{fact.feedback_id}",
            kind=TaskKind.CHECK,
            title=_("现场核查：%(number)s %(title)s") % {"number": case.number, "title": case.title},
            area=area_of(case),
            opens_on=today,
            due_on=due,
            subject_kind=_CASE,
            address=case.place_text,
            lon=case.lon,
            lat=case.lat,
        )
        for fact in facts
        if len(area_of(case := cases[fact.case_id])) >= _GRID_DIGITS
    ]
    actions.ask_tasks(asks, actor=FIELD, now=now)


@subscribe(CaseClosed)
def closed(facts: Sequence[CaseClosed]) -> None:
    """Checked and closed: nobody need go and check; findings are looked at again."""
    _end_checks(facts)
    now = max(fact.at for fact in facts)
    actions.follow_cases({fact.case_id: fact.at for fact in facts}, actor=FIELD, now=now)


@subscribe(CaseSentBack)
def sent_back(facts: Sequence[CaseSentBack]) -> None:
    """Done again: what waited for a second look waits for the next closing."""
    _end_checks(facts)
    actions.reopen_cases([fact.case_id for fact in facts], actor=FIELD, now=max(fact.at for fact in facts))


@subscribe(CaseMerged)
def merged(facts: Sequence[CaseMerged]) -> None:
    """Findings follow their case into the one it was merged into."""
    for fact in facts:
        Finding.objects.filter(case=fact.case_id).update(case=fact.into_id)


def _end_checks(facts: Sequence[CaseFact]) -> None:
    actions.withdraw_like(
        _CASE, [f"{fact.case_id}/" for fact in facts], actor=FIELD, now=max(fact.at for fact in facts)
    )
