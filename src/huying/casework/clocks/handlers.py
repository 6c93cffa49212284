"""What happens to clocks when something happens to a case. A list of a thousand facts costs as many queries as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from huying.casework.cases.facts import (
    AssignmentEnded,
    AssignmentMade,
    AssignmentSigned,
    CaseArchived,
    CaseClosed,
    CaseDeclined,
    CaseFact,
    CaseMadeUrgent,
    CaseMerged,
    CaseOpened,
    CaseReminded,
    CaseSentBack,
    CaseUnassigned,
    ExtensionGranted,
    FeedbackGiven,
    ObjectionDecided,
    ObjectionRaised,
    PartDelivered,
    PartRefused,
)
from huying.casework.cases.models import Assignment, Case, Transfer
from huying.casework.catalogue.limits import Limit
from huying.ground.organisation.queries import directory
from huying.kernel.clock import local_day
from huying.kernel.facts import subscribe

from . import handlers_time  # noqa: F401 - the other half: more time, plans, stages, what is outside
from .actions.notices import Note, send_notices
from .actions.running import (
    Start,
    continue_clocks,
    extend_clocks,
    last_stopped,
    of_assignment,
    of_case,
    pause_clocks,
    resume_clocks,
    start_clocks,
    stop_clocks,
)
from .almanac import CHECK, DISPATCH, OBJECTION, Almanac
from .dated import FOLLOW_UP
from .models import Clock
from .owed import goes_on, is_done, kinds, left_off
from .queries import almanac
from .recipients import People, Subject
from .store import copy_to_cases
from .told import areas_of, cases_of, grouped, stop_all

# --- nobody is asked yet ---------------------------------------------------------------------------------------


@subscribe(CaseOpened)
def start_dispatch_clocks(facts: Sequence[CaseOpened]) -> None:
    """Unassigned matters are covered from the first minute."""
    waiting = [fact for fact in facts if not fact.assigned]
    if not waiting:
        return
    book = almanac()
    start_clocks([_dispatch_start(book, fact.case_id, fact.at, fact.area, fact.due_at) for fact in waiting], book)
    copy_to_cases(fact.case_id for fact in waiting if fact.due_at is None)


def _dispatch_start(book: Almanac, case_id: int, at: datetime, area: str, due_at: datetime | None = None) -> Start:
    limit = book.standing_limit(DISPATCH, at)
    return Start(case_id=case_id, kind="dispatch", main=True, limit=limit, at=at, area=area, due_at=due_at)


@subscribe(CaseUnassigned)
def go_on_with_dispatch(facts: Sequence[CaseUnassigned]) -> None:
    """Back in the queue: the dispatch clock goes on where it stood; a matter dispatched by itself starts one."""
    back = Transfer.objects.filter(case__in=cases_of(facts), taken_back_at__isnull=False).values_list("pk", flat=True)
    if followed := [f"{FOLLOW_UP}{pk}" for pk in back]:
        stop_clocks(cases_of(facts), at=max(fact.at for fact in facts), why="taken_back", kinds=followed)
    stopped = {clock.case_id: clock for clock in last_stopped(Q(case_id__in=cases_of(facts), kind="dispatch"))}
    for fact in facts:
        if fact.case_id in stopped:
            continue_clocks([stopped[fact.case_id]], at=fact.at, by=fact.by, why="unassigned")
    fresh = [fact for fact in facts if fact.case_id not in stopped]
    book = almanac()
    start_clocks([_dispatch_start(book, fact.case_id, fact.at, fact.area) for fact in fresh], book)
    copy_to_cases(cases_of(fresh))


# --- somebody is asked -----------------------------------------------------------------------------------------


@subscribe(AssignmentMade)
def start_unit_clocks(facts: Sequence[AssignmentMade]) -> None:
    """The dispatch clock stops; the unit's respond, stage and close clocks start, or go on where they were cut short."""
    leads = [fact for fact in facts if fact.role == "lead" and not fact.opening]
    if leads:
        stop_clocks(cases_of(leads), at=max(fact.at for fact in leads), why="dispatched", kinds=("dispatch",))
    before = left_off({fact.case_id: fact.unit_id for fact in leads})
    memo: dict[int, tuple[tuple[str, Limit], ...]] = {}
    starts: list[Start] = []
    for fact in facts:
        mine = before.get(fact.case_id, {}) if fact.role == "lead" else {}
        wanted = [one for one in unit_starts(fact, memo) if not is_done(one.kind, mine)]
        held = {one.kind: clock for one in wanted if (clock := goes_on(one.kind, one.limit, mine)) is not None}
        starts += [one for one in wanted if one.kind not in held]
        again = {clock.pk: fact.assignment_id for clock in held.values()}
        continue_clocks(list(held.values()), at=fact.at, by=fact.by, why="sent_again", assignments=again)
    start_clocks(starts)


