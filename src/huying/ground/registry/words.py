"""Words the registry's screens share: tabs, purposes of opening personal data, states, freshness."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .fields import FIELDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TABS: Final[tuple[tuple[str, StrOrPromise], ...]] = (
    ("", _("全部")),
    ("person", _("人员")),
    ("premises", _("房屋场所")),
    ("organisation", _("单位组织")),
    ("facility", _("设施")),
    ("household", _("住户")),
    ("care", _("关爱名单")),
)
# Why somebody may open personal data. What is chosen stands first in the log, what is written follows.
PURPOSES: Final[tuple[tuple[str, StrOrPromise], ...]] = (
    ("visit", _("上门走访")),
    ("contact", _("联系本人")),
    ("check", _("核对登记信息")),
    ("case", _("办理事件")),
    ("service", _("办理服务事项")),
    ("request", _("答复本人的申请")),
    ("audit", _("监督检查")),
)
LEAST_WORDS: Final = 4  # signs of free text beside the purpose
EMERGENCY: Final = "紧急救助"  # written into the log as it is: the log is read in the place's language
SELF: Final = "本人查看"
STATES: Final[dict[str, StrOrPromise]] = {
    "active": _("在册"),
    "ended": _("已注销"),
    "merged": _("已合并"),
}
FRESHNESS: Final[tuple[tuple[str, StrOrPromise], ...]] = (
    ("fresh", _("三个月内核过")),
    ("half", _("半年以上没核")),
    ("year", _("一年以上没核")),
)
RIGHTS: Final[tuple[tuple[str, StrOrPromise, StrOrPromise], ...]] = (
    ("correction", _("有写错的，请更正"), _("写清哪一项错了、对的是什么。")),
    ("erasure", _("请删除我的信息"), _("法律要求保留的不能删，会告诉您是哪一条。")),
    ("copy", _("给我一份副本"), _("准备好了会通知您带身份证来取。")),
)
_DAYS_OF_MONTH: Final = 30
_DAYS_OF_YEAR: Final = 365


def freshness_words(checked_at: datetime, now: datetime) -> str:
    """How long ago somebody looked whether the record still holds: 今天核过, 3 个月前核过."""
    days = max(0, (now - checked_at).days)
    if days == 0:
        return str(_("今天核过"))
    if days < _DAYS_OF_MONTH:
        return ngettext("%(n)d 天前核过", "%(n)d 天前核过", days) % {"n": days}
    if days < _DAYS_OF_YEAR:
        months = days // _DAYS_OF_MONTH
        return ngettext("%(n)d 个月前核过", "%(n)d 个月前核过", months) % {"n": months}
    years = days // _DAYS_OF_YEAR
    return ngettext("%(n)d 年前核过", "%(n)d 年前核过", years) % {"n": years}


def fields_words(what: Iterable[str]) -> str:
    """What was looked at, in words: field names as the log keeps them, ``relation.contact_phone`` among them."""
    said = []
    for name in what:
        kind, _dot, field = name.rpartition(".")
        known = FIELDS.get(kind or "person", {}).get(field)
        said.append(str(known.label) if known else name)
    return str(_("、")).join(dict.fromkeys(said))
