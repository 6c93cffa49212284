"""Why a row or a table was not taken, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REASONS = {
    "no_id": _("没有编号，重复导入时无法认出它"),
    "no_text": _("没有内容"),
    "bad_time": _("看不懂的时间，可写 2026-03-10 09:00"),
    "bad_point": _("看不懂的坐标"),
    "text_too_long": _("内容超过两万字"),
    "text_empty": _("没有内容"),
    "point_half": _("经度和纬度要同时填写"),
    "point_outside": _("坐标不在地图范围内"),
    "source_missing": _("编号太长"),
    "unknown_item": _("目录里没有这个事项编码"),
    "missing_column": _("表里没有这一列，请用 --map 指明：%(field)s"),
    "unknown_column": _("表头里没有“%(field)s”这一列"),
    "unknown_field": _("不认识的字段“%(field)s”"),
    "bad_mapping": _("--map 写法有误：%(field)s，应写成 字段=表头"),
}


def why(code: str, field: str = "") -> str:
    """A reason in words."""
    return str(REASONS[code]) % {"field": field} if "%(" in str(REASONS[code]) else str(REASONS[code])
