"""The words the staff screens use for what hangs on a case."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

from .models import Assignment
from .queries_desk import Queue

QUEUES: dict[Queue, StrPromise] = {
    Queue.MINE: _("待我办"),
    Queue.ASSIST: _("协办"),
    Queue.FIRST: _("首问"),
    Queue.DECIDE: _("待审批"),
    Queue.CHECK: _("待核查"),
    Queue.CALL: _("待回访或归档"),
    Queue.ALL: _("全部"),
}

# Empty lists say what would stand in them and how to begin.
EMPTY: dict[Queue, tuple[StrPromise, StrPromise]] = {
    Queue.MINE: (_("手上没有待办"), _("分拨给本单位或您本人的事件会按到期先后列在这里。")),
    Queue.ASSIST: (_("没有要协办的事件"), _("别的单位吹哨请本单位协办时，会列在这里。")),
    Queue.FIRST: (_("没有首问在外的事件"), _("本单位首问、由别的单位主办的事件会列在这里，便于跟踪。")),
    Queue.DECIDE: (_("没有待审批的申请"), _("异议、延期和挂账申请会列在这里。")),
    Queue.CHECK: (_("没有待核查的事件"), _("承办单位反馈结果后，事件会列在这里等您核查。")),
    Queue.CALL: (_("没有待回访或归档的事件"), _("结案还没归档的都在这里；现在能打电话回访的，在“回访”里。")),
    Queue.ALL: (_("还没有事件"), _("居民反映、网格上报或设备报警后，事件会列在这里。")),
}

PART_STATES: dict[Assignment.State, StrPromise] = {
    Assignment.State.SENT: _("待签收"),
    Assignment.State.SIGNED: _("已签收"),
    Assignment.State.ARRIVED: _("已到场"),
    Assignment.State.DELIVERED: _("已交结果"),
    Assignment.State.ACCEPTED: _("已认可"),
    Assignment.State.RETURNED: _("已退回"),
    Assignment.State.RECALLED: _("已撤回"),
    Assignment.State.PASSED_UP: _("已上报"),
    Assignment.State.DROPPED: _("已终止"),
}

SUBJECTS: dict[str, StrPromise] = {
    "premises": _("房屋场所"),
    "organisation": _("单位组织"),
    "facility": pgettext_lazy("one", "设施"),
    "device": pgettext_lazy("one", "设备"),
}
