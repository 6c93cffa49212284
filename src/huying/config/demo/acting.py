"""One act through the real actions of the platform, by the right person of the demo place.

An act that the platform refuses is left out: the history contains only what could have happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Attachment, Case, Milestone
from huying.casework.cases.rules import State
from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.queries import place_of
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError
from huying.senses.reports import actions as reports
from huying.senses.reports.models import ReportPhoto

from . import acting_together as together
from .intake import Known
from .roles import ARCHIVER, Stage, Taken, area_of, bringer, concerned, found_evidence, handler, later_due, of_centre
from .script import Act


def perform(act: Act, stage: Stage) -> bool:
    """Take one act; False when it was refused or nobody could take it."""
    known = stage.known[act.source_id]
    case = Case.objects.select_related("item").get(pk=known.case_id)
    try:
        return _ACTS[act.verb](act, case, known, stage) is not False
    except HuyingError as error:
        stage.refuse(act.verb, error.code)
        return False


# --- each act ----------------------------------------------------------------------------------------------------


def _accept(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if case.state != State.PENDING or (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    cases.accept_case(case.pk, actor=actor, now=act.at)
    return None


def _decline(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    cases.decline_case(case.pk, channel=str(act.get("channel")), reason=act.text, actor=actor, now=act.at)
    return None


def _dispatch(act: Act, case: Case, known: Known, stage: Stage) -> Taken:
    """A dispatcher sets right what the proposal got wrong and sends it on; what went out by itself stays."""
    if case.state not in (State.PENDING, State.ACCEPTED):
        return False
    if (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    place = None if area_of(case) else place_of(known.told.area[:12])
    code = known.told.item_code
    dispatch.correct_and_dispatch(case.pk, actor=actor, now=act.at, item_code=code, place=place)
    return None


def _redispatch(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    """After an objection was upheld: to another unit that has to do with it."""
    if case.state != State.ACCEPTED or (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    before = case.assignments.order_by("-id").values_list("unit_id", flat=True).first()
    others = [unit for unit in concerned(case, stage.crew) if unit != before]
    dispatch.dispatch_case(case.pk, actor=actor, now=act.at, unit_id=others[0] if others else None)
    return None


def _sign(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if case.state != State.DISPATCHED or (actor := handler(case, act, stage.crew)) is None:
        return False
    cases.sign_case(case.pk, actor=actor, now=act.at)
    return None


def _note(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    actor = handler(case, act, stage.crew) if act.by == "handler" else of_centre(case, act, stage.crew)
    if actor is None or not act.text:
        return False
    cases.note_case(case.pk, text=act.text, actor=actor, now=act.at)
    return None


def _object(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := handler(case, act, stage.crew)) is None:
        return False
    others = [unit for unit in concerned(case, stage.crew) if unit != case.lead_unit_id]
    suggested = others[0] if others else None
    cases.object_to_case(case.pk, reason=act.text, suggested_unit_id=suggested, actor=actor, now=act.at)
    return None


def _decide_objection(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    cases.decide_objection(case.pk, uphold=act.verb == "uphold", reason=act.text, actor=actor, now=act.at)
    return None


def _escalate(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := handler(case, act, stage.crew)) is None:
        return False
    dispatch.escalate_case(case.pk, reason=act.text, actor=actor, now=act.at)
    return None


def _ask_extension(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    actor = handler(case, act, stage.crew)
    until = later_due(case, act.at)
    if actor is None or until is None:
        return False
    cases.ask_extension(case.pk, reason=act.text, until=until, actor=actor, now=act.at)
    return None


def _grant_extension(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    cases.grant_extension(case.pk, told=act.text, actor=actor, now=act.at)
    return None


def _ask_suspension(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    stones = act.get("milestones")
    actor = handler(case, act, stage.crew)
    if actor is None or not isinstance(stones, list):
        return False
    named = [(stone["name"], date.fromisoformat(stone["planned"])) for stone in stones]
    cases.ask_suspension(case.pk, reason=act.text, milestones=named, actor=actor, now=act.at)
    return None


def _grant_suspension(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    cases.grant_suspension(case.pk, note="同意挂账，按节点推进。", actor=actor, now=act.at)
    return None


def _milestone(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    actor = handler(case, act, stage.crew)
    open_ = Milestone.objects.filter(suspension__case=case, reached_at__isnull=True, name=act.get("name"))
    stone = open_.values_list("pk", flat=True).first()
    if actor is None or stone is None:
        return False
    cases.reach_milestone(case.pk, stone, note="节点已完成，佐证材料已上传。", actor=actor, now=act.at)
    return None


def _resume(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if case.state != State.SUSPENDED or (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    cases.resume_case(case.pk, actor=actor, now=act.at, note="挂账条件消除，恢复办理。")
    return None


def _feedback(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if case.state != State.HANDLING or (actor := handler(case, act, stage.crew)) is None:
        return False
    given = found_evidence(act, case, case.item, case.opened_at, actor.name)
    cases.give_feedback(case.pk, text=act.text, evidence=given, actor=actor, now=act.at)
    return None


def _check_pass(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "checker")) is None:
        return False
    cases.pass_check(case.pk, actor=actor, now=act.at, note=act.text)
    return None


def _check_fail(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "checker")) is None:
        return False
    cases.fail_check(case.pk, reason=act.text, actor=actor, now=act.at)
    return None


def _return_call(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "seat")) is None:
        return False
    reached = bool(act.get("reached"))
    cases.record_return_call(
        case.pk, reached=reached, responded=reached or None, solved=_solved(act), satisfied=_satisfied(act),
        note=act.text, actor=actor, now=act.at,
    )  # fmt: skip
    return None


def _solved(act: Act) -> bool | None:
    return bool(act.get("solved")) if act.get("reached") else None


def _satisfied(act: Act) -> int | None:
    score = act.get("satisfied")
    return int(str(score)) if score is not None else None


def _rate(act: Act, _case: Case, known: Known, _stage: Stage) -> Taken:
    score = int(str(act.get("stars")))
    resident = Actor("resident", f"report:{known.report_id}", "居民")
    reports.rate_report(
        known.report_id, score=score, responded=score > 1, solved=score >= 3, comment=act.text, actor=resident,
        now=act.at,
    )  # fmt: skip
    return None


def _reopen(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "seat")) is None:
        return False
    cases.order_redo(case.pk, reason=act.text, actor=actor, now=act.at)
    return None


def _archive(act: Act, case: Case, _known: Known, _stage: Stage) -> Taken:
    cases.archive_case(case.pk, actor=ARCHIVER, now=act.at)
    return None


def _merge(act: Act, case: Case, known: Known, stage: Stage) -> Taken:
    root = stage.known.get(known.told.fate.into)
    if root is None or (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    cases.merge_case(case.pk, into_id=root.case_id, actor=actor, now=act.at)
    return None


def _attach(act: Act, case: Case, known: Known, stage: Stage) -> Taken:
    stage_name, kind = str(act.get("stage")), str(act.get("kind"))
    if stage_name != "after" and Attachment.objects.filter(case=case, stage=stage_name).exists():
        return False
    actor = bringer(case, act, stage.crew)
    if actor is None:
        return False
    file = stage.album.print_for(case.pk, kind, "after" if stage_name == "after" else "before", actor, act.at)
    photo = cases.attach_file(case.pk, file, stage=stage_name, actor=actor, now=act.at, caption=act.text)
    if stage_name == "report":
        ReportPhoto.objects.create(report_id=known.report_id, attachment=photo)
    return None


_ACTS: Mapping[str, Callable[[Act, Case, Known, Stage], Taken]] = {
    "accept": _accept, "decline": _decline, "dispatch": _dispatch, "redispatch": _redispatch, "sign": _sign,
    "designate": _sign, "note": _note, "object": _object, "uphold": _decide_objection, "reject": _decide_objection,
    "escalate": _escalate, "whistle": together.whistle, "arrive": together.arrive, "deliver_parts": together.deliver_parts,
    "accept_parts": together.accept_parts, "call_meeting": together.call_meeting, "record_meeting": together.record_meeting,
    "ask_extension": _ask_extension, "grant_extension": _grant_extension, "ask_suspension": _ask_suspension,
    "grant_suspension": _grant_suspension, "milestone": _milestone, "resume": _resume, "feedback": _feedback,
    "check_pass": _check_pass, "check_fail": _check_fail, "return_call": _return_call, "rate": _rate,
    "reopen": _reopen, "archive": _archive, "merge": _merge, "transfer": together.transfer, "receipt": together.receipt,
    "follow_up": together.follow_up, "finish_transfer": together.finish_transfer, "supervise": together.supervise,
    "answer_order": together.answer_order, "close_order": together.close_order, "attach": _attach,
}  # fmt: skip
