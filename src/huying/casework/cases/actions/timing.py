"""Time: extension and suspension — asked, decided by somebody else, told; a stage reached; waiting for the reporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound

from ..facts import (
    CaseResumed,
    CaseSuspended,
    ExtensionGranted,
    MilestoneReached,
    RequestDecided,
    RequestMade,
    StageReached,
    WaitBegan,
    WaitEnded,
)
from ..models import Case, Extension, Milestone, Suspension
from ..rules import Action
from ..timekeeping import timekeeper
from ..turns import Turn, filled, refuse, turning
from ..words import FIELDS

EXTENSION, SUSPENSION = "extension", "suspension"


def ask_extension(
    case_id: int, *, reason: str, until: datetime, actor: Actor, now: datetime, expected: int | None = None
) -> None:
    """申请延期 until a moment later than the present due time; all extensions together are never longer than the limit."""
    given = filled(reason=reason, until=until)
    with turning(case_id, Action.ASK_EXTENSION, actor=actor, now=now, given=given, expected=expected) as turn:
        case = turn.case
        if until <= now or (case.due_at is not None and until <= case.due_at):
            raise Invalid(field="until", fields={"until": FIELDS["until"]})
        if timekeeper().too_long(case, until):
            raise refuse("extension_too_long")
        Extension.objects.create(
            case=case, reason=reason, until=until, old_due=case.due_at, asked_at=now, asked_by=actor.ref
        )
        turn.write({"until": until, "due": case.due_at}, reason=reason)
        turn.tell(RequestMade(case_id=case_id, at=now, by=actor.ref, what=EXTENSION))


def grant_extension(case_id: int, *, told: str, actor: Actor, now: datetime) -> None:
    """批准延期: the due time moves, and ``told`` is what every reporter is told."""
    with turning(case_id, Action.GRANT_EXTENSION, actor=actor, now=now, given=filled(told=told)) as turn:
        asked = _asked_extension(turn)
        asked.state, asked.told = Extension.State.GRANTED, told
        asked.decided_at, asked.decided_by = now, actor.ref
        asked.save(update_fields=["state", "told", "decided_at", "decided_by"])
        turn.change(extensions=turn.case.extensions + 1)
        turn.write({"until": asked.until, "due": asked.old_due, "number": turn.case.extensions}, told=told)
        turn.tell(
            RequestDecided(case_id=case_id, at=now, by=actor.ref, what=EXTENSION),
            ExtensionGranted(case_id=case_id, at=now, by=actor.ref, until=asked.until, told=told),
        )


def refuse_extension(case_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """不批准延期: the clock runs on unchanged."""
    with turning(case_id, Action.REFUSE_EXTENSION, actor=actor, now=now, given=filled(reason=reason)) as turn:
        asked = _asked_extension(turn)
        asked.state = Extension.State.REFUSED
        asked.decided_at, asked.decided_by = now, actor.ref
        asked.save(update_fields=["state", "decided_at", "decided_by"])
        turn.write({"until": asked.until}, reason=reason)
        turn.tell(RequestDecided(case_id=case_id, at=now, by=actor.ref, what=EXTENSION))


def _asked_extension(turn: Turn) -> Extension:
    asked = Extension.objects.select_for_update().get(case=turn.case, state=Extension.State.ASKED)
    if asked.asked_by == turn.actor.ref:
        raise refuse("own_request")
    return asked


def ask_suspension(
    case_id: int,
    *,
    reason: str,
    milestones: Sequence[tuple[str, date]],
    actor: Actor,
    now: datetime,
    expected: int | None = None,
) -> None:
    """申请挂账 with a plan: what will be there by which day."""
    named = [(name.strip(), due) for name, due in milestones if name.strip()]
    given = filled(reason=reason, milestones=named)
    with turning(case_id, Action.ASK_SUSPENSION, actor=actor, now=now, given=given, expected=expected) as turn:
        asked = Suspension.objects.create(case=turn.case, reason=reason, asked_at=now, asked_by=actor.ref)
        Milestone.objects.bulk_create([Milestone(suspension=asked, name=name[:120], due_on=due) for name, due in named])
        turn.write({"milestones": [{"name": name, "due": due.isoformat()} for name, due in named]}, reason=reason)
        turn.tell(RequestMade(case_id=case_id, at=now, by=actor.ref, what=SUSPENSION))


def grant_suspension(case_id: int, *, actor: Actor, now: datetime, note: str = "") -> None:
    """批准挂账: the clock is paused and the case leaves the on-time denominator; its milestones run instead."""
    with turning(case_id, Action.GRANT_SUSPENSION, actor=actor, now=now) as turn:
        asked = _asked_suspension(turn)
        asked.state, asked.decision = Suspension.State.RUNNING, note
        asked.decided_at, asked.decided_by = now, actor.ref
        asked.save(update_fields=["state", "decision", "decided_at", "decided_by"])
        turn.change(suspended_at=now)
        turn.write(note=note)
        turn.tell(
            RequestDecided(case_id=case_id, at=now, by=actor.ref, what=SUSPENSION),
            CaseSuspended(case_id=case_id, at=now, by=actor.ref),
        )


def refuse_suspension(case_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """不批准挂账: the clock runs on unchanged."""
    with turning(case_id, Action.REFUSE_SUSPENSION, actor=actor, now=now, given=filled(reason=reason)) as turn:
        asked = _asked_suspension(turn)
        asked.state, asked.decision = Suspension.State.REFUSED, reason
        asked.decided_at, asked.decided_by = now, actor.ref
        asked.save(update_fields=["state", "decision", "decided_at", "decided_by"])
        turn.write(reason=reason)
        turn.tell(RequestDecided(case_id=case_id, at=now, by=actor.ref, what=SUSPENSION))


def _asked_suspension(turn: Turn) -> Suspension:
    asked = Suspension.objects.select_for_update().get(case=turn.case, state=Suspension.State.ASKED)
    if asked.asked_by == turn.actor.ref:
        raise refuse("own_request")
    return asked


def reach_milestone(case_id: int, milestone_id: int, *, note: str, actor: Actor, now: datetime) -> None:
    """完成节点: one promised step of the plan is there."""
    given = filled(milestone=milestone_id)
    with turning(case_id, Action.REACH_MILESTONE, actor=actor, now=now, given=given) as turn:
        milestone = (
            Milestone.objects.select_for_update()
            .filter(pk=milestone_id, suspension__case=turn.case, suspension__state=Suspension.State.RUNNING)
            .first()
        )
        if milestone is None:
            raise NotFound(code="milestone_not_found")
        if milestone.reached_at is None:
            milestone.reached_at, milestone.note = now, note
            milestone.save(update_fields=["reached_at", "note"])
            turn.tell(MilestoneReached(case_id=case_id, at=now, by=actor.ref, milestone_id=milestone.pk))
        turn.write({"milestone": milestone.name, "due": milestone.due_on.isoformat()}, note=note)


def resume_case(case_id: int, *, actor: Actor, now: datetime, note: str = "") -> None:
    """恢复办理: the clock runs again with what was left of it."""
    with turning(case_id, Action.RESUME, actor=actor, now=now) as turn:
        Suspension.objects.filter(case=turn.case, state=Suspension.State.RUNNING).update(
            state=Suspension.State.ENDED, ended_at=now
        )
        turn.change(suspended_at=None)
        turn.write(note=note)
        turn.tell(CaseResumed(case_id=case_id, at=now, by=actor.ref))


def reach_stage(
    case_id: int, stage: str, *, actor: Actor, now: datetime, note: str = "", expected: int | None = None
) -> None:
    """登记阶段完成: a stage of a staged limit ("4wh stop work") is there; its clock stops, on time or late, for good."""
    given = filled(stage=stage)
    with turning(case_id, Action.REACH_STAGE, actor=actor, now=now, given=given, expected=expected) as turn:
        running = timekeeper().stages(turn.case)
        if stage not in running:
            raise NotFound(code="stage_not_running")
        due = running[stage]
        turn.write({"stage": stage, "due": due, "late": due is not None and now > due}, note=note)
        turn.tell(StageReached(case_id=case_id, at=now, by=actor.ref, stage=stage))


def wait_for_reporter(
    case_id: int, *, reason: str, actor: Actor, now: datetime, expected: int | None = None
) -> datetime:
    """等反映人补充: the close clock stands still until the reporter answers; once, and not for long.

    Returns when it goes on by itself.
    """
    given = filled(reason=reason)
    with turning(case_id, Action.WAIT_FOR_REPORTER, actor=actor, now=now, given=given, expected=expected) as turn:
        until = timekeeper().wait_ends(turn.case, now)
        turn.write({"until": until}, reason=reason)
        turn.tell(WaitBegan(case_id=case_id, at=now, by=actor.ref, until=until))
    return until


def end_wait(case_id: int, *, actor: Actor, now: datetime, note: str = "", expected: int | None = None) -> None:
    """反映人已补充: the clock goes on, its due time moved by the time waited."""
    with turning(case_id, Action.END_WAIT, actor=actor, now=now, expected=expected) as turn:
        turn.write(note=note)
        turn.tell(WaitEnded(case_id=case_id, at=now, by=actor.ref))


def set_due(dues: Mapping[int, datetime | None]) -> None:
    """Copy due times from the clocks to their cases. Only the clocks room calls this; it wrote the trace."""
    _copy("due_at", dues)


def set_lights(lights: Mapping[int, str]) -> None:
    """Copy warning lights from the clocks to their cases. Only the clocks room calls this."""
    _copy("light", lights)


def set_recurrences(times: Mapping[int, int]) -> None:
    """Say of open cases how often the same was closed there before. Only who looks for what keeps coming back calls this."""
    still = Case.objects.filter(pk__in=list(times), open=True).values_list("pk", flat=True)
    _copy("recurs", {case_id: times[case_id] for case_id in still})


def _copy(column: str, values: Mapping[int, object]) -> None:
    groups: dict[object, list[int]] = {}
    for case_id, value in values.items():
        groups.setdefault(value, []).append(case_id)
    if len(groups) <= 4:
        for value, ids in groups.items():
            Case.objects.filter(pk__in=ids).update(**{column: value})
        return
    cases = [Case(pk=case_id, **{column: value}) for case_id, value in values.items()]
    Case.objects.bulk_update(cases, [column], batch_size=2_000)
