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
}
SHORT: Final = {
    "messages": _("人数"),
    "likes": _("附议"),
    "growth": _("增长"),
    "recency": _("新近"),
    "span": _("持续"),
}
DAYS: Final = {
    "half_life_days": (_("“还在说”几天减半"), _("最近一条过去这么多天，这一项的分数只剩一半")),
    "recent_days": (_("几天之内算近期"), _("算“是不是在变多”用")),
}
WRONG_PERIODS: Final = {
    "missing": _("请填写开始的日期"),
    "backwards": _("开始的日期不能晚于结束的日期"),
    "too_long": _("时段最长十年"),
    "unreadable": _("日期写成 2026-03-10 这样"),
}
