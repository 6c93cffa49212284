"""From what a device sent to readings: parse, tell the form, keep what is plausible. Pure: no Django, no clock.

Forms: our own (``{"ts": …, "seq": …, "v": {…}}`` or a list of these), Tuya-like (``{"status": [{"code", "value", "t"}]}``),
thing model (``{"method": "thing.event.property.post", "params": {…}}``), and a gateway's batch (``{"gateway": code,
"devices": [{"code", "readings": […]}]}``), which is split into the devices' own. docs/reference/devices.md says it all.

A value that is not of its field's type or not plausible is left out and named in ``odd``; a field the kind does not know
is counted in ``unknown``; the rest of the reading counts. A reading without values still says that its device lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

import orjson

from .kinds import Field, Kind

LARGEST: Final = 256 * 1024
"""Bytes of one message; a longer one is refused unread."""
MOST_READINGS: Final = 1000
MOST_DEVICES: Final = 1000
LONGEST_TEXT: Final = 200
AHEAD: Final = timedelta(minutes=5)
LATE: Final = timedelta(days=400)
"""A time further ahead, or longer ago, is a wrong clock: the time of receipt counts."""
_SECONDS_UNTIL: Final = 1e11  # as seconds the year 5138, as milliseconds 1973: no reading is meant by either
_MOST_SEQ: Final = 2**63 - 1
_BEIJING: Final = timezone(timedelta(hours=8))


class Garbage(ValueError):
    """What arrived is no reading. ``why``: too_long, not_json, unknown_form, too_many, not_a_batch."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Reading(NamedTuple):
    """What a device measured at one moment (UTC, its own clock; the time of receipt when that clock is plainly wrong).

    ``seq`` is the device's own number, if it counts. ``odd`` names fields left out as wrong in type or not plausible,
    ``unknown`` counts fields its kind does not have.
    """

    at: datetime
    seq: int | None
    values: dict[str, float | bool | str]
    clock_off: bool
    odd: tuple[str, ...] = ()
    unknown: int = 0


class Answer(NamedTuple):
    """A device says what became of a command: ``{"command": 12, "ok": true, "words": "…"}``."""

    command: int
    ok: bool
    words: str


class Batch(NamedTuple):
    """What a gateway sent for its devices: (code, body) in its order; a body is what :func:`read` takes."""

    gateway: str
    parts: list[tuple[str, Any]]


def decode(kind: Kind, data: bytes, received: datetime) -> list[Reading]:
    """The readings in one message of one device, in its order. Raises :class:`Garbage`."""
    return read(kind, parse(data), received)


def parse(data: bytes) -> Any:
    """The message as plain values; a dict or a list. Raises :class:`Garbage` for anything else."""
    if len(data) > LARGEST:
        raise Garbage("too_long")
    try:
        body = orjson.loads(data)
    except ValueError:
        raise Garbage("not_json") from None
    if type(body) is not dict and type(body) is not list:
        raise Garbage("unknown_form")
    return body


def answer_of(body: Any) -> Answer | None:
    """The answer to a command, if this body is one."""
    if type(body) is not dict or "command" not in body:
        return None
    command, ok, words = body["command"], body.get("ok"), body.get("words", "")
    if type(command) is not int or not 0 < command <= _MOST_SEQ or type(ok) is not bool:
        return None
    return Answer(command, ok, _text(words) or "")


def batch_of(body: Any) -> Batch | None:
    """What a gateway sent for several devices, None if this is no batch. Raises :class:`Garbage` for a broken one.

    The caller checks that each device belongs to the gateway that sent this.
    """
    if type(body) is not dict or "gateway" not in body:
        return None
    gateway, devices = body["gateway"], body.get("devices")
    if type(gateway) is not str or type(devices) is not list:
        raise Garbage("not_a_batch")
    if len(devices) > MOST_DEVICES:
        raise Garbage("too_many")
    parts: list[tuple[str, Any]] = []
    total = 0
    for one in devices:
        code, readings = (one.get("code"), one.get("readings")) if type(one) is dict else (None, None)
        if type(code) is not str or type(readings) not in (list, dict):
            raise Garbage("not_a_batch")
        total += len(readings) if type(readings) is list else 1
        if total > MOST_READINGS:
            raise Garbage("too_many")
        parts.append((code, readings))
    return Batch(gateway, parts)


def read(kind: Kind, body: Any, received: datetime) -> list[Reading]:
    """The readings in a parsed body, in its order. Raises :class:`Garbage` when it has none of the forms."""
    if type(body) is dict:
        own = body.get("v")
        if type(own) is dict:
            return [_reading(kind, body.get("ts"), body.get("seq"), own.items(), received)]
        return [_foreign(kind, body, received)]
    if type(body) is not list:
        raise Garbage("unknown_form")
    if len(body) > MOST_READINGS:
        raise Garbage("too_many")
    readings: list[Reading] = []
    for one in body:
        readings.extend(_one(kind, one, received))
    return readings


def _one(kind: Kind, body: Any, received: datetime) -> list[Reading]:
    if type(body) is not dict:
        raise Garbage("unknown_form")
    return read(kind, body, received)


