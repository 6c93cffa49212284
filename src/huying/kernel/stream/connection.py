"""A connection to the stream's server that never gives up."""

from __future__ import annotations

import asyncio
import logging
from base64 import urlsafe_b64encode
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import UnexpectedEOF

from huying.kernel.stream.access import Access, find_access
from huying.kernel.stream.errors import StreamUnavailable
from huying.kernel.stream.nkeys import KeyPair
from huying.kernel.stream.wire import BulkParser, Sink

PATIENCE: Final = 5.0  # seconds for the first connection
_PAUSE: Final = 0.2  # seconds between two attempts at the same server
_log = logging.getLogger(__name__)


class Connection(Client):
    """The library's client; it reconnects for ever, counts how often, and fills sinks many messages at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._bulk = BulkParser(self)
        self._ps = self._bulk
        self.renewals = 0  # how often it was connected anew: whatever the server kept for us may be gone

    async def subscribe_sink(self, subject: str, sink: Sink) -> Any:
        """Subscribe; messages go straight into `sink(subject, reply, header, body)`. Ends with `unsubscribe_sink`."""
        subscription = await self.subscribe(subject)
        self._bulk.sinks[str(subscription._id).encode()] = sink
        return subscription

    async def unsubscribe_sink(self, subscription: Any) -> None:
        self._bulk.sinks.pop(str(subscription._id).encode(), None)
        if not self.is_closed:
            await subscription.unsubscribe()

    async def _process_err(self, err_msg: str) -> None:
        """The library closes for good on most errors a server reports; here the connection is made anew instead."""
        if "permissions violation" in err_msg:
            await super()._process_err(err_msg)
        else:
            _log.warning("the stream's server says %s", err_msg)
            await self._process_op_err(NatsError(f"nats: {err_msg}"))


async def connect(*, name: str, access: Access | None = None, patience: float = PATIENCE) -> Connection:
    """Connect as `name` (shown in the server's monitoring); raises `StreamUnavailable` after `patience` seconds.

    Once connected it stays so: what breaks is connected again for ever, `is_connected` says how it is.
    """
    access = access or find_access()
    connection = Connection()
    options: dict[str, Any] = {"reconnect_time_wait": _PAUSE}
    options |= {"user": access.user, "password": access.password} if access.user else {}
    if access.seed:
        key = KeyPair.from_seed(access.seed)
        options["user_jwt_cb"] = access.token.encode
        options["signature_cb"] = lambda nonce: urlsafe_b64encode(key.sign(nonce.encode())).rstrip(b"=")

    async def renewed() -> None:
        connection.renewals += 1
        _log.info("%s: connected again", name)

    attempt = connection.connect(
        list(access.servers),
        name=name,
        error_cb=_noted,
        reconnected_cb=renewed,
        max_reconnect_attempts=-1,
        connect_timeout=2,
        ping_interval=10,
        max_outstanding_pings=2,
        **options,
    )
    try:
        await asyncio.wait_for(attempt, patience)
    except (NatsError, OSError, TimeoutError, ValueError) as error:
        await connection.close()
        raise StreamUnavailable(
            hint=f"{access.servers[0].rpartition('@')[2]}: {connection.last_error or error}"
        ) from error
    return connection


async def _noted(error: Exception) -> None:
    """Lost connections are tried again by themselves; everything else is worth a line."""
    if not isinstance(error, UnexpectedEOF | OSError | TimeoutError):
        _log.warning("stream: %s", error)
