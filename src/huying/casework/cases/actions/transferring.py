"""Handed to somebody outside: 110, a court, petition… never closed by the handing over itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid

from ..access import area_of
from ..facts import AssignmentEnded, CaseTransferred, CaseUnassigned, TransferFollowed
from ..models import Assignment, Transfer
from ..rules import Action, State
from ..turns import Turn, filled, refuse, turning
from .answering import close

FOLLOW_UP_AFTER = timedelta(days=1)
CHANNELS = {
    "110": _("110 公安"),
    "119": _("119 消防"),
    "120": _("120 急救"),
    "122": _("122 交警"),
    "96333": _("96333 电梯救援"),
    "court": _("人民法院"),
    "arbitration": _("仲裁机构"),
    "petition": _("信访部门"),
    "review": _("行政复议机关"),
    "discipline": _("纪检监察机关"),
    "disclosure": _("政府信息公开"),
    "mediation": _("人民调解委员会"),
    "other": _("其他单位"),
}
EMERGENCY_CHANNELS = ("110", "119", "120", "122", "96333")


def transfer_out(case_id: int, *, channel: str, reason: str, actor: Actor, now: datetime, receipt: str = "") -> None:
    """转出: the whole case goes to another channel; it stays here, tracked, until that channel's answer is known."""
    _known(channel)
    given = filled(channel=channel, reason=reason)
    with turning(case_id, Action.TRANSFER_OUT, actor=actor, now=now, given=given) as turn:
        drop_assignments(turn)
        _make(turn, channel, reason, receipt, whole=True)
        turn.change(lead_unit_id=None, lead_person_id=None, due_at=None, light="")


def call_emergency(
    case_id: int, *, channel: str, actor: Actor, now: datetime, reason: str = "", receipt: str = ""
) -> None:
    """一键紧急转接: 110/119/120/122 is on it at once, while the case goes on here for whatever else it needs."""
    if channel not in EMERGENCY_CHANNELS:
        raise Invalid(_("请选择紧急电话"), field="channel")
    with turning(case_id, Action.CALL_EMERGENCY, actor=actor, now=now, given=filled(channel=channel)) as turn:
        turn.change(urgent=True)
        _make(turn, channel, reason, receipt, whole=False)


def record_receipt(case_id: int, *, receipt: str, actor: Actor, now: datetime, transfer_id: int | None = None) -> None:
    """登记回执: the reference number the other side gave. Without ``transfer_id`` of the latest hand-over."""
    with turning(case_id, Action.RECORD_RECEIPT, actor=actor, now=now, given=filled(receipt=receipt)) as turn:
        transfer = _current(turn, transfer_id)
        transfer.receipt, transfer.receipt_at = receipt, now
        transfer.save(update_fields=["receipt", "receipt_at"])
        turn.write({"channel": transfer.channel, "receipt": receipt})


def follow_up_transfer(
    case_id: int, *, outcome: str, actor: Actor, now: datetime, transfer_id: int | None = None
) -> None:
    """跟踪回访: what the other side has done so far. Without ``transfer_id`` of the latest hand-over."""
    with turning(case_id, Action.FOLLOW_UP, actor=actor, now=now, given=filled(outcome=outcome)) as turn:
        transfer = _current(turn, transfer_id)
        if not transfer.receipt:
            raise refuse("no_receipt")
        transfer.outcome, transfer.followed_up_at = outcome, now
        transfer.save(update_fields=["outcome", "followed_up_at"])
        turn.write({"channel": transfer.channel}, outcome=outcome)
        turn.tell(TransferFollowed(case_id=case_id, at=now, by=actor.ref, transfer_id=transfer.pk))


def take_back_transfer(case_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """收回办理: the other side did not take it; first receiver handles."""
    with turning(case_id, Action.TAKE_BACK, actor=actor, now=now, given=filled(reason=reason)) as turn:
        transfer = _current(turn)
        transfer.taken_back_at = now
        transfer.save(update_fields=["taken_back_at"])
        turn.write({"channel": transfer.channel}, reason=reason)
        turn.tell(CaseUnassigned(case_id=case_id, at=now, by=actor.ref, area=area_of(turn.case)))


def finish_transfer(case_id: int, *, actor: Actor, now: datetime) -> None:
    """转办完结: receipt and follow-up are both there; the reporter is called back like for any other case."""
    with turning(case_id, Action.FINISH_TRANSFER, actor=actor, now=now) as turn:
        close(turn, late=False)


def _known(channel: str) -> None:
    if channel not in CHANNELS:
        raise Invalid(_("没有这个渠道"), field="channel")


def _make(turn: Turn, channel: str, reason: str, receipt: str, *, whole: bool) -> None:
    due = turn.now + FOLLOW_UP_AFTER
    made = Transfer.objects.create(
        case=turn.case,
        channel=channel,
        whole=whole,
        reason=reason,
        made_at=turn.now,
        made_by=turn.actor.ref,
        receipt=receipt,
        receipt_at=turn.now if receipt else None,
        follow_up_due=due,
    )
    turn.write({"channel": channel, "whole": whole, "receipt": receipt}, reason=reason)
    turn.tell(
        CaseTransferred(
            case_id=turn.case.pk, at=turn.now, by=turn.actor.ref, channel=channel, whole=whole,
            transfer_id=made.pk, follow_up_due=due,
        )
    )  # fmt: skip


def _current(turn: Turn, transfer_id: int | None = None) -> Transfer:
    """The hand-over meant: of the whole case once it is transferred, before that of an emergency."""
    whole = turn.case.state == State.TRANSFERRED
    found = Transfer.objects.select_for_update().filter(case=turn.case, whole=whole, taken_back_at__isnull=True)
    if transfer_id is not None:
        found = found.filter(pk=transfer_id)
    transfer = found.order_by("-id").first()
    if transfer is None:
        raise refuse("not_handed_over")
    return transfer


def drop_assignments(turn: Turn) -> None:
    live = Assignment.objects.select_for_update().filter(case=turn.case, state__in=Assignment.LIVE)
    for assignment in live:
        assignment.state, assignment.ended_at = Assignment.State.DROPPED, turn.now
        assignment.save(update_fields=["state", "ended_at"])
        turn.tell(
            AssignmentEnded(
                case_id=turn.case.pk,
                at=turn.now,
                by=turn.actor.ref,
                assignment_id=assignment.pk,
                how=Assignment.State.DROPPED,
            )
        )
