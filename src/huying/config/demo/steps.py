"""The common steps of a case on held rows. Each mirrors the action of the same name in ``casework.cases.actions``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from huying.casework.cases.actions import Sending
from huying.casework.cases.models import (
    Assignment,
    Check,
    Extension,
    Feedback,
    Milestone,
    Objection,
    ReturnCall,
    Suspension,
)
from huying.casework.cases.rules import MAX_RETURNS, Action, State, merge_target, refuse_target
from huying.casework.cases.rules import rank as rank_of
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.conditions import unmet
from huying.casework.catalogue.evidence import Evidence
from huying.casework.catalogue.models import Item
from huying.casework.dispatch import deadlines
from huying.casework.dispatch.queries import place_of, route_to
from huying.casework.supervision.actions import Raising
from huying.casework.supervision.rules import REDOS_BEFORE_ORDER, RETURNS_BEFORE_ORDER, Cause
from huying.ground.organisation.models import Unit
from huying.kernel.actor import Actor
from huying.senses.reports.models import Report
from huying.senses.reports.rules import Told

from .acting import ARCHIVER, concerned, found_evidence, handler, later_due, of_centre
from .ledger import Held, moment, utc
from .script import Act
from .ticking import again

if TYPE_CHECKING:
    from .apply import Bulk

_A = Assignment.State


def _left(code: str) -> Exception:
    from .apply import Left

    return Left(code)


def _accept(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "dispatcher")
    rule = bulk.decided(held, Action.ACCEPT, actor, act)
    bulk.finish(held, Action.ACCEPT, rule, _sure(actor), act.at)


def _decline(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "dispatcher")
    rule = bulk.decided(held, Action.DECLINE, actor, act, "channel", "reason")
    case, channel = held.case, str(act.get("channel"))
    case.closed_at, case.due_at, case.light = act.at, None, ""
    bulk.finish(held, Action.DECLINE, rule, _sure(actor), act.at, {"channel": channel}, reason=act.text)
    bulk.ticking.stop(held, held.running(), act.at, "declined")
    bulk.tell(held, Told.DECLINED, act.at, {"channel": channel, "words": act.text})
    bulk.emptied(held, "事件不予受理", act.at)


def _dispatch(bulk: Bulk, held: Held, act: Act) -> None:
    case, told = held.case, bulk.stage.known[act.source_id].told
    if case.state not in (State.PENDING, State.ACCEPTED):
        raise _left("not_in_this_state")
    actor = of_centre(case, act, bulk.stage.crew, "dispatcher")
    place = None if held.area or case.county else place_of(told.area[:12])
    if told.item_code != case.item_code or place is not None:
        rule = bulk.decided(held, Action.CORRECT, actor, act)
        was = {"item": case.item_code, "area": held.area}
        if told.item_code != case.item_code:
            item = _item(bulk, case.item.version_id, told.item_code)
            case.item, case.item_code, case.class_code = item, item.code, item.class_code
        if place is not None:
            case.grid, case.community, case.town, case.county = place.grid, place.community, place.town, place.town[:6]
        body = {"was": was, "item": case.item_code, "area": held.area}
        bulk.finish(held, Action.CORRECT, rule, _sure(actor), act.at, body)
    _send(bulk, held, act, actor, None)


def _redispatch(bulk: Bulk, held: Held, act: Act) -> None:
    if held.case.state != State.ACCEPTED:
        raise _left("not_in_this_state")
    before = held.assignments[-1].unit_id if held.assignments else None
    others = [unit for unit in concerned(held.case, bulk.stage.crew) if unit != before]
    actor = of_centre(held.case, act, bulk.stage.crew, "dispatcher")
    _send(bulk, held, act, actor, others[0] if others else None)


def _send(bulk: Bulk, held: Held, act: Act, actor: Actor | None, unit_id: int | None) -> None:
    """To the unit the rules name, or to the one chosen; with the limits of the item counted from now."""
    case = held.case
    rule = bulk.decided(held, Action.DISPATCH, actor, act, "unit")
    sending = _sending(bulk, held, act.at, unit_id)
    known = bulk.stage.crew.directory
    refusal = refuse_target(
        target_rank=rank_of(known.unit(sending.unit_id).level),
        escalated_level=case.escalated_level,
        may_receive=known.may_receive(sending.unit_id, case.item_code, held.area),
    )
    if refusal is not None:
        raise _left(refusal.code)
    made = bulk.ledger.make(
        Assignment, case_id=case.pk, unit_id=sending.unit_id, person_id=sending.person_id, role="lead",
        limits=sending.limits, respond_due=sending.respond_due, due_at=sending.due_at, why=list(sending.why),
        sent_at=act.at,
    )  # fmt: skip
    held.assignments.append(made)
    case.lead_unit, case.lead_person_id = _unit(bulk, sending.unit_id), sending.person_id
    case.due_at, case.light = sending.due_at, ""
    case.first_asked_unit_id = case.first_asked_unit_id or sending.first_asked_id or sending.unit_id
    bulk.finish(held, Action.DISPATCH, rule, _sure(actor), act.at, sending.as_body())
    bulk.ticking.start_unit(held, sending.as_fact(made.pk, case.pk, area=held.area, at=act.at, by=_sure(actor).ref))
    bulk.tell(held, Told.DISPATCHED, act.at, {"unit": sending.unit_id, "due": moment(sending.due_at)})


def _sending(bulk: Bulk, held: Held, at: datetime, unit_id: int | None) -> Sending:
    item = catalogue.view_of(held.case.item)
    found = route_to(item, held.area, at, unit_id)
    if found is None:
        raise _left("no_unit")
    times = deadlines.of_item(item, held.area, at, bulk.ticking.book)
    return Sending(
        unit_id=found.unit_id, person_id=found.person_id, first_asked_id=found.first_asked_id,
        respond_due=times.respond, due_at=times.close, limits=times.limits, why=found.why,
    )  # fmt: skip


def _sign(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = handler(case, act, bulk.stage.crew) if case.state == State.DISPATCHED else None
    rule = bulk.decided(held, Action.SIGN, actor, act)
    lead = _lead(held)
    lead.state, lead.signed_at, lead.person_id = _A.SIGNED, act.at, _sure(actor).person_id or lead.person_id
    case.lead_person_id = lead.person_id
    bulk.ledger.touch(lead)
    body = {"unit": lead.unit_id, "person": lead.person_id}
    bulk.finish(held, Action.SIGN, rule, _sure(actor), act.at, body)
    bulk.ticking.stop(held, held.running("respond", of=lead), act.at, "signed")


def _note(bulk: Bulk, held: Held, act: Act) -> None:
    crew = bulk.stage.crew
    actor = handler(held.case, act, crew) if act.by == "handler" else of_centre(held.case, act, crew)
    given = ["text"] if act.text.strip() else []
    rule = bulk.decided(held, Action.NOTE, actor, act, *given)
    bulk.finish(held, Action.NOTE, rule, _sure(actor), act.at, text=act.text)


def _object(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = handler(case, act, bulk.stage.crew)
    rule = bulk.decided(held, Action.OBJECT, actor, act, "reason")
    lead = _lead(held)
    others = [unit for unit in concerned(case, bulk.stage.crew) if unit != case.lead_unit_id]
    suggested = others[0] if others else None
    held.objection = bulk.ledger.make(
        Objection, case_id=case.pk, assignment_id=lead.pk, suggested_unit_id=suggested, reason=act.text,
        asked_at=act.at, asked_by=_sure(actor).ref,
    )  # fmt: skip
    body = {"unit": lead.unit_id, "suggested": suggested}
    bulk.finish(held, Action.OBJECT, rule, _sure(actor), act.at, body, reason=act.text)
    bulk.ticking.pause(held, held.running(of=lead), act.at, _sure(actor).ref, "objection")
    bulk.ticking.start_standing(held, "objection", act.at)


def _decide_objection(bulk: Bulk, held: Held, act: Act) -> None:
    case, uphold = held.case, act.verb == "uphold"
    action = Action.UPHOLD_OBJECTION if uphold else Action.REJECT_OBJECTION
    actor = of_centre(case, act, bulk.stage.crew, "centre_lead")
    rule = bulk.decided(held, action, actor, act, "reason")
    by, lead, asked = _sure(actor), _lead(held), held.objection
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
        bulk.supervise(_raising(held, Cause.REPEATED_RETURNS, lead), act.at)


def _back_in_queue(bulk: Bulk, held: Held, act: Act, by: Actor) -> None:
    before = held.last_stopped("dispatch")
    if before is not None:
        bulk.ticking.go_on(held, before, act.at, by.ref, "unassigned")
        return
    bulk.ticking.start_standing(held, "dispatch", act.at, main=True)
    bulk.ticking.copy_to_case(held)


def _ask_extension(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor, until = handler(case, act, bulk.stage.crew), later_due(case, act.at)
    if until is None:
        raise _left("nothing_to_extend")
    rule = bulk.decided(held, Action.ASK_EXTENSION, actor, act, "reason", "until")
    lead = _lead(held)
    if until <= act.at or (case.due_at is not None and until <= case.due_at):
        raise _left("invalid")
    if lead.due_at is not None and until - lead.due_at > lead.due_at - lead.sent_at:
        raise _left("extension_too_long")
    held.extension = bulk.ledger.make(
        Extension, case_id=case.pk, reason=act.text, until=until, old_due=case.due_at, asked_at=act.at,
        asked_by=_sure(actor).ref,
    )  # fmt: skip
    body = {"until": until, "due": utc(case.due_at)}
    bulk.finish(held, Action.ASK_EXTENSION, rule, _sure(actor), act.at, body, reason=act.text)


def _grant_extension(bulk: Bulk, held: Held, act: Act) -> None:
    case, asked = held.case, held.extension
    actor = of_centre(case, act, bulk.stage.crew, "centre_lead")
    rule = bulk.decided(held, Action.GRANT_EXTENSION, actor, act, "told")
    by = _sure(actor)
    assert asked is not None
    asked.state, asked.told = Extension.State.GRANTED, act.text
    asked.decided_at, asked.decided_by = act.at, by.ref
    bulk.ledger.touch(asked)
    held.extension = None
    case.extensions += 1
    body = {"until": asked.until, "due": utc(asked.old_due), "number": case.extensions}
    bulk.finish(held, Action.GRANT_EXTENSION, rule, by, act.at, body, told=act.text)
    bulk.ticking.extend(held, asked.until, act.at, by.ref, "extension")
    bulk.tell(held, Told.EXTENDED, act.at, {"until": asked.until.isoformat(), "words": act.text})


def _ask_suspension(bulk: Bulk, held: Held, act: Act) -> None:
    stones: Any = act.get("milestones")
    actor = handler(held.case, act, bulk.stage.crew)
    rule = bulk.decided(held, Action.ASK_SUSPENSION, actor, act, "reason", "milestones")
    asked = held.suspension = bulk.ledger.make(
        Suspension, case_id=held.case.pk, reason=act.text, asked_at=act.at, asked_by=_sure(actor).ref
    )
    named = [(stone["name"], date.fromisoformat(stone["planned"])) for stone in stones]
    held.milestones = [
        bulk.ledger.make(Milestone, suspension_id=asked.pk, name=name[:120], due_on=due) for name, due in named
    ]
    body = {"milestones": [{"name": name, "due": due.isoformat()} for name, due in named]}
    bulk.finish(held, Action.ASK_SUSPENSION, rule, _sure(actor), act.at, body, reason=act.text)


def _grant_suspension(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "centre_lead")
    rule = bulk.decided(held, Action.GRANT_SUSPENSION, actor, act)
    asked, by, note = held.suspension, _sure(actor), "同意挂账，按节点推进。"
    assert asked is not None
    asked.state, asked.decision = Suspension.State.RUNNING, note
    asked.decided_at, asked.decided_by = act.at, by.ref
    bulk.ledger.touch(asked)
    held.case.suspended_at = act.at
    bulk.finish(held, Action.GRANT_SUSPENSION, rule, by, act.at, note=note)
    bulk.ticking.pause(held, held.running(), act.at, by.ref, "suspended")
    bulk.tell(held, Told.SUSPENDED, act.at)


def _milestone(bulk: Bulk, held: Held, act: Act) -> None:
    actor = handler(held.case, act, bulk.stage.crew)
    stone = next((one for one in held.milestones if one.name == act.get("name") and one.reached_at is None), None)
    if stone is None:
        raise _left("milestone_not_found")
    rule = bulk.decided(held, Action.REACH_MILESTONE, actor, act, "milestone")
    note = "节点已完成，佐证材料已上传。"
    stone.reached_at, stone.note = act.at, note
    bulk.ledger.touch(stone)
    body = {"milestone": stone.name, "due": stone.due_on.isoformat()}
    bulk.finish(held, Action.REACH_MILESTONE, rule, _sure(actor), act.at, body, note=note)


def _resume(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "centre_lead")
    if held.case.state != State.SUSPENDED:
        raise _left("not_in_this_state")
    rule = bulk.decided(held, Action.RESUME, actor, act)
    if held.suspension is not None:
        held.suspension.state, held.suspension.ended_at = Suspension.State.ENDED, act.at
        bulk.ledger.touch(held.suspension)
        held.suspension = None
    held.case.suspended_at = None
    by = _sure(actor)
    bulk.finish(held, Action.RESUME, rule, by, act.at, note="挂账条件消除，恢复办理。")
    bulk.ticking.resume(held, held.running(), act.at, by.ref, "suspended")


def _feedback(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = handler(case, act, bulk.stage.crew) if case.state == State.HANDLING else None
    given = ["evidence", *(["text"] if act.text.strip() else [])]
    rule = bulk.decided(held, Action.GIVE_FEEDBACK, actor, act, *given)
    by, lead = _sure(actor), _lead(held)
    whole = Evidence.from_json(found_evidence(act, case, case.item, case.opened_at, by.name))
    before = tuple(photo for stage, photo in held.photos if stage in ("report", "before"))
    after = tuple(photo for stage, photo in held.photos if stage == "after")
    whole = replace(
        whole, photos_before=(*whole.photos_before, *before), photos_after=(*whole.photos_after, *after)
    )
    if unmet(case.item.conditions, whole, photos_min=case.item.needs_photo_min):
        raise _left("evidence_missing")
    proof = whole.as_json()
    held.feedback = bulk.ledger.make(
        Feedback, case_id=case.pk, assignment_id=lead.pk, text=act.text, evidence=proof, given_at=act.at,
        given_by=by.ref, person_id=by.person_id,
    )  # fmt: skip
    lead.state, lead.delivered_at, lead.result = _A.DELIVERED, act.at, act.text
    bulk.ledger.touch(lead)
    body = {"unit": lead.unit_id, "evidence": sorted(proof)}
    bulk.finish(held, Action.GIVE_FEEDBACK, rule, by, act.at, body, text=act.text)
    bulk.ticking.stop(held, held.running(of=lead), act.at, "feedback")
    bulk.ticking.start_standing(held, "check", act.at)


def _check(bulk: Bulk, held: Held, act: Act, by: Actor, *, passed: bool) -> Feedback:
    if held.feedback is None:
        raise _left("feedback_not_found")
    bulk.ledger.make(
        Check, case_id=held.case.pk, feedback_id=held.feedback.pk, person_id=by.person_id, passed=passed,
        note=act.text, made_at=act.at, made_by=by.ref,
    )  # fmt: skip
    return held.feedback


def _check_pass(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = of_centre(case, act, bulk.stage.crew, "checker")
    rule = bulk.decided(held, Action.PASS_CHECK, actor, act)
    by, lead = _sure(actor), _lead(held)
    feedback = _check(bulk, held, act, by, passed=True)
    lead.state, lead.accepted_at, lead.ended_at = _A.ACCEPTED, act.at, act.at
    bulk.ledger.touch(lead)
    late = case.due_at is not None and feedback.given_at > case.due_at
    case.closed_at, case.closed_late = act.at, late
    bulk.finish(held, Action.PASS_CHECK, rule, by, act.at, {"late": late}, note=act.text)
    bulk.ticking.stop(held, held.running(), act.at, "closed")
    bulk.tell(held, Told.ANSWERED, act.at, {"words": feedback.text})


def _check_fail(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "checker")
    rule = bulk.decided(held, Action.FAIL_CHECK, actor, act, "reason")
    by, lead = _sure(actor), _lead(held)
    _check(bulk, held, act, by, passed=False)
    _send_back(bulk, held, act, by, lead, why="check")
    _again(bulk, held, act, by, lead, Action.FAIL_CHECK, rule, why="check")


def _reopen(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "seat")
    rule = bulk.decided(held, Action.ORDER_REDO, actor, act, "reason")
    accepted = [one for one in held.assignments if one.role == "lead" and one.state == _A.ACCEPTED]
    if not accepted:
        raise _left("assignment_not_found")
    by = _sure(actor)
    _send_back(bulk, held, act, by, accepted[-1], why="call")
    _again(bulk, held, act, by, accepted[-1], Action.ORDER_REDO, rule, why="call")


def _send_back(bulk: Bulk, held: Held, _act: Act, _by: Actor, lead: Assignment, *, why: str) -> None:
    lead.state, lead.delivered_at, lead.ended_at = _A.SIGNED, None, None
    bulk.ledger.touch(lead)
    held.case.redos += 1
    held.case.closed_at = held.case.closed_late = None


def _again(
    bulk: Bulk, held: Held, act: Act, by: Actor, lead: Assignment, action: Action, rule: Any, *, why: str
) -> None:
    """A failed check means the close clock goes on, less the checker's time; after closing it is a new one."""
    body = {"unit": lead.unit_id, "redos": held.case.redos, "why": why}
    bulk.finish(held, action, rule, by, act.at, body, reason=act.text)
    bulk.ticking.stop(held, held.running("check"), act.at, "sent_back")
    before = held.last_stopped("close", of=lead)
    if before is not None and why == "check":
        bulk.ticking.go_on(held, before, act.at, by.ref, "check_failed")
    elif before is not None:
        made = bulk.ticking.start(held, again(held, lead, before, act.at))
        bulk.ticking.copy_to_case(held)
        lead.due_at = made.due_at
    if why != "check":
        bulk.tell(held, Told.SENT_BACK, act.at)
    if held.case.redos >= REDOS_BEFORE_ORDER:
        bulk.supervise(_raising(held, Cause.REPEATED_REDO, lead), act.at)


