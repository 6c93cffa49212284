"""The common steps of a case on held rows. Each mirrors the action of the same name in ``casework.cases.actions``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from huying.casework.cases.actions import Sending
from huying.casework.cases.models import (
    Assignment,
    Attachment,
    Check,
    Feedback,
    ReturnCall,
)
from huying.casework.cases.rules import Action, State, merge_target, refuse_target
from huying.casework.cases.rules import rank as rank_of
from huying.casework.cases.voices import labelled, reporter
from huying.casework.catalogue import queries as catalogue
from huying.casework.catalogue.conditions import unmet
from huying.casework.catalogue.evidence import Evidence, Photo
from huying.casework.catalogue.models import Item
from huying.casework.dispatch import deadlines
from huying.casework.dispatch.queries import place_of, route_to
from huying.casework.supervision.rules import REDOS_BEFORE_ORDER, Cause
from huying.ground.organisation.models import Unit
from huying.kernel.actor import Actor
from huying.kernel.models import StoredFile
from huying.senses.reports.models import ReportPhoto
from huying.senses.reports.rules import Told

from . import step_requests as requests
from .ledger import Held, moment
from .roles import ARCHIVER, bringer, concerned, found_evidence, handler, of_centre
from .script import Act
from .step_parts import Left, lead_of, raising, sure
from .ticking import again

if TYPE_CHECKING:
    from .apply import Bulk

_A = Assignment.State


def _accept(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "dispatcher")
    rule = bulk.decided(held, Action.ACCEPT, actor, act)
    bulk.finish(held, Action.ACCEPT, rule, sure(actor), act.at)


def _decline(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "dispatcher")
    rule = bulk.decided(held, Action.DECLINE, actor, act, "channel", "reason")
    case, channel = held.case, str(act.get("channel"))
    case.closed_at, case.due_at, case.light = act.at, None, ""
    bulk.finish(held, Action.DECLINE, rule, sure(actor), act.at, {"channel": channel}, reason=act.text)
    bulk.ticking.stop(held, held.running(), act.at, "declined")
    bulk.tell(held, Told.DECLINED, act.at, {"channel": channel, "words": act.text})
    bulk.emptied(held, "事件不予受理", act.at)


def _dispatch(bulk: Bulk, held: Held, act: Act) -> None:
    case, told = held.case, bulk.stage.known[act.source_id].told
    if case.state not in (State.PENDING, State.ACCEPTED):
        raise Left("not_in_this_state")
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
        bulk.finish(held, Action.CORRECT, rule, sure(actor), act.at, body)
    _send(bulk, held, act, actor, None)


def _redispatch(bulk: Bulk, held: Held, act: Act) -> None:
    if held.case.state != State.ACCEPTED:
        raise Left("not_in_this_state")
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
        may_receive=known.may_receive(sending.unit_id, case.item_code),
    )
    if refusal is not None:
        raise Left(refusal.code)
    made = bulk.ledger.make(
        Assignment, case_id=case.pk, unit_id=sending.unit_id, person_id=sending.person_id, role="lead",
        limits=sending.limits, respond_due=sending.respond_due, due_at=sending.due_at, why=list(sending.why),
        sent_at=act.at,
    )  # fmt: skip
    held.assignments.append(made)
    case.lead_unit, case.lead_person_id = _unit(bulk, sending.unit_id), sending.person_id
    case.due_at, case.light = sending.due_at, ""
    case.first_asked_unit_id = case.first_asked_unit_id or sending.first_asked_id or sending.unit_id
    bulk.finish(held, Action.DISPATCH, rule, sure(actor), act.at, sending.as_body())
    bulk.ticking.start_unit(held, sending.as_fact(made.pk, case.pk, area=held.area, at=act.at, by=sure(actor).ref))
    bulk.tell(held, Told.DISPATCHED, act.at, {"unit": sending.unit_id, "due": moment(sending.due_at)})


def _sending(bulk: Bulk, held: Held, at: datetime, unit_id: int | None) -> Sending:
    item = catalogue.view_of(held.case.item)
    found = route_to(item, held.area, at, unit_id)
    if found is None:
        raise Left("no_unit")
    times = deadlines.of_item(item, held.area, at, bulk.ticking.book)
    return Sending(
        unit_id=found.unit_id, person_id=found.person_id, first_asked_id=found.first_asked_id,
        respond_due=times.respond, due_at=times.close, limits=times.limits, why=found.why,
    )  # fmt: skip


def _sign(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = handler(case, act, bulk.stage.crew) if case.state == State.DISPATCHED else None
    rule = bulk.decided(held, Action.SIGN, actor, act)
    lead = lead_of(held)
    lead.state, lead.signed_at, lead.person_id = _A.SIGNED, act.at, sure(actor).person_id or lead.person_id
    case.lead_person_id = lead.person_id
    bulk.ledger.touch(lead)
    body = {"unit": lead.unit_id, "person": lead.person_id}
    bulk.finish(held, Action.SIGN, rule, sure(actor), act.at, body)
    bulk.ticking.stop(held, held.running("respond", of=lead), act.at, "signed")


def _note(bulk: Bulk, held: Held, act: Act) -> None:
    crew = bulk.stage.crew
    actor = handler(held.case, act, crew) if act.by == "handler" else of_centre(held.case, act, crew)
    given = ["text"] if act.text.strip() else []
    rule = bulk.decided(held, Action.NOTE, actor, act, *given)
    bulk.finish(held, Action.NOTE, rule, sure(actor), act.at, text=act.text)


def _feedback(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = handler(case, act, bulk.stage.crew) if case.state == State.HANDLING else None
    given = ["evidence", *(["text"] if act.text.strip() else [])]
    rule = bulk.decided(held, Action.GIVE_FEEDBACK, actor, act, *given)
    by, lead = sure(actor), lead_of(held)
    whole = Evidence.from_json(found_evidence(act, case, case.item, case.opened_at, by.name))
    before = tuple(photo for stage, photo in held.photos if stage in ("report", "before"))
    after = tuple(photo for stage, photo in held.photos if stage == "after")
    if after:  # else it is so long ago that only the names of the pictures are left
        whole = replace(whole, photos_before=before, photos_after=after)
    if unmet(case.item.conditions, whole, photos_min=case.item.needs_photo_min):
        raise Left("evidence_missing")
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
        raise Left("feedback_not_found")
    bulk.ledger.make(
        Check, case_id=held.case.pk, feedback_id=held.feedback.pk, person_id=by.person_id, passed=passed,
        note=act.text, made_at=act.at, made_by=by.ref,
    )  # fmt: skip
    return held.feedback


def _check_pass(bulk: Bulk, held: Held, act: Act) -> None:
    case = held.case
    actor = of_centre(case, act, bulk.stage.crew, "checker")
    rule = bulk.decided(held, Action.PASS_CHECK, actor, act)
    by, lead = sure(actor), lead_of(held)
    feedback = _check(bulk, held, act, by, passed=True)
    lead.state, lead.accepted_at, lead.ended_at = _A.ACCEPTED, act.at, act.at
    bulk.ledger.touch(lead)
    late = case.due_at is not None and feedback.given_at > case.due_at
    case.closed_at, case.closed_late = act.at, late or bool(case.closed_late)
    bulk.finish(held, Action.PASS_CHECK, rule, by, act.at, {"late": late}, note=act.text)
    bulk.ticking.stop(held, held.running(), act.at, "closed")
    bulk.tell(held, Told.ANSWERED, act.at, {"words": feedback.text})


def _check_fail(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "checker")
    rule = bulk.decided(held, Action.FAIL_CHECK, actor, act, "reason")
    by, lead = sure(actor), lead_of(held)
    _check(bulk, held, act, by, passed=False)
    _send_back(bulk, held, act, by, lead, why="check")
    _again(bulk, held, act, by, lead, Action.FAIL_CHECK, rule, why="check")


def _reopen(bulk: Bulk, held: Held, act: Act) -> None:
    actor = of_centre(held.case, act, bulk.stage.crew, "seat")
    rule = bulk.decided(held, Action.ORDER_REDO, actor, act, "reason")
    accepted = [one for one in held.assignments if one.role == "lead" and one.state == _A.ACCEPTED]
    if not accepted:
        raise Left("assignment_not_found")
    by = sure(actor)
    _send_back(bulk, held, act, by, accepted[-1], why="call")
    _again(bulk, held, act, by, accepted[-1], Action.ORDER_REDO, rule, why="call")


def _send_back(bulk: Bulk, held: Held, _act: Act, _by: Actor, lead: Assignment, *, why: str) -> None:
    lead.state, lead.delivered_at, lead.ended_at = _A.SIGNED, None, None
    bulk.ledger.touch(lead)
    held.case.redos += 1
    held.case.closed_at = held.case.rating = held.case.solved = None
    held.case.closed_late = True if held.case.closed_late else None
    held.called, held.unreached = False, 0


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
        bulk.supervise(raising(held, Cause.REPEATED_REDO, lead), act.at)


def _return_call(bulk: Bulk, held: Held, act: Act) -> None:
    case, reached = held.case, bool(act.get("reached"))
    actor = of_centre(case, act, bulk.stage.crew, "seat")
    rule = bulk.decided(held, Action.RETURN_CALL, actor, act, "reached")
    score: Any = act.get("satisfied") if reached else None
    solved = bool(act.get("solved")) if reached else None
    heard = {"reached": reached, "responded": True if reached else None, "solved": solved, "satisfied": score}
    bulk.ledger.make(ReturnCall, case_id=case.pk, **heard, note=act.text, made_at=act.at, made_by=sure(actor).ref)
    held.called, held.unreached = held.called or reached, held.unreached + (not reached)
    case.solved = case.solved if solved is None else solved
    case.rating = case.rating if score is None else score
    bulk.finish(held, Action.RETURN_CALL, rule, sure(actor), act.at, heard, note=act.text)


def _rate(bulk: Bulk, held: Held, act: Act) -> None:
    report = bulk.rated[bulk.stage.known[act.source_id].report_id]
    actor = reporter(report.pk)
    rule = bulk.decided(held, Action.RATE, actor, act, "score")
    case, score = held.case, int(str(act.get("stars")))
    responded, solved = score > 1, score >= 3
    case.rating = score if case.rating is None else min(case.rating, score)
    case.solved = solved if case.solved is None else case.solved and solved
    said = {"score": score, "responded": responded, "solved": solved}
    bulk.finish(held, Action.RATE, rule, actor, act.at, said, **{labelled("comment", report.mark): act.text})
    for name, value in {**said, "comment": act.text, "rated_at": act.at}.items():
        setattr(report, name, value)
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
        raise Left("no_target")
    root = bulk.ledger[known.case_id]
    actor = of_centre(case, act, bulk.stage.crew, "dispatcher")
    rule = bulk.decided(held, Action.MERGE, actor, act, "into")
    refusal = merge_target([State(root.case.state)])
    if refusal is not None:
        raise Left(refusal.code)
    by, moved = sure(actor), case.reports
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


def _attach(bulk: Bulk, held: Held, act: Act) -> None:
    case, name, kind = held.case, str(act.get("stage")), str(act.get("kind"))
    actor = bringer(case, act, bulk.stage.crew)
    if actor is None or (name != "after" and any(stage == name for stage, _photo in held.photos)):
        raise Left("nobody")
    file = bulk.stage.album.unsaved(case.pk, kind, "after" if name == "after" else "before", actor, act.at)
    file.pk = bulk.ledger.ids.take(StoredFile)
    bulk.ledger.adopt(file)
    made = bulk.ledger.make(
        Attachment, case_id=case.pk, file_id=file.pk, stage=name, caption=act.text, made_at=act.at, made_by=actor.ref
    )
    if name == "report":
        report_id = bulk.stage.known[act.source_id].report_id
        bulk.ledger.make(ReportPhoto, report_id=report_id, attachment_id=made.pk)
    held.photos.append((name, Photo(at=act.at, ref=file.sha256)))
    bulk.write(case.pk, "attach", actor, act.at, {"file": file.sha256, "stage": name})


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


STEPS: Mapping[str, Callable[[Bulk, Held, Act], None]] = {
    "accept": _accept, "decline": _decline, "dispatch": _dispatch, "redispatch": _redispatch, "sign": _sign,
    "designate": _sign, "note": _note, "object": requests.raise_objection, "uphold": requests.decide_objection,
    "reject": requests.decide_objection,
    "ask_extension": requests.ask_extension, "grant_extension": requests.grant_extension, "ask_suspension": requests.ask_suspension,
    "grant_suspension": requests.grant_suspension, "milestone": requests.milestone, "resume": requests.resume, "feedback": _feedback,
    "check_pass": _check_pass, "check_fail": _check_fail, "reopen": _reopen, "return_call": _return_call,
    "rate": _rate, "archive": _archive, "merge": _merge, "attach": _attach,
}  # fmt: skip
