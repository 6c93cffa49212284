"""Who may change the territory. Names and boundaries are public (the law asks for it); changing them is not."""

from django.utils.translation import gettext_lazy as _

from huying.ground.territory.models import Area
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound

EDITOR_ROLES = ("territory_editor", "admin")


def may_administer(actor: Actor | None) -> bool:
    """Whether the actor may see the administration pages at all: every member of staff may look."""
    return actor is not None and actor.kind in ("staff", "system")


def may_edit(actor: Actor | None, code: str) -> bool:
    """Whether the actor may change the area with this code: an editor whose duty covers it, or the system."""
    if actor is None:
        return False
    return actor.kind == "system" or any(code.startswith(duty.area) for duty in actor.duties_of(*EDITOR_ROLES))


def may_edit_something(actor: Actor | None) -> bool:
    """Whether the actor is an editor anywhere."""
    return actor is not None and (actor.kind == "system" or bool(actor.duties_of(*EDITOR_ROLES)))


def require_desk(actor: Actor | None) -> Actor:
    """The actor when it may see the administration pages; NotFound for everybody else."""
    if actor is None or not may_administer(actor):
        raise NotFound()
    return actor


def require_editor(actor: Actor, code: str) -> None:
    """Refuse who may not change this area: strangers learn nothing, staff learn why."""
    if may_edit(actor, code):
        return
    if actor.kind != "staff":
        raise NotFound()
    raise Forbidden(_("您不能修改这个区域"), hint=_("请联系负责该区域的网格管理员"))


def area_for(actor: Actor | None, code: str) -> Area:
    """The area on an administration page; NotFound when there is none or the actor is a stranger."""
    require_desk(actor)
    area = Area.objects.filter(code=code).first()
    if area is None:
        raise NotFound(_("没有编码为 %(code)s 的区域") % {"code": code[:20]})
    return area


def editable_area_for(actor: Actor | None, code: str) -> Area:
    """The area on an editing page: as `area_for`, and only for its editors."""
    area = area_for(actor, code)
    require_editor(require_desk(actor), code)
    return area
