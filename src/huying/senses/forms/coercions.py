"""Texts, numbers, truth and days of form answers, turned into each other as XPath 1.0 does it. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from .expressions import number_text

LOCAL: Final = timezone(timedelta(hours=8))
MOST_TEXT: Final = 10_000
_NUMBER: Final = re.compile(r"[ \t\r\n]*(-?(?:\d+(?:\.\d*)?|\.\d+))[ \t\r\n]*", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,6})?)?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Nodes(list[Any]):
    """The answers of one question in every instance of a repeat, in order (XPath: a node-set)."""


Value = Any


def text(value: Value) -> str:
    """As a text: "" for nothing, names of several choices with blanks between, the first of many nodes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:MOST_TEXT]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(_double(value))
    if isinstance(value, Nodes):
        return text(value[0]) if value else ""
    if isinstance(value, list):
        return " ".join(text(one) for one in value)[:MOST_TEXT]
    return ""


def number(value: Value) -> float:
    """As a number; NaN for what is none. Days and moments count in days since 1970-01-01, times as a part of a day."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return _double(value)
    written = text(value)
    match = _NUMBER.fullmatch(written)
    if match:
        return _double(match[1])
    return days(written)


def boolean(value: Value) -> bool:
    """As true or false: nothing, "", 0, NaN and an empty list are false."""
    if isinstance(value, Nodes):
        return any(one is not None and one not in ("", []) for one in value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def equal(one: Value, other: Value, wanted: bool) -> bool:
    """``=`` (wanted) or ``!=``: true when it holds for any of many nodes."""
    if isinstance(one, Nodes) and not isinstance(other, bool):
        return any(equal(part, other, wanted) for part in one)
    if isinstance(other, Nodes) and not isinstance(one, bool):
        return any(equal(one, part, wanted) for part in other)
    if isinstance(one, bool) or isinstance(other, bool):
        same = boolean(one) == boolean(other)
    elif isinstance(one, int | float) or isinstance(other, int | float):
        same = number(one) == number(other)
    else:
        same = text(one) == text(other) or _same_day(text(one), text(other))
    return same == wanted


def _same_day(one: str, other: str) -> bool:
    """Whether both are ISO days or moments, and the same one."""
    return "-" in one and "-" in other and days(one) == days(other)


def days(written: str) -> float:
    """Days since 1970-01-01 of an ISO day, moment (local time where no zone is named) or time of day; else NaN."""
    written = written.strip(" \t\r\n")
    if _DAY.fullmatch(written):
        day = day_of(written)
        return math.nan if day is None else float(day.toordinal() - _EPOCH.toordinal())
    at = moment_of(written)
    if at is not None:
        return (at.replace(tzinfo=UTC) - _EPOCH) / timedelta(days=1)
    match = _TIME.fullmatch(written)
    if match:
        return (int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)) / 86400
    return math.nan


def day_of(written: str) -> date | None:
    """The day an ISO text names; None for a day there is not."""
    try:
        return date.fromisoformat(written) if _DAY.fullmatch(written) else None
    except ValueError:
        return None


def moment_of(written: str) -> datetime | None:
    """The local time (UTC+8) an ISO moment names; None for what is none."""
    match = _MOMENT.fullmatch(written)
    if match is None:
        return None
    day, minute, second, part, zone = match.groups()
    zone = {"Z": "+00:00", None: "+08:00"}.get(zone, zone)
    try:
        at = datetime.fromisoformat(f"{day}T{minute}:{second or '00'}.{(part or '0').ljust(6, '0')}{zone}")
        return at.astimezone(LOCAL)
    except (ValueError, OverflowError):
        return None


def day_text(count: float) -> str:
    """The ISO day of a number of days since 1970-01-01; "" outside the years 1 to 9999."""
    try:
        return date.fromordinal(_EPOCH.toordinal() + math.floor(count)).isoformat()
    except (ValueError, OverflowError):
        return ""


def plain(value: Value) -> Any:
    """As JSON: no number for NaN and infinity, whole numbers whole."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value == int(value) and abs(value) < 1e15 else value
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return value[:MOST_TEXT] if isinstance(value, str) else value


def _double(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
