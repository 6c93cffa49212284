"""The times a message says, in words that stand for themselves: 昨晚十点多 → 3月2日 22:00."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from huying.casework.cases.models import Case

from .reading.times_said import SHANGHAI, TimeSaid, comes_again, still_going_on, times_in

_READ = 2_000  # characters
_MOST = 6
_EVERY_DAY = ("每", "天天", "夜夜", "一到", "一天到晚")


def said_of(case: Case) -> dict[str, Any]:
    """What a case's words say of when: each time with what it means, whether it goes on, whether it comes again."""
    text = case.summary[:_READ]
    times = [one for one in times_in(text, now=case.opened_at) if one.daily or one.since]
    return {
        "times": [(one.words, meaning(one)) for one in times[:_MOST]],
        "ongoing": still_going_on(text),
        "again": comes_again(text) or any(one.every for one in times),
    }


def meaning(one: TimeSaid) -> str:
    """The stretch of time in the reader's language; the hours alone for what comes every day or often."""
    if one.daily is not None:
        said = _("每天 %(from)s–%(to)s") if one.words.startswith(_EVERY_DAY) else _("不止一天 %(from)s–%(to)s")
        return said % {"from": _hour(one.daily[0]), "to": _hour(one.daily[1])}
    if one.since is None:
        return ""
    since = one.since.astimezone(SHANGHAI)
    until = one.until.astimezone(SHANGHAI) if one.until is not None else since
    if until - since < timedelta(hours=20):
        return f"{_day(since)} {_hour(since.timetz())}"
    last = until - timedelta(seconds=1)
    return _day(since) if last.date() <= since.date() else f"{_day(since)} – {_day(last)}"


def _day(moment: datetime) -> str:
    return date_format(moment, "DATE_FORMAT")


def _hour(moment: time) -> str:
    return time_format(moment, "H:i")
