"""Who sits at the dispatcher's desk, and who sets how sure is sure enough."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.casework.cases import access as cases
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound

DISPATCHERS = ("dispatcher", "centre_lead")
POLICY_EDITORS = ("centre_lead", "admin")
TRYERS = (*DISPATCHERS, "admin", "catalogue_editor", "organisation_editor", "supervisor", "unit_lead", "seat")


def must_dispatch(actor: Actor) -> None:
    """NotFound for everybody who does not dispatch."""
    if not actor.duties_of(*DISPATCHERS):
        raise NotFound()


def must_try(actor: Actor) -> None:
    """A dry run writes nothing; it is for those whose work it explains."""
    if not actor.duties_of(*TRYERS):
        raise NotFound()


def may_edit_policy(actor: Actor, area: str = "") -> bool:
    """Centre leads and administrators set the policy of the area they hold, and of nothing above it."""
    return actor.is_system or any(area.startswith(duty.area) for duty in actor.duties_of(*POLICY_EDITORS))


def may_read_policies(actor: Actor) -> bool:
    return actor.is_system or bool(actor.duties_of(*DISPATCHERS, *POLICY_EDITORS))


def must_read_policies(actor: Actor) -> None:
    if not may_read_policies(actor):
        raise NotFound()


def must_edit_policy(actor: Actor, area: str) -> None:
    """NotFound for a stranger to dispatch, Forbidden for a reader or for another area's editor."""
    must_read_policies(actor)
    if not may_edit_policy(actor, area):
        raise Forbidden(
            _("这个范围的分拨规则不由您设定"), hint=_("请联系该范围的中心负责人。"), code="policy_not_yours"
        )


def covered(actor: Actor, *roles: str) -> Q:
    """Cases of the areas somebody holds one of the roles for."""
    found = Q(pk__in=[])
    for duty in actor.duties_of(*roles):
        if not duty.area:
            return Q()
        found |= cases.area_filter(duty.area)
    return found
