"""Who may listen: a person to their own notices, all staff to the lights."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.live import topic_access


@topic_access("notices")
def own_notices(actor: Actor, topic: str) -> bool:
    return actor.person_id is not None and topic == f"notices:{actor.person_id}"


@topic_access("lights")
def lights(actor: Actor, topic: str) -> bool:
    return actor.kind == "staff"
