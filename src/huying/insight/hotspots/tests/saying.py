"""Invented reports for the tests, said and taken in as residents do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from huying.casework.cases.factories import IN_GRID_1, NOW
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.senses.reports.actions import Voice, take_in
from huying.senses.reports.models import Report

from ..models import HotIssue, HotMessage
from ..periods import Period, between

PORTAL = system("portal")
PHONE = "19900001234"
DUST = [
    ("丽景园小区工地夜间施工噪音扰民", "丽景园小区旁边的工地夜里两点还在施工，噪音很大，睡不着。"),
    ("丽景园小区工地半夜施工噪音太大", f"丽景园小区外的工地半夜施工，噪音吵得孩子哭，请打 {PHONE} 联系我。"),
    ("投诉丽景园小区旁工地夜间施工噪音", "住在丽景园小区，工地每天夜间施工，噪音扰民严重。"),
]
LAMP = ("石桥路路灯不亮", "石桥路的路灯坏了一个星期了，晚上很黑。")
LAMPS = [LAMP, ("石桥路路灯坏了很久不亮", "石桥路好几盏路灯不亮，晚上走路很黑很危险。")]


def say(
    said: list[tuple[str, str]], *, at: datetime = NOW, first: int = 1, point: tuple[float, float] = IN_GRID_1,
    **more: Any,
) -> list[Report]:  # fmt: skip
    lon, lat = point
    voices = [
        Voice(
            source="portal", source_id=f"p-{first + n}", channel=more.get("channel", "portal"), title=title, text=text,
            lon=lon, lat=lat, item_code="0101", phone=more.get("phone", f"1990000{first + n:04d}"), said_at=at,
        )
        for n, (title, text) in enumerate(said)
    ]  # fmt: skip
    take_in(voices, actor=PORTAL, now=at)
    return list(Report.objects.order_by("id"))


def shown() -> HotIssue:
    return HotIssue.objects.get(messages__gte=2)


def members() -> set[frozenset[int]]:
    rows: dict[int, set[int]] = {}
    for issue_id, report_id in HotMessage.objects.values_list("issue_id", "report_id"):
        rows.setdefault(issue_id, set()).add(report_id)
    return {frozenset(ids) for ids in rows.values()}


def days(count: int, until: datetime = NOW) -> Period:
    """The last so many days of a moment."""
    day = local_day(until)
    return between(day - timedelta(days=count - 1), day, day, ZoneInfo("Asia/Shanghai"))


def stretch(first: date, last: date) -> Period:
    return between(first, last, last, ZoneInfo("Asia/Shanghai"))


def in_another_connection(act: Callable[[], Any]) -> Any:
    """What ``act`` returns in a thread, which has a connection of its own."""

    def closed() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closed).result(timeout=60)
