"""Who sees the hot issues, who opens a joint case of one and carries its plan out, and who weighs the heat."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.ground.territory.snapshot import current
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound
from huying.senses.reports.access import readable

from .models import FEWEST, HotIssue, HotMessage

READERS = ("centre_lead", "dispatcher", "supervisor", "admin", "discipline")
OPENERS = ("centre_lead", "supervisor", "admin")
WEIGHERS = ("centre_lead", "admin")
_READS = "scope:reports:read"


def must_read(actor: Actor) -> None:
    """NotFound for strangers; a key needs the scope to read reports."""
    if not (actor.is_system or actor.duties_of(*READERS, _READS)):
        raise NotFound()


def messages(actor: Actor) -> QuerySet[HotMessage]:
    """The messages that count for somebody; see :func:`counting`."""
    return HotMessage.objects.filter(counting(actor))


def counting(actor: Actor, of: str = "") -> Q:
    """Which messages count for somebody: all for whoever works for the whole place, else those of the own ground.

    A unit's own system counts those of the cases it may see. ``of``: the way from the model asked to the message.
    """
    must_read(actor)
    duties = actor.duties_of(*READERS, _READS)
    if any(duty.role == _READS and duty.unit_path for duty in duties):
        return Q(**{f"{of}report__in": readable(actor)})
    areas = {duty.area for duty in duties}
    if actor.is_system or any(_whole_place().startswith(area) for area in areas):
        return Q()
    mine = Q()
    for area in areas:
        mine |= Q(**{f"{of}area__startswith": area})
    return mine


def _whole_place() -> str:
    """The code of the smallest area that holds all others: whoever works for it, or for more, works for the whole place."""
    code, today, ground = "", clock.local_day(clock.now()), current()
    while len(below := ground.children(code, today)) == 1:
        code = below[0].code
    return code


def get_issue(actor: Actor, issue_id: int) -> HotIssue:
    seen = messages(actor).filter(issue=OuterRef("pk"))
    shown = HotIssue.objects.filter(Exists(seen), messages__gte=FEWEST)
    issue = shown.select_related("case__lead_unit").filter(pk=issue_id).first()
    if issue is None:
        raise NotFound(code="hotspot_not_found")
    return issue


def may_open(actor: Actor) -> bool:
    """Whether somebody may make an issue a matter of many units."""
    return actor.is_system or bool(actor.duties_of(*OPENERS))


def must_open(actor: Actor) -> None:
    must_read(actor)
    if not may_open(actor):
        raise Forbidden(_("联办由中心负责人、督办员或系统管理员开"), code="joint_case_not_yours")


def may_weigh(actor: Actor) -> bool:
    """Heat ranks the whole place, so whoever weighs it works for the whole place."""
    return actor.is_system or any(_whole_place().startswith(duty.area) for duty in actor.duties_of(*WEIGHERS))


def must_weigh(actor: Actor) -> None:
    must_read(actor)
    if not may_weigh(actor):
        raise Forbidden(
            _("热度权重不由您设定"), hint=_("请联系全区域的中心负责人或系统管理员。"), code="weights_not_yours"
        )
