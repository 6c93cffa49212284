"""The words people read about clocks, lights and notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue.limits import Limit
from huying.casework.catalogue.stage_names import words_of_stage

from .models import Notice

KINDS: dict[str, Promise] = {
    "dispatch": pgettext_lazy("clock", "分拨时限"),
    "respond": _("响应时限"),
    "close": _("办结时限"),
    "objection": _("异议审核时限"),
    "check": _("核查时限"),
    "milestone": _("挂账节点时限"),
    "follow_up": _("转出跟踪时限"),
    "request": _("申请审批时限"),
    "order_reply": _("督办回复时限"),
    "waiting": _("等待反映人补充的时限"),
    "emergency": _("紧急情况分拨时限"),
}
REQUESTS: dict[str, Promise] = {
    "request:extension": _("延期申请审批时限"),
    "request:suspension": _("挂账申请审批时限"),
}
CHANGES: dict[str, Promise] = {
    "extension": _("批准延期"),
    "pause": _("停表"),
    "resume": _("恢复计时"),
    "correction": _("更正日历"),
}
PAUSES: dict[str, Promise] = {
    "suspended": pgettext_lazy("clock", "挂账"),
    "objection": pgettext_lazy("clock", "异议审核"),
    "waiting": _("等待反映人补充"),
}


def kind_words(kind: str, label: str = "") -> str:
    """办结时限, or the name of a stage; for a milestone with the ``label`` of its clock, its own name."""
    family, _colon, name = kind.partition(":")
    if family == "stage":
        return gettext("“%(stage)s”阶段时限") % {"stage": words_of_stage(name)}
    if family == "milestone" and label:
        return gettext("“%(milestone)s”节点时限") % {"milestone": label}
    return str(KINDS.get(kind) or REQUESTS.get(kind) or KINDS.get(family, kind))


def limit_words(limit: Mapping[str, Any]) -> str:
    """How long a clock was given, as people say it: 2个工作小时, 立即（5分钟内）, the event an open one waits for."""
    if not limit.get("kind"):
        return ""
    kept = Limit.from_json(limit)
    if kept.label == "immediate" and kept.amount:
        amount = Limit(kept.kind, kept.amount, "").words
        return gettext("%(at_once)s（%(amount)s内）") % {"at_once": kept.words, "amount": amount}
    return str(kept.words)


def due_words(notice: Notice) -> str:
    """The due time in the reader's language, or nothing."""
    if notice.due_at is None:
        return ""
    return date_format(timezone.localtime(notice.due_at), "SHORT_DATETIME_FORMAT")


def notice_words(notice: Notice) -> str:
    """One sentence: what is asked of the reader, and by when."""
    values = {
        "title": str(notice.body.get("title") or (notice.case.title if notice.case else "")),
        "clock": kind_words(str(notice.body.get("clock", "")), str(notice.body.get("label", ""))),
        "due": due_words(notice),
        "text": str(notice.body.get("text", "")),
        "days": notice.body.get("days", ""),
        "times": notice.body.get("times", ""),
    }
    return str(_SENTENCES.get(notice.kind, _("%(title)s %(text)s"))) % values


_SENTENCES: dict[str, Promise] = {
    "blue": _("“%(title)s”的%(clock)s已过半，%(due)s到期"),
    "yellow": _("“%(title)s”的%(clock)s快到了，%(due)s到期"),
    "red": _("“%(title)s”的%(clock)s已超时，应于%(due)s完成"),
    "black": _("“%(title)s”的%(clock)s严重超时，应于%(due)s完成，已转督办"),
    "remind": _("催办：“%(title)s”应于%(due)s完成，请尽快办理"),
    "urgent": _("“%(title)s”已列为紧急，请马上看"),
    "order": _("督办：“%(title)s”，请于%(due)s前回复"),
    "answered": _("督办已回复：“%(title)s”"),
    "emergency": _("可能有紧急情况，请马上看：“%(title)s”%(text)s"),
    "alarm": _("报警：“%(title)s”，请马上查看"),
    "closed": _("督办已了结：“%(title)s”"),
    "recurring": _("反复发生：“%(title)s”，%(days)s 天里办结后又出现了 %(times)s 次，光办结这一件不够"),
}
