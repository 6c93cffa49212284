"""The words of the lifecycle: where a case stands, what may be tried, what somebody is to it."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    PENDING = "pending"  # 待受理
    ACCEPTED = "accepted"  # 待分拨
    DISPATCHED = "dispatched"  # 待签收
    OBJECTED = "objected"  # 异议审核
    HANDLING = "handling"  # 处置中
    SUSPENDED = "suspended"  # 挂账
    CHECKING = "checking"  # 待核查
    CLOSED = "closed"  # 已结案，待回访
    TRANSFERRED = "transferred"  # 已转出，跟踪中
    DECLINED = "declined"  # 不予受理
    MERGED = "merged"  # 已合并
    ARCHIVED = "archived"  # 已归档


class Action(StrEnum):
    """What somebody may try to do to a case."""

    ACCEPT = "accept"
    DECLINE = "decline"
    RECONSIDER = "reconsider"
    CORRECT = "correct"
    ANSWER = "answer"
    DISPATCH = "dispatch"
    DESIGNATE = "designate"
    RECALL = "recall"
    SIGN = "sign"
    OBJECT = "object"
    UPHOLD_OBJECTION = "uphold_objection"
    REJECT_OBJECTION = "reject_objection"
    ESCALATE = "escalate"
    WHISTLE = "whistle"
    ARRIVE = "arrive"
    DELIVER_PART = "deliver_part"
    ACCEPT_PART = "accept_part"
    REFUSE_PART = "refuse_part"
    RATE_PARTNER = "rate_partner"
    CALL_MEETING = "call_meeting"
    RECORD_MEETING = "record_meeting"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    ASK_SUSPENSION = "ask_suspension"
    GRANT_SUSPENSION = "grant_suspension"
    REFUSE_SUSPENSION = "refuse_suspension"
    REACH_MILESTONE = "reach_milestone"
    RESUME = "resume"
    REACH_STAGE = "reach_stage"
    WAIT_FOR_REPORTER = "wait_for_reporter"
    END_WAIT = "end_wait"
    TRANSFER_OUT = "transfer_out"
    RECORD_RECEIPT = "record_receipt"
    FOLLOW_UP = "follow_up"
    TAKE_BACK = "take_back"
    FINISH_TRANSFER = "finish_transfer"
    CALL_EMERGENCY = "call_emergency"
    GIVE_FEEDBACK = "give_feedback"
    PASS_CHECK = "pass_check"
    FAIL_CHECK = "fail_check"
    RETURN_CALL = "return_call"
    RATE = "rate"
    ORDER_REDO = "order_redo"
    ARCHIVE = "archive"
    MERGE = "merge"
    UNMERGE = "unmerge"
    JOIN = "join"
    NOTE = "note"
    ATTACH = "attach"
    REMIND = "remind"
    MAKE_URGENT = "make_urgent"


class Party(StrEnum):
    """What an actor is to this case; worked out in ``access.py``."""

    SYSTEM = "system"
    SEAT = "seat"
    DISPATCHER = "dispatcher"
    CENTRE = "centre"  # centre lead: decides what the dispatcher may not
    LEAD = "lead"  # handler of the unit that leads
    LEAD_HEAD = "lead_head"  # head of the unit that leads
    ASSIST = "assist"  # handler or head of a unit that assists
    CHECKER = "checker"
    SUPERVISOR = "supervisor"
    REPORTER = "reporter"
