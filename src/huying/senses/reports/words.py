"""The words people read about voices: what a reporter was told, on screen and in a message to their phone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from huying.casework.cases.actions.transferring import CHANNELS
from huying.shell.words import moment_words

from .rules import Told, spoken_tracking_code

LONGEST_WORDS = 120  # of a reply inside a message; the whole of it stands behind the tracking code

TOLD: dict[Told, StrPromise] = {
    Told.RECEIVED: _("已收到"),
    Told.DISPATCHED: _("告知由谁办理"),
    Told.EXTENDED: _("告知延期"),
    Told.SUSPENDED: _("告知列入计划"),
    Told.DECLINED: _("告知不予受理"),
    Told.MERGED: _("告知合并办理"),
    Told.TRANSFERRED: _("告知转出"),
    Told.SENT_BACK: _("告知重新办理"),
    Told.ANSWERED: _("答复办理结果"),
    Told.UNMERGED: _("告知分开办理"),
    Told.SPLIT: _("告知其余的事单独办理"),
}


def told_words(kind: str) -> str:
    """What a telling was about."""
    return str(TOLD[Told(kind)]) if kind in set(Told) else kind


def sentence(kind: str, body: Mapping[str, Any], *, unit: str, now: datetime) -> str:
    """What is said to a reporter, in one sentence that says the due time; "" for what is not worth a message."""
    words = str(body.get("words") or "").strip()[:LONGEST_WORDS]
    channel = str(CHANNELS.get(str(body.get("channel", "")), ""))
    if kind == Told.DISPATCHED:
        due = _moment(body.get("due"), now)
        if due:
            return gettext("已交%(unit)s办理，%(due)s前办结。") % {"unit": unit, "due": due}
        return gettext("已交%(unit)s办理。") % {"unit": unit}
    if kind == Told.EXTENDED:
        return gettext("办理时间延长到%(until)s。%(words)s") % {
            "until": _moment(body.get("until"), now),
            "words": words,
        }
    if kind == Told.SUSPENDED:
        return gettext("这件事需要较长时间，已列入计划按步骤办理。")
    if kind == Told.DECLINED:
        return gettext("这件事不在受理范围内：%(words)s。可以向%(channel)s反映。") % {
            "words": words,
            "channel": channel,
        }
    if kind == Told.MERGED:
        return gettext("与事件%(number)s是同一件事，一并办理和答复。") % {"number": body.get("into", "")}
    if kind == Told.TRANSFERRED:
        return gettext("已转%(channel)s，我们会继续跟踪。") % {"channel": channel}
    if kind == Told.SENT_BACK:
        return gettext("已退回承办单位重新办理。")
    if kind == Told.SPLIT:
        codes = gettext("、").join(spoken_tracking_code(str(one)) for one in body.get("codes", ()))
        return gettext("您说的其余的事单独办理，查询码%(codes)s。") % {"codes": codes}
    if kind == Told.ANSWERED:
        return gettext("已办结：%(words)s") % {"words": words}
    return ""


def message(title: str, sentences: list[str], code: str) -> str:
    """The whole message to a phone: what it is about, what is said, how to follow it."""
    return gettext("【呼应】您反映的“%(title)s”：%(said)s查询码 %(code)s") % {
        "title": title,
        "said": "".join(sentences),
        "code": spoken_tracking_code(code),
    }


def _moment(text: Any, now: datetime) -> str:
    found = parse_datetime(str(text)) if text else None
    return moment_words(found, now) if found else ""
