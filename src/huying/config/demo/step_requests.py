"""Steps that ask for something and are decided by somebody else, on held rows: objection, extension, suspension."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from huying.casework.cases.models import Assignment, Extension, Milestone, Objection, Suspension
from huying.casework.cases.rules import MAX_RETURNS, Action, State
from huying.casework.clocks.dated import MILESTONE, milestone_kind, plan_starts
from huying.casework.supervision.rules import RETURNS_BEFORE_ORDER, Cause
from huying.kernel.actor import Actor
from huying.senses.reports.rules import Told

from .ledger import Held, utc
from .roles import concerned, handler, later_due, of_centre
from .script import Act
from .step_parts import Left, lead_of, raising, sure

if TYPE_CHECKING:
    from .apply import Bulk

_A = Assignment.State


def raise_objection(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = handler(case, act, bulk.stage.crew)
    rule = bulk.decided(held, Action.OBJECT, actor, act, "reason")
    lead = lead_of(held)
    others = [unit for unit in concerned(case, bulk.stage.crew) if unit != case.lead_unit_id]
    suggested = others[0] if others else None
    held.objection = bulk.ledger.make(
        Objection, case_id=case.pk, assignment_id=lead.pk, suggested_unit_id=suggested, reason=act.text,
        asked_at=act.at, asked_by=sure(actor).ref,
    )  # fmt: skip
    body = {"unit": lead.unit_id, "suggested": suggested}
    bulk.finish(held, Action.OBJECT, rule, sure(actor), act.at, body, reason=act.text)
    bulk.ticking.pause(held, held.running(of=lead), act.at, sure(actor).ref, "objection")
    bulk.ticking.start_standing(held, "objection", act.at)


def decide_objection(bulk: Bulk, held: Held, act: Act) -> None:
    case, uphold = held.case, act.verb == "uphold"
    action = Action.UPHOLD_OBJECTION if uphold else Action.REJECT_OBJECTION
    actor = of_centre(case, act, bulk.stage.crew, "centre_lead")
    rule = bulk.decided(held, action, actor, act, "reason")
    by, lead, asked = sure(actor), lead_of(held), held.objection
    assert asked is not None
    asked.state = Objection.State.UPHELD if uphold else Objection.State.REJECTED
    asked.decided_at, asked.decided_by, asked.decision = act.at, by.ref, act.text
    bulk.ledger.touch(asked)
    held.objection = None
    if uphold:
        case.returns = min(case.returns + 1, MAX_RETURNS)
        lead.state, lead.ended_at = _A.RETURNED, act.at
        bulk.ledger.touch(lead)
        case.lead_unit = case.lead_person_id = case.due_at = None
        case.light = ""
    else:
        case.locked = True
    body = {"unit": lead.unit_id, "returns": case.returns}
    bulk.finish(held, action, rule, by, act.at, body, reason=act.text)
    if uphold:
        bulk.ticking.stop(held, held.running(of=lead), act.at, "ended")
        _back_in_queue(bulk, held, act, by)
    bulk.ticking.stop(held, held.running("objection"), act.at, "decided")
    if not uphold:
        bulk.ticking.resume(held, held.running(of=lead), act.at, by.ref, "objection")
    elif case.returns >= RETURNS_BEFORE_ORDER:
        bulk.supervise(raising(held, Cause.REPEATED_RETURNS, lead), act.at)


def _back_in_queue(bulk: Bulk, held: Held, act: Act, by: Actor) -> None:
    before = held.last_stopped("dispatch")
    if before is not None:
        bulk.ticking.go_on(held, before, act.at, by.ref, "unassigned")
        return
    bulk.ticking.start_standing(held, "dispatch", act.at, main=True)
    bulk.ticking.copy_to_case(held)


def ask_extension(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor, until = handler(case, act, bulk.stage.crew), later_due(case, act.at)
    if until is None:
        raise Left("nothing_to_extend")
    rule = bulk.decided(held, Action.ASK_EXTENSION, actor, act, "reason", "until")
    if until <= act.at or (case.due_at is not None and until <= case.due_at):
        raise Left("invalid")
    if bulk.ticking.too_long(held, until):
        raise Left("extension_too_long")
    held.extension = bulk.ledger.make(
        Extension, case_id=case.pk, reason=act.text, until=until, old_due=case.due_at, asked_at=act.at,
        asked_by=sure(actor).ref,
    )  # fmt: skip
    body = {"until": until, "due": utc(case.due_at)}
    bulk.finish(held, Action.ASK_EXTENSION, rule, sure(actor), act.at, body, reason=act.text)
    bulk.ticking.start_standing(held, "request:extension", act.at)


def grant_extension(bulk: Bulk, held: Held, act: Act) -> None:
    case, asked = held.case, held.extension
    actor = of_centre(case, act, bulk.stage.crew, "centre_lead")
    rule = bulk.decided(held, Action.GRANT_EXTENSION, actor, act, "told")
    by = sure(actor)
    assert asked is not None
    asked.state, asked.told = Extension.State.GRANTED, act.text
    asked.decided_at, asked.decided_by = act.at, by.ref
    bulk.ledger.touch(asked)
    held.extension = None
    case.extensions += 1
    body = {"until": asked.until, "due": utc(asked.old_due), "number": case.extensions}
    bulk.finish(held, Action.GRANT_EXTENSION, rule, by, act.at, body, told=act.text)
    bulk.ticking.stop(held, held.running("request:extension"), act.at, "decided")
    bulk.ticking.extend(held, asked.until, act.at, by.ref, "extension")
    bulk.tell(held, Told.EXTENDED, act.at, {"until": asked.until.isoformat(), "words": act.text})


def ask_suspension(bulk: Bulk, held: Held, act: Act) -> None:
    stones: Any = act.get("milestones")
    actor = handler(held.case, act, bulk.stage.crew)
    rule = bulk.decided(held, Action.ASK_SUSPENSION, actor, act, "reason", "milestones")
    asked = held.suspension = bulk.ledger.make(
        Suspension, case_id=held.case.pk, reason=act.text, asked_at=act.at, asked_by=sure(actor).ref
    )
    named = [(stone["name"], date.fromisoformat(stone["planned"])) for stone in stones]
    held.milestones = [
        bulk.ledger.make(Milestone, suspension_id=asked.pk, name=name[:120], due_on=due) for name, due in named
    ]
    body = {"milestones": [{"name": name, "due": due.isoformat()} for name, due in named]}
    bulk.finish(held, Action.ASK_SUSPENSION, rule, sure(actor), act.at, body, reason=act.text)
    bulk.ticking.start_standing(held, "request:suspension", act.at)


def grant_suspension(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "centre_lead")
    rule = bulk.decided(held, Action.GRANT_SUSPENSION, actor, act)
    asked, by, note = held.suspension, sure(actor), "同意挂账，按节点推进。"
    assert asked is not None
    asked.state, asked.decision = Suspension.State.RUNNING, note
    asked.decided_at, asked.decided_by = act.at, by.ref
    bulk.ledger.touch(asked)
    held.case.suspended_at = act.at
    bulk.finish(held, Action.GRANT_SUSPENSION, rule, by, act.at, note=note)
    bulk.ticking.stop(held, held.running("request:suspension"), act.at, "decided")
    bulk.ticking.pause(held, held.running(), act.at, by.ref, "suspended")
    for one in plan_starts(held.milestones, held.case.pk, lead_of(held).pk, act.at, held.area):
        bulk.ticking.start(held, one)
    bulk.tell(held, Told.SUSPENDED, act.at)


def milestone(bulk: Bulk, held: Held, act: Act) -> None:
    actor = handler(held.case, act, bulk.stage.crew)
    stone = next((one for one in held.milestones if one.name == act.get("name") and one.reached_at is None), None)
    if stone is None:
        raise Left("milestone_not_found")
    rule = bulk.decided(held, Action.REACH_MILESTONE, actor, act, "milestone")
    note = "节点已完成，佐证材料已上传。"
    stone.reached_at, stone.note = act.at, note
    bulk.ledger.touch(stone)
    body = {"milestone": stone.name, "due": stone.due_on.isoformat()}
    bulk.finish(held, Action.REACH_MILESTONE, rule, sure(actor), act.at, body, note=note)
    kind = milestone_kind(stone.pk, held.milestones)
    bulk.ticking.stop(held, held.running(kind), act.at, "reached")


def resume(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "centre_lead")
    if held.case.state != State.SUSPENDED:
        raise Left("not_in_this_state")
    rule = bulk.decided(held, Action.RESUME, actor, act)
    if held.suspension is not None:
        held.suspension.state, held.suspension.ended_at = Suspension.State.ENDED, act.at
        bulk.ledger.touch(held.suspension)
        held.suspension = None
    held.case.suspended_at = None
    by = sure(actor)
    bulk.finish(held, Action.RESUME, rule, by, act.at, note="挂账条件消除，恢复办理。")
    planned = [clock for clock in held.running() if clock.kind.startswith(MILESTONE)]
    bulk.ticking.stop(held, planned, act.at, "resumed")
    bulk.ticking.resume(held, held.running(), act.at, by.ref, "suspended")
