"""What the parts of the heat are called, and how each is counted; what is wrong with a period."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

# The formula is in huying.insight.hotspots.heat.
PARTS: Final = {
    "messages": (_("多少人说"), _("反映的人越多越热，增加得越来越慢")),
    "likes": (_("多少人附议"), _("对别人报的事说“我也遇到了”的次数")),
    "growth": (_("是不是在变多"), _("近期（至多时段的后一半）的反映占多大比例")),
    "recency": (_("是不是还在说"), _("到时段结束时，离最近一条越久越低")),
    "span": (_("说了多久"), _("时段里从第一条到最近一条的天数")),
    "official": (_("巡查转办的旁证"), _("网格巡查、部门转办的只作旁证，不算人数，也不算在别的各项里")),
}
FORMULAS: Final = {
    "messages": _("权重 × ln(1＋人数)"),
    "likes": _("权重 × ln(1＋次数)"),
    "growth": _("权重 × 近期占比 × 人数／(人数＋3)"),
    "recency": _("权重 × ½^(离最近一条的天数／减半天数)"),
    "span": _("权重 × ln(1＋天数)"),
    "official": _("权重 × ln(1＋条数)"),
}
SHORT: Final = {
    "messages": _("人数"),
    "likes": _("附议"),
    "growth": _("增长"),
    "recency": _("新近"),
    "span": _("持续"),
    "official": _("旁证"),
}
DAYS: Final = {
    "half_life_days": (_("“还在说”几天减半"), _("最近一条过去这么多天，这一项的分数只剩一半")),
    "recent_days": (_("几天之内算近期"), _("算“是不是在变多”用")),
}
SHORT_DAYS: Final = {"half_life_days": _("减半天数"), "recent_days": _("近期天数")}
WRONG_PERIODS: Final = {
    "missing": _("请填写开始的日期"),
    "backwards": _("开始的日期不能晚于结束的日期"),
    "too_long": _("时段最长十年"),
    "unreadable": _("日期写成 2026-03-10 这样"),
}
