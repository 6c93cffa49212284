"""Which streams there are, what goes into each, and how full they are.

Devices publish by MQTT at QoS 1. The server answers PUBACK when a stream has stored `$MQTT.msgs.<subject>`, so our streams
listen there: what a device was promised is stored, and what a full stream refuses is not acknowledged. HTTP and NATS
senders publish to the same subjects (`stored_subject`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from nats.errors import Error as NatsError
from nats.js import api
from nats.js.errors import APIError, NotFoundError

from huying.kernel.stream.connection import Connection
from huying.kernel.stream.errors import StreamUnavailable

READINGS: Final = "READINGS"
URGENT: Final = "URGENT"
PARTITIONS: Final = 4
KEPT: Final = "$MQTT.msgs."  # before a subject: stored, not only passed on
LONGEST: Final = 512 * 1024  # bytes of one message
ALIKE: Final = 120.0  # seconds within which the same `msg_id` is taken once
_DOWNWARDS: Final = "$MQTT_msgs"  # the server's own stream of that prefix, kept to what goes down
_PATIENCE: Final = 5.0


class Message(NamedTuple):
    """One message of a stream."""

    seq: int
    subject: str  # `r.<partition>.<code>` or `u.<code>`
    data: bytes
    at: datetime  # when the stream took it, UTC


class StreamState(NamedTuple):
    """How much a stream holds."""

    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    share: float  # of its size, 0 to 1; a full stream refuses
    born: datetime  # when it was made, UTC: one made anew begins its numbers again


def reading_subject(code: str) -> str:
    """Where a device's readings go: `hy.<code>.up`."""
    return f"hy.{code}.up"


def urgent_subject(code: str) -> str:
    """Where goes what cannot wait: `hy.<code>.urgent`."""
    return f"hy.{code}.urgent"


def down_subject(code: str) -> str:
    """Where a device listens: `hy.<code>.down`."""
    return f"hy.{code}.down"


def stored_subject(subject: str) -> str:
    """The subject under which a stream takes a message on `subject`; for senders that do not use `Publisher`."""
    return KEPT + subject


def code_of(subject: str) -> str:
    """The device's code in the subject of a `Message`."""
    return subject.rpartition(".")[2]


def partition_of(code: str) -> int:
    """The partition the server chooses for a device: FNV-1a (32 bit) of its code, modulo `PARTITIONS`."""
    digest = 0x811C9DC5
    for byte in code.encode():
        digest = ((digest ^ byte) * 0x01000193) & 0xFFFFFFFF
    return digest % PARTITIONS


def part_filter(stream: str, partition: int | None) -> str:
    """The subjects of one partition of `READINGS`, or of the whole stream. To count and purge; to read with it is slow."""
    if stream == URGENT:
        return "u.*"
    return f"r.{'*' if partition is None else partition}.*"


async def ensure_streams(connection: Connection) -> None:
    """Make the streams, or bring them to the settings (size, replicas). Idempotent; raises `StreamUnavailable`."""
    manager = connection.jsm(timeout=_PATIENCE)
    try:
        for config in _wanted():
            await _ensure(manager, config)
    except (NatsError, OSError, TimeoutError) as error:
        raise StreamUnavailable(hint=str(error)) from error


async def fullness(connection: Connection, stream: str) -> StreamState:
    """How full a stream is; raises `StreamUnavailable`."""
    try:
        found = await connection.jsm(timeout=_PATIENCE).stream_info(stream)
    except (NatsError, OSError, TimeoutError) as error:
        raise StreamUnavailable(hint=str(error)) from error
    state, most = found.state, found.config.max_bytes or 0
    share = state.bytes / most if most > 0 else 0.0
    born = found.created or datetime.fromtimestamp(0, UTC)
    return StreamState(state.messages, state.bytes, state.first_seq, state.last_seq, min(1.0, share), born)


async def purge(connection: Connection, stream: str, *, partition: int | None, upto: int) -> None:
    """Throw away what was processed and needs no replay, up to and including `upto`.

    `partition=None`, with the smallest of all cursors, takes whole blocks off at once; one partition alone is taken out
    message by message.
    """
    try:
        manager = connection.jsm(timeout=_PATIENCE)
        await manager.purge_stream(
            stream, seq=upto + 1, subject=None if partition is None else part_filter(stream, partition)
        )
    except (NatsError, OSError, TimeoutError) as error:
        raise StreamUnavailable(hint=str(error)) from error


def _wanted() -> list[api.StreamConfig]:
    """First what narrows the server's own stream, so that ours may listen to the rest of its subjects."""
    every: dict[str, Any] = {
        "storage": api.StorageType.FILE,
        "num_replicas": int(settings.HUYING_STREAM_REPLICAS),
        "max_msg_size": LONGEST,
        "duplicate_window": ALIKE,
    }
    keeping: dict[str, Any] = {**every, "retention": api.RetentionPolicy.LIMITS, "discard": api.DiscardPolicy.NEW}
    megabytes = int(settings.HUYING_STREAM_MEGABYTES)
    return [
        api.StreamConfig(
            name=_DOWNWARDS,
            subjects=[KEPT + down_subject("*")],
            retention=api.RetentionPolicy.INTEREST,
            max_bytes=64 << 20,
            allow_msg_ttl=True,
            **every,
        ),
        api.StreamConfig(
            name=URGENT,
            subjects=[KEPT + urgent_subject("*")],
            subject_transform=api.SubjectTransform(KEPT + urgent_subject("*"), "u.{{wildcard(1)}}"),
            max_bytes=max(16, megabytes // 16) << 20,
            **keeping,
        ),
        api.StreamConfig(
            name=READINGS,
            subjects=[KEPT + reading_subject("*")],
            subject_transform=api.SubjectTransform(
                KEPT + reading_subject("*"), f"r.{{{{partition({PARTITIONS},1)}}}}.{{{{wildcard(1)}}}}"
            ),
            max_bytes=megabytes << 20,
            **keeping,
        ),
    ]


async def _ensure(manager: Any, wanted: api.StreamConfig) -> None:
    try:
        found = (await manager.stream_info(wanted.name)).config
    except NotFoundError:
        try:
            await manager.add_stream(wanted)
        except APIError as error:
            if error.err_code != _NAME_TAKEN:  # somebody was faster
                raise
        return
    if _differences(found.as_dict(), wanted.as_dict()):
        await manager.update_stream(wanted)


_NAME_TAKEN: Final = 10058


def _differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> set[str]:
    return {name for name in ("subjects", "max_bytes", "num_replicas", "max_msg_size") if found[name] != wanted[name]}
