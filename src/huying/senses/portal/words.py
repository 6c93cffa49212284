"""What residents read about their matter: plain sentences, no office words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from huying.casework.cases.actions.transferring import CHANNELS
from huying.casework.cases.rules import State

Text = str | Promise


class Named(Protocol):
    """Anything with a name in both languages: a unit, an item, an area."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def own_name(one: Named) -> str:
    """The name in the reader's language; Chinese where there is no other."""
    english = (get_language() or "").startswith("en")
    return (one.name_en if english else "") or one.name


@dataclass(frozen=True, slots=True)
class Door:
    """One of the four doors. Without an address it says where to go instead of leading nowhere."""

    name: Text
    icon: str
    there: Text
    url_name: str = ""


DOORS = (
    Door(_("码上办"), "send", _("说一件事，看办到哪了"), "report"),
    Door(_("码上知"), "info", _("身边正在办和办好的事"), "around"),
    Door(_("码上享"), "heart", _("活动和场地：请到社区服务站报名")),
    Door(_("码上学"), "book", _("课堂和讲座：社区服务站有课表")),
)
EMERGENCY_LINES: Mapping[str, Text] = {
    "110": _("有人身危险或正在违法"),
    "119": _("着火、冒烟、有人被困"),
    "120": _("有人受伤或突然发病"),
    "122": _("交通事故"),
}

_STATUS: Mapping[State, tuple[Text, Text]] = {
    State.PENDING: (_("已收到，正在安排由谁来办"), _("值班人员正在看您反映的事。")),
    State.ACCEPTED: (_("正在安排由谁来办"), _("值班人员会转给负责的单位。")),
    State.DISPATCHED: (_("已转给%(unit)s"), _("等他们接手，接手后您会在这里看到。")),
    State.OBJECTED: (_("正在核实由哪个单位来办"), _("您不用重新反映，我们会安排好。")),
    State.HANDLING: (_("%(unit)s正在办"), _("办好后，会由另一位工作人员核查。")),
    State.SUSPENDED: (_("需要长一些时间，正按计划推进"), _("下面写着每一步打算什么时候完成。")),
    State.CHECKING: (_("已经处理，正在核查是不是真的办好了"), _("核查的人不是办事的人。")),
    State.CLOSED: (_("办完了，请您评一评"), _("如果没解决，点“没解决”，会退回去重新办。")),
    State.TRANSFERRED: (_("已转给%(channel)s"), _("我们会跟踪结果，有消息就告诉您。")),
    State.DECLINED: (_("这件事要找别的部门办"), _("该找谁、怎么找，写在下面。")),
    State.MERGED: (_("与同一件事合并办理"), _("办好了一样会告诉您。")),
    State.ARCHIVED: (_("办完了，已经存档"), _("如果问题又出现了，请再反映一次。")),
}


def status(state: str, *, unit: str = "", channel: str = "") -> tuple[str, str]:
    """Where a matter is, in one sentence, and what that means."""
    title, means = _STATUS[State(state)]
    nobody = gettext("负责单位")
    return str(title) % {"unit": unit or nobody, "channel": channel_name(channel)}, str(means)


def short_status(state: str) -> str:
    """One or two words for a list."""
    return str(_SHORT[State(state)])


_SHORT: Mapping[State, Text] = {
    State.PENDING: _("已收到"),
    State.ACCEPTED: _("已收到"),
    State.DISPATCHED: _("已转交"),
    State.OBJECTED: _("核实中"),
    State.HANDLING: _("正在办"),
    State.SUSPENDED: _("按计划办"),
    State.CHECKING: _("核查中"),
    State.CLOSED: _("办完了"),
    State.TRANSFERRED: _("已转出"),
    State.DECLINED: _("请找别的部门"),
    State.MERGED: _("合并办理"),
    State.ARCHIVED: _("办完了"),
}


def channel_name(channel: str) -> str:
    """The other side a matter was handed to; free text is given back as it is."""
    return str(CHANNELS.get(channel, channel)) or gettext("其他单位")