def unit_starts(fact: AssignmentMade, memo: dict[int, tuple[tuple[str, Limit], ...]]) -> list[Start]:
    """The clocks an assignment starts. ``memo`` is kept for one batch: its facts share the limits of their items."""
    key = id(fact.limits)  # facts of one batch share the limits of their item, and hold them while we look
    if key not in memo:
        memo[key] = kinds(fact.limits)
    dues = {"respond": fact.respond_due, "close": fact.due_at}
    return [
        Start(
            case_id=fact.case_id,
            assignment_id=fact.assignment_id,
            kind=kind,
            main=kind == "close" and fact.role == "lead",
            limit=limit,
            at=fact.at,
            area=fact.area,
            due_at=dues.get(kind),
        )
        for kind, limit in memo[key]
    ]


@subscribe(AssignmentSigned)
def stop_respond_clocks(facts: Sequence[AssignmentSigned]) -> None:
    for at, _by, ids in grouped(facts):
        stop_clocks(ids, at=at, why="signed", of="assignment", kinds=("respond",))


@subscribe(AssignmentEnded)
def stop_ended(facts: Sequence[AssignmentEnded]) -> None:
    for at, _by, ids in grouped(facts):
        stop_clocks(ids, at=at, why="ended", of="assignment")


@subscribe(PartDelivered)
def stop_delivered(facts: Sequence[PartDelivered]) -> None:
    for at, _by, ids in grouped(facts):
        stop_clocks(ids, at=at, why="delivered", of="assignment")


@subscribe(PartRefused)
def go_on_with_part(facts: Sequence[PartRefused]) -> None:
    """A part sent back was never delivered: its clock goes on where it stood."""
    for at, by, ids in grouped(facts):
        continue_clocks(last_stopped(Q(assignment_id__in=ids, kind="close")), at=at, by=by, why="refused")


# --- objection, extension, suspension --------------------------------------------------------------------------


@subscribe(ObjectionRaised)
def pause_for_objection(facts: Sequence[ObjectionRaised]) -> None:
    """The unit's clocks stand still; the centre's clock for deciding starts."""
    for at, by, ids in grouped(facts):
        pause_clocks(of_assignment(ids), at=at, by=by, why="objection")
    areas, book = areas_of(cases_of(facts)), almanac()
    start_clocks(
        [
            Start(
                case_id=fact.case_id,
                kind="objection",
                limit=book.standing_limit(OBJECTION, fact.at),
                at=fact.at,
                area=areas.get(fact.case_id, ""),
            )
            for fact in facts
        ],
        book,
    )


@subscribe(ObjectionDecided)
def end_objection(facts: Sequence[ObjectionDecided]) -> None:
    """An objection that was rejected gives back the time it took, and no more."""
    stop_clocks(cases_of(facts), at=max(fact.at for fact in facts), why="decided", kinds=("objection",))
    for at, by, ids in grouped([fact for fact in facts if not fact.upheld]):
        resume_clocks(of_assignment(ids), at=at, by=by, why="objection")


@subscribe(ExtensionGranted)
def extend_main_clocks(facts: Sequence[ExtensionGranted]) -> None:
    for at, by, ids in grouped(facts):
        untils = {fact.case_id: fact.until for fact in facts if fact.at == at and fact.by == by}
        extend_clocks(of_case(ids).filter(kind="close", main=True), untils, at=at, by=by, why="extension")


