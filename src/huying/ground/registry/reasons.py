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
    "newer_home": _("此人已有更晚开始的现住址；这一行是以前的住处，请填上结束日期"),
    "home_earlier": _("此人登记住在这里的日期更早；要改开始日期，请在页面上改"),
    "newer_entry": _("这份名单上已有此人更晚的一条"),
    "one_home": _("此人已有一处现住址"),
    "on_list": _("此人已经在这份名单上"),
    "inside_itself": _("房屋场所不能放在它自己里面"),
    "changed_meanwhile": _("这条信息刚刚被别人改动，请再导入一次"),
    "said_before": _("这一步已经记录过了"),
    "conflict": _("与已登记的信息冲突，请在页面上单独登记这一条，看它说什么"),
    "unknown_version": _("与已登记的信息对不上，请再导入一次"),
    "forbidden": _("不在您负责的区域里"),
    "not_found": _("不在您负责的区域里，或没有这条记录"),
    "merged": _("这条已并入另一条，请改那一条"),
    "erased": _("此人的个人信息已按规定删除"),
    "lived_in": _("里面还有人住，不能注销"),
    "has_parts": _("下面还有房屋，不能注销"),
    "on_care_list": _("还在关爱名单上"),
    "not_active": _("这条信息已注销"),
}

# What a constraint of the database says in the end: its name is too long to be kept with a row, and no word of people's.
CONSTRAINTS: Final[dict[str, str]] = {
    "registry_resident_id_once": "known_already",
    "registry_organisation_code_once": "known_already",
    "registry_residence_one_home": "one_home",
    "registry_careentry_once": "on_list",
    "registry_premises_no_cycle": "inside_itself",
    "registry_premises_small_limits": "small_limits",
    "registry_change_version_once": "changed_meanwhile",
    "registry_change_op_once": "said_before",
    "registry_consent_once": "said_before",
}
LONGEST: Final = 24  # signs that are kept of a reason


def short(code: str) -> str:
    """The code a refusal is kept under. Constraints that have none of their own, and errors without a code, are a conflict."""
    known = CONSTRAINTS.get(code, code)
    return known if known and not known.startswith("registry_") else "conflict"


def why(code: str) -> str:
    """A reason in words; one without words of its own says how to go on."""
    cut = next((reason for name, reason in CONSTRAINTS.items() if name[:LONGEST] == code), code)  # as once kept
    return str(REASONS.get(cut) or _("没有收下，请在页面上单独登记这一条，看它说什么"))


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
