"""The words of the dispatcher's desk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from huying.casework.cases.rules import State
from huying.casework.cases.words import ACTIONS, STATES
from huying.kernel.trace import Entry
from huying.shell.words import ago_words

SURE: dict[str, StrPromise] = {
    "named": _("已由人或设备指明"),
    "high": _("把握较大"),
    "middle": _("有可能"),
    "low": _("把握不大"),
}
CAME_BACK: dict[str, StrPromise] = {
    "recall": _("分拨后撤回"),
    "uphold_objection": _("异议成立，退回重新分拨"),
    "take_back": _("转出后收回"),
    "reconsider": _("重新受理"),
    "unmerge": _("撤销合并"),
}
# Where a resident may go instead, when a matter is declined.
DECLINE_TO = ("court", "arbitration", "petition", "review", "discipline", "disclosure", "mediation", "other")
TABS: dict[str, StrPromise] = {
    "waiting": _("待分拨"),
    "objections": _("异议"),
    "requests": _("延期和挂账"),
    "transfers": _("转出跟踪"),
}


def percent(share: float) -> str:
    """A share 0..1 in per cent. What is not nothing is never called 0 %, what is not certain never 100 %."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{round(share * 100)}%"


def marked(text: str, words: Iterable[str]) -> SafeString:
    """A text with the words that led to a proposal marked."""
    wanted = sorted({word for word in words if word.strip()}, key=len, reverse=True)
    parts = re.split("(" + "|".join(map(re.escape, wanted)) + ")", text, flags=re.IGNORECASE) if wanted else [text]
    pieces = (
        format_html('<mark class="rounded-small bg-brand-tint px-0.5 text-ink">{}</mark>', part) if index % 2 else part
        for index, part in enumerate(parts)
    )
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def faster(entry: Entry | None, state: str, now: datetime) -> str:
    """Who was faster, in one sentence."""
    stands = STATES[State(state)]
    if entry is None:
        return gettext("这件事刚被别人办理，现在是“%(state)s”。") % {"state": stands}
    done = next((said for action, said in ACTIONS.items() if action == entry.verb), None)
    return gettext("%(who)s %(when)s已先办理：%(what)s。现在是“%(state)s”。") % {
        "who": entry.actor_name,
        "when": ago_words(entry.at, now),
        "what": done or stands,
        "state": stands,
    }
