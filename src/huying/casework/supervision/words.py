"""The words people read about supervision orders."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .rules import Cause, Grade, State

CAUSES: dict[str, Promise] = {
    Cause.OVERDUE: _("严重超时"),
    Cause.REPEATED_RETURNS: _("多次退回"),
    Cause.REPEATED_REDO: _("多次返工"),
    Cause.REFUSAL: _("拒不签收"),
    Cause.MANUAL: _("人工督办"),
}
GRADES: dict[str, Promise] = {
    Grade.ROUTINE: _("一般督办"),
    Grade.LISTED: _("挂牌督办"),
    Grade.INTERVIEW: _("约谈"),
}
STATES: dict[str, Promise] = {
    State.OPEN: _("待回复"),
    State.ANSWERED: _("已回复，待审定"),
    State.CLOSED: _("已了结"),
}
STEPS: dict[str, Promise] = {
    "raise": _("发出督办"),
    "answer": _("回复"),
    "send_back": _("退回重新回复"),
    "escalate": _("提级"),
    "remind": _("催办"),
    "close": _("了结"),
    "chase": _("逾期未回复提醒"),
}
WHAT: dict[str, Promise] = {
    "overdue": _("超时未办"),
    "black": _("严重超时"),
    "bounced": _("被退回过"),
    "bad": _("办得不好"),
}
REFUSALS: dict[str, tuple[Promise, Promise]] = {
    "not_in_this_state": (_("这张督办单现在不能这样处理"), _("请刷新页面看看它的最新状态")),
    "not_yours": (_("这一步不由您办理"), _("单位回复，督办人员催办和了结，中心负责人约谈")),
    "only_upwards": (_("督办级别只能升，不能降"), _("请选择更高的级别")),
    "nobody_to_ask": (_("找不到可以督办的单位"), _("请先在机构管理中设置该区域的治理中心")),
}
