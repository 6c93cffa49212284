"""What a batch of messages says: decoded, told from repetition, judged by the rules. Nothing is written here.

This is where the time goes, so it is plain: dictionaries and tuples, no models, one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from huying.kernel.stream import Message, code_of
from huying.senses.alarms.actions import Happened
from huying.senses.devices.decoding import Answer, Garbage, Reading, answer_of, batch_of, parse, read
from huying.senses.devices.directory import Known
from huying.senses.devices.kinds import Kind, kinds
from huying.senses.devices.rules import CODE, DeviceState

from .engines import Engines
from .memory import Seen
from .spool import Line

SAMPLE: Final = 400  # bytes kept of what could not be taken
Told = tuple[Known, Any, Message]  # whose, the parsed body, the message it came in


@dataclass(slots=True)
class Refused:
    """Messages of one sender that could not be taken for one reason: how many, and the latest."""

    count: int
    message: Message


@dataclass(slots=True)
class Read:
    """What the messages of a batch are: bodies by device, command answers, refusals, gateways that were heard of."""

    told: list[Told] = field(default_factory=list)
    answers: list[tuple[Known, Answer, Message]] = field(default_factory=list)
    refused: dict[tuple[str, str], Refused] = field(default_factory=dict)
    heard: dict[int, tuple[Known, datetime]] = field(default_factory=dict)
    devices: dict[int, Known] = field(default_factory=dict)

    def refuse(self, code: str, why: str, message: Message) -> None:
        key = (code[:64], why[:200])
        one = self.refused.get(key)
        if one is None:
            self.refused[key] = Refused(1, message)
        else:
            one.count, one.message = one.count + 1, message


@dataclass(slots=True)
class Taken:
    """What the devices said: lines for the history, devices that changed, what the rules made of it."""

    lines: list[Line] = field(default_factory=list)
    changed: dict[int, Seen] = field(default_factory=dict)
    happened: list[Happened] = field(default_factory=list)
    readings: int = 0
    repeated: int = 0


def read_messages(messages: Sequence[Message], directory: Callable[[set[str]], dict[str, Known]]) -> Read:
    """Whose the messages are and what they hold. ``directory`` knows the devices among some codes."""
    result = Read()
    parsed: list[tuple[str, Any, Message]] = []
    codes: set[str] = set()
    for message in messages:
        code = code_of(message.subject)
        try:
            if b"\\u0000" in message.data:
                raise Garbage("not_json")  # no column can hold it
            body = parse(message.data)
        except Garbage as garbage:
            result.refuse(code, garbage.why, message)
            continue
        codes.add(code)
        parsed.append((code, body, message))
    known = directory(codes)
    batches: list[tuple[Known, list[tuple[str, Any]], Message]] = []
    for code, body, message in parsed:
        one = known.get(code)
        if one is None or one.state != DeviceState.ACTIVE:
            result.refuse(code, "unknown" if one is None else one.state, message)
        elif type(body) is dict and "gateway" in body:
            _open_batch(one, body, message, batches, result)
        elif type(body) is dict and "command" in body:
            answer = answer_of(body)
            if answer is None:
                result.refuse(code, "not_an_answer", message)
            else:
                result.answers.append((one, answer, message))
                result.heard[one.pk] = (one, message.at)
        else:
            result.told.append((one, body, message))
    if batches:
        _behind(batches, directory, result)
    result.devices.update({one.pk: one for one, _body, _message in result.told})
    result.devices.update({pk: one for pk, (one, _at) in result.heard.items()})
    return result


def _open_batch(
    gateway: Known,
    body: Any,
    message: Message,
    batches: list[tuple[Known, list[tuple[str, Any]], Message]],
    result: Read,
) -> None:
    try:
        batch = batch_of(body)
    except Garbage as garbage:
        result.refuse(gateway.code, garbage.why, message)
        return
    if batch is None or batch.gateway != gateway.code:
        result.refuse(gateway.code, "not_its_batch", message)
        return
    result.heard[gateway.pk] = (gateway, message.at)
    batches.append((gateway, batch.parts, message))


def _behind(
    batches: Sequence[tuple[Known, list[tuple[str, Any]], Message]],
    directory: Callable[[set[str]], dict[str, Known]],
    result: Read,
) -> None:
    """What gateways said of others: only of those registered behind them."""
    known = directory({code for _gateway, parts, _message in batches for code, _body in parts})
    for gateway, parts, message in batches:
        for code, body in parts:
            one = known.get(code)
            if one is None or (one.gateway_pk != gateway.pk and one.pk != gateway.pk):
                named = code if CODE.fullmatch(code) else gateway.code
                result.refuse(named, "unknown" if one is None else "not_behind_gateway", message)
            elif one.state != DeviceState.ACTIVE:
                result.refuse(code, one.state, message)
            else:
                result.told.append((one, body, message))


def take(found: Read, seen: dict[int, Seen], engines: Engines) -> Taken:
    """What the bodies say, in their order: each device's memory goes on, nothing else is touched."""
    taken = Taken()
    every = kinds()
    for known, body, message in found.told:
        kind = every[known.kind]
        try:
            readings = read(kind, body, message.at)
        except Garbage as garbage:
            found.refuse(known.code, garbage.why, message)
            continue
        one = seen[known.pk]
        _take_readings(known, kind, one, readings, message.at, engines, taken)
    for pk, (known, at) in found.heard.items():
        arrived = int(at.timestamp() * 1000)
        _heard(seen[pk], arrived, taken)
        _end_silence(known, seen[pk], arrived, engines, taken)
    return taken


