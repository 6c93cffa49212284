"""Who may change the calendar and the thresholds, and who may see the clocks."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound

EDITORS = ("centre_lead", "admin")
READERS = (*EDITORS, "supervisor", "discipline", "dispatcher", "unit_lead", "catalogue_editor")


def may_edit(actor: Actor, area: str = "") -> bool:
    """Centre leads and administrators set the calendar of the area they hold, and of nothing above it."""
    return actor.is_system or any(area.startswith(duty.area) for duty in actor.duties_of(*EDITORS))


def must_edit(actor: Actor, area: str = "") -> None:
    """Raise NotFound for a stranger to the calendar, Forbidden for a reader or another area's editor."""
    must_read(actor)
    if not may_edit(actor, area):
        raise Forbidden(code="calendar_not_yours")


def must_read(actor: Actor) -> None:
    if not actor.is_system and not actor.duties_of(*READERS):
        raise NotFound(code="calendar_not_found")
