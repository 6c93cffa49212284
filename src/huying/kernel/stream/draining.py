"""Draining a stream in order from a cursor: nothing skipped, nothing repeated, whatever breaks in between.

What the reader has finished is its own affair: it keeps the cursor with its results.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime

from huying.kernel.stream.connection import Connection
from huying.kernel.stream.reading import Reader
from huying.kernel.stream.sharing import Lane, shared_reading
from huying.kernel.stream.streams import URGENT, Message


async def drain(
    connection: Connection,
    stream: str,
    *,
    partition: int | None = None,
    after: int,
    most: int = 2000,
    patience: float = 0.1,
    born: datetime | None = None,
) -> AsyncGenerator[list[Message], None]:
    """Batches of at most `most` messages in stream order with seq > `after`, without end.

    Yields [] when nothing came within `patience` seconds, also while the server is away, so that the caller can look at the
    clock. Close the iterator (`aclose`) to stop. If a power cut has taken messages the cursor counted already, it goes on
    behind what the stream still has: the next message has a smaller seq than `after` then. A stream that was made anew, also
    since `born`, the moment the one `after` counts in was made, ends it with :class:`StreamRenewed`.
    """
    source: Reader | Lane
    if partition is None or stream == URGENT:
        source = Reader(connection, stream, after, most, born)
    else:
        source = shared_reading(connection, stream).join(partition, after, most, born)
    try:
        while True:
            yield await source.next(patience)
    finally:
        await source.close()