def _take_readings(
    known: Known, kind: Kind, one: Seen, readings: Sequence[Reading], received: datetime, engines: Engines, taken: Taken
) -> None:
    arrived = int(received.timestamp() * 1000)
    _heard(one, arrived, taken)
    engine = engines.of_seen(one)
    assert one.changed is not None
    for reading in readings:
        at, seq, values = int(reading.at.timestamp() * 1000), reading.seq, reading.values
        taken.readings += 1
        if seq is not None and _again(kind, one, reading, at, seq, arrived, reading.at is received):
            taken.repeated += 1
            continue
        one.rules, events = engine.talk.step_ms(one.rules, at, arrived, values)
        for event in events:
            taken.happened.append(Happened(known, event))
        if values:
            one.changed.update(one.told(at, seq, values))
            taken.lines.append({"k": kind.code, "d": known.pk, "a": at, "r": arrived, "s": seq, "v": values})
        elif at > one.at:
            one.at, one.seq = at, seq
    _end_silence(known, one, arrived, engines, taken)


def _again(kind: Kind, one: Seen, reading: Reading, at: int, seq: int, arrived: int, timeless: bool) -> bool:
    """Whether the device did not hear that we have this; without a clock of its own it is known by its number.

    Somebody who presses again must be heard: without a clock a call for help is never taken for a repetition.
    """
    if not timeless:
        return at == one.at and seq == one.seq
    again = (at == one.at and seq == one.seq) or one.heard_again(seq, arrived, reading.values)
    return again and not any(reading.values.get(code) is True for code in kind.urgent_fields)


def _end_silence(known: Known, one: Seen, arrived: int, engines: Engines, taken: Taken) -> None:
    """Whatever it says, it is not silent any more; a gateway that only passes on what others say neither."""
    engine = engines.of_seen(one)
    if one.silence is not None and engine.judges:
        one.silence, events = engine.silent.step_ms(one.silence, one.received, arrived, {})
        taken.happened.extend(Happened(known, event) for event in events)
        if any(event.what == "clear" for event in events):
            one.silence = None
        one.judged = True


def _heard(one: Seen, arrived: int, taken: Taken) -> None:
    """The device lives."""
    if one.changed is None:
        one.changed = {}
        taken.changed[one.known.pk] = one
    one.received = max(one.received, arrived)
    one.online = True
