"""What the states and causes of operations are called on the screen."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from .rules import Cause, State

STATES: Mapping[str, StrOrPromise] = {
    State.WAITING: _("等待中"),
    State.APPLIED: _("已收好"),
    State.CONFLICT: _("说法不一，待人定"),
    State.REFUSED: _("没有收下"),
    State.REMOVED: _("已移除"),
}
CAUSES: Mapping[str, StrOrPromise] = {
    Cause.QUEUED: _("刚收到，马上处理"),
    Cause.AFTER: _("等前面的一条"),
    Cause.BRANCH: _("前面的一条还没收好"),
    Cause.UPLOAD: _("照片或录音还没传完"),
    Cause.BASE: _("等它依据的资料先到"),
    Cause.FAULT: _("处理时出了问题，会自动再试"),
}
KINDS: Mapping[str, StrOrPromise] = {
    "duty": _("上下岗"),
    "position": _("轨迹"),
    "report": _("上报"),
    "submission": _("填表"),
    "record": _("改信息"),
    "check_in": _("打卡"),
    "look": _("查看资料"),
    "skip": _("说明没做"),
}


def why(state: str, cause: str, message: str) -> StrOrPromise:
    """Why an operation stands where it does, in a sentence.

    ``message`` was kept in the language of the place; where it is one of ours it is said in the reader's.
    """
    return _in_own_words(message) or CAUSES.get(cause, "") or STATES.get(state, state)


def _in_own_words(message: str) -> str:
    """A refusal with what to do about it: each of the two where it is one of ours."""
    if not message:
        return ""
    whole = gettext(message)
    return whole if whole != message else " ".join(gettext(part) for part in message.split(" ") if part)
