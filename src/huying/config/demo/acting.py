"""One act through the real actions of the platform, by the right person of the demo place.

An act that the platform refuses is left out: the history contains only what could have happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from huying.casework.cases import actions as cases
from huying.casework.cases.models import Assignment, Attachment, Case, Milestone, Transfer
from huying.casework.cases.rules import State
from huying.casework.catalogue.models import Item
from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.actions import Call
from huying.casework.dispatch.queries import place_of
from huying.casework.supervision import actions as supervision
from huying.casework.supervision.models import SupervisionOrder
from huying.kernel.actor import Actor, system
from huying.kernel.errors import HuyingError
from huying.senses.reports import actions as reports

from .album import Album
from .crew import Crew
from .intake import Known
from .proof import evidence
from .script import Act

ARCHIVER = system("archive")
REPORTER = Actor("reporter", "portal", "居民")


@dataclass(slots=True)
class Stage:
    """Everything acts need besides the act: the people, the pictures, where each voice's matter is, what was refused."""

    crew: Crew
    album: Album
    known: dict[str, Known] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, verb: str, code: str) -> None:
        name = f"{verb}: {code}"
        self.refused[name] = self.refused.get(name, 0) + 1


def perform(act: Act, stage: Stage) -> bool:
    """Take one act; False when it was refused or nobody could take it."""
    known = stage.known[act.source_id]
    case = Case.objects.select_related("item").get(pk=known.case_id)
    try:
        return _ACTS[act.verb](act, case, known, stage) is not False
    except HuyingError as error:
        stage.refuse(act.verb, error.code)
        return False


def area_of(case: Case) -> str:
    return case.grid or case.community or case.town or case.county


def handler(case: Case, act: Act, crew: Crew) -> Actor | None:
    """Who handles the case for the unit that leads it."""
    if case.lead_unit_id is None:
        return None
    held = crew.actors.get(case.lead_person_id or 0)
    if held is not None and (case.state != State.DISPATCHED or held.has("grid_worker")):
        return held
    return crew.of_unit(case.lead_unit_id, "handler", act.at, act.source_id)


def head(case: Case, act: Act, crew: Crew) -> Actor | None:
    """Who leads the unit that leads the case."""
    return crew.of_unit(case.lead_unit_id, "unit_lead", act.at, act.key) if case.lead_unit_id else None


def of_centre(case: Case, act: Act, crew: Crew, role: str = "") -> Actor | None:
    return crew.of_centre(role or act.by, area_of(case), act.at, act.key)


def found_evidence(act: Act, case: Case, item: Item, began: datetime, by: str) -> dict[str, object]:
    """The evidence of an answer. ``began`` is when the unit had the matter in hand."""
    return evidence(
        item.conditions, at=act.at, began=min(began, act.at - timedelta(minutes=20)), by=by, text=act.text, key=act.key,
        photos=item.needs_photo_min, line=item.emergency_line,
    )  # fmt: skip


# --- each act ----------------------------------------------------------------------------------------------------

Taken = bool | None


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


def _whistle(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := head(case, act, stage.crew)) is None:
        return False
    wanted = act.get("units", 3)
    units = [unit for unit in concerned(case, stage.crew) if unit != case.lead_unit_id]
    calls = [Call(unit, limit="1wd", task="到场联合处置") for unit in units[: int(str(wanted))]]
    dispatch.whistle(case.pk, calls, reason=act.text, actor=actor, now=act.at)
    return None


