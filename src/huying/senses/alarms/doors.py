"""Who may listen to alarms, and who may read an alarm's history."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.live import topic_access
from huying.senses.devices import access as devices


@topic_access("alarms")
def watches(actor: Actor, topic: str) -> bool:
    """``alarms:<area>`` for whoever sees devices there; ``alarms`` for whoever sees any: what it is they ask for themselves."""
    area = topic.partition(":")[2]
    return devices.may(actor, devices.VIEW, area) if area else devices.may_somewhere(actor)
