"""The functions of form expressions, on values. Their names and how many values they take stand in ``expressions.FUNCTIONS``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time
from itertools import pairwise
from typing import Any, Final
from uuid import uuid4

from .coercions import LOCAL, MOST_TEXT, Nodes, Value, boolean, day_of, day_text, moment_of, number, text
from .patterns import machine

_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_EARTH: Final = 6_378_100.0  # metres, as other programs for XLSForm take it
_PAIR: Final = 2


def _names(value: Value) -> list[str]:
    if isinstance(value, list) and not isinstance(value, Nodes):
        return [text(one) for one in value]
    return [one for one in _BLANKS.split(text(value)) if one]


def _spread(values: tuple[Value, ...]) -> Iterator[Value]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _numbers(values: tuple[Value, ...]) -> list[float]:
    return [number(value) for value in _spread(values) if value is not None and value != ""]


def _extreme(choose: Callable[[list[float]], float]) -> Callable[..., float]:
    def extreme(*values: Value) -> float:
        found = _numbers(values)
        return math.nan if not found or any(map(math.isnan, found)) else choose(found)

    return extreme


def _sum(*values: Value) -> float:
    total = 0.0
    for one in _numbers(values):  # one after another, as a phone adds, not more exactly
        total += one
    return total


def _count(value: Value) -> float:
    return float(
        sum(one is not None and one not in ("", []) for one in (value if isinstance(value, list) else [value]))
    )


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None and value not in ("", [])), "")


def _substr(value: Value, start: Value, end: Value = None) -> str:
    first = number(start)
    last = math.inf if end is None else number(end)
    return text(value)[_place(first) : None if math.isinf(last) and last > 0 else _place(last)]


def _place(value: float) -> int:
    return 0 if math.isnan(value) else int(max(-MOST_TEXT, min(MOST_TEXT, value)))


def _concat(*values: Value) -> str:
    return "".join(text(one) for value in values for one in (value if isinstance(value, Nodes) else [value]))[
        :MOST_TEXT
    ]


def _join(between: Value, *values: Value) -> str:
    return text(between).join(filter(None, (text(one) for one in _spread(values))))[:MOST_TEXT]


def _int(value: Value) -> float:
    amount = number(value)
    return float(math.trunc(amount)) if math.isfinite(amount) else math.nan


def _round(value: Value, digits: Value = 0.0) -> float:
    amount, places = number(value), number(digits)
    if not math.isfinite(amount) or not math.isfinite(places):
        return math.nan
    factor = 10.0 ** max(-15, min(15, math.trunc(places)))
    scaled = amount * factor + 0.5
    return math.floor(scaled) / factor if math.isfinite(scaled) else amount


def _power(base: Value, exponent: Value) -> float:
    try:
        return math.pow(number(base), number(exponent))
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _translate(value: Value, old: Value, new: Value) -> str:
    others = text(new)
    change: dict[str, str] = {}
    for place, one in enumerate(text(old)):
        change.setdefault(one, others[place : place + 1])
    return "".join(change.get(one, one) for one in text(value))


def _local(value: Value) -> datetime | None:
    """The local moment a value names: an ISO text, or days since 1970."""
    written = text(value)
    day = day_of(written) or day_of(day_text(value) if isinstance(value, float) and math.isfinite(value) else "")
    return moment_of(written) or (datetime.combine(day, time(), LOCAL) if day else None)


def _date(value: Value) -> str:
    at = _local(value)
    return at.date().isoformat() if at else ""


def _format_date(value: Value, pattern: Value) -> str:
    at = _local(value)
    if at is None:
        return ""
    shown = {
        "%Y": f"{at.year:04}", "%y": f"{at.year % 100:02}", "%m": f"{at.month:02}", "%n": f"{at.month}",
        "%d": f"{at.day:02}", "%e": f"{at.day}", "%H": f"{at.hour:02}", "%h": f"{at.hour}",
        "%M": f"{at.minute:02}", "%S": f"{at.second:02}", "%3": f"{at.microsecond // 1000:03}", "%%": "%",
    }  # fmt: skip
    return re.sub(r"%.", lambda match: shown.get(match[0], match[0]), text(pattern))


def _point(value: Value) -> tuple[float, float] | None:
    """(longitude, latitude) in degrees, where the value is a position."""
    if not isinstance(value, list) or isinstance(value, Nodes) or len(value) < _PAIR:
        return None
    lon, lat = number(value[0]), number(value[1])
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _distance(*values: Value) -> float:
    """Metres along positions given one by one or as the answers of a repeat; NaN for fewer than two."""
    found = [_point(one) for value in values for one in (value if isinstance(value, Nodes) else [value])]
    points = [point for point in found if point is not None]
    if len(points) < _PAIR:
        return math.nan
    total = 0.0
    for (lon, lat), (lon2, lat2) in pairwise(points):
        across, up = math.radians(lon2 - lon), math.radians(lat2 - lat)
        part = (
            math.sin(up / 2) ** 2
            + math.cos(math.radians(lat)) * math.cos(math.radians(lat2)) * math.sin(across / 2) ** 2
        )
        total += 2 * _EARTH * math.asin(min(1.0, math.sqrt(part)))
    return total


def now_text(now: str) -> str:
    """Now as forms write it: local time to the second, with its zone."""
    at = moment_of(now)
    return at.replace(microsecond=0).isoformat() if at else ""


#: Functions of now alone.
TIMED: Final[Mapping[str, Callable[[str], Value]]] = {
    "now": now_text,
    "today": lambda now: now_text(now)[:10],
}

#: Functions of their values. ``if``, ``once``, ``position``, ``index`` and ``jr:choice-name`` are the evaluator's own.
PLAIN: Final[Mapping[str, Callable[..., Any]]] = {
    "selected": lambda value, name: text(name) in _names(value),
    "count-selected": lambda value: float(len(_names(value))),
    "coalesce": _coalesce,
    "not": lambda value: not boolean(value),
    "true": lambda: True,
    "false": lambda: False,
    "regex": lambda value, pattern: machine(text(pattern)).matches(text(value)),
    "string-length": lambda value: float(len(text(value))),
    "contains": lambda value, part: text(part) in text(value),
    "starts-with": lambda value, part: text(value).startswith(text(part)),
    "ends-with": lambda value, part: text(value).endswith(text(part)),
    "substr": _substr,
    "concat": _concat,
    "join": _join,
    "int": _int,
    "round": _round,
    "number": number,
    "string": text,
    "abs": lambda value: abs(number(value)),
    "min": _extreme(min),
    "max": _extreme(max),
    "sum": _sum,
    "count": _count,
    "date": _date,
    "format-date": _format_date,
    "decimal-date-time": number,
    "boolean-from-string": lambda value: text(value).strip(" \t\r\n") in ("true", "1"),
    "normalize-space": lambda value: _BLANKS.sub(" ", text(value)).strip(" "),
    "translate": _translate,
    "distance": _distance,
    "uuid": lambda: str(uuid4()),
    "pow": _power,
}
