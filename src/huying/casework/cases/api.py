"""REST: cases, their history, and every step of the lifecycle that needs no new due time (those are in dispatch).

Scopes for keys: ``cases:read``, ``cases:act``. What a key or a person may see and do is the same as on the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from huying.ground.organisation.auth import SignedIn
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.files import accept_upload

from . import access, actions, queries, turns
from .models import Assignment, Case
from .schemas import (
    Answering,
    Arriving,
    CalledMeeting,
    Calling,
    CaseDetail,
    CasePage,
    Deciding,
    Decision,
    Decline,
    Emergency,
    Empty,
    EntryOut,
    FeedbackIn,
    ListQuery,
    Merging,
    MoreTime,
    Note,
    Nothing,
    Objecting,
    OfUnit,
    Outcome,
    Part,
    PartnerScore,
    Passing,
    PlainReason,
    Plan,
    ReachedStep,
    Reason,
    Receipt,
    RefusedPart,
    Sign,
    Telling,
    Text,
    Transferring,
)
from .voices import is_reporters

router = Router()
READ, ACT = SignedIn("cases:read"), SignedIn("cases:act")


def who(request: HttpRequest) -> Actor:
    """The caller, as authenticated."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def case_out(case: Case) -> dict[str, Any]:
    """One case as plain values."""
    return {
        "id": case.pk,
        "number": case.number,
        "title": case.title,
        "state": case.state,
        "light": case.light,
        "item": case.item_code,
        "item_name": case.item.name,
        "area": access.area_of(case),
        "place": case.place_text,
        "lon": case.lon,
        "lat": case.lat,
        "channel": case.channel,
        "urgent": case.urgent,
        "reports": case.reports,
        "unit": case.lead_unit.code if case.lead_unit else None,
        "unit_name": case.lead_unit.name if case.lead_unit else None,
        "person": case.lead_person.name if case.lead_person else None,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "closed_at": case.closed_at,
        "version": case.version,
    }


def detail(actor: Actor, case_id: int) -> dict[str, Any]:
    """A case for its own page, or 404."""
    case = access.get_case(actor, case_id)
    return {
        **case_out(case),
        "summary": case.summary,
        "first_asked_unit": case.first_asked_unit.code if case.first_asked_unit else None,
        "returns": case.returns,
        "locked": case.locked,
        "redos": case.redos,
        "extensions": case.extensions,
        "suspended_at": case.suspended_at,
        "rating": case.rating,
        "solved": case.solved,
        "merged_into": case.merged_into.number if case.merged_into else None,
        "assignments": [_assignment(one) for one in queries.assignments_of(case.pk)],
        "allowed": [str(action) for action in turns.allowed(case, actor, clock.now())],
    }


def _assignment(one: Assignment) -> dict[str, Any]:
    plain = ("role", "state", "sent_at", "respond_due", "due_at", "signed_at", "arrived_at", "delivered_at", "ended_at")
    return {
        **{name: getattr(one, name) for name in plain},
        "unit": one.unit.code,
        "unit_name": one.unit.name,
        "person": one.person.name if one.person else None,
    }


@router.get("/cases", response=CasePage, auth=READ, summary="List cases")
def list_cases(request: HttpRequest, asked: Query[ListQuery]) -> dict[str, Any]:
    """Cases the caller may see, narrowed and paged by key."""
    given = asked.dict()
    order = queries.BY_DUE if given.pop("order") == "due" else queries.NEWEST
    cursor, size = given.pop("cursor"), given.pop("size")
    page = queries.list_page(who(request), queries.Filters(**given), order=order, cursor=cursor, size=size)
    return {"items": [case_out(case) for case in page.rows], "next": page.next, "prev": page.prev}


@router.get("/cases/points", auth=READ, response=list[list[Any]], summary="Open cases inside a map window")
def map_points(request: HttpRequest, west: float, south: float, east: float, north: float) -> list[list[Any]]:
    """``[id, lon, lat, state, light, title]`` of at most 4,000 open cases."""
    found = queries.points(who(request), queries.Filters(), box=(west, south, east, north))
    return [list(one) for one in found]


@router.get("/cases/{int:case_id}", response=CaseDetail, auth=READ, summary="One case")
def get_case(request: HttpRequest, case_id: int) -> dict[str, Any]:
    return detail(who(request), case_id)


@router.get("/cases/{int:case_id}/timeline", response=list[EntryOut], auth=READ, summary="The history of a case")
def get_timeline(request: HttpRequest, case_id: int) -> list[dict[str, Any]]:
    """Every traced step; what reporters said is left out (see /reports)."""
    access.get_case(who(request), case_id)
    return [
        {
            "seq": one.seq,
            "at": one.at,
            "verb": one.verb,
            "actor": one.actor_name,
            "unit": one.unit_id,
            "body": one.body,
            "texts": {label: text for label, text in one.texts.items() if not is_reporters(label)},
        }
        for one in queries.timeline(case_id)
    ]


