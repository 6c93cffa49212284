"""The words people read about field work."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .models import KINDS
from .rules import CheckResult, Doubt, FindingState, Severity, SkipReason, TaskState

TASK_KINDS: dict[str, Promise] = {str(code): label for code, label in KINDS}
STATES: dict[str, Promise] = {
    TaskState.OPEN: _("未完成"),
    TaskState.DONE: _("已完成"),
    TaskState.SKIPPED: _("没做成"),
    TaskState.ENDED: _("不用做了"),
}
LATENESS: dict[str, Promise] = {
    "waiting": _("还没到时间"),
    "open": _("可以做了"),
    "late": _("逾期未做"),
    "in_time": _("按时完成"),
    "done_late": _("逾期完成"),
}
WHATS: dict[str, Promise] = {
    "due": _("应完成"),
    "done": _("已完成"),
    "in_time": _("按时完成"),
    "late": _("逾期完成"),
    "overdue": _("逾期未做"),
    "skipped": _("没做成"),
    "waiting": _("还没到期"),
}
SEVERITIES: dict[str, Promise] = {
    Severity.MINOR: pgettext_lazy("severity", "一般"),
    Severity.SERIOUS: _("较重"),
    Severity.AT_ONCE: _("须立即处理"),
}
FINDINGS: dict[str, Promise] = {
    FindingState.OPEN_CASE: _("事件办理中"),
    FindingState.REINSPECT: _("待复查"),
    FindingState.SOLVED: _("已解决"),
    FindingState.AGAIN: _("复查仍不合格"),
    FindingState.WITHDRAWN: _("更正后不成立"),
}
DOUBTS: dict[str, Promise] = {
    Doubt.FAR: _("离巡查点较远"),
    Doubt.FAST: _("移动过快"),
    Doubt.WRONG_CODE: _("扫的是别处的码"),
    Doubt.NO_POSITION: _("没有定位"),
    Doubt.CLOCK: _("手机时间不准"),
    Doubt.SAME_PHOTO: _("照片用过"),
    Doubt.OFF_DUTY: _("不在岗时打卡"),
}
RESULTS: dict[str, Promise] = {
    CheckResult.CONFIRMED: _("属实"),
    CheckResult.DOUBTFUL: _("存疑，待进一步了解"),
    CheckResult.NOT_DONE: _("没有做"),
    CheckResult.UNREACHABLE: _("联系不上"),
}
EFFECTS: dict[str, Promise] = {
    "withdrawn": _("不再算不合格，已撤回"),
    "new_case": _("现在不合格，已立事件"),
    "joined": _("现在不合格，记在原来的事件上"),
    "on_spot": _("改为当场整改，不再等事件"),
    "changed": _("程度、期限或照片改了"),
    "earlier_solved": _("复查的那一项改为已解决"),
    "earlier_again": _("复查的那一项改为仍不合格"),
    "case_noted": _("事件里加了说明，请办理的人看"),
    "case_urgent": _("事件已列为紧急"),
    "case_shut": _("事件已结束归档，不再加说明"),
    "reinspection_ended": _("复查任务不用做了"),
    "registry_applied": _("基础信息已照改"),
    "registry_waiting": _("基础信息的修改等审核"),
    "registry_conflict": _("基础信息别人也改过，两个值都留着，请信息管理员定"),
    "registry_withdrawn": _("原来报的基础信息修改已撤回"),
    "registry_kept": _("已登记的这一条留着，请信息管理员核对"),
    "registry_refused": _("基础信息没有改成，请信息管理员核对"),
}
WARNS: dict[str, Promise] = {
    Doubt.FAR: _("站的地方超出了巡查点的半径和定位误差。常见原因：高楼之间定位漂移、进不了院子。"),
    Doubt.FAST: _("从上一次打卡到这里，比车开得还快。常见原因：其中一次定位漂移。"),
    Doubt.WRONG_CODE: _("二维码是别处的。常见原因：码贴错、换过牌子。"),
    Doubt.NO_POSITION: _("手机没有给出位置。常见原因：室内、没有开定位。"),
    Doubt.CLOCK: _("手机的时间比服务器快。常见原因：手机时间是手调的。"),
    Doubt.SAME_PHOTO: _("照片和以前交过的一模一样。"),
    Doubt.OFF_DUTY: _("打卡时不在岗。常见原因：忘了上岗。"),
}
RISKS: dict[str, Promise] = {"red": _("红色"), "yellow": _("黄色"), "green": _("绿色"), "": _("其他")}
PRIORITIES: dict[int, Promise] = {1: _("优先"), 2: _("普通"), 3: _("可缓")}
MISSED = _("没有巡查")


def skip_label(code: str, reasons: Mapping[str, SkipReason]) -> str:
    """Why a task was passed over, in the reader's language (``queries.skip_reasons``)."""
    if code == "missed":
        return str(MISSED)
    reason = reasons.get(code)
    if reason is None:
        return code
    return reason.en if (get_language() or "").startswith("en") else reason.zh
