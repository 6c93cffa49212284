"""Who may hear that an order changed: all staff; what it says they must look up with their own rights."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.live import topic_access


@topic_access("orders")
def orders(actor: Actor, topic: str) -> bool:
    return actor.kind == "staff"