# --- answered, checked, done again -----------------------------------------------------------------------------


@subscribe(FeedbackGiven)
def start_check_clocks(facts: Sequence[FeedbackGiven]) -> None:
    """The unit has answered: its clocks stop, the checker's starts."""
    for at, _by, ids in grouped(facts):
        stop_clocks(ids, at=at, why="feedback", of="assignment")
    areas, book = areas_of(cases_of(facts)), almanac()
    start_clocks(
        [
            Start(
                case_id=fact.case_id,
                kind="check",
                limit=book.standing_limit(CHECK, fact.at),
                at=fact.at,
                area=areas.get(fact.case_id, ""),
            )
            for fact in facts
        ],
        book,
    )


@subscribe(CaseSentBack)
def start_again(facts: Sequence[CaseSentBack]) -> None:
    """A failed check means it was never done: the close clock goes on, less the checker's time. After closing it is new."""
    stop_clocks(cases_of(facts), at=max(fact.at for fact in facts), why="sent_back", kinds=("check",))
    ids = [fact.assignment_id for fact in facts]
    closes = {clock.assignment_id: clock for clock in last_stopped(Q(assignment_id__in=ids, kind="close"))}
    fresh: list[tuple[CaseSentBack, Clock]] = []
    for fact in facts:
        before = closes.get(fact.assignment_id)
        if before is None:
            continue
        if fact.why == "check":
            continue_clocks([before], at=fact.at, by=fact.by, why="check_failed")
        else:
            fresh.append((fact, before))
    start_clocks([_again(fact, before) for fact, before in fresh])
    copy_to_cases(fact.case_id for fact, _ in fresh)
    book = almanac()
    for fact, before in fresh:
        due_at = book.due(fact.at, Limit.from_json(before.limit), before.area)
        Assignment.objects.filter(pk=fact.assignment_id).update(due_at=due_at)


def _again(fact: CaseSentBack, before: Clock) -> Start:
    return Start(
        case_id=fact.case_id,
        assignment_id=fact.assignment_id,
        kind="close",
        main=before.main,
        limit=Limit.from_json(before.limit),
        at=fact.at,
        area=before.area,
    )


# --- the end ---------------------------------------------------------------------------------------------------


@subscribe(CaseClosed)
def stop_closed(facts: Sequence[CaseClosed]) -> None:
    stop_all(facts, "closed")


@subscribe(CaseDeclined)
def stop_declined(facts: Sequence[CaseDeclined]) -> None:
    stop_all(facts, "declined")


@subscribe(CaseMerged)
def stop_merged(facts: Sequence[CaseMerged]) -> None:
    stop_all(facts, "merged")


@subscribe(CaseArchived)
def stop_archived(facts: Sequence[CaseArchived]) -> None:
    stop_all(facts, "archived")


# --- reminders -------------------------------------------------------------------------------------------------


@subscribe(CaseReminded)
def tell_of_reminder(facts: Sequence[CaseReminded]) -> None:
    """催办 by a person reaches whoever has the case in hand."""
    _tell_whoever_has_it(facts, "remind")


@subscribe(CaseMadeUrgent)
def tell_of_urgency(facts: Sequence[CaseMadeUrgent]) -> None:
    """So does that it is urgent now."""
    _tell_whoever_has_it(facts, "urgent")


def _tell_whoever_has_it(facts: Sequence[CaseFact], kind: str) -> None:
    now = max(fact.at for fact in facts)
    people = People(directory(on=local_day(now)))
    notes = [
        Note(
            person_id=person_id,
            kind=kind,
            case_id=case.pk,
            due_at=case.due_at,
            body={"clock": "close", "title": case.title, "number": case.number},
        )
        for case in Case.objects.filter(pk__in=cases_of(facts))
        for person_id, _role in people.for_light(_subject(case), "yellow", now)
    ]
    send_notices(notes, now=now)


def _subject(case: Case) -> Subject:
    area = case.grid or case.community or case.town
    kind = "close" if case.lead_unit_id else "dispatch"
    return Subject(kind, area, case.lead_unit_id, case.lead_person_id)
