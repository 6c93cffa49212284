"""Why a row of a table was not taken, in words: the codes of what cleaning, checking and changing refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from .fields import FIELDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REASONS: Final[dict[str, StrOrPromise]] = {
    "required": _("没有填，这一项必填"),
    "bad_choice": _("没有这个选项，请照模板第二行写"),
    "bad_date": _("看不懂的日期，请写成 2025-03-01"),
    "bad_number": _("应该是数字（编号应是导出表里的原编号）"),
    "out_of_range": _("数字不在合理范围内"),
    "bad_phone": _("不像电话号码"),
    "bad_id_number": _("不像身份证号，或校验位不对"),
    "bad_code": _("统一社会信用代码应为 18 位"),
    "bad_text": _("有不能用的字符"),
    "too_long": _("写得太长"),
    "unknown_record": _("指向的记录没有登记，或已注销；请先导入它"),
    "unknown_field": _("没有这一项"),
    "half_point": _("经度和纬度要一起填"),
    "ends_before": _("结束日期早于开始日期"),
    "small_limits": _("超出了三小场所的范围"),
    "nobody": _("没有写是谁"),
    "self": _("不能是本人"),
    "birth_mismatch": _("与身份证号不符"),
    "known_already": _("这个号码已经登记在别的记录上"),
    "forbidden": _("不在您负责的区域里"),
    "not_found": _("不在您负责的区域里，或没有这条记录"),
    "merged": _("这条已并入另一条，请改那一条"),
    "erased": _("此人的个人信息已按规定删除"),
    "lived_in": _("里面还有人住，不能注销"),
    "has_parts": _("下面还有房屋，不能注销"),
    "on_care_list": _("还在关爱名单上"),
    "not_active": _("这条信息已注销"),
}


def why(code: str) -> str:
    """A reason in words; one without words of its own says how to go on."""
    return str(REASONS.get(code) or _("没有收下，请在页面上单独登记这一条，看它说什么"))


# Why an import stopped before its end.
STOPPED: Final[dict[str, StrOrPromise]] = {
    "forbidden": _("您现在不负责导入这个区域的信息了，请联系管理员核对任职"),
    "registry_resident_id_once": _("同时有人登记了表里的身份证号"),
    "registry_organisation_code_once": _("同时有人登记了表里的信用代码"),
}


def stopped(code: str) -> str:
    """What stopped an import, in words."""
    return str(STOPPED.get(code) or _("中途出了问题，已经收下的都在"))


def which(kind: str, field: str) -> str:
    """The column a reason is about, as the table names it."""
    if field == "uid":
        return str(_("编号"))
    known = FIELDS[kind].get(field)
    return str(known.label) if known else ""
