"""Reading the NATS protocol many messages at a time.

The client library makes an object, a queue entry and several tasks of every message. What drains a stream needs the bytes
only: subscriptions with a sink get them straight from the buffer, everything else goes the library's own way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nats.errors import ProtocolError
from nats.protocol.parser import Parser

Sink = Callable[[bytes, bytes, bytes, bytes], None]  # subject, reply, header, body

_LONGEST_LINE: Final = 1 << 20
_END: Final = b"\r\n"
_MESSAGES: Final = frozenset({b"MSG", b"HMSG"})


class BulkParser(Parser):
    """Parses like the library's, and hands messages of subscriptions with a sink over without a detour."""

    def __init__(self, nc: Any) -> None:
        self.sinks: dict[bytes, Sink] = {}
        self.rest = b""
        super().__init__(nc)

    def reset(self) -> None:
        super().reset()
        self.rest = b""

    async def parse(self, data: bytes = b"") -> None:
        """Everything complete in `data` and what was left of the last time; the incomplete end is kept."""
        if self.rest:
            data = self.rest + data
        position, size, sinks = 0, len(data), self.sinks
        while (end := data.find(_END, position)) >= 0:
            whole = data[position : end + 2]
            line = whole.split()
            kind = line[0] if line else b""
            if kind not in _MESSAGES:
                position = end + 2
                await super().parse(whole)  # PING, PONG, INFO, +OK, -ERR: one line each
                continue
            stop = end + 2 + int(line[-1])
            if stop + 2 > size:
                break
            body = end + 2 + (int(line[-2]) if kind == b"HMSG" else 0)
            reply = line[3] if len(line) > (5 if kind == b"HMSG" else 4) else b""
            position = stop + 2
            if (sink := sinks.get(line[2])) is not None:
                sink(line[1], reply, data[end + 2 : body], data[body:stop])
            else:
                head = data[end + 2 : body] or None
                await self.nc._process_msg(int(line[2]), line[1], reply, data[body:stop], head)
        self.rest = data[position:]
        if end < 0 and len(self.rest) > _LONGEST_LINE:
            raise ProtocolError("nats: a line without end")