def _reading(
    kind: Kind, stamp: Any, seq: Any, items: Iterable[tuple[str, Any]], received: datetime, unknown: int = 0
) -> Reading:
    """Keep what the kind knows and what is plausible. Runs for every reading: what is usual comes first, and nothing is called."""
    at, clock_off = _moment(stamp, received)
    values: dict[str, float | bool | str] = {}
    odd: list[str] = []
    plan = kind.plan
    for code, value in items:
        known = plan.get(code)
        if known is None:
            unknown += 1
            continue
        wanted, low, high = known
        given = type(value)
        if wanted == "number":
            # Bounds are finite, so whatever is no number (NaN, infinity, a text, a giant) fails one of these.
            if (given is float or given is int) and low <= value <= high:
                values[code] = float(value)
                continue
        elif wanted == "bool":
            if given is bool or (given is int and (value == 0 or value == 1)):
                values[code] = bool(value)
                continue
        elif (text := _text(value) if wanted == "text" else _choice(kind.fields[code], value)) is not None:
            values[code] = text
            continue
        odd.append(code)
    if kind.withheld and not any(values.get(code) is True for code in kind.urgent_fields):
        for code in kind.withheld:
            values.pop(code, None)
    number = seq if type(seq) is int and 0 <= seq <= _MOST_SEQ else None
    return Reading(at, number, values, clock_off, tuple(odd), unknown)


def _foreign(kind: Kind, body: Mapping[str, Any], received: datetime) -> Reading:
    """A reading in the words of another maker, put into ours by the kind's mapping."""
    if body.get("method") == "thing.event.property.post":
        named, stamp = _thing_model(body)
        form = "thing_model"
    elif "status" in body or "data" in body:
        named, stamp = _tuya(body)
        form = "tuya"
    else:
        raise Garbage("unknown_form")
    mapping = kind.payloads.get(form, {})
    items: list[tuple[str, Any]] = []
    unknown = 0
    for name, value in named:
        source = mapping.get(name)
        if source is None:
            unknown += 1
            continue
        if source.values:
            value = source.values.get(str(value).lower() if type(value) is bool else str(value), value)
        else:
            value = _figure(value) if type(value) is str and kind.fields[source.to].type == "number" else value
            if type(value) in (int, float) and (source.scale != 1.0 or source.offset):
                value = round(value * source.scale + source.offset, kind.fields[source.to].places)
        items.append((source.to, value))
    seq = body.get("seq", body.get("id"))
    if type(seq) is str and seq.isascii() and seq.isdigit() and len(seq) < 19:
        seq = int(seq)
    return _reading(kind, stamp, seq, items, received, unknown)


def _tuya(body: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], Any]:
    """``status``: a list of data points; ``data``: data points by name. The latest time of a point is the reading's."""
    stamp = body.get("t", body.get("time"))
    status, points = body.get("status"), body.get("data")
    named: list[tuple[str, Any]] = []
    stamps: list[float] = []
    if type(status) is list and len(status) <= MOST_READINGS:
        for one in status:
            if type(one) is not dict or type(one.get("code")) is not str:
                raise Garbage("unknown_form")
            named.append((one["code"], one.get("value")))
            if type(one.get("t")) in (int, float):
                stamps.append(one["t"])
    elif type(points) is dict:
        for name, one in points.items():
            named.append((name, one.get("value") if type(one) is dict else one))
            if type(one) is dict and type(one.get("time")) in (int, float):
                stamps.append(one["time"])
    else:
        raise Garbage("unknown_form")
    return named, max(stamps) if stamps else stamp


def _figure(text: str) -> float | str:
    """A number that came as text, as some makers write them."""
    try:
        return float(text) if len(text) <= 32 else text
    except ValueError:
        return text


_ENVELOPE: Final = frozenset({"id", "seq", "version", "method", "time", "timestamp", "ts", "sys", "deviceId", "did"})


def _thing_model(body: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], Any]:
    """``params`` by name, each a value or ``{"value", "time"}``; some breakers put the values beside ``method``."""
    params = body.get("params")
    if type(params) is not dict:
        params = {name: value for name, value in body.items() if name not in _ENVELOPE and name != "params"}
    stamp = body.get("timestamp", body.get("time", body.get("ts")))
    named: list[tuple[str, Any]] = []
    for name, one in params.items():
        if type(one) is dict and "value" in one:
            named.append((name, one["value"]))
            stamp = one.get("time", stamp)
        else:
            named.append((name, one))
    return named, stamp


def _moment(stamp: Any, received: datetime) -> tuple[datetime, bool]:
    """When it was measured, and whether the device's clock is wrong. Milliseconds, seconds or ISO 8601; none: on receipt."""
    if stamp is None:
        return received, False
    try:
        if type(stamp) is str:
            at = _written(stamp)
        elif type(stamp) is int or type(stamp) is float:
            at = datetime.fromtimestamp(stamp / 1000 if stamp > _SECONDS_UNTIL else stamp, UTC)
        else:
            return received, True
    except (ValueError, OverflowError, OSError):
        return received, True
    behind = received - at
    if behind < -AHEAD or behind > LATE:
        return received, True
    return at, False


def _written(text: str) -> datetime:
    """A time as text; one without a zone is Beijing time, digits alone are a number."""
    if len(text) > 40:
        raise ValueError(text)
    if text.isascii() and text.isdigit():
        number = int(text)
        return datetime.fromtimestamp(number / 1000 if number > _SECONDS_UNTIL else number, UTC)
    at = datetime.fromisoformat(text)
    return (at.replace(tzinfo=_BEIJING) if at.tzinfo is None else at).astimezone(UTC)


def _text(value: Any) -> str | None:
    """A short text PostgreSQL can hold."""
    return value if type(value) is str and len(value) <= LONGEST_TEXT and "\x00" not in value else None


def _choice(field: Field, value: Any) -> str | None:
    text = value if type(value) is str else str(value) if type(value) is int and abs(value) < _MOST_SEQ else ""
    return text if text in field.choices else None
