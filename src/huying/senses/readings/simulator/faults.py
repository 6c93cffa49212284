"""What goes wrong on the way: silence, wrong clocks, doubles, wrong order, garbage. Each counted, so that proofs add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import orjson

from .chance import mixed, seed_of, unit
from .figures import Figure
from .play import Message, Players, due

FAULTS: Final = ("dropout", "dead_gateway", "skew", "duplicate", "disorder", "garbage")
_OFFSETS: Final = (-7_200.0, -240.0, 180.0, 900.0, 86_400.0)
_SPELL: Final = 10  # intervals a drop-out lasts
_GRACE: Final = 0.25  # of the run (or a minute of a run without end) before a gateway dies


class Faults:
    """Shares between 0 and 1 by name: of devices (skew), of gateways (dead_gateway), of time (dropout), of messages."""

    def __init__(self, shares: Mapping[str, float], *, seed: int = 1) -> None:
        self.shares = {name: shares.get(name, 0.0) for name in FAULTS}
        self.seed = seed_of("faults", seed)
        self.counts: Counter[str] = Counter()

    def offset(self, one: Figure) -> float:
        """Seconds a device's clock is ahead; 0 for most."""
        if not self.shares["skew"] or unit(one.seed + 201, 0) >= self.shares["skew"]:
            return 0.0
        return _OFFSETS[mixed(one.seed + 202, 0) % len(_OFFSETS)]

    def is_dead(self, gateway: str) -> bool:
        """Whether a gateway is one of those that die."""
        share = self.shares["dead_gateway"]
        return bool(gateway) and share > 0.0 and unit(seed_of(gateway, 0) ^ self.seed, 0) < share

    def is_mute(self, one: Figure, at: float) -> bool:
        """Whether a device is in a spell of silence."""
        share = self.shares["dropout"]
        return share > 0.0 and unit(one.seed + 203, int(at // (one.every * _SPELL))) < share

    def draw(self, what: str, number: int) -> bool:
        share = self.shares[what]
        return share > 0.0 and unit(self.seed + FAULTS.index(what), number) < share


def play(players: Players, faults: Faults, since: float, until: float) -> Iterator[Message]:
    """Every message in the order it is sent, with what goes wrong. ``faults.counts`` says how often, as it goes."""
    gateway_dies = since + min(_GRACE * (until - since), 60.0)
    held: dict[str, Message] = {}
    for number, (at, one) in enumerate(due(players.figures, since, until)):
        if at >= gateway_dies and faults.is_dead(one.gateway):
            faults.counts["dead_gateway"] += 1
            continue
        if faults.is_mute(one, at):
            faults.counts["dropout"] += 1
            continue
        off = faults.offset(one)
        message = players.say(at, one, off=off)
        if off:
            faults.counts["skew"] += 1
        yield from _sent(message, number, faults, held)
    yield from held.values()


def _sent(message: Message, number: int, faults: Faults, held: dict[str, Message]) -> Iterator[Message]:
    """A message, perhaps after the one that follows it, perhaps twice, perhaps with garbage."""
    if faults.draw("garbage", number):
        faults.counts["garbage"] += 1
        yield message._replace(body=garbage(message, mixed(faults.seed, number)), readings=0)
    earlier = held.pop(message.code, None)
    if earlier is None and not message.urgent and faults.draw("disorder", number):
        faults.counts["disorder"] += 1
        held[message.code] = message
        return
    yield message
    if earlier is not None:
        yield earlier
    if faults.draw("duplicate", number):
        faults.counts["duplicate"] += 1
        yield message._replace(again=True)


def garbage(message: Message, lot: int) -> bytes:
    """Something a broken device sends: cut off, no text at all, another form, nothing, or a wall of noise."""
    noise = lot.to_bytes(8, "big")
    return (
        message.body[: max(1, len(message.body) // 2)],
        noise * (1 + lot % 40),
        b"",
        orjson.dumps({"hello": "world", "n": lot % 1000}),
        orjson.dumps([[lot % 7], "?"]),
        orjson.dumps(lot % 10_000),
        b'{"ts": 1, "v": {"leak": NaN}}',
    )[lot % 7]


def wrong_shares(shares: Mapping[str, float]) -> Sequence[str]:
    """Names that are no fault, or shares outside 0 to 1."""
    return sorted(name for name, share in shares.items() if name not in FAULTS or not 0.0 <= share <= 1.0)
