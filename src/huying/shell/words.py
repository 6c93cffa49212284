"""Human time: plain words for moments and durations. Pure functions; the moment of asking is an argument."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def day_words(day: date, today: date) -> str:
    """今天, 昨天, 明天, 11月20日 or 2025年11月20日."""
    apart = (day - today).days
    near = {0: gettext("今天"), -1: gettext("昨天"), 1: gettext("明天")}
    if apart in near:
        return near[apart]
    english = (get_language() or "").startswith("en")
    if day.year == today.year:
        return formats.date_format(day, "j M" if english else "n月j日")
    return formats.date_format(day, "j M Y" if english else "Y年n月j日")


def moment_words(value: datetime, now: datetime) -> str:
    """Day and clock time, as a person would say it: 今天 14:30."""
    local = _local(value)
    return f"{day_words(local.date(), _local(now).date())} {local:%H:%M}"


def full_words(value: datetime) -> str:
    """The exact moment, for the title of a <time>."""
    return f"{_local(value):%Y-%m-%d %H:%M:%S}"


def duration_words(span: timedelta, parts: int = 2) -> str:
    """At most ``parts`` units, largest first: 2 天 3 小时. Less than a minute is 不到 1 分钟."""
    seconds = int(abs(span.total_seconds()))
    if seconds < MINUTE:
        return gettext("不到 1 分钟")
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    said = [
        (days, ngettext("%(n)d 天", "%(n)d 天", days)),
        (hours, ngettext("%(n)d 小时", "%(n)d 小时", hours)),
        (minutes, ngettext("%(n)d 分钟", "%(n)d 分钟", minutes)),
    ]
    first = next(at for at, (amount, _form) in enumerate(said) if amount)
    return " ".join(form % {"n": amount} for amount, form in said[first : first + parts] if amount)


def ago_words(value: datetime, now: datetime) -> str:
    """刚刚, 5 分钟前, 3 小时前, then day and time. A moment ahead is said by day and time."""
    seconds = int((now - value).total_seconds())
    if seconds < 0 or seconds >= DAY:
        return moment_words(value, now)
    if seconds < MINUTE:
        return gettext("刚刚")
    if seconds < HOUR:
        return ngettext("%(n)d 分钟前", "%(n)d 分钟前", seconds // MINUTE) % {"n": seconds // MINUTE}
    return ngettext("%(n)d 小时前", "%(n)d 小时前", seconds // HOUR) % {"n": seconds // HOUR}


def until_words(due: datetime, now: datetime) -> str:
    """还剩 2 小时 before the due time, 已超 1 天 after it."""
    if due >= now:
        return gettext("还剩 %(span)s") % {"span": duration_words(due - now)}
    return gettext("已超 %(span)s") % {"span": duration_words(now - due)}
