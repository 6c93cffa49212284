"""Live screens: say within a transaction that something changed; listeners hear of it when the transaction commits.

Carried by PostgreSQL's NOTIFY: rolled back with the transaction, delivered in commit order, the same message of one
transaction only once. What is announced is a hint to look again, never the truth itself: payloads hold references
(case number, state), no personal data, since everyone who may listen to the topic receives them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from huying.kernel.actor import Actor
from huying.kernel.gathering import later

CHANNEL: Final = "huying_live"
LONGEST: Final = 7900  # bytes; NOTIFY refuses 8000

Payload = Mapping[str, Any]
Access = Callable[[Actor, str], bool]

_access: dict[str, Access] = {}


def announce(topic: str, payload: Payload | None = None) -> None:
    """Tell whoever listens to `topic` ("cases", "case:123") that it changed. A payload too long for NOTIFY is left out."""
    announce_all([(topic, payload)])


def announce_all(messages: Iterable[tuple[str, Payload | None]]) -> None:
    """`announce` for many, in one query."""
    bodies = [_body(topic, payload) for topic, payload in messages]
    if bodies:
        later("SELECT pg_notify(%s, body) FROM unnest(%s::text[]) AS body", [CHANNEL, bodies])


def topic_access(first: str) -> Callable[[Access], Access]:
    """Register who may listen to `first` and `first:…`: `may(actor, topic) -> bool`. Topics nobody registered are closed."""

    def register(may: Access) -> Access:
        if _access.setdefault(first, may) is not may:
            raise ValueError(f"topic {first} already has an access rule")
        return may

    return register


def allowed(actor: Actor, topics: Iterable[str]) -> frozenset[str]:
    """Those of `topics` the actor may listen to."""
    return frozenset(topic for topic in topics if (may := _access.get(topic.partition(":")[0])) and may(actor, topic))


def concerns(topic: str, wanted: frozenset[str]) -> bool:
    """Whether a message on `topic` reaches a listener of `wanted`: "cases" also hears "cases:310115"."""
    if topic in wanted:
        return True
    parts = topic.split(":")
    return any(":".join(parts[:length]) in wanted for length in range(1, len(parts)))


def _body(topic: str, payload: Payload | None) -> str:
    body = json.dumps({"topic": topic, "payload": payload}, ensure_ascii=False, separators=(",", ":"), default=str)
    if len(body.encode()) <= LONGEST:
        return body
    return json.dumps({"topic": topic, "payload": None}, ensure_ascii=False, separators=(",", ":"))
