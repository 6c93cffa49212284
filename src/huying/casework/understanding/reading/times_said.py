"""The times a message says, as stretches, resolved to intervals where that is possible. Pure.

Times are the place's own (Asia/Shanghai). What people leave out is filled as listeners fill it: ``3月5日`` is the last
one before now, ``晚上十点`` without a day the last one, ``周五`` the last Friday. What is said to happen again and again
(``晚上经常``, ``总是半夜``) is a habit and no moment, and ``晚上`` alone may be any evening.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_DIGITS: Final = {sign: number for number, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "俩": 2}
_WEEKDAYS: Final = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}
_WORDS: Final = {"今": 0, "昨": -1, "前": -2, "大前": -3, "明": 1, "后": 2}
_PARTS: Final = {
    "凌晨": (0, 6), "清晨": (5, 8), "清早": (5, 8), "大清早": (5, 8), "早晨": (5, 9), "早上": (5, 9), "早": (5, 9),
    "上午": (8, 12), "中午": (11, 14), "午间": (11, 14), "下午": (12, 18), "傍晚": (17, 20), "晚上": (18, 24),
    "夜里": (21, 30), "夜晚": (18, 24), "夜间": (22, 30), "半夜": (23, 29), "深夜": (22, 30), "晚": (18, 24),
    "夜": (20, 30), "晨": (5, 8), "通宵": (22, 30), "白天": (7, 19),
}  # fmt: skip
_LATE: Final = frozenset({"下午", "傍晚", "晚上", "夜晚", "晚"})
_NIGHT: Final = frozenset({"晚上", "夜晚", "晚", "夜", "夜里", "半夜", "深夜", "夜间"})

_ANY_NIGHT: Final = _NIGHT | {"通宵", "白天"}  # alone they name no day: 晚上很吵

_NUMBER: Final = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_PART: Final = "|".join(sorted(_PARTS, key=len, reverse=True))
_CLOCK: Final = (
    rf"(?:\d{{1,2}}[:：][0-5]\d|{_NUMBER}(?:点|时(?![间候期常不而])))"
    r"(?:半|[一三]刻|[0-5]?\d分|[一二三四五六七八九十]{1,3}分)?"
)
_DAY: Final = (
    r"(?P<full>(?:19|20)\d\d\s*(?:年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?|[-/.]\d{1,2}[-/.]\d{1,2}))"
    r"|(?P<year>去年|今年|前年)(?:的)?(?P<ymonth>\d{1,2}|[一二三四五六七八九十]{1,2})?(?(ymonth)月(?:(?P<yday>\d{1,2}|[一二三四五六七八九十]{1,3})[日号])?)"
    r"|(?P<monthday>(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]?)"
    r"|(?P<month>上上?个?月|本月|这个月|当月)(?:的)?(?:(?P<mday>\d{1,2}|[一二三四五六七八九十]{1,3})[日号])?"
    r"|(?P<week>上上|上|这|本|这个|上个|上上个)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末](?!期|边|围))"
    r"|(?P<word>大前|今|昨|前|明|后)(?:天|日|(?=[早晚夜晨]))"
)
_AT: Final = re.compile(
    r"(?=[每天一经常时总老隔三今昨前明后大去本这当上周星礼凌清早中午下傍晚夜半深晨通白\d二两四五六七八九十])"
    r"(?P<every>每(?:[天日夜月年逢到]|晚上?|个?(?:周|星期|礼拜)(?![一二三四五六日天末]))(?:的)?|每(?=周|星期|礼拜)|天天|夜夜|一到|一天到晚|经常|常常|时常|总是|老是|隔三差五|三天两头)?"
    rf"(?P<day>{_DAY})?\s*[,，]?\s*(?:的)?(?P<part>{_PART})?(?:的)?"
    rf"(?P<clock>{_CLOCK})?(?:多|左右|钟|许|整)*"
    rf"(?:(?P<to>到|至|[-~—－～]+)(?:第二天|次日|隔天)?(?P<topart>{_PART})?(?P<toclock>{_CLOCK})?(?:多|左右|钟|许|整)*)?"
)
_ROUGHLY: Final = re.compile(r"([一二两三四五六七八九])([二三四五六七八九])[点时]")
_AGO: Final = re.compile(
    rf"(?P<count>{_NUMBER}|半|几|十几|几十)(?:多)?个?(?:多)?(?P<half>半)?(?P<unit>分钟|小时|钟头|天|周|星期|礼拜|月|年)(?:多)?(?:之|以)?前"
    r"|(?P<just>刚才|刚刚|方才)"
)
_LASTING: Final = re.compile(
    rf"(?P<lead>连续|持续|长达|已经?|快|近|整整|足足|前后)(?:了|有)?(?:将近)?(?P<count>{_NUMBER}|半|几)(?:多)?个?(?:多)?"
    r"(?P<unit>分钟|小时|钟头|天|晚上?|周|星期|礼拜|月|年)(?:多)?(?P<tail>了)?"
)
# What near a time without a day says that it comes again and again, in the same clause.
_OFTEN_AFTER: Final = re.compile(
    r"[^，,。！？!?；;、\n]{0,6}?(?:经常|常常|时常|往往|总(?=[是有在会要])|老(?=[是有在放吵])|频繁|天天|每天|隔三差五|三天两头)"
)
_OFTEN_BEFORE: Final = re.compile(
    r"(?:经常|常常|时常|往往|总是?|老是?|长期|多次|屡次|反复|频繁|平时|平常|一般|通常|有时候?|偶尔|每次|每回|每个|(?<!等)到了|天天|每天)"
    r"[都就会是在到于从的]*$"
)
_SPAN_BEFORE: Final = re.compile(r"[到至和或及跟与、]$")
_SPAN_AFTER: Final = re.compile(rf"(?:和|或者?|及|跟|与|、)(?:{_PART})")
_STILL: Final = re.compile(
    "至今|到现在|直到现在|一直(?!到)|还在|仍在|仍然|依然|依旧|正在|现在还|持续|不间断|迟迟|始终|目前还|还没|还未|仍未|一直未"
)
_AGAIN: Final = re.compile(
    "每天|每晚|每日|每周|每月|每年|每到|每逢|每次|天天|夜夜|经常|常常|时常|总是|老是|反复|多次|屡次|屡教|又|再次|三番|隔三差五|三天两头|频繁|一到"
)
_NEEDS_MORE: Final = frozenset({"经常", "常常", "时常", "总是", "老是", "一到", "每到", "每逢"})
_BEFORE_AGAIN: Final = re.compile("(?:没|不)有?$")


@dataclass(frozen=True, slots=True)
class TimeSaid:
    """A stretch that says a time; ``since`` and ``until`` where it can be told, ``daily`` for what comes every day."""

    start: int
    end: int
    words: str
    since: datetime | None = None
    until: datetime | None = None
    every: bool = False
    daily: tuple[time, time] | None = None


def times_in(text: str, *, now: datetime) -> list[TimeSaid]:
    """All times said, in order; stretches do not overlap."""
    here = now.astimezone(SHANGHAI)
    found = [_ago(match, here) for match in _AGO.finditer(text)]
    found += [_lasting(match, here) for match in _LASTING.finditer(text)]
    taken = [(one.start, one.end) for one in found]
    for match in _AT.finditer(text):
        if match[0] and not any(start < match.end() and match.start() < end for start, end in taken):
            said = _at(match, here)
            if said is not None:
                found.append(said)
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[TimeSaid] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def still_going_on(text: str) -> bool:
    """Whether it says that it has not ended."""
    return _STILL.search(text) is not None or any(
        m["tail"] or m["lead"] in ("连续", "持续") for m in _LASTING.finditer(text)
    )


def comes_again(text: str) -> bool:
    """Whether it says that it happens over and over."""
    return any(not _BEFORE_AGAIN.search(text[: match.start()]) for match in _AGAIN.finditer(text))


def number(said: str) -> int:
    """``12``, ``十二``, ``二十三`` → a number; ``几`` counts as three, what is none as 0."""
    if said.isdigit():
        return int(said)
    if said in ("几", "十几", "几十"):
        return {"几": 3, "十几": 13, "几十": 30}[said]
    tens, ten, ones = said.rpartition("十")
    high = (_DIGITS.get(tens, 1) if tens else 1) * 10 if ten else 0
    return high + _DIGITS.get(ones, 0) if len(ones) <= 1 else 0


def _ago(match: re.Match[str], now: datetime) -> TimeSaid:
    if match["just"]:
        return TimeSaid(*match.span(), match[0], now - timedelta(hours=1), now)
    span = _span(match["count"], match["unit"])
    point = _back(now, span)
    near = timedelta(days=1) if span >= timedelta(days=2) else timedelta(minutes=30)
    return TimeSaid(*match.span(), match[0], _back(point, near), min(now, point + near))


def _lasting(match: re.Match[str], now: datetime) -> TimeSaid:
    return TimeSaid(*match.span(), match[0], _back(now, _span(match["count"], match["unit"])), now)


def _back(moment: datetime, span: timedelta) -> datetime:
    """So much earlier; never before what dates can say."""
    try:
        return moment - span
    except OverflowError:
        return datetime(1, 1, 2, tzinfo=SHANGHAI)


def _span(count: str, unit: str) -> timedelta:
    amount = 0.5 if count == "半" else float(number(count))
    if unit == "分钟":
        return timedelta(minutes=amount)
    if unit in ("小时", "钟头"):
        return timedelta(hours=amount)
    days = {"周": 7, "星期": 7, "礼拜": 7, "月": 30.4, "年": 365.25}.get(unit, 1)
    return timedelta(days=amount * days)


def _at(match: re.Match[str], now: datetime) -> TimeSaid | None:
    """A day, a part of it, a clock, or what comes every day; nothing for a bare number of points."""
    every, day, part, clock = match["every"], match["day"], match["part"], match["clock"]
    bare = clock and not day and not part and not every
    if (
        bare
        and ":" not in clock
        and "：" not in clock
        and not match["toclock"]
        and not re.search("[半刻分钟]|左右", match[0])
    ):
        return None
    if not (every or day or clock) and not (part and len(part) > 1):
        return None
    if every and not (part or clock or day) and every in _NEEDS_MORE:
        return None
    start, words = match.start(), match[0].rstrip("，, -~—－～到至的")
    start, words = start + len(words) - len(words.lstrip("，, ")), words.lstrip("，, ")
    if not words:
        return None
    hours = _hours(match)
    if every or _habitual(match):
        daily = _daily(hours) if _of_any_day(match) else None
        return TimeSaid(start, start + len(words), words, every=True, daily=daily)
    whole = _days(match, now) if day else None
    if (day and whole is None) or _any_day(match):
        return TimeSaid(start, start + len(words), words)
    first, last = whole or (now.date(), now.date())
    if not day and datetime.combine(first, time(), SHANGHAI) + timedelta(hours=hours[0]) > now:
        if not clock:  # 早上 said before today's began may be any morning
            return TimeSaid(start, start + len(words), words)
        first = last = first - timedelta(days=1)
    if last > first:
        hours = (0.0, 24.0)
    since = datetime.combine(first, time(), SHANGHAI) + timedelta(hours=hours[0])
    until = datetime.combine(last, time(), SHANGHAI) + timedelta(hours=hours[1])
    return TimeSaid(start, start + len(words), words, since, until)


def _habitual(match: re.Match[str]) -> bool:
    """Whether its clause says that it comes again and again, and no day of its own that it was on one."""
    if match["day"] and (not match["weekday"] or match["week"]):
        return False
    text = match.string
    return bool(_OFTEN_AFTER.match(text, match.end()) or _OFTEN_BEFORE.search(text[: match.start()]))


def _of_any_day(match: re.Match[str]) -> bool:
    """Whether what comes again has hours, and these on no certain days only."""
    every = match["every"] or ""
    timed = match["part"] or match["clock"] or ("到" not in every and re.search("[晚夜]", every))
    return bool(timed) and not match["day"] and not re.search("[周星礼月年]", every)


def _any_day(match: re.Match[str]) -> bool:
    """Whether only a part of a day is said, of which day cannot be told: 晚上很吵, 从早上到晚上, 吵到凌晨."""
    if match["day"] or match["clock"]:
        return False
    text = match.string
    if match["part"] in _ANY_NIGHT or match["topart"] or _SPAN_AFTER.match(text, match.end()):
        return True
    return bool(_SPAN_BEFORE.search(text[: match.start()]))


def _days(match: re.Match[str], now: datetime) -> tuple[date, date] | None:
    """The first and the last day meant; None for a day no calendar has."""
    today = now.date()
    try:
        if match["full"]:
            return _month_or_day(*(int(part) for part in re.findall(r"\d+", match["full"])))
        if match["year"]:
            year = today.year - {"今年": 0, "去年": 1, "前年": 2}[match["year"]]
            if not match["ymonth"]:
                return date(year, 1, 1), date(year, 12, 31)
            return _month_or_day(year, number(match["ymonth"]), number(match["yday"]) if match["yday"] else 0)
        if match["monthday"]:
            month, day = (number(part) for part in re.findall(r"\d+|[一二三四五六七八九十]+", match["monthday"])[:2])
            found = date(today.year, month, day)
            found = found.replace(year=found.year - 1) if found > today + timedelta(days=31) else found
            return found, found
        if match["month"]:
            back = match["month"].count("上")
            months = today.year * 12 + today.month - 1 - back
            return _month_or_day(months // 12, months % 12 + 1, number(match["mday"]) if match["mday"] else 0)
    except ValueError:
        return None
    if match["weekday"]:
        return _weekday(match, today)
    found = today + timedelta(days=_WORDS[match["word"]])
    return found, found


def _month_or_day(year: int, month: int, day: int = 0) -> tuple[date, date]:
    if day:
        return date(year, month, day), date(year, month, day)
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _weekday(match: re.Match[str], today: date) -> tuple[date, date]:
    monday = today - timedelta(days=today.weekday())
    found = monday + timedelta(days=_WEEKDAYS[match["weekday"]])
    week = match["week"] or ""
    if week:
        found -= timedelta(days=7 * week.count("上"))
    elif found > today:
        found -= timedelta(days=7)
    return found, found + timedelta(days=1 if match["weekday"] == "末" else 0)


def _hours(match: re.Match[str]) -> tuple[float, float]:
    """From hour to hour of the day; more than 24 means the next morning."""
    part, clock = match["part"] or "", match["clock"]
    if match["every"] and match["every"][-1] in "晚夜" and not part:
        part = "晚"
    low, high = _PARTS.get(part, (0, 24))
    if not clock:
        if match["topart"]:
            high = _PARTS[match["topart"]][1]
        return float(low), float(high if high > low else high + 24)
    start = _hour(clock, part)
    if not match["toclock"]:
        return start, start + 1 + _about(clock)
    end = _hour(match["toclock"], match["topart"] or ("" if part in ("夜里", "半夜", "深夜") else part))
    if end <= start and not match["topart"] and end + 12 > start and end < 12 <= start + 6 and part not in _LATE:
        end += 12 if start < 12 else 24
    return start, end if end > start else end + 24


def _hour(clock: str, part: str) -> float:
    pieces = re.findall(r"\d+|[一二两三四五六七八九十]+", clock)
    hour = float(number(pieces[0][0] if _about(clock) else pieces[0]))
    if (
        (part in _LATE and hour < 12)
        or (hour == 12 and part in _NIGHT)
        or (part == "中午" and hour < 4)
        or (part in ("夜里", "半夜", "深夜", "夜间") and 6 < hour < 12)
    ):
        hour += 12
    elif part == "凌晨" and hour == 12:
        hour = 0
    if "半" in clock:
        return hour + 0.5
    if "刻" in clock:
        return hour + number(pieces[1]) * 0.25
    return hour + (number(pieces[1]) / 60 if len(pieces) > 1 else 0)


def _about(clock: str) -> int:
    """How many hours later it may be: 1 for 两三点, 0 for what is said to the hour."""
    two = _ROUGHLY.match(clock)
    return max(0, _DIGITS[two[2]] - _DIGITS[two[1]]) if two else 0


def _daily(hours: tuple[float, float]) -> tuple[time, time]:
    first, last = (round(hour * 60) % (24 * 60) for hour in hours)
    return time(first // 60, first % 60), time(last // 60, last % 60)
