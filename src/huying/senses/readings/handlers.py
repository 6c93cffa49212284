"""What the drain does when devices are paused, count again, or a call of theirs was ended by people."""

from __future__ import annotations

from collections.abc import Sequence

from huying.kernel.facts import subscribe
from huying.senses.alarms.facts import AlarmsLetGo
from huying.senses.devices.facts import DeviceHandedOn, DevicePaused, DeviceResumed, DeviceReturned

from . import renewing


@subscribe(DevicePaused)
def paused(told: Sequence[DevicePaused]) -> None:
    """Nothing it said before is in force any more: what still stands when it counts again is raised then."""
    renewing.begin_anew(fact.device_id for fact in told)


@subscribe(DeviceResumed)
def resumed(told: Sequence[DeviceResumed]) -> None:
    """What was raised at the very moment of the pause is over too; it may have died meanwhile: it is looked at in silence."""
    renewing.begin_anew(fact.device_id for fact in told)
    renewing.look_later({fact.device_id: fact.at for fact in told})


@subscribe(AlarmsLetGo)
def let_go(told: Sequence[AlarmsLetGo]) -> None:
    """The next call is a new one."""
    renewing.forget_calls(call for fact in told for call in fact.calls)


@subscribe(DeviceHandedOn)
def handed_on(told: Sequence[DeviceHandedOn]) -> None:
    """What was said and learned of the one before is not shown of the next, nor judged by."""
    renewing.lay_aside({fact.device_id: fact.at for fact in told})


@subscribe(DeviceReturned)
def returned(told: Sequence[DeviceReturned]) -> None:
    """Somebody has it back: what was laid aside is theirs again."""
    for fact in told:
        renewing.bring_back(fact.device_id, fact.resident, now=fact.at)
