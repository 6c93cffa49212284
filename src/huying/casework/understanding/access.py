"""Who sees how well the program understands, and who lets it learn."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound

READERS = ("dispatcher", "centre_lead", "admin", "catalogue_editor", "supervisor")
TEACHERS = ("centre_lead", "admin")
AUDITORS = ("checker", "supervisor", "discipline", "centre_lead", "admin")
OF_RECURRING = ("centre_lead", "supervisor", "discipline", "dispatcher", "grid_lead", "admin")


def must_read(actor: Actor) -> None:
    """NotFound for strangers; a key needs the scope to read the catalogue."""
    if actor.is_system or actor.duties_of(*READERS) or actor.has("scope:catalogue:read"):
        return
    raise NotFound()


def may_teach(actor: Actor) -> bool:
    """Who answers for the place: a model speaks everywhere in it."""
    return actor.is_system or bool(actor.duties_of(*TEACHERS))


def must_teach(actor: Actor) -> None:
    must_read(actor)
    if not may_teach(actor):
        raise Forbidden(_("模型由中心负责人或系统管理员切换"), code="model_not_yours")


def must_see_recurring(actor: Actor) -> None:
    """NotFound for strangers; which rows one sees is decided by the cases."""
    if not (actor.is_system or actor.duties_of(*OF_RECURRING) or actor.has("scope:cases:read")):
        raise NotFound()


def must_audit(actor: Actor) -> None:
    """NotFound for whoever does not look after the quality of answers; which rows one sees is decided by the cases."""
    if not (actor.is_system or actor.duties_of(*AUDITORS)):
        raise NotFound()
