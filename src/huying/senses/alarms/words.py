"""The words people read about alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huying.kernel.errors import HuyingError, Invalid, Refused
from huying.senses.devices.kinds import kinds

from .engine import SEVERITIES, default_rules
from .models import Alarm
from .rules import Cause, Refusal, State

STATES: Final[Mapping[str, Promise]] = {
    State.ACTIVE: _("报警中"),
    State.ACKNOWLEDGED: _("已确认"),
    State.CLEARED: _("已恢复"),
    State.CLOSED: _("已办结"),
}
CAUSES: Final[Mapping[str, Promise]] = {
    Cause.REAL: _("险情属实"),
    Cause.HAZARD: _("有隐患，未成险情"),
    Cause.FALSE_DEVICE: _("误报：设备故障"),
    Cause.FALSE_PLACE: _("误报：油烟、水汽、灰尘等干扰"),
    Cause.FALSE_HAND: _("误报：误触误按"),
    Cause.WORKS: _("施工或检修"),
    Cause.POWER: _("断电"),
    Cause.NETWORK: _("网络中断"),
    Cause.BATTERY: _("电量耗尽"),
    Cause.GATEWAY: _("网关离线"),
    Cause.TEST: _("测试"),
    Cause.ITSELF: _("自行恢复"),
    Cause.STOPPED: _("设备停用"),
    Cause.OTHER: _("其他"),
}
WHO: Final[Mapping[str, Promise]] = {
    "guardian": _("监护人"),
    "keeper": _("保管人"),
    "family": _("家属"),
    "grid_worker": _("网格员"),
    "duty": _("值班人员"),
    "unit_lead": _("单位负责人"),
    "centre": _("中心负责人"),
    "110": _("110 报警"),
    "119": _("119 火警"),
    "120": _("120 急救"),
    "122": _("122 交通事故"),
    "96777": _("96777 燃气抢修"),
}
CHANNELS: Final[Mapping[str, Promise]] = {"app": _("站内通知"), "sms": _("短信"), "voice": _("语音电话")}
RESULTS: Final[Mapping[str, Promise]] = {
    "waiting": _("待发送"),
    "sent": _("已送出"),
    "failed": _("没有送到"),
    "answered": _("已响应"),
    "nobody": _("没有安排人"),
    "no_consent": _("本人未同意告知"),
    "to_make": _("请人工拨打"),
    "made": _("已拨打"),
    "stopped": _("不再需要"),
}
_REFUSALS: Final[Mapping[Refusal, Promise]] = {
    Refusal.CLOSED: _("这条报警已经办结"),
    Refusal.ACKNOWLEDGED: _("%(name)s已经在处理"),
    Refusal.CAUSE_UNKNOWN: _("请选择报警原因"),
    Refusal.WORDS_NEEDED: _("请写明是什么原因"),
    Refusal.HAS_CASE: _("这条报警已经立案，请在事件里办结并填写原因"),
    Refusal.NOT_TEST: _("这条报警不是测试"),
}
_INPUTS: Final = {Refusal.CAUSE_UNKNOWN: "cause", Refusal.WORDS_NEEDED: "words"}


def refused(why: Refusal, alarm: Alarm | None = None) -> HuyingError:
    """The error for a refusal, in words."""
    said = _REFUSALS[why]
    if why in _INPUTS:
        return Invalid(said, code=str(why), field=_INPUTS[why])
    if why == Refusal.ACKNOWLEDGED:
        return Refused(str(said) % {"name": alarm.acknowledged_name if alarm else ""}, code=str(why))
    return Refused(said, code=str(why))


def kind_words(kind: str, device_kind: str = "") -> str:
    """What an alarm warns of, in the reader's language: the name its rules give it."""
    for code in [device_kind, *kinds()] if device_kind else kinds():
        for rule in default_rules(code):
            if rule.alarm == kind:
                return str(rule.name)
    return kind


def severity_words(severity: int) -> str:
    """提示, 预警, 报警, 紧急."""
    found = SEVERITIES.get(severity)
    return str(found) if found else str(severity)


def said_by(alarm: Alarm) -> str:
    """What the rule said, in the reader's language."""
    english = (translation.get_language() or "").startswith("en")
    return alarm.words_en if english and alarm.words_en else alarm.words_zh


def title_of(alarm: Alarm) -> str:
    """One line for the list, a notice and a case: what, where."""
    place = alarm.device.address or alarm.device.name
    return f"{kind_words(alarm.kind, alarm.device.kind)} · {place}"[:80]


def message_of(alarm: Alarm) -> str:
    """What a text message or a voice call says. No measured value: a telephone may lie open on a table."""
    moment = date_format(timezone.localtime(alarm.opened_at), "H:i")
    return gettext("%(title)s，%(at)s 发生，请马上查看。设备 %(name)s（%(code)s）") % {
        "title": title_of(alarm),
        "at": moment,
        "name": alarm.device.name,
        "code": alarm.device.code,
    }


def case_text(alarm: Alarm) -> str:
    """What a case says that an alarm opened. A private value stays with the device."""
    return gettext(
        "%(kind)s（%(severity)s）：%(address)s，设备“%(name)s”（%(code)s），%(at)s 起。请到场核实，并登记报警原因。"
    ) % {
        "kind": kind_words(alarm.kind, alarm.device.kind),
        "severity": severity_words(alarm.severity),
        "address": alarm.device.address or gettext("地址未登记"),
        "name": alarm.device.name,
        "code": alarm.device.code,
        "at": date_format(timezone.localtime(alarm.opened_at), "SHORT_DATETIME_FORMAT"),
    }
