"""Who may see and change forms, and whose submissions. A stranger gets the answer of something that is not there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, NotFound, Refused

from .models import Form, FormVersion, Submission

EDITORS: Final = ("catalogue_editor", "centre_lead")
FILLERS: Final = ("grid_worker", "grid_lead", "assistant")
WATCHERS: Final = (*FILLERS, "registry_editor", "supervisor", "centre_lead", "discipline")
AMENDERS: Final = ("grid_lead", "centre_lead", "supervisor")
SCOPE: Final = "scope:field:read"
_COMMUNITY: Final = 12


def may_read_forms(actor: Actor) -> bool:
    """All staff with a duty, keys with ``field:read``, and the system."""
    return actor.is_system or (actor.is_staff and bool(actor.duties)) or actor.has(SCOPE)


def may_edit(actor: Actor) -> bool:
    """Those who edit the catalogue, the centre's lead, and the system."""
    return actor.is_system or (actor.is_staff and any(actor.has(role) for role in EDITORS))


def must_read_forms(actor: Actor) -> None:
    """NotFound for residents, strangers and keys without the scope."""
    if not may_read_forms(actor):
        raise NotFound(code="form_not_found")


def must_edit(actor: Actor) -> None:
    """NotFound for strangers, Forbidden for staff who may only read."""
    must_read_forms(actor)
    if not may_edit(actor):
        raise Forbidden(_("只有事项编辑和中心负责人可以修改表单"), hint=_("请联系本单位的事项编辑"))


def get_form(actor: Actor, code: str) -> Form:
    """A form by its code."""
    must_read_forms(actor)
    form: Form | None = Form.objects.select_related("current").filter(code=code).first()
    if form is None or (form.current is None and not may_edit(actor)):
        raise NotFound(_("没有这张表单"), code="form_not_found")
    return form


def get_version(actor: Actor, code: str, number: int) -> FormVersion:
    """A version by the form's code and its number; drafts are for editors."""
    form = get_form(actor, code)
    version: FormVersion | None = form.versions.select_related("form").filter(number=number).first()
    if version is None or (version.published_at is None and not may_edit(actor)):
        raise NotFound(_("没有这个版本"), code="form_not_found")
    return version


def visible(actor: Actor) -> QuerySet[Submission]:
    """Submissions in the areas somebody works in or watches, and one's own."""
    if actor.is_system:
        return Submission.objects.all()
    seen = Q(by=actor.ref) if actor.is_staff else Q(pk__in=[])
    for duty in actor.duties_of(*WATCHERS, SCOPE):
        if not duty.area:
            return Submission.objects.all()
        seen |= Q(area__startswith=duty.area)
    return Submission.objects.filter(seen)


def get_submission(actor: Actor, uid: UUID) -> Submission:
    """A submission by its uid."""
    found = visible(actor).select_related("version", "form").filter(uid=uid).first()
    if found is None:
        raise NotFound(_("没有这份填报"), code="submission_not_found")
    return found


def may_fill(actor: Actor, area: str) -> bool:
    """Those who work in the field, in their own communities: grids are redrawn while a phone is offline."""
    return actor.is_system or any(area.startswith(duty.area[:_COMMUNITY]) for duty in actor.duties_of(*FILLERS))


def leads(actor: Actor, submission: Submission) -> bool:
    """Whether the actor may correct it at any time: the system, and who leads its area."""
    return actor.is_system or any(submission.area.startswith(duty.area) for duty in actor.duties_of(*AMENDERS))


def may_amend(actor: Actor, submission: Submission, *, author_window: timedelta, now: datetime) -> bool:
    """Who leads the area; its author for ``author_window`` after it came."""
    own = actor.is_staff and submission.by == actor.ref
    return leads(actor, submission) or (own and now <= submission.received_at + author_window)


def must_amend(actor: Actor, submission: Submission, *, author_window: timedelta, now: datetime) -> None:
    """Refused for an author who is late, Forbidden for everybody else who may only read."""
    if may_amend(actor, submission, author_window=author_window, now=now):
        return
    if actor.is_staff and submission.by == actor.ref:
        raise Refused(_("已经过了自己可以更正的时间"), code="too_late", hint=_("请网格长或督办员更正。"))
    raise Forbidden(_("只有填报人和本片负责人可以更正"), code="not_yours")