STEPS: tuple[tuple[str, type[Schema], Callable[..., Any], str], ...] = (
    ("accept", Nothing, actions.accept_case, "受理 Accept"),
    ("decline", Decline, actions.decline_case, "不予受理 Decline, naming the right channel"),
    ("answer", Answering, actions.answer_case, "当场答复 Answer on the spot; it is closed"),
    ("reconsider", PlainReason, actions.reconsider_case, "重新受理 Reconsider a declined case"),
    ("recall", Reason, actions.recall_case, "撤回分拨 Take back before it is signed"),
    ("sign", Sign, actions.sign_case, "签收 Sign"),
    ("object", Objecting, actions.object_to_case, "异议 Object to a dispatch"),
    ("decide-objection", Deciding, actions.decide_objection, "审核异议 Decide an objection"),
    ("arrive", Arriving, actions.arrive, "到场 Check in at the place"),
    ("deliver-part", Part, actions.deliver_part, "提交协办结果 Deliver a part"),
    ("accept-part", OfUnit, actions.accept_part, "认可协办结果 Accept a part"),
    ("refuse-part", RefusedPart, actions.refuse_part, "退回协办结果 Refuse a part"),
    ("rate-partner", PartnerScore, actions.rate_partner, "互评 Rate a partner unit"),
    ("call-meeting", CalledMeeting, actions.call_meeting, "联席会议 Call a joint meeting"),
    ("record-meeting", Decision, actions.record_meeting, "会议结论 Record a meeting's decision"),
    ("ask-extension", MoreTime, actions.ask_extension, "申请延期 Ask for more time"),
    ("grant-extension", Telling, actions.grant_extension, "批准延期 Grant it, telling the reporter"),
    ("refuse-extension", PlainReason, actions.refuse_extension, "不批准延期 Refuse it"),
    ("grant-suspension", Note, actions.grant_suspension, "批准挂账 Grant a suspension"),
    ("refuse-suspension", PlainReason, actions.refuse_suspension, "不批准挂账 Refuse a suspension"),
    ("reach-milestone", ReachedStep, actions.reach_milestone, "完成节点 Reach a milestone"),
    ("resume", Note, actions.resume_case, "恢复办理 Resume"),
    ("transfer-out", Transferring, actions.transfer_out, "转出 Transfer to another channel"),
    ("call-emergency", Emergency, actions.call_emergency, "紧急转接 Call 110/119/120/122"),
    ("record-receipt", Receipt, actions.record_receipt, "登记回执 Record a receipt"),
    ("follow-up", Outcome, actions.follow_up_transfer, "跟踪 Follow up a transfer"),
    ("take-back", PlainReason, actions.take_back_transfer, "收回 Take a transfer back"),
    ("finish-transfer", Empty, actions.finish_transfer, "转办完结 Finish a transfer"),
    ("feedback", FeedbackIn, actions.give_feedback, "反馈 Give feedback with evidence"),
    ("pass-check", Passing, actions.pass_check, "核查通过 Pass the check"),
    ("fail-check", Reason, actions.fail_check, "核查不通过 Fail the check"),
    ("return-call", Calling, actions.record_return_call, "回访 Record a return call"),
    ("redo", PlainReason, actions.order_redo, "退回重办 Send back after closing"),
    ("archive", Empty, actions.archive_case, "归档 Archive"),
    ("merge", Merging, actions.merge_case, "合并 Merge into another open case"),
    ("unmerge", PlainReason, actions.unmerge_case, "撤销合并 Undo a merge"),
    ("note", Text, actions.note_case, "备注 Note"),
    ("remind", Text, actions.remind_case, "催办 Remind"),
    ("make-urgent", PlainReason, actions.make_urgent, "列为紧急 Make urgent"),
)


def _add_step(name: str, body: type[Schema], act: Callable[..., Any], summary: str) -> None:
    def step(request: HttpRequest, case_id: int, given: Any) -> dict[str, Any]:
        return take(request, case_id, act, **given.dict())

    step.__annotations__["given"] = body
    step.__name__ = name.replace("-", "_")
    router.post(f"/cases/{{int:case_id}}/{name}", response=CaseDetail, auth=ACT, summary=summary)(step)


def take(request: HttpRequest, case_id: int, act: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Take one step and answer with the case as it is then."""
    actor = who(request)
    act(case_id, actor=actor, now=clock.now(), **given)
    return detail(actor, case_id)


for _name, _body, _act, _summary in STEPS:
    _add_step(_name, _body, _act, _summary)


@router.post("/cases/{int:case_id}/files", response=CaseDetail, auth=ACT, summary="照片和材料 Add a photo or document")
def add_file(
    request: HttpRequest, case_id: int, file: File[UploadedFile], stage: Form[str], caption: Form[str] = ""
) -> dict[str, Any]:
    """Multipart; ``stage`` is report, before, after or document (only then a PDF). Photos lose their EXIF position."""
    actor, now = who(request), clock.now()
    actions.must_take_files(access.get_case(actor, case_id), stage=stage, actor=actor)
    kept = accept_upload(file, actor=actor, now=now, name=file.name or "", documents=stage == "document")
    actions.attach_file(case_id, kept, stage=stage, actor=actor, now=now, caption=caption)
    return detail(actor, case_id)


@router.post("/cases/{int:case_id}/ask-suspension", response=CaseDetail, auth=ACT, summary="申请挂账 Ask to suspend")
def ask_suspension(request: HttpRequest, case_id: int, given: Plan) -> dict[str, Any]:
    """With a plan: what will be there by which day."""
    plan = [(step.name, step.due) for step in given.milestones]
    return take(request, case_id, actions.ask_suspension, reason=given.reason, milestones=plan, expected=given.expected)