def _return_call(bulk: Bulk, held: Held, act: Act) -> None:
    case, reached = held.case, bool(act.get("reached"))
    actor = of_centre(case, act, bulk.stage.crew, "seat")
    rule = bulk.decided(held, Action.RETURN_CALL, actor, act, "reached")
    score: Any = act.get("satisfied") if reached else None
    solved = bool(act.get("solved")) if reached else None
    bulk.ledger.make(
        ReturnCall, case_id=case.pk, reached=reached, responded=True if reached else None, solved=solved,
        satisfied=score, note=act.text, made_at=act.at, made_by=_sure(actor).ref,
    )  # fmt: skip
    held.called, held.unreached = held.called or reached, held.unreached + (not reached)
    case.solved = case.solved if solved is None else solved
    case.rating = case.rating if score is None else score
    body = {"reached": reached, "solved": solved, "satisfied": score}
    bulk.finish(held, Action.RETURN_CALL, rule, _sure(actor), act.at, body, note=act.text)


def _rate(bulk: Bulk, held: Held, act: Act) -> None:
    report = Report.objects.get(pk=bulk.stage.known[act.source_id].report_id)
    actor = Actor("reporter", f"report:{report.pk}", "居民")
    rule = bulk.decided(held, Action.RATE, actor, act, "score")
    case, score = held.case, int(str(act.get("stars")))
    solved = score >= 3
    case.rating = score if case.rating is None else min(case.rating, score)
    case.solved = solved if case.solved is None else case.solved and solved
    bulk.finish(held, Action.RATE, rule, actor, act.at, {"score": score, "solved": solved}, comment=act.text)
    report.score, report.solved, report.comment, report.rated_at = score, solved, act.text, act.at
    bulk.ledger.touch(report)


