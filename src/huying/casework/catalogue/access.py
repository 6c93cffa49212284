"""Who may see or change the catalogue. Strangers get 404; residents and the public see what is meant for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.casework.catalogue.snapshot import Catalogue, ItemView
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound

EDITORS: Final = ("catalogue_editor",)
SCOPE: Final = "scope:catalogue:read"


def may_read_all(actor: Actor | None) -> bool:
    """Staff with a duty, keys with the scope ``catalogue:read``, and the system."""
    if actor is None:
        return False
    return actor.is_system or (actor.is_staff and bool(actor.duties)) or actor.has(SCOPE)


def may_edit(actor: Actor | None) -> bool:
    """Catalogue editors, and the system when it sets up a place."""
    return actor is not None and (actor.is_system or (actor.is_staff and any(actor.has(role) for role in EDITORS)))


def require_desk(actor: Actor | None) -> Actor:
    """The member of staff behind a desk page; NotFound for everybody else."""
    if actor is None or not actor.is_staff or not may_read_all(actor):
        raise NotFound()
    return actor


def require_editor(actor: Actor) -> None:
    """Forbidden for staff who may only read; NotFound for strangers."""
    if may_edit(actor):
        return
    if may_read_all(actor):
        raise Forbidden(_("只有事项编辑可以修改目录"), hint=_("请联系本单位的事项编辑"))
    raise NotFound()


def visible(items: Iterable[ItemView], actor: Actor | None) -> list[ItemView]:
    """Those of the items that the actor may know of."""
    if may_read_all(actor):
        return list(items)
    return [item for item in items if item.public_visible]


def item_for(actor: Actor | None, catalogue: Catalogue, code: str) -> ItemView:
    """An item in use, if the actor may know of it. NotFound otherwise."""
    item = catalogue.item(code)
    if not item.public_visible and not may_read_all(actor):
        raise NotFound()
    return item


def version_for(actor: Actor, number: int) -> CatalogueVersion:
    """A version by number, for staff. NotFound otherwise."""
    require_desk(actor)
    version = CatalogueVersion.objects.filter(number=number).exclude(state=CatalogueVersion.State.DISCARDED).first()
    if version is None:
        raise NotFound(_("没有这一版目录"))
    return version


def draft_item_for(actor: Actor, code: str) -> Item:
    """An item of the present draft, for an editor."""
    require_editor(actor)
    item = Item.objects.filter(version__state=CatalogueVersion.State.DRAFT, code=code).select_related("version").first()
    if item is None:
        raise NotFound(_("草稿里没有这个事项"))
    return item
