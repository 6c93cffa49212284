"""Who sees the hot issues, and who opens a joint case of one."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound
from huying.senses.reports.access import readable

from .models import FEWEST, HotIssue, HotMessage

READERS = ("centre_lead", "dispatcher", "supervisor", "admin", "discipline")
OPENERS = ("centre_lead", "supervisor", "admin")
_READS = "scope:reports:read"


def must_read(actor: Actor) -> None:
    """NotFound for strangers; a key needs the scope to read reports."""
    if not (actor.is_system or actor.duties_of(*READERS, _READS)):
        raise NotFound()


def visible(actor: Actor) -> QuerySet[HotIssue]:
    """The issues somebody may see: all for whoever works for the whole place, else those with a case they may see."""
    must_read(actor)
    shown = HotIssue.objects.filter(messages__gte=FEWEST)
    duties = [one for one in actor.duties_of(*READERS, _READS) if not one.area]
    everywhere = any(one.role != _READS or not one.unit_path for one in duties)
    if actor.is_system or actor.has("admin") or everywhere:
        return shown
    seen = HotMessage.objects.filter(issue=OuterRef("pk"), report__in=readable(actor))
    return shown.filter(Exists(seen))


def get_issue(actor: Actor, issue_id: int) -> HotIssue:
    issue = visible(actor).select_related("case").filter(pk=issue_id).first()
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
