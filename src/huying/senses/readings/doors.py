"""Who may listen to devices speaking."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.live import topic_access
from huying.senses.devices import access as devices


@topic_access("devices")
def watches(actor: Actor, topic: str) -> bool:
    """``devices:<area>`` for whoever sees devices there; what they said they ask for themselves."""
    area = topic.partition(":")[2]
    return devices.may(actor, devices.VIEW, area) if area else devices.may_somewhere(actor)