def _archive(bulk: Bulk, held: Held, act: Act) -> None:
    rule = bulk.decided(held, Action.ARCHIVE, ARCHIVER, act)
    held.case.archived_at = act.at
    bulk.finish(held, Action.ARCHIVE, rule, ARCHIVER, act.at)
    bulk.ticking.stop(held, held.running(), act.at, "archived")


def _merge(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    known = bulk.stage.known.get(bulk.stage.known[act.source_id].told.fate.into)
    if known is None or known.case_id not in bulk.ledger:
        raise _left("no_target")
    root = bulk.ledger[known.case_id]
    actor = of_centre(case, act, bulk.stage.crew, "dispatcher")
    rule = bulk.decided(held, Action.MERGE, actor, act, "into")
    refusal = merge_target([State(root.case.state)])
    if refusal is not None:
        raise _left(refusal.code)
    by, moved = _sure(actor), case.reports
    for assignment in held.live:
        assignment.state, assignment.ended_at = _A.DROPPED, act.at
        bulk.ledger.touch(assignment)
    case.merged_into_id, case.reports, case.closed_at, case.due_at, case.light = root.case.pk, 0, act.at, None, ""
    case.lead_unit = case.lead_person_id = None
    bulk.finish(held, Action.MERGE, rule, by, act.at, {"into": root.case.pk, "reports": moved})
    ended = {one.pk for one in held.assignments if one.state == _A.DROPPED}
    bulk.ticking.stop(held, [clock for clock in held.running() if clock.assignment_id in ended], act.at, "ended")
    bulk.ticking.stop(held, held.running(), act.at, "merged")
    bulk.tell(held, Told.MERGED, act.at, {"into": root.case.number})
    bulk.move_reports(held, root)
    bulk.emptied(held, "事件已合并", act.at)
    root.case.reports += moved
    root.case.version += 1
    bulk.ledger.touch(root.case)
    bulk.write(root.case.pk, "absorb", by, act.at, {"from": case.pk, "reports": moved})


def _raising(held: Held, cause: Cause, lead: Assignment) -> Raising:
    return Raising(
        case_id=held.case.pk, cause=cause, area=held.area, unit_id=lead.unit_id, person_id=lead.person_id
    )


def _item(bulk: Bulk, version_id: int, code: str) -> Item:
    for item in bulk.ledger.items.values():
        if item.code == code and item.version_id == version_id:
            return item
    item = Item.objects.select_related("version").get(version_id=version_id, code=code)
    bulk.ledger.items[item.pk] = item
    return item


def _unit(bulk: Bulk, unit_id: int) -> Unit:
    if unit_id not in bulk.ledger.units:
        bulk.ledger.units[unit_id] = Unit.objects.get(pk=unit_id)
    return bulk.ledger.units[unit_id]


def _lead(held: Held) -> Assignment:
    lead = held.lead
    if lead is None:
        raise _left("assignment_not_found")
    return lead


def _sure(actor: Actor | None) -> Actor:
    assert actor is not None, "a decided step has somebody who takes it"
    return actor


STEPS: Mapping[str, Callable[[Bulk, Held, Act], None]] = {
    "accept": _accept, "decline": _decline, "dispatch": _dispatch, "redispatch": _redispatch, "sign": _sign,
    "designate": _sign, "note": _note, "object": _object, "uphold": _decide_objection, "reject": _decide_objection,
    "ask_extension": _ask_extension, "grant_extension": _grant_extension, "ask_suspension": _ask_suspension,
    "grant_suspension": _grant_suspension, "milestone": _milestone, "resume": _resume, "feedback": _feedback,
    "check_pass": _check_pass, "check_fail": _check_fail, "reopen": _reopen, "return_call": _return_call,
    "rate": _rate, "archive": _archive, "merge": _merge,
}  # fmt: skip
