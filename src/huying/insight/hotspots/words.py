"""What the parts of the heat are called, and how each is counted."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

# The formula is in huying.insight.hotspots.heat.
PARTS: Final = {
    "messages": (_("多少人说"), _("反映的人越多越热，增加得越来越慢")),
    "likes": (_("多少人赞同"), _("赞同减去反对")),
    "growth": (_("是不是在变多"), _("近 14 天的反映占多大比例")),
    "recency": (_("是不是还在说"), _("离最近一条越久越低，30 天减半")),
    "span": (_("说了多久"), _("从第一条到最近一条的天数")),
}
