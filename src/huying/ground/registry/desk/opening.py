"""The one door on the desk: a purpose, a few words, one line in the log, ten minutes on that page.

What was opened stands in the session by record and field with the moment it shuts; the log line is written before anything is
shown, by ``access.open_door`` (and ``kernel.privacy.reveal`` for a person's contacts).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from huying.ground.organisation.access import require
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.kernel.privacy import reveal

from .. import access
from ..fields import FIELDS
from ..models import Relation, Resident
from ..words import EMERGENCY, LEAST_WORDS, PURPOSES
from .frame import actor_of, entered, page
from .grants import CONTACTS, grant, record_url
from .record import Tried, show

CONTACT_FIELDS: Final = ("relation.contact_name", "relation.contact_phone", "relation.contact_address")


@page()
@require_POST
def open_record(request: HttpRequest, kind: str, uid: str) -> HttpResponseBase:
    """Open the ticked fields of one record, for the purpose given."""
    actor, now = actor_of(request), clock.now()
    record = access.get(actor, kind, uid)
    try:
        why = why_of(request)
        wanted = request.POST.getlist("fields")
        if not wanted:
            raise Invalid(_("请勾选要看的内容"), field="fields")
        fields = [name for name in wanted if name in FIELDS[kind]]
        if fields:
            access.open_door(actor=actor, record=record, why=why, fields=fields, now=now)
        if CONTACTS in wanted and isinstance(record, Resident):
            open_contacts(record, actor=actor, why=why, now=now)
            fields = [*fields, CONTACTS]
    except HuyingError as error:
        return show(request, record, tried=Tried("open", request.POST, error))
    grant(request, record, fields, now)
    messages.success(request, _("已打开 10 分钟。这次查看已经记下，本人看得到。"))
    return redirect(f"{record_url(record)}#private")


@page()
@require_POST
def open_in_emergency(request: HttpRequest, uid: str) -> HttpResponseBase:
    """Somebody is in danger: phone and emergency contacts in one step, logged, and shown to supervisors."""
    actor, now = actor_of(request), clock.now()
    record = access.get(actor, "person", uid)
    fields = ["name", "phone", "phone2"]
    access.open_door(actor=actor, record=record, why=EMERGENCY, fields=fields, now=now)
    open_contacts(record, actor=actor, why=EMERGENCY, now=now)
    grant(request, record, [*fields, CONTACTS], now)
    messages.warning(request, _("已打开联系人。这次紧急查看已记下，督办人员看得到；事后请在系统里补记经过。"))
    return redirect(f"{record_url(record)}#contacts")


def why_of(request: HttpRequest) -> str:
    """The purpose chosen and what was written, as the log keeps it."""
    purpose, text = entered(request, "purpose"), entered(request, "why")
    errors: dict[str, Any] = {}
    if purpose not in dict(PURPOSES):
        errors["purpose"] = _("请选择为什么要看")
    if len(text) < LEAST_WORDS:
        errors["why"] = _("请写明具体事由，至少 4 个字")
    elif len(text) > 150:
        errors["why"] = _("事由请写在 150 个字以内")
    if errors:
        raise Invalid(_("请说明为什么要看"), fields=errors)
    with override("zh-hans"):  # the log is read in the place's own language
        return f"{dict(PURPOSES)[purpose]}：{text}"


def open_contacts(resident: Resident, *, actor: Actor, why: str, now: datetime) -> None:
    """Write down that the contacts of a resident are opened; those registered here themselves learn of it too."""
    if not actor.is_staff:
        require(actor, "registry.none")
    reveal(actor=actor, now=now, subject=access.subject_of(resident), why=why, fields=CONTACT_FIELDS)
    related = Relation.objects.filter(resident=resident, state="active", other__isnull=False).select_related("other")
    for other in {one.other.pk: one.other for one in related}.values():
        reveal(actor=actor, now=now, subject=access.subject_of(other), why=why, fields=("name", "phone"))
