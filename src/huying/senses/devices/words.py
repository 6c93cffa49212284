"""Why something about a device is wrong, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .decoding import Garbage
from .kinds import Words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PROBLEMS: Final[dict[str, StrOrPromise]] = {
    "required": _("必填"),
    "too_long": _("太长了"),
    "bad_code": _("设备编号只能用字母、数字、横线和下划线，最多 64 个"),
    "reserved_code": _("这个编号不能用，请换一个"),
    "code_taken": _("这个编号已经登记过"),
    "repeated": _("同一个编号出现了两次"),
    "unknown_kind": _("没有这种设备类型"),
    "bad_area": _("请填写所在社区或网格的编码（12、15 或 17 位）"),
    "unknown_area": _("没有这个社区或网格"),
    "not_your_area": _("您不能在这个区域登记设备"),
    "bad_point": _("经度和纬度要同时填写，并在合理范围内"),
    "unknown_gateway": _("没有这台网关，或它不是网关"),
    "gateway_behind": _("网关不能接在另一台设备后面"),
    "unknown_unit": _("没有这个单位"),
    "unknown_resident": _("没有这位居民的登记信息"),
    "unknown_premises": _("没有这处房屋场所"),
    "unknown_person": _("没有这位工作人员"),
    "bad_contact": _("联系人要么选一位工作人员，要么写明姓名和电话"),
    "too_many_contacts": _("联系人最多九位"),
    "bad_role": _("请选择联系人的身份"),
    "bad_phone": _("电话号码不对"),
    "bad_yes_no": _("请填“是”或“否”"),
    "retired": _("这台设备已停用，不能再改"),
    "fixed": _("登记后不能改"),
}

GARBAGE: Final[dict[str, StrOrPromise]] = {
    "too_long": _("内容太长，最多 256 KB，请分几次送"),
    "not_json": _("内容不是 JSON"),
    "unknown_form": _("看不懂的格式"),
    "too_many": _("一次最多送 1000 条读数"),
    "not_a_batch": _("网关的批次格式不对"),
}


def why(code: str) -> str:
    """A problem of a device's registration in words."""
    return str(PROBLEMS[code])


def garbage_words(error: Garbage) -> str:
    """Why a message is no reading, in words."""
    return str(GARBAGE[error.why])


def said(words: Words) -> str:
    """A kind's or field's name in the language active now."""
    return words.say(get_language() or "zh-hans")
