"""What happens to clocks when more time is asked, a plan runs instead, a stage is reached, or somebody outside has it."""

from __future__ import annotations

from collections.abc import Sequence

from huying.casework.cases.facts import (
    CaseResumed,
    CaseSuspended,
    CaseTransferred,
    MilestoneReached,
    RequestDecided,
    RequestMade,
    StageReached,
    TransferFollowed,
    WaitBegan,
    WaitEnded,
)
from huying.casework.cases.models import Case
from huying.casework.cases.rules import State
from huying.kernel.facts import subscribe

from .actions.running import Start, of_case, pause_clocks, resume_clocks, start_clocks, stop_clocks
from .almanac import REQUEST
from .dated import (
    FOLLOW_UP,
    MILESTONE,
    follow_up_starts,
    milestone_kind,
    milestone_starts,
    next_follow_up,
    plans_of,
)
from .queries import almanac
from .told import areas_of, cases_of, grouped, stop_all


@subscribe(CaseSuspended)
def pause_for_suspension(facts: Sequence[CaseSuspended]) -> None:
    """The unit's clocks stand still, its milestones run instead. What was handed over outside goes on being followed."""
    for at, by, ids in grouped(facts):
        pause_clocks(of_case(ids).exclude(kind__startswith=FOLLOW_UP), at=at, by=by, why="suspended")
    start_clocks(milestone_starts(facts))


@subscribe(CaseResumed)
def resume_after_suspension(facts: Sequence[CaseResumed]) -> None:
    for at, by, ids in grouped(facts):
        stop_clocks(ids, at=at, why="resumed", like=f"{MILESTONE}%")
        resume_clocks(of_case(ids), at=at, by=by, why="suspended")


@subscribe(MilestoneReached)
def stop_milestones(facts: Sequence[MilestoneReached]) -> None:
    plans = plans_of(cases_of(facts))
    for fact in facts:
        kind = milestone_kind(fact.milestone_id, plans[fact.case_id])
        stop_clocks([fact.case_id], at=fact.at, why="reached", kinds=(kind,))


@subscribe(RequestMade)
def start_request_clocks(facts: Sequence[RequestMade]) -> None:
    """Whoever must decide has a clock too."""
    book, areas = almanac(), areas_of(cases_of(facts))
    start_clocks(
        [
            Start(
                case_id=fact.case_id,
                kind=f"request:{fact.what}",
                limit=book.standing_limit(REQUEST, fact.at),
                at=fact.at,
                area=areas.get(fact.case_id, ""),
            )
            for fact in facts
        ],
        book,
    )


@subscribe(RequestDecided)
def stop_request_clocks(facts: Sequence[RequestDecided]) -> None:
    for fact in facts:
        stop_clocks([fact.case_id], at=fact.at, why="decided", kinds=(f"request:{fact.what}",))


# --- stages, waiting for the reporter --------------------------------------------------------------------------


@subscribe(StageReached)
def stop_stages(facts: Sequence[StageReached]) -> None:
    for fact in facts:
        stop_clocks([fact.case_id], at=fact.at, why="reached", kinds=(f"stage:{fact.stage}"[:48],))


@subscribe(WaitBegan)
def pause_for_reporter(facts: Sequence[WaitBegan]) -> None:
    for fact in facts:
        closing = of_case([fact.case_id]).filter(kind="close", main=True)
        pause_clocks(closing, at=fact.at, by=fact.by, why="waiting", resume_by=fact.until)


@subscribe(WaitEnded)
def resume_after_wait(facts: Sequence[WaitEnded]) -> None:
    for at, by, ids in grouped(facts):
        resume_clocks(of_case(ids).filter(paused_why="waiting"), at=at, by=by, why="waiting")


# --- handed to somebody outside --------------------------------------------------------------------------------


@subscribe(CaseTransferred)
def follow_transfers(facts: Sequence[CaseTransferred]) -> None:
    """The unit's clocks stop when the whole case goes; a clock runs until somebody has asked how far the other side is."""
    stop_all([fact for fact in facts if fact.whole], "transferred")
    start_clocks(follow_up_starts(facts, areas_of(cases_of(facts))))


@subscribe(TransferFollowed)
def go_on_following(facts: Sequence[TransferFollowed]) -> None:
    """Asked once is not answered: while the whole case is outside, the next asking has a clock again."""
    for fact in facts:
        stop_clocks([fact.case_id], at=fact.at, why="followed_up", kinds=(f"{FOLLOW_UP}{fact.transfer_id}",))
    outside = set(Case.objects.filter(pk__in=cases_of(facts), state=State.TRANSFERRED).values_list("pk", flat=True))
    away = [fact for fact in facts if fact.case_id in outside]
    areas, book = areas_of([fact.case_id for fact in away]), almanac()
    start_clocks([next_follow_up(fact, areas, book) for fact in away], book)
