"""The stream of what devices say: durable, ordered, drained by a cursor its reader keeps with its own results.

Carried by NATS JetStream: the instance's own server, or the cluster named by `NATS_URL`. Whoever drains keeps the last
`seq` it has finished in the same database transaction as what it made of it; `drain(after=seq)` then neither skips nor
repeats anything, whatever dies in between.

Subjects are spoken of as MQTT topics with dots: a device's readings are `hy.<code>.up`, what cannot wait `hy.<code>.urgent`,
what it is told `hy.<code>.down`. See docs/reference/stream.md.
"""

from huying.kernel.stream.access import Access, find_access
from huying.kernel.stream.callout import Judge, Login, Permit, answer_logins, device_permit
from huying.kernel.stream.connection import Connection, connect
from huying.kernel.stream.draining import drain
from huying.kernel.stream.errors import StreamFull, StreamRefused, StreamRenewed, StreamUnavailable
from huying.kernel.stream.publishing import Publisher, publisher
from huying.kernel.stream.streams import (
    PARTITIONS,
    READINGS,
    URGENT,
    Message,
    StreamState,
    code_of,
    down_subject,
    ensure_streams,
    fullness,
    partition_of,
    purge,
    reading_subject,
    stored_subject,
    urgent_subject,
)

__all__ = [
    "PARTITIONS",
    "READINGS",
    "URGENT",
    "Access",
    "Connection",
    "Judge",
    "Login",
    "Message",
    "Permit",
    "Publisher",
    "StreamFull",
    "StreamRefused",
    "StreamRenewed",
    "StreamState",
    "StreamUnavailable",
    "answer_logins",
    "code_of",
    "connect",
    "device_permit",
    "down_subject",
    "drain",
    "ensure_streams",
    "find_access",
    "fullness",
    "partition_of",
    "publisher",
    "purge",
    "reading_subject",
    "stored_subject",
    "urgent_subject",
]