# A step of the trace → (sentence, icon). Steps that are not here are nobody's business but the office's.
STEPS: Mapping[str, tuple[Text, str]] = {
    "open": (_("最早有居民反映了这件事"), "megaphone"),
    "answer": (_("%(unit)s当场答复了您，办完了"), "chat"),
    "accept": (_("已受理，正在安排由谁来办"), "inbox"),
    "dispatch": (_("转给了%(unit)s"), "send"),
    "designate": (_("确定由%(unit)s来办"), "send"),
    "recall": (_("正在调整由谁来办"), "refresh"),
    "sign": (_("%(unit)s接手了"), "check"),
    "object": (_("正在核实由哪个单位来办"), "search"),
    "uphold_objection": (_("会换一个更合适的单位来办"), "refresh"),
    "reject_objection": (_("核实过了，仍由原来的单位来办"), "check"),
    "escalate": (_("上报给了%(unit)s，由他们接着办"), "arrow-up"),
    "whistle": (_("请%(units)s一起来办"), "people"),
    "arrive": (_("%(unit)s到现场了"), "pin"),
    "call_meeting": (_("几家单位要一起商量怎么办"), "people"),
    "record_meeting": (_("几家单位商量出了办法"), "people"),
    "reach_milestone": (_("完成了一步：%(milestone)s"), "check"),
    "resume": (_("继续往下办"), "play"),
    "reach_stage": (_("办完了其中一个阶段"), "check"),
    "wait_for_reporter": (_("需要反映人补充情况，补充后接着办"), "chat"),
    "end_wait": (_("补充的情况收到了，接着办"), "play"),
    "transfer_out": (_("转给了%(channel)s"), "forward"),
    "call_emergency": (_("已经通知%(channel)s"), "phone"),
    "record_receipt": (_("%(channel)s收到了"), "check"),
    "follow_up": (_("我们向%(channel)s问过进展"), "eye"),
    "take_back": (_("转回来了，由我们接着办"), "return"),
    "finish_transfer": (_("%(channel)s办完了"), "check-circle"),
    "give_feedback": (_("处理过了，等待核查"), "camera"),
    "fail_check": (_("核查发现还没办好，退回去重新办"), "return"),
    "pass_check": (_("核查通过，办完了"), "check-circle"),
    "order_redo": (_("还没解决，退回去重新办"), "return"),
    "remind": (_("有人催过，已提醒办事的单位"), "bell"),
    "join": (_("又有一位居民反映了同一件事"), "people"),
    "absorb": (_("又有居民反映了同一件事，一起办"), "people"),
    "merge": (_("与您反映的同一件事合并办理"), "merge"),
    "unmerge": (_("是另一件事，改为单独办理"), "layers"),
    "reconsider": (_("重新受理了"), "refresh"),
}
TOLD: Mapping[str, tuple[Text, str]] = {
    "dispatched": (_("转给了%(unit)s"), "send"),
    "extended": (_("需要多一点时间"), "clock"),
    "suspended": (_("需要长一些时间，改为按计划推进"), "calendar"),
    "transferred": (_("转给了%(channel)s"), "forward"),
    "sent_back": (_("还没解决，退回去重新办"), "return"),
    "answered": (_("核查通过，办完了"), "check-circle"),
    "merged": (_("与您反映的同一件事合并办理"), "merge"),
    "split": (_("您说的其余的事单独办理"), "layers"),
    "unmerged": (_("是另一件事，改为单独办理"), "layers"),
}


def sentence(steps: Mapping[str, tuple[Text, str]], verb: str, **names: Any) -> tuple[str, str]:
    """The sentence and icon of a step, with names filled in."""
    text, icon = steps[verb]
    known = {"unit": gettext("负责单位"), "units": gettext("其他单位"), "channel": gettext("其他单位"), "milestone": ""}
    return str(text) % {**known, **{name: value for name, value in names.items() if value}}, icon


SCORES = (
    (5, _("很满意")),
    (4, _("满意")),
    (3, pgettext_lazy("rating", "一般")),
    (2, _("不太满意")),
    (1, _("不满意")),
)


def who_sees(*, anonymous: bool, hide: bool) -> str:
    """Who can see who reported."""
    if anonymous:
        return gettext("您没有留下姓名和电话，谁也不知道这是您反映的。请保管好查询码，只有它能查到这件事。")
    if hide:
        return gettext("办事的单位看不到您是谁。只有中心的值班和回访人员，在需要联系您时才能看到。")
    return gettext("办事的单位能看到您留的称呼和电话，只为联系您；别的居民看不到。")
