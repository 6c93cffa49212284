"""Ways for what is simulated to reach the platform: MQTT, HTTP push, straight to the stream, or a file of recorded payloads.

A sink takes envelopes and answers, for each, whether the other side has it for good. It tries again by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from huying.senses.readings.simulator.payloads import encode_batch
from huying.senses.readings.simulator.play import Message

MOST: Final = 400  # readings of one gateway's batch: far below what the platform takes


class Envelope(NamedTuple):
    """What one sender (a device or its gateway) sends at once, and the messages in it."""

    sender: str
    urgent: bool
    body: bytes
    messages: tuple[Message, ...]
    batch: bool = False

    @property
    def way(self) -> str:
        return "urgent" if self.urgent else "up"


class Sink(Protocol):
    """``send`` waits until each was taken or given up; ``sender`` needs a credential only where sinks ask for it."""

    def send(self, envelopes: Sequence[Envelope]) -> list[bool]: ...
    def close(self) -> None: ...


def envelopes(messages: Iterable[Message]) -> list[Envelope]:
    """Devices speak for themselves; those behind a gateway are put together, garbage alone. Order is kept for each sender."""
    found: list[Envelope] = []
    waiting: dict[tuple[str, bool], list[Message]] = {}
    for one in messages:
        if not one.gateway:
            found.append(Envelope(one.code, one.urgent, one.body, (one,)))
        elif not one.readings:
            found.append(Envelope(one.gateway, one.urgent, one.body, (one,)))
        else:
            held = waiting.setdefault((one.gateway, one.urgent), [])
            held.append(one)
            if len(held) == MOST:
                found.append(_batch(one.gateway, held))
                held.clear()
    found += [_batch(gateway, held) for (gateway, _urgent), held in waiting.items() if held]
    return found


def _batch(gateway: str, held: Sequence[Message]) -> Envelope:
    body = encode_batch(gateway, [(one.code, one.body) for one in held])
    return Envelope(gateway, held[0].urgent, body, tuple(held), batch=True)


__all__ = ["Envelope", "Sink", "envelopes"]
