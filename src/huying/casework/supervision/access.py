"""Who may see a supervision order, and what they are to it. A stranger gets the answer of something that is not there."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from huying.casework.cases.models import Case
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound

from .models import SupervisionOrder
from .rules import Party

ACTORS = {"supervisor": Party.SUPERVISOR, "centre_lead": Party.CENTRE}
READERS = (*ACTORS, "discipline", "admin")  # discipline and admin see all of their area and do nothing
UNIT_ROLES = ("handler", "unit_lead")
_COUNTY_DIGITS = 6


def visible(actor: Actor) -> QuerySet[SupervisionOrder]:
    """Orders in the areas somebody watches, and orders to the units they work for."""
    if actor.is_system:
        return SupervisionOrder.objects.all()
    seen = Q(pk__in=[])
    for duty in actor.duties:
        if duty.role in READERS:
            if not duty.area:
                return SupervisionOrder.objects.all()
            seen |= Q(area__startswith=duty.area)
            if len(duty.area) <= _COUNTY_DIGITS:
                seen |= Q(area="")
        elif duty.role in UNIT_ROLES and duty.unit_path:
            seen |= Q(unit__path__startswith=duty.unit_path)
    return SupervisionOrder.objects.filter(seen)


def get_order(actor: Actor, order_id: int) -> SupervisionOrder:
    order = (
        visible(actor).select_related("case", "unit", "person", "clock").prefetch_related("steps").filter(pk=order_id)
    ).first()
    if order is None:
        raise NotFound(code="order_not_found")
    return order


def parties(actor: Actor, order: SupervisionOrder) -> frozenset[Party]:
    """What the actor is to the order."""
    if actor.is_system:
        return frozenset({Party.SYSTEM})
    found = parties_in(actor, order.area)
    path = order.unit.path if order.unit else ""
    if path and any(duty.covers_unit(path) for duty in actor.duties_of(*UNIT_ROLES)):
        found |= {Party.UNIT}
    return found


def parties_in(actor: Actor, area: str) -> frozenset[Party]:
    """What the actor may watch over in an area."""
    if actor.is_system:
        return frozenset({Party.SYSTEM})
    return frozenset(
        ACTORS[duty.role]
        for duty in actor.duties_of(*ACTORS)
        if area.startswith(duty.area) or (not area and len(duty.area) <= _COUNTY_DIGITS)
    )


def must_watch(actor: Actor) -> None:
    """The supervision board is for those who watch an area."""
    if not actor.is_system and not actor.duties_of(*READERS):
        raise NotFound(code="board_not_found")


def must_act_on(actor: Actor, case: Case) -> None:
    """Raise Forbidden for one who may read the case but not supervise it."""
    if not parties_in(actor, area_of(case)):
        raise Forbidden(code="not_yours")


def area_of(case: Case) -> str:
    return case.grid or case.community or case.town or case.county