def _arrive(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    parts = list(case.assignments.filter(role="assist", state__in=("sent", "signed")).order_by("id"))
    if not parts:
        return False
    actor = stage.crew.of_unit(parts[0].unit_id, "handler", act.at, act.key)
    if actor is None:
        return False
    lon, lat = (case.lon + 0.0003, case.lat) if case.lon is not None and case.lat is not None else (None, None)
    cases.arrive(case.pk, actor=actor, now=act.at, unit_id=parts[0].unit_id, lon=lon, lat=lat)
    return None


def _deliver_parts(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    for place, part in enumerate(_parts(case, ("sent", "signed", "arrived"))):
        actor = stage.crew.of_unit(part.unit_id, "handler", act.at, act.key)
        if actor is not None:
            at = act.at + timedelta(minutes=2 * place)
            cases.deliver_part(case.pk, text=act.text, actor=actor, now=at, unit_id=part.unit_id)
    return None


def _accept_parts(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := handler(case, act, stage.crew)) is None:
        return False
    for place, part in enumerate(_parts(case, ("delivered",))):
        at = act.at + timedelta(minutes=2 * place)
        cases.accept_part(case.pk, unit_id=part.unit_id, actor=actor, now=at)
        cases.rate_partner(case.pk, unit_id=part.unit_id, score=4 + part.pk % 2, note=act.text, actor=actor, now=at)
    return None


def _parts(case: Case, states: tuple[str, ...]) -> list[Assignment]:
    return list(case.assignments.filter(role="assist", state__in=states).order_by("id"))


def _call_meeting(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    units = concerned(case, stage.crew)[:4]
    planned = (act.at + timedelta(days=1)).replace(hour=1, minute=30, second=0, microsecond=0)
    cases.call_meeting(case.pk, purpose=act.text, unit_ids=units, actor=actor, now=act.at, planned_at=planned)
    return None


def _record_meeting(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "centre_lead")) is None:
        return False
    cases.record_meeting(case.pk, decision=act.text, actor=actor, now=act.at)
    return None


def _ask_extension(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    actor = handler(case, act, stage.crew)
    until = later_due(case, act.at)
    if actor is None or until is None:
        return False
    cases.ask_extension(case.pk, reason=act.text, until=until, actor=actor, now=act.at)
    return None


def later_due(case: Case, at: datetime) -> datetime | None:
    """A due time a unit may ask for: two thirds of its limit more, to the half hour."""
    if case.due_at is None or case.due_at <= at:
        return None
    more = max((case.due_at - case.opened_at) * 0.6, timedelta(hours=1))
    until = (case.due_at + more).astimezone(UTC)
    return until.replace(minute=30 * (until.minute // 30), second=0, microsecond=0)


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
    reports.rate_report(known.report_id, score=score, solved=score >= 3, comment=act.text, actor=resident, now=act.at)
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


def _transfer(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, act.by if act.by == "seat" else "dispatcher")) is None:
        return False
    channel, receipt = str(act.get("channel")), str(act.get("receipt"))
    cases.transfer_out(case.pk, channel=channel, reason=act.text, receipt=receipt, actor=actor, now=act.at)
    return None


def _receipt(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    actor = of_centre(case, act, stage.crew, "seat")
    if actor is None or Transfer.objects.filter(case=case, taken_back_at__isnull=True).exclude(receipt="").exists():
        return False
    cases.record_receipt(case.pk, receipt=str(act.get("receipt")), actor=actor, now=act.at)
    return None


def _follow_up(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "seat")) is None:
        return False
    cases.follow_up_transfer(case.pk, outcome=act.text, actor=actor, now=act.at)
    return None


def _finish_transfer(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "dispatcher")) is None:
        return False
    cases.finish_transfer(case.pk, actor=actor, now=act.at)
    return None


def _supervise(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "supervisor")) is None:
        return False
    supervision.raise_order(case.pk, reason=act.text, actor=actor, now=act.at)
    return None


def _answer_order(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    orders = SupervisionOrder.objects.filter(case=case, state="open", unit__isnull=False).order_by("id")
    for order in orders:
        actor = stage.crew.of_unit(order.unit_id or 0, "unit_lead", act.at, act.key)
        if actor is not None:
            supervision.answer_order(order.pk, reply=act.text, actor=actor, now=act.at)
    return None


def _close_order(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    if (actor := of_centre(case, act, stage.crew, "supervisor")) is None:
        return False
    for order in SupervisionOrder.objects.filter(case=case, state="answered").order_by("id"):
        supervision.close_order(order.pk, result=act.text, actor=actor, now=act.at)
    return None


def _attach(act: Act, case: Case, _known: Known, stage: Stage) -> Taken:
    stage_name, kind = str(act.get("stage")), str(act.get("kind"))
    if Attachment.objects.filter(case=case, stage=stage_name).exists():
        return False
    actor = bringer(case, act, stage.crew)
    if actor is None:
        return False
    file = stage.album.print_for(case.pk, kind, "after" if stage_name == "after" else "before", actor, act.at)
    cases.attach_file(case.pk, file, stage=stage_name, actor=actor, now=act.at, caption=act.text)
    return None


def bringer(case: Case, act: Act, crew: Crew) -> Actor | None:
    """Who brings a picture: the reporter with the report, then whoever handles the case."""
    return REPORTER if act.get("stage") == "report" else handler(case, act, crew)


def concerned(case: Case, crew: Crew) -> list[int]:
    """Units that have to do with a case: who assists by the responsibility list, then the neighbours of the street."""
    area = area_of(case)
    row = crew.directory.responsibility(case.item_code, area)
    found = list(row.assist_unit_ids) if row is not None else []
    for trade in ("street_enforcement", "street_sanitation", "police_station", "property", "urban_management"):
        unit = crew.directory.unit_for_trade(trade, area)
        if unit is not None:
            found.append(unit.id)
    allowed = (unit for unit in dict.fromkeys(found) if crew.directory.may_receive(unit, case.item_code, area))
    return [unit for unit in allowed if crew.holders(unit, "handler")]


_ACTS: Mapping[str, Callable[[Act, Case, Known, Stage], Taken]] = {
    "accept": _accept, "decline": _decline, "dispatch": _dispatch, "redispatch": _redispatch, "sign": _sign,
    "designate": _sign, "note": _note, "object": _object, "uphold": _decide_objection, "reject": _decide_objection,
    "escalate": _escalate, "whistle": _whistle, "arrive": _arrive, "deliver_parts": _deliver_parts,
    "accept_parts": _accept_parts, "call_meeting": _call_meeting, "record_meeting": _record_meeting,
    "ask_extension": _ask_extension, "grant_extension": _grant_extension, "ask_suspension": _ask_suspension,
    "grant_suspension": _grant_suspension, "milestone": _milestone, "resume": _resume, "feedback": _feedback,
    "check_pass": _check_pass, "check_fail": _check_fail, "return_call": _return_call, "rate": _rate,
    "reopen": _reopen, "archive": _archive, "merge": _merge, "transfer": _transfer, "receipt": _receipt,
    "follow_up": _follow_up, "finish_transfer": _finish_transfer, "supervise": _supervise,
    "answer_order": _answer_order, "close_order": _close_order, "attach": _attach,
}  # fmt: skip
