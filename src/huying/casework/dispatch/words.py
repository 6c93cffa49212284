"""The words people read for reasons of dispatch."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

NO_UNIT = (_("这里还没有承担该事项的单位。"), _("请手工选择单位，并补充权责清单。"))
NO_CATALOGUE = (_("还没有生效的事项目录。"), _("请先发布事项目录，再受理诉求。"))
NOTHING_ABOVE = (_("上面没有可以接收的单位。"), _("可以发起联席会议。"))

WAITS_FOR: dict[str, Promise] = {
    "item_needs_person": _("该事项须由分拨员确认"),
    "unsure_item": _("拿不准是哪一类事项"),
    "close_call": _("有两类事项都很像"),
    "unsure_place": _("位置不够确定"),
    "outside": _("位置在服务范围以外"),
    "no_unit": _("没有找到承办单位"),
    "held": _("来源要求人工分拨"),
    "emergency": _("可能有人身危险，须马上由人判断"),
}


def reason(why: Mapping[str, str]) -> str:
    """One reason of a dispatch in plain words; units by their names in the reader's language."""
    kind = why.get("why", "")
    unit = _name(why, "unit")
    if kind == "responsibility":
        return gettext("权责清单：由%(unit)s牵头") % {"unit": unit}
    if kind == "trade":
        return gettext("按职能和辖区：%(unit)s最近") % {"unit": unit}
    if kind == "not_admitted":
        return gettext("不在%(community)s准入清单内，由%(unit)s承办") % {
            "community": _name(why, "community"),
            "unit": unit,
        }
    if kind == "on_duty":
        return gettext("当前当班：%(person)s") % {"person": why.get("person", "")}
    if kind == "chosen":
        return gettext("分拨员选定")
    if kind == "whistle":
        return gettext("吹哨：%(task)s") % {"task": why.get("task", "")} if why.get("task") else gettext("吹哨协办")
    return ""


def _name(why: Mapping[str, str], role: str) -> str:
    english = (get_language() or "").startswith("en")
    return (english and why.get(f"{role}_en")) or why.get(role, "")
