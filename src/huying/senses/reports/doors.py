"""A resident's own door: whoever holds a tracking code may follow it live and see the pictures of the matter."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.live import topic_access


@topic_access("track")
def code_is_the_key(actor: Actor, topic: str) -> bool:
    """Codes cannot be guessed, and a message says only that something moved."""
    return len(topic) > len("track:")
