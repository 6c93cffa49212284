"""The words people read for states, actions and refusals."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise, StrPromise

from .rules import Action, State

STATES: dict[State, StrPromise] = {
    State.PENDING: _("待受理"),
    State.ACCEPTED: _("待分拨"),
    State.DISPATCHED: _("待签收"),
    State.OBJECTED: _("异议审核"),
    State.HANDLING: _("处置中"),
    State.SUSPENDED: _("挂账"),
    State.CHECKING: _("待核查"),
    State.CLOSED: _("已结案"),
    State.TRANSFERRED: _("已转出"),
    State.DECLINED: pgettext_lazy("state", "不予受理"),
    State.MERGED: _("已合并"),
    State.ARCHIVED: _("已归档"),
}

ACTIONS: dict[Action, StrPromise] = {
    Action.ACCEPT: _("受理"),
    Action.DECLINE: _("不予受理"),
    Action.RECONSIDER: _("重新受理"),
    Action.CORRECT: _("更正事项或位置"),
    Action.ANSWER: _("当场答复"),
    Action.DISPATCH: _("分拨"),
    Action.DESIGNATE: _("指定办理"),
    Action.RECALL: _("撤回分拨"),
    Action.SIGN: _("签收"),
    Action.OBJECT: _("提出异议"),
    Action.UPHOLD_OBJECTION: _("异议成立"),
    Action.REJECT_OBJECTION: _("异议不成立"),
    Action.ESCALATE: _("上报升级"),
    Action.WHISTLE: _("吹哨"),
    Action.ARRIVE: _("到场签到"),
    Action.DELIVER_PART: _("提交协办结果"),
    Action.ACCEPT_PART: _("认可协办结果"),
    Action.REFUSE_PART: _("退回协办结果"),
    Action.RATE_PARTNER: _("互评"),
    Action.CALL_MEETING: _("发起联席会议"),
    Action.RECORD_MEETING: _("记录会议结论"),
    Action.ASK_EXTENSION: _("申请延期"),
    Action.GRANT_EXTENSION: _("批准延期"),
    Action.REFUSE_EXTENSION: _("不批准延期"),
    Action.ASK_SUSPENSION: _("申请挂账"),
    Action.GRANT_SUSPENSION: _("批准挂账"),
    Action.REFUSE_SUSPENSION: _("不批准挂账"),
    Action.REACH_MILESTONE: _("完成节点"),
    Action.RESUME: _("恢复办理"),
    Action.REACH_STAGE: _("登记阶段完成"),
    Action.WAIT_FOR_REPORTER: _("等反映人补充"),
    Action.END_WAIT: _("反映人已补充"),
    Action.TRANSFER_OUT: _("转出"),
    Action.RECORD_RECEIPT: _("登记回执"),
    Action.FOLLOW_UP: _("跟踪回访"),
    Action.TAKE_BACK: _("收回办理"),
    Action.FINISH_TRANSFER: _("转办完结"),
    Action.CALL_EMERGENCY: _("一键紧急转接"),
    Action.GIVE_FEEDBACK: _("反馈结果"),
    Action.PASS_CHECK: _("核查通过"),
    Action.FAIL_CHECK: _("核查不通过"),
    Action.RETURN_CALL: _("登记回访"),
    Action.RATE: _("评价"),
    Action.ORDER_REDO: _("退回重办"),
    Action.ARCHIVE: _("归档"),
    Action.MERGE: _("合并"),
    Action.UNMERGE: _("撤销合并"),
    Action.JOIN: _("加入反映"),
    Action.NOTE: _("备注"),
    Action.ATTACH: _("上传照片和材料"),
    Action.REMIND: _("催办"),
    Action.MAKE_URGENT: _("列为紧急"),
}

# code → (what is wrong, what to do)
REFUSALS: dict[str, tuple[StrPromise, StrPromise]] = {
    "not_in_this_state": (_("事件当前状态不能这样办理。"), _("刷新页面，看看它现在到了哪一步。")),
    "not_yours": (_("这一步不由您办理。"), _("请联系事件的承办单位或分拨中心。")),
    "locked": (_("该事件已指定办理，不能再退回。"), _("如涉及多家单位，可以吹哨请其他单位协办。")),
    "already_urgent": (_("这件事已经是紧急。"), _("刷新页面就看得到。")),
    "too_many_returns": (_("退回次数已达上限。"), _("由中心指定承办单位。")),
    "must_designate": (_("该事件已退回两次，须由中心负责人指定办理。"), _("请中心负责人指定承办单位。")),
    "not_yet_designated": (_("退回未满两次，无需指定办理。"), _("直接分拨即可。")),
    "extension_pending": (_("已有一份延期申请在等待审批。"), _("等审批结果出来再申请。")),
    "extensions_used": (_("延期次数已用完。"), _("确实无法按期完成的，申请挂账并列出节点计划。")),
    "no_extension_asked": (_("没有待审批的延期申请。"), _("可能已有人审批过，请刷新。")),
    "item_not_suspendable": (_("该事项不允许挂账。"), _("可以申请延期，或上报升级。")),
    "suspension_pending": (_("已有一份挂账申请在等待审批。"), _("等审批结果出来再申请。")),
    "no_suspension_asked": (_("没有待审批的挂账申请。"), _("可能已有人审批过，请刷新。")),
    "parts_owed": (_("还有协办单位的结果没有提交或没有认可。"), _("先认可各协办单位的结果，再反馈。")),
    "request_pending": (_("还有延期或挂账申请没有审批。"), _("等审批结果出来再继续。")),
    "no_stage_left": (_("没有还在计时的阶段。"), _("各阶段都已登记，办完后反馈结果。")),
    "already_waiting": (_("已经在等反映人补充。"), _("反映人补充后，点“反映人已补充”。")),
    "waited_already": (_("这件事已经等待过一次。"), _("如仍需时间，请申请延期或挂账。")),
    "not_waiting": (_("这件事没有在等待。"), _("等待到期会自动恢复计时，请刷新。")),
    "no_meeting_called": (_("没有待记录的联席会议。"), _("先发起联席会议。")),
    "own_work": (_("核查和回访不能由经办人自己完成。"), _("请另一位同事来做。")),
    "already_at_top": (_("承办单位已是最高层级，不能再上报。"), _("可以发起联席会议。")),
    "answer_not_enough": (
        _("这类事项要有办理材料才能结案，不能当场答复了结。"),
        _("交给承办单位办理；若是咨询或建议，先把事项选对。"),
    ),
    "not_handed_over": (_("没有转到外面的记录。"), _("先转出或紧急转接，再登记。")),
    "no_receipt": (_("还没有收到接收单位的回执。"), _("先登记回执编号。")),
    "not_followed_up": (_("转出后还没有跟踪回访。"), _("先登记跟踪结果。")),
    "not_called_back": (_("还没有回访，也没有评价。"), _("先回访；连续三次未接通或七天后方可归档。")),
    "never_back_down": (_("已上报升级的事件不能再往下派。"), _("请选择同级或更高层级的单位。")),
    "not_admitted": (_("该事项不在社区准入清单内，不能派给社区。"), _("请派给街道或职能部门。")),
    "only_upwards": (_("升级只能往上。"), _("请选择更高层级的单位。")),
    "target_not_open": (_("只能合并到正在办理的事件。"), _("请选择另一件正在办理的事件。")),
    "target_merged": (_("它并入的事件已又合并到另一件。"), _("先撤销那一次合并，再撤销这一次。")),
    "target_archived": (_("它并入的事件已归档，不能再分开。"), _("确有另一件事，请重新登记。")),
    "same_case": (_("不能合并到事件自己。"), _("请选择另一件事件。")),
    "lead_cannot_assist": (_("主办单位不能同时作协办单位。"), _("请选择其他单位。")),
    "already_assisting": (_("该单位已在协办。"), _("请选择其他单位。")),
    "not_assisting": (_("该单位没有协办任务。"), _("请选择正在协办的单位。")),
    "part_not_delivered": (_("该单位还没有提交协办结果。"), _("等对方提交后再认可。")),
    "unit_ended": (_("该单位已停用。"), _("请选择在用的单位。")),
    "changed_meanwhile": (_("刚才有人先办理了这件事。"), _("刷新后看看最新情况。")),
    "evidence_missing": (_("结案条件还没有满足。"), _("补齐所列材料后再反馈。")),
    "extension_too_long": (_("两次延期合计不能超过原时限。"), _("缩短延期，或申请挂账。")),
    "own_request": (_("不能审批自己提出的申请。"), _("请另一位负责人审批。")),
}


def refusal(code: str) -> tuple[StrOrPromise, StrOrPromise]:
    """What is wrong and what to do, for a refusal code; ``missing_…`` codes name the input to fill in."""
    if code.startswith("missing_"):
        return _("还有必填的内容没有填写。"), _("请补充：%(field)s") % {"field": FIELDS.get(code[8:], code[8:])}
    return REFUSALS[code]


FIELDS: dict[str, StrPromise] = {
    "reason": _("理由"),
    "channel": _("渠道"),
    "unit": _("单位"),
    "units": _("单位"),
    "into": _("合并到哪一件"),
    "text": _("情况说明"),
    "until": _("延长到何时"),
    "told": _("告知居民的话"),
    "milestones": _("节点计划"),
    "milestone": _("节点"),
    "receipt": _("回执编号"),
    "outcome": _("跟踪结果"),
    "evidence": _("办结材料"),
    "reached": _("是否接通"),
    "score": _("评分"),
    "purpose": _("会议事由"),
    "decision": _("会议结论"),
    "stage": _("阶段"),
}
