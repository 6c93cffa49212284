"""How much of a stream is not taken yet, asked of the stream itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from nats.errors import Error as NatsError
from nats.js import api

from huying.kernel.stream import READINGS, Connection, StreamUnavailable
from huying.kernel.stream.streams import part_filter

_PATIENCE: Final = 5.0


async def waiting(connection: Connection, stream: str, seqs: Sequence[int]) -> int:
    """Messages behind the cursors, which stand at ``seqs`` in the order of their partitions. Raises `StreamUnavailable`."""
    return sum([await _behind(connection, stream, partition, seq) for partition, seq in enumerate(seqs)])


async def taken_upto(connection: Connection, stream: str, seqs: Sequence[int], last: int) -> int:
    """Up to which number everything is taken, when the stream ended at ``last``. Raises `StreamUnavailable`.

    The cursor of a partition in which nobody spoke stands far behind, though nothing waits there.
    """
    upto = last
    for partition, seq in enumerate(seqs):
        if seq < upto and await _behind(connection, stream, partition, seq):
            upto = seq
    return upto


async def _behind(connection: Connection, stream: str, partition: int, seq: int) -> int:
    manager = connection.jsm(timeout=_PATIENCE)
    config = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=seq + 1,
        ack_policy=api.AckPolicy.NONE,
        filter_subject=part_filter(stream, partition if stream == READINGS else None),
        inactive_threshold=5.0,
        mem_storage=True,
        num_replicas=1,
    )
    try:
        info = await manager.add_consumer(stream, config)
        with suppress(NatsError, OSError, TimeoutError):
            await manager.delete_consumer(stream, info.name)
    except (NatsError, OSError, TimeoutError) as error:
        raise StreamUnavailable(hint=str(error)) from error
    return int(info.num_pending or 0)
